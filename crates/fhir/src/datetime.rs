//! FHIR dates of any precision as ranges of microseconds. <https://hl7.org/fhir/R4/datatypes.html#dateTime>

/// Half-open on neither side: `low..=high`, microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRange {
    pub low: i64,
    pub high: i64,
}

/// The range a `date`, `dateTime` or `instant` covers (`2024` is a whole year; no zone means UTC).
pub fn parse_range(_text: &str) -> Option<DateRange> {
    unimplemented!()
}

/// A FHIR instant with milliseconds in UTC, such as `2026-11-22T13:52:18.000Z`.
pub fn instant(_micros: i64) -> String {
    unimplemented!()
}
