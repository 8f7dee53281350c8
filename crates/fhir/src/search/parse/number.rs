//! Numbers with their implicit precision. <https://hl7.org/fhir/R4/search.html#number>
use crate::search::{NumberRange, Prefix, Prefixed};

/// The prefix, if any, and what follows it.
pub fn prefix(text: &str) -> (Prefix, &str) {
    let found = match text.get(..2) {
        Some("eq") => Prefix::Eq,
        Some("ne") => Prefix::Ne,
        Some("gt") => Prefix::Gt,
        Some("lt") => Prefix::Lt,
        Some("ge") => Prefix::Ge,
        Some("le") => Prefix::Le,
        Some("sa") => Prefix::Sa,
        Some("eb") => Prefix::Eb,
        Some("ap") => Prefix::Ap,
        _ => return (Prefix::Eq, text),
    };
    (found, &text[2..])
}

pub fn number(text: &str) -> Result<Prefixed<NumberRange>, &'static str> {
    let (prefix, digits) = prefix(text);
    let value =
        range(digits).ok_or("takes a decimal number such as 5.4, optionally after a prefix such as ge")?;
    Ok(Prefixed { prefix, value })
}

/// `100` is `99.5..100.5`, `1e2` is `50..150`: half a unit of the last digit written.
fn range(text: &str) -> Option<NumberRange> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let unsigned = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
    if unsigned.is_empty() || !unsigned.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let value: f64 = text.parse().ok().filter(|v: &f64| v.is_finite())?;
    let decimals = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let half = 0.5 * 10f64.powi(exponent.saturating_sub(i32::try_from(decimals).ok()?));
    // With all digits of a double written out, half a unit is less than parsers differ by.
    let low = (value - half).min(value.next_down());
    let high = (value + half).max(value.next_up().next_up());
    Some(NumberRange { value, low, high })
}
