//! A dateTime as arithmetic needs it: an instant, or a whole day that still has no zone.
use fhir_sdk::{Date, DateTime};

/// <https://hl7.org/fhir/R4/datatypes.html#dateTime>; years and months alone are too coarse to
/// count days from and are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// `YYYY-MM-DD`, in the zone of whoever reads it.
    Day(String),
    /// Microseconds since 1970, UTC.
    Instant(i64),
}

impl Moment {
    pub(crate) fn of(value: &DateTime) -> Option<Moment> {
        match value {
            DateTime::Date(Date::Date(day)) => Some(Moment::Day(day.to_string())),
            DateTime::Date(_) => None,
            DateTime::DateTime(instant) => i64::try_from(instant.0.unix_timestamp_nanos() / 1_000)
                .ok()
                .map(Moment::Instant),
        }
    }
}
