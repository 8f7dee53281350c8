//! String functions, conversions, and the clock that was given. <http://hl7.org/fhirpath/N1/#string-manipulation>
use super::function::Function;
use super::item::{Data, Item};
use crate::datetime::instant;
use regex_lite::Regex;

/// A function of one item; empty for none or several.
pub(super) fn call<'a>(
    function: Function,
    input: &[Item<'a>],
    first: &[Item<'a>],
    second: &[Item<'a>],
) -> Vec<Item<'a>> {
    let [item] = input else { return Vec::new() };
    let data = match item.as_str() {
        Some(text) => of_text(function, text, first, second),
        None => converted(function, item),
    };
    data.map(|data| Item { data }).into_iter().collect()
}

fn of_text<'a>(function: Function, text: &str, first: &[Item], second: &[Item]) -> Option<Data<'a>> {
    let argument = || first.first().and_then(Item::as_str);
    Some(match function {
        Function::StartsWith => Data::Boolean(text.starts_with(argument()?)),
        Function::EndsWith => Data::Boolean(text.ends_with(argument()?)),
        Function::Contains => Data::Boolean(text.contains(argument()?)),
        Function::Matches => Data::Boolean(regex(argument()?).ok()?.is_match(text)),
        Function::IndexOf => Data::Integer(place(text, argument()?)),
        Function::Length => Data::Integer(i64::try_from(text.chars().count()).ok()?),
        Function::Lower => Data::String(text.to_lowercase().into()),
        Function::Upper => Data::String(text.to_uppercase().into()),
        Function::Replace => {
            let with = second.first().and_then(Item::as_str)?;
            Data::String(text.replace(argument()?, with).into())
        }
        Function::Substring => Data::String(substring(text, number(first)?, number(second))?.into()),
        Function::ToString => Data::String(text.to_owned().into()),
        Function::ToInteger => Data::Integer(text.parse().ok()?),
        Function::ToDecimal => Data::Decimal(text.parse().ok().filter(|value: &f64| value.is_finite())?),
        _ => return None,
    })
}

/// `.` also matches line ends.
pub(super) fn regex(pattern: &str) -> Result<Regex, regex_lite::Error> {
    regex_lite::RegexBuilder::new(pattern)
        .dot_matches_new_line(true)
        .build()
}

fn converted<'a>(function: Function, item: &Item) -> Option<Data<'a>> {
    let value = item
        .as_f64()
        .or_else(|| item.as_bool().map(|flag| f64::from(u8::from(flag))));
    match function {
        Function::ToString => {
            let flag = item.as_bool().map(|flag| flag.to_string());
            Some(Data::String(
                flag.or_else(|| value.map(|value| value.to_string()))?.into(),
            ))
        }
        Function::ToDecimal => value.map(Data::Decimal),
        Function::ToInteger => value
            .filter(|value| value.fract() == 0.0)
            .map(|value| Data::Integer(value as i64)),
        _ => None,
    }
}

/// Characters before the first occurrence, or -1.
fn place(text: &str, wanted: &str) -> i64 {
    let before = text.find(wanted).map(|at| text[..at].chars().count());
    before.and_then(|count| i64::try_from(count).ok()).unwrap_or(-1)
}

/// None when the start lies outside the text.
fn substring(text: &str, start: f64, length: Option<f64>) -> Option<String> {
    let total = text.chars().count();
    if start < 0.0 || start as usize >= total {
        return None;
    }
    let length = length.map_or(total, |length| length as usize);
    Some(text.chars().skip(start as usize).take(length).collect())
}

fn number(items: &[Item]) -> Option<f64> {
    items.first().and_then(Item::as_f64)
}

pub(super) fn now<'a>(now: Option<i64>) -> Vec<Item<'a>> {
    now.map(|now| Item {
        data: Data::Temporal(instant(now).into()),
    })
    .into_iter()
    .collect()
}

pub(super) fn today<'a>(now: Option<i64>) -> Vec<Item<'a>> {
    let date = |now| instant(now).chars().take(10).collect::<String>();
    now.map(|now| Item {
        data: Data::Temporal(date(now).into()),
    })
    .into_iter()
    .collect()
}
