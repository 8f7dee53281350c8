//! Numbers, strings and dates with quantities of time. <http://hl7.org/fhirpath/N1/#math>
use super::ast::Operator;
use super::compare::moment;
use super::item::{Data, Item};
use super::quantity;
use crate::datetime::parse_range;
use chrono::{DateTime, Days, Months, NaiveDateTime, TimeDelta};

pub(super) fn negate<'a>(items: &[Item<'a>]) -> Vec<Item<'a>> {
    let [item] = items else { return Vec::new() };
    let data = match &item.data {
        Data::Quantity(value, unit) => Some(Data::Quantity(-value, unit.clone())),
        Data::Integer(value) => Some(Data::Integer(-value)),
        _ => item.as_f64().map(|value| Data::Decimal(-value)),
    };
    data.map(|data| Item { data }).into_iter().collect()
}

/// Empty when an operand is missing or the two do not go together.
pub(super) fn binary<'a>(operator: Operator, left: &[Item<'a>], right: &[Item<'a>]) -> Vec<Item<'a>> {
    if operator == Operator::Join {
        let text = |items: &[Item<'a>]| {
            items
                .first()
                .and_then(Item::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        return vec![Item::string(text(left) + &text(right))];
    }
    let ([left], [right]) = (left, right) else {
        return Vec::new();
    };
    let joined = || text_sum(operator, left, right);
    let data = shifted(operator, left, right)
        .or_else(joined)
        .or_else(|| number(operator, left, right));
    data.map(|data| Item { data }).into_iter().collect()
}

fn text_sum<'a>(operator: Operator, left: &Item<'a>, right: &Item<'a>) -> Option<Data<'a>> {
    let sum = format!("{}{}", left.as_str()?, right.as_str()?);
    (operator == Operator::Plus).then(|| Data::String(sum.into()))
}

fn number<'a>(operator: Operator, left: &Item<'a>, right: &Item<'a>) -> Option<Data<'a>> {
    let (l, r) = (left.as_f64()?, right.as_f64()?);
    let value = match operator {
        Operator::Plus => l + r,
        Operator::Minus => l - r,
        Operator::Times => l * r,
        Operator::Divide => l / r,
        Operator::Div => (l / r).trunc(),
        Operator::Mod => l % r,
        _ => return None,
    };
    let whole =
        operator == Operator::Div || (operator != Operator::Divide && is_integer(left) && is_integer(right));
    let data = if whole && value.abs() < 9e15 {
        Data::Integer(value as i64)
    } else {
        Data::Decimal(rounded(value))
    };
    value.is_finite().then_some(data)
}

/// FHIRPath decimals have eight places, which hides what binary fractions cannot say.
fn rounded(value: f64) -> f64 {
    if value.abs() < 1e7 {
        (value * 1e8).round() / 1e8
    } else {
        value
    }
}

fn is_integer(item: &Item) -> bool {
    match &item.data {
        Data::Integer(_) => true,
        _ => item.json().is_some_and(|value| value.is_i64() || value.is_u64()),
    }
}

/// A date moved by a quantity of time, in the zone and at the precision it was written with.
fn shifted<'a>(operator: Operator, date: &Item<'a>, by: &Item<'a>) -> Option<Data<'a>> {
    let text = date.as_str().filter(|_| moment(date).is_some())?;
    let (value, unit) = quantity::of(by).filter(|(_, unit)| *unit != "1")?;
    let value = match operator {
        Operator::Plus => value,
        Operator::Minus => -value,
        _ => return None,
    };
    let zone = zone_of(text);
    let written = &text[..text.len() - zone.len()];
    let local = parse_range(written)?.low;
    let to = moved(DateTime::from_timestamp_micros(local)?.naive_utc(), value, unit)?;
    Some(Data::Temporal(
        (to.format(pattern(written)).to_string() + zone).into(),
    ))
}

/// `Z` or an offset after a time of day.
fn zone_of(text: &str) -> &str {
    let time = text.find('T').unwrap_or(text.len());
    text[time..]
        .find(['Z', '+', '-'])
        .map_or("", |at| &text[time + at..])
}

fn pattern(written: &str) -> &'static str {
    match written.len() {
        4 => "%Y",
        7 => "%Y-%m",
        10 => "%Y-%m-%d",
        16 => "%Y-%m-%dT%H:%M",
        19 => "%Y-%m-%dT%H:%M:%S",
        _ => "%Y-%m-%dT%H:%M:%S%.3f",
    }
}

fn moved(from: NaiveDateTime, value: f64, unit: &str) -> Option<NaiveDateTime> {
    let whole = value.abs().trunc() as u32;
    let months = match unit {
        "a" => Months::new(whole.checked_mul(12)?),
        "mo" => Months::new(whole),
        "wk" | "d" => {
            let days = Days::new(u64::from(whole) * if unit == "wk" { 7 } else { 1 });
            return if value < 0.0 {
                from.checked_sub_days(days)
            } else {
                from.checked_add_days(days)
            };
        }
        _ => {
            let micros = (value * quantity::seconds(unit)? * 1e6).round();
            return from.checked_add_signed(TimeDelta::microseconds(micros as i64));
        }
    };
    if value < 0.0 {
        from.checked_sub_months(months)
    } else {
        from.checked_add_months(months)
    }
}
