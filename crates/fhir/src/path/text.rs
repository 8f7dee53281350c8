//! String functions, and the clock that was given. <http://hl7.org/fhirpath/N1/#string-manipulation>
use super::eval::MAX_TEXT;
use super::function::Function;
use super::item::{Data, Item};
use crate::datetime::instant;

/// A function of one item; empty for none or several.
pub(super) fn call<'a>(
    function: Function,
    input: &[Item<'a>],
    first: &[Item<'a>],
    second: &[Item<'a>],
) -> Vec<Item<'a>> {
    let [item] = input else { return Vec::new() };
    let data = item
        .as_str()
        .and_then(|text| of_text(function, text, first, second));
    if let (Function::Split, Some(text)) = (function, item.as_str()) {
        return split(text, first);
    }
    data.map(|data| Item { data }).into_iter().collect()
}

fn of_text<'a>(function: Function, text: &str, first: &[Item], second: &[Item]) -> Option<Data<'a>> {
    let argument = || first.first().and_then(Item::as_str);
    Some(match function {
        Function::StartsWith => Data::Boolean(text.starts_with(argument()?)),
        Function::EndsWith => Data::Boolean(text.ends_with(argument()?)),
        Function::Contains => Data::Boolean(text.contains(argument()?)),
        Function::IndexOf => Data::Integer(place(text, argument()?)),
        Function::Length => Data::Integer(i64::try_from(text.chars().count()).ok()?),
        Function::Lower => Data::String(text.to_lowercase().into()),
        Function::Upper => Data::String(text.to_uppercase().into()),
        Function::Replace => {
            let with = second.first().and_then(Item::as_str)?;
            Data::String(text.replace(argument()?, with).into())
        }
        Function::Substring => Data::String(substring(text, number(first)?, number(second))?.into()),
        Function::Trim => Data::String(text.trim().to_owned().into()),
        _ => return None,
    })
}

fn split<'a>(text: &str, by: &[Item]) -> Vec<Item<'a>> {
    let parts = by.first().and_then(Item::as_str).map(|by| text.split(by));
    parts
        .into_iter()
        .flatten()
        .map(|part| Item::string(part.to_owned()))
        .collect()
}

pub(super) fn join<'a>(input: &[Item], by: &[Item]) -> Vec<Item<'a>> {
    let parts: Option<Vec<&str>> = input.iter().map(Item::as_str).collect();
    let by = by.first().and_then(Item::as_str).unwrap_or_default();
    let whole = parts
        .filter(|parts| !parts.is_empty())
        .map(|parts| parts.join(by));
    whole.map(Item::string).into_iter().collect()
}

pub(super) fn chars<'a>(input: &[Item]) -> Vec<Item<'a>> {
    let [item] = input else { return Vec::new() };
    let text = item.as_str().unwrap_or_default();
    text.chars().map(|c| Item::string(c.to_string())).collect()
}

/// Whether the result of `replace()` stays within bounds.
pub(super) fn replace_fits(input: &[Item], wanted: &[Item], with: &[Vec<Item>]) -> bool {
    let length = |items: &[Item]| items.first().and_then(Item::as_str).map_or(0, str::len);
    let with = with.first().map_or(0, |with| length(with));
    let most = (length(input) + 1) / length(wanted).max(1) + 1;
    most.saturating_mul(with) <= MAX_TEXT
}

/// Characters before the first occurrence, or -1.
fn place(text: &str, wanted: &str) -> i64 {
    let before = text.find(wanted).map(|at| text[..at].chars().count());
    before.and_then(|count| i64::try_from(count).ok()).unwrap_or(-1)
}

pub(super) fn time_of_day<'a>(now: Option<i64>) -> Vec<Item<'a>> {
    let time = |now| instant(now)[10..].trim_end_matches('Z').to_owned();
    now.map(|now| Item {
        data: Data::Temporal(time(now).into()),
    })
    .into_iter()
    .collect()
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
