//! HL7 times: `YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]`, any precision.
//! <https://www.hl7.eu/HL7v2x/v28/std28/ch02a.html#Heading26>
//!
//! A time without an offset is read in the sender's zone. Where that zone's clock was set back the
//! earlier of two instants is taken, where it was set forward the offset before the gap applies;
//! both are reported, and the same text always gives the same instant.
use chrono::{DateTime, Duration, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;

/// A point or span of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Its first microsecond, UTC.
    pub micros: i64,
    /// FHIR `dateTime` of the same precision; with an offset when it has a time.
    pub text: String,
    pub doubt: Option<Doubt>,
}

impl Moment {
    /// The FHIR `date`: its first ten characters.
    pub fn date(&self) -> &str {
        &self.text[..self.text.len().min(10)]
    }

    pub fn has_time(&self) -> bool {
        self.text.len() > 10
    }
}

/// Where the sender's clock did not say which instant was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The hour that happens twice when daylight saving ends.
    Ambiguous,
    /// The hour that daylight saving skips.
    Skipped,
}

/// None when the text is no HL7 time.
pub fn parse(text: &str, zone: Tz) -> Option<Moment> {
    let (stamp, offset) = split_offset(text.trim())?;
    let (digits, fraction) = stamp
        .split_once('.')
        .map_or((stamp, ""), |(digits, fraction)| (digits, fraction));
    let numeric = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let whole = matches!(digits.len(), 4 | 6 | 8 | 10 | 12 | 14) && numeric(digits);
    // A fraction belongs to seconds; HL7 gives it four digits, some systems more.
    let fits = if digits.len() == 14 {
        fraction.len() <= 9
    } else {
        !stamp.contains('.')
    };
    if !whole || !fits || !numeric(fraction) {
        return None;
    }
    let local = local_time(digits)? + Duration::microseconds(microseconds(fraction)?);
    let (at, doubt) = match offset {
        Some(offset) => (offset.from_local_datetime(&local).single()?, None),
        None => resolve(local, zone),
    };
    Some(Moment {
        micros: at.timestamp_micros(),
        text: written(digits.len(), fraction, &at, local),
        doubt,
    })
}

fn written(precision: usize, fraction: &str, at: &DateTime<FixedOffset>, local: NaiveDateTime) -> String {
    let format = match precision {
        4 => "%Y",
        6 => "%Y-%m",
        8 => "%Y-%m-%d",
        _ if fraction.is_empty() => return at.format("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        _ => return at.format(&format!("%Y-%m-%dT%H:%M:%S.{fraction}%:z")).to_string(),
    };
    local.format(format).to_string()
}

fn split_offset(text: &str) -> Option<(&str, Option<FixedOffset>)> {
    let Some(at) = text.find(['+', '-']) else {
        return Some((text, None));
    };
    let (stamp, offset) = text.split_at(at);
    let digits = &offset[1..];
    if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i32, i32) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    let seconds = (hours * 60 + minutes) * 60;
    let offset = if offset.starts_with('-') {
        -seconds
    } else {
        seconds
    };
    Some((stamp, Some(FixedOffset::east_opt(offset)?)))
}

fn local_time(digits: &str) -> Option<NaiveDateTime> {
    let part =
        |range: std::ops::Range<usize>, least: u32| digits.get(range).map_or(Some(least), |s| s.parse().ok());
    let year: i32 = digits.get(..4)?.parse().ok().filter(|year| *year > 0)?;
    let date = NaiveDate::from_ymd_opt(year, part(4..6, 1)?, part(6..8, 1)?)?;
    date.and_hms_opt(part(8..10, 0)?, part(10..12, 0)?, part(12..14, 0)?)
}

fn microseconds(fraction: &str) -> Option<i64> {
    let six = &fraction[..fraction.len().min(6)];
    format!("{six:0<6}").parse().ok()
}

fn resolve(local: NaiveDateTime, zone: Tz) -> (DateTime<FixedOffset>, Option<Doubt>) {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) => (at.fixed_offset(), None),
        LocalResult::Ambiguous(earlier, _) => (earlier.fixed_offset(), Some(Doubt::Ambiguous)),
        LocalResult::None => (after_gap(local, zone), Some(Doubt::Skipped)),
    }
}

/// No zone ever skipped more than a day.
fn after_gap(local: NaiveDateTime, zone: Tz) -> DateTime<FixedOffset> {
    let before = zone
        .offset_from_utc_datetime(&(local - Duration::hours(36)))
        .fix();
    let instant = local - Duration::seconds(i64::from(before.local_minus_utc()));
    zone.from_utc_datetime(&instant).fixed_offset()
}

/// An instant as an HL7 time in UTC, for the messages Baton itself writes.
pub fn stamp(micros: i64) -> String {
    let at = DateTime::from_timestamp_micros(micros).unwrap_or_default();
    at.format("%Y%m%d%H%M%S%.3f+0000").to_string()
}
