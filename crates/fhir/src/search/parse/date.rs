//! Dates of any precision. <https://hl7.org/fhir/R4/search.html#date>
use super::number::prefix;
use crate::datetime::{DateRange, parse_range};
use crate::search::Prefixed;

const RULE: &str = "takes a date such as 2026, 2026-11, 2026-11-22 or 2026-11-22T09:30:00Z, \
                    optionally after a prefix such as ge";
const MINUTE: i64 = 60_000_000;

pub fn date(text: &str) -> Result<Prefixed<DateRange>, &'static str> {
    let (prefix, rest) = prefix(text);
    // A `+` that was not percent-encoded arrives as a space, and no date contains one.
    let value = range(&rest.replace(' ', "+")).ok_or(RULE)?;
    Ok(Prefixed { prefix, value })
}

/// As elements have it, and also to the minute: searches may leave the seconds out.
fn range(text: &str) -> Option<DateRange> {
    let to_the_minute = text.find('T').filter(|t| {
        let time = text.as_bytes().get(t + 1..).unwrap_or_default();
        time.len() >= 5 && time[2] == b':' && time.get(5) != Some(&b':')
    });
    let Some(t) = to_the_minute else {
        return parse_range(text);
    };
    let (minute, zone) = (text.get(..t + 6)?, text.get(t + 6..)?);
    let low = parse_range(&format!("{minute}:00{zone}"))?.low;
    Some(DateRange {
        low,
        high: low + MINUTE - 1,
    })
}
