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
    let (left_base, right_base) = (base(left.1)?, base(right.1)?);
    (left_base.1 == right_base.1).then_some((left.0 * left_base.0, right.0 * right_base.0))
}

/// `1 'wk'`
pub(super) fn text(value: f64, unit: &str) -> String {
    format!("{value} '{unit}'")
}

fn canonical(unit: &str) -> &str {
    calendar_unit(unit).unwrap_or(unit)
}

/// Units of time that have a fixed length; months and years have none.
pub(super) fn seconds(unit: &str) -> Option<f64> {
    base(unit)
        .filter(|(_, base)| *base == "s")
        .map(|(factor, _)| factor)
}

/// Factor and base unit of what conditions compare; other units compare with themselves alone.
fn base(unit: &str) -> Option<(f64, &'static str)> {
    UNITS
        .iter()
        .find(|(name, ..)| *name == unit)
        .map(|(_, factor, base)| (*factor, *base))
}

/// <https://ucum.org/ucum>
const UNITS: [(&str, f64, &str); 20] = [
    ("wk", 604_800.0, "s"),
    ("d", 86_400.0, "s"),
    ("h", 3_600.0, "s"),
    ("min", 60.0, "s"),
    ("s", 1.0, "s"),
    ("ms", 0.001, "s"),
    ("kg", 1e3, "g"),
    ("g", 1.0, "g"),
    ("mg", 1e-3, "g"),
    ("ug", 1e-6, "g"),
    ("[lb_av]", 453.592_37, "g"),
    ("km", 1e3, "m"),
    ("m", 1.0, "m"),
    ("cm", 1e-2, "m"),
    ("mm", 1e-3, "m"),
    ("[in_i]", 0.025_4, "m"),
    ("L", 1.0, "L"),
    ("dL", 0.1, "L"),
    ("mL", 1e-3, "L"),
    ("uL", 1e-6, "L"),
];
