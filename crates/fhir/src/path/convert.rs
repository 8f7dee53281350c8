//! From one type to another. <http://hl7.org/fhirpath/N1/#conversion>
use super::compare::time_of_day;
use super::function::Function;
use super::item::{Data, Item};
use super::quantity;
use crate::datetime::{Precision, Stamp};

/// What each `convertsTo…()` asks of its conversion.
const QUESTIONS: [(Function, Function); 8] = [
    (Function::ConvertsToBoolean, Function::ToBoolean),
    (Function::ConvertsToDate, Function::ToDate),
    (Function::ConvertsToDateTime, Function::ToDateTime),
    (Function::ConvertsToDecimal, Function::ToDecimal),
    (Function::ConvertsToInteger, Function::ToInteger),
    (Function::ConvertsToQuantity, Function::ToQuantity),
    (Function::ConvertsToString, Function::ToString),
    (Function::ConvertsToTime, Function::ToTime),
];

/// Empty for none or several items, and where the conversion has no result.
pub(super) fn call<'a>(function: Function, input: &[Item<'a>]) -> Vec<Item<'a>> {
    let [item] = input else { return Vec::new() };
    if let Some((_, conversion)) = QUESTIONS.iter().find(|(question, _)| *question == function) {
        return vec![Item::boolean(converted(*conversion, item).is_some())];
    }
    let data = converted(function, item);
    data.map(|data| Item { data }).into_iter().collect()
}

fn converted<'a>(function: Function, item: &Item<'a>) -> Option<Data<'a>> {
    match function {
        Function::ToBoolean => boolean(item).map(Data::Boolean),
        Function::ToInteger => integer(item).map(Data::Integer),
        Function::ToDecimal => decimal(item).map(Data::Decimal),
        Function::ToString => text(item).map(|text| Data::String(text.into())),
        Function::ToQuantity => quantity(item),
        Function::ToDate => date(item.as_str()?),
        Function::ToDateTime => date_time(item.as_str()?),
        Function::ToTime => time(item.as_str()?),
        _ => None,
    }
}

fn boolean(item: &Item) -> Option<bool> {
    let word = |text: &str| match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" | "1.0" => Some(true),
        "false" | "f" | "no" | "n" | "0" | "0.0" => Some(false),
        _ => None,
    };
    let number = |value: f64| [0.0, 1.0].contains(&value).then_some(value == 1.0);
    item.as_bool()
        .or_else(|| word(item.as_str()?))
        .or_else(|| number(item.as_f64()?))
}

fn integer(item: &Item) -> Option<i64> {
    if let Some(text) = item.as_str() {
        return text.parse().ok();
    }
    let whole = |value: &f64| value.fract() == 0.0 && value.abs() < 9e15;
    decimal(item).filter(whole).map(|value| value as i64)
}

fn decimal(item: &Item) -> Option<f64> {
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b"+-.".contains(&b));
    if let Some(text) = item.as_str() {
        return text
            .parse()
            .ok()
            .filter(|value: &f64| plain(text) && value.is_finite());
    }
    item.as_bool()
        .map(|flag| f64::from(u8::from(flag)))
        .or_else(|| item.as_f64())
}

/// Numbers of the resource as they were written, `1.0` as `1.0`.
pub(super) fn text(item: &Item) -> Option<String> {
    match &item.data {
        Data::Quantity(value, unit) => Some(quantity::text(*value, unit)),
        _ => item
            .as_str()
            .map(str::to_owned)
            .or_else(|| item.as_bool().map(|flag| flag.to_string()))
            .or_else(|| Some(item.json()?.as_number()?.to_string()))
            .or_else(|| item.as_f64().map(|value| value.to_string())),
    }
}

/// `1`, `1.5 'mg'`, `4 days`
fn quantity<'a>(item: &Item<'a>) -> Option<Data<'a>> {
    if let Data::Quantity(..) = item.data {
        return Some(item.data.clone());
    }
    let Some(text) = item.as_str() else {
        return decimal(item).map(|value| Data::Quantity(value, "1".into()));
    };
    let (number, unit) = text.split_once(' ').unwrap_or((text, "'1'"));
    let unit = match unit.trim().strip_prefix('\'') {
        Some(code) => code.strip_suffix('\'')?.to_owned(),
        None => quantity::calendar_unit(unit.trim())?.to_owned(),
    };
    let value = decimal(&Item::string(number))?;
    Some(Data::Quantity(value, unit.into()))
}

fn date<'a>(text: &str) -> Option<Data<'a>> {
    let day = text.split('T').next().unwrap_or(text);
    Stamp::parse(text).map(|_| Data::Temporal(day.to_owned().into()))
}

fn date_time<'a>(text: &str) -> Option<Data<'a>> {
    let hour = text.len() == 13;
    let whole = if hour {
        format!("{text}:00")
    } else {
        text.to_owned()
    };
    Stamp::parse(&whole).map(|_| Data::Temporal(text.to_owned().into()))
}

fn time<'a>(text: &str) -> Option<Data<'a>> {
    let plain = text.strip_prefix('T').unwrap_or(text);
    let minutes = if plain.len() == 2 { ":00" } else { "" };
    let stamp = time_of_day(&format!("T{plain}{minutes}")).filter(|stamp| !stamp.zoned);
    stamp
        .filter(|stamp| stamp.precision > Precision::Day)
        .map(|_| Data::Temporal(format!("T{plain}").into()))
}
