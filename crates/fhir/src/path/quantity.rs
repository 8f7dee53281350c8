//! Quantities and the words of the calendar. <http://hl7.org/fhirpath/N1/#quantity>
use super::item::{Data, Item};

/// Words people write and the UCUM codes they stand for.
const CALENDAR: [(&str, &str); 8] = [
    ("year", "a"),
    ("month", "mo"),
    ("week", "wk"),
    ("day", "d"),
    ("hour", "h"),
    ("minute", "min"),
    ("second", "s"),
    ("millisecond", "ms"),
];

/// `days` and `day` as the code `d`.
pub(super) fn calendar_unit(word: &str) -> Option<&'static str> {
    let singular = word.strip_suffix('s').unwrap_or(word);
    CALENDAR
        .iter()
        .find(|(name, _)| *name == singular)
        .map(|(_, code)| *code)
}

/// Value and unit of a literal, a Quantity element, or a bare number.
pub(super) fn of<'i>(item: &'i Item) -> Option<(f64, &'i str)> {
    match &item.data {
        Data::Quantity(value, unit) => Some((*value, canonical(unit))),
        Data::Node { value, .. } if value.is_object() && item.is("Quantity") => {
            let unit = value
                .get("code")
                .or_else(|| value.get("unit"))
                .and_then(|unit| unit.as_str());
            Some((value.get("value")?.as_f64()?, canonical(unit.unwrap_or("1"))))
        }
        _ => item.as_f64().map(|value| (value, "1")),
    }
}

/// Two quantities in one unit, if that is possible.
pub(super) fn aligned(left: (f64, &str), right: (f64, &str)) -> Option<(f64, f64)> {
    if left.1 == right.1 {
        return Some((left.0, right.0));
    }
    Some((left.0 * seconds(left.1)?, right.0 * seconds(right.1)?))
}

fn canonical(unit: &str) -> &str {
    calendar_unit(unit).unwrap_or(unit)
}

/// Units of time that have a fixed length; months and years have none.
pub(super) fn seconds(unit: &str) -> Option<f64> {
    match unit {
        "wk" => Some(604_800.0),
        "d" => Some(86_400.0),
        "h" => Some(3_600.0),
        "min" => Some(60.0),
        "s" => Some(1.0),
        "ms" => Some(0.001),
        _ => None,
    }
}
