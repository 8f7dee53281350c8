//! Functions of numbers. <http://hl7.org/fhirpath/N1/#math>
use super::function::Function;
use super::item::{Data, Item};
use super::quantity;

/// Empty for anything but one number, and where the result is no number.
pub(super) fn call<'a>(function: Function, input: &[Item<'a>], argument: &[Item<'a>]) -> Vec<Item<'a>> {
    let [item] = input else { return Vec::new() };
    let data = of_quantity(function, item).or_else(|| of_number(function, item.as_f64()?, argument));
    data.map(|data| Item { data }).into_iter().collect()
}

fn of_quantity<'a>(function: Function, item: &Item<'a>) -> Option<Data<'a>> {
    match &item.data {
        Data::Quantity(value, unit) if function == Function::Abs => {
            Some(Data::Quantity(value.abs(), unit.clone()))
        }
        Data::Integer(value) if function == Function::Abs => value.checked_abs().map(Data::Integer),
        _ => None,
    }
}

fn of_number<'a>(function: Function, value: f64, argument: &[Item]) -> Option<Data<'a>> {
    let second = || argument.first().and_then(Item::as_f64);
    let result = match function {
        Function::Abs => value.abs(),
        Function::Ceiling => return whole(value.ceil()),
        Function::Floor => return whole(value.floor()),
        Function::Truncate => return whole(value.trunc()),
        Function::Round => rounded(value, second().unwrap_or(0.0))?,
        Function::Exp => value.exp(),
        Function::Ln => value.ln(),
        Function::Log => value.ln() / second()?.ln(),
        Function::Power => value.powf(second()?),
        Function::Sqrt => value.sqrt(),
        _ => return None,
    };
    result.is_finite().then_some(Data::Decimal(result))
}

fn whole<'a>(value: f64) -> Option<Data<'a>> {
    (value.abs() < 9e15).then_some(Data::Integer(value as i64))
}

/// To a number of decimal places.
fn rounded(value: f64, places: f64) -> Option<f64> {
    let scale = (0.0..=15.0)
        .contains(&places)
        .then(|| 10_f64.powf(places.trunc()))?;
    Some((value * scale).round() / scale)
}

/// Whether two quantities are of one dimension.
pub(super) fn comparable<'a>(left: &[Item<'a>], right: &[Item<'a>]) -> Vec<Item<'a>> {
    let ([left], [right]) = (left, right) else {
        return Vec::new();
    };
    let both = quantity::of(left).zip(quantity::of(right));
    both.map(|(left, right)| Item::boolean(quantity::aligned(left, right).is_some()))
        .into_iter()
        .collect()
}
