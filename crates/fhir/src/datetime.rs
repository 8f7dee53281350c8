//! FHIR dates of any precision as ranges of microseconds. <https://hl7.org/fhir/R4/datatypes.html#dateTime>
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, SecondsFormat};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;

/// Half-open on neither side: `low..=high`, microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRange {
    pub low: i64,
    pub high: i64,
}

/// How much of a date is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    Year,
    Month,
    Day,
    Minute,
    Second,
}

/// A date as written: what it covers and how exactly it was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub range: DateRange,
    pub precision: Precision,
    /// With a zone (`Z` or an offset).
    pub zoned: bool,
}

impl Stamp {
    /// Reads any FHIR date. Seconds and zone may be missing, as search values allow; whoever
    /// needs a strict `dateTime` looks at `precision` and `zoned`. Second 60 is a leap second.
    pub fn parse(text: &str) -> Option<Stamp> {
        let (date, time) = match text.split_once('T') {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let (first, next, precision) = days(date)?;
        let midnight = micros(first)?;
        match time {
            None => Some(Stamp {
                range: DateRange {
                    low: midnight,
                    high: micros(next)? - 1,
                },
                precision,
                zoned: false,
            }),
            Some(time) if precision == Precision::Day => moment(midnight, time),
            Some(_) => None,
        }
    }
}

/// The range a `date`, `dateTime` or `instant` covers (`2024` is a whole year; no zone means UTC).
pub fn parse_range(text: &str) -> Option<DateRange> {
    Stamp::parse(text).map(|stamp| stamp.range)
}

/// A FHIR `time`: `hh:mm:ss`, perhaps with a fraction, without a zone.
pub fn is_time(text: &str) -> bool {
    clock_time(text).is_some_and(|(_, _, precision)| precision == Precision::Second)
}

/// A FHIR instant with milliseconds in UTC, such as `2026-11-22T13:52:18.000Z`.
pub fn instant(micros: i64) -> String {
    let moment = DateTime::from_timestamp_micros(micros).unwrap_or(DateTime::UNIX_EPOCH);
    moment.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// First day, the day after the last, and which of `YYYY`, `YYYY-MM`, `YYYY-MM-DD` it is.
fn days(date: &str) -> Option<(NaiveDate, NaiveDate, Precision)> {
    let year = i32::try_from(number(date.get(..4)?)?)
        .ok()
        .filter(|year| *year > 0)?;
    let month = |text: &str| number(text.get(5..7)?);
    let (month, day, precision) = match (date.len(), date.as_bytes().get(4), date.as_bytes().get(7)) {
        (4, _, _) => (1, 1, Precision::Year),
        (7, Some(b'-'), _) => (month(date)?, 1, Precision::Month),
        (10, Some(b'-'), Some(b'-')) => (month(date)?, number(&date[8..])?, Precision::Day),
        _ => return None,
    };
    let first = NaiveDate::from_ymd_opt(year, month, day)?;
    let next = match precision {
        Precision::Year => first.with_year(year + 1),
        Precision::Month => first.checked_add_months(Months::new(1)),
        _ => first.checked_add_days(Days::new(1)),
    };
    Some((first, next?, precision))
}

/// `hh:mm[:ss[.f…]]` with an optional zone, after midnight UTC of its day.
fn moment(midnight: i64, time: &str) -> Option<Stamp> {
    let clock_end = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(clock_end);
    let (after_midnight, width, precision) = clock_time(clock)?;
    let low = midnight + after_midnight - offset(zone)?;
    let range = DateRange {
        low,
        high: low + width - 1,
    };
    Some(Stamp {
        range,
        precision,
        zoned: !zone.is_empty(),
    })
}

/// Microseconds after midnight, how many the text covers, and its precision.
fn clock_time(clock: &str) -> Option<(i64, i64, Precision)> {
    let minutes = hour_minute(clock.get(..5)?, 23)?;
    match clock.as_bytes().get(5) {
        None => Some((minutes * MINUTE, MINUTE, Precision::Minute)),
        Some(b':') => {
            let second = number(clock.get(6..8)?).filter(|second| *second <= 60)?;
            let (fraction, width) = fraction(clock.get(8..)?)?;
            Some((
                minutes * MINUTE + i64::from(second) * SECOND + fraction,
                width,
                Precision::Second,
            ))
        }
        Some(_) => None,
    }
}

/// Microseconds of `.f…` (digits beyond the sixth say nothing here) and what its last digit covers.
fn fraction(text: &str) -> Option<(i64, i64)> {
    if text.is_empty() {
        return Some((0, SECOND));
    }
    let digits = text
        .strip_prefix('.')
        .filter(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))?;
    let kept = digits.bytes().take(6);
    Some(kept.fold((0, SECOND), |(sum, width), digit| {
        (sum + i64::from(digit - b'0') * width / 10, width / 10)
    }))
}

/// Microseconds east of UTC of `Z`, `+hh:mm`, `-hh:mm` or nothing.
fn offset(zone: &str) -> Option<i64> {
    match zone.as_bytes().first() {
        None => Some(0),
        Some(b'Z') => (zone.len() == 1).then_some(0),
        Some(sign) => {
            let minutes = hour_minute(&zone[1..], 14).filter(|minutes| *minutes <= 14 * 60)?;
            Some(if *sign == b'-' {
                -minutes * MINUTE
            } else {
                minutes * MINUTE
            })
        }
    }
}

/// Minutes of `hh:mm`.
fn hour_minute(text: &str, last_hour: u32) -> Option<i64> {
    let (hour, minute) = text.split_once(':').filter(|_| text.len() == 5)?;
    let hour = number(hour).filter(|hour| *hour <= last_hour)?;
    let minute = number(minute).filter(|minute| *minute <= 59)?;
    Some(i64::from(hour * 60 + minute))
}

/// Digits only: `parse` alone would take a sign.
fn number(text: &str) -> Option<u32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    }
}

fn micros(day: NaiveDate) -> Option<i64> {
    let days = i64::from(day.num_days_from_ce() - NaiveDate::default().num_days_from_ce());
    days.checked_mul(24 * 60 * MINUTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<(String, i64)> {
        parse_range(text).map(|range| (instant(range.low), range.high - range.low + 1))
    }

    fn at(instant: &str, width: i64) -> Option<(String, i64)> {
        Some((instant.to_owned(), width))
    }

    #[test]
    fn every_precision_covers_its_range() {
        assert_eq!(shown("2024"), at("2024-01-01T00:00:00.000Z", 366 * 1440 * MINUTE));
        assert_eq!(
            shown("2023-02"),
            at("2023-02-01T00:00:00.000Z", 28 * 1440 * MINUTE)
        );
        assert_eq!(shown("2024-02-29"), at("2024-02-29T00:00:00.000Z", 1440 * MINUTE));
        assert_eq!(shown("2024-02-29T23:59"), at("2024-02-29T23:59:00.000Z", MINUTE));
        assert_eq!(
            shown("1969-12-31T23:59:59Z"),
            at("1969-12-31T23:59:59.000Z", SECOND)
        );
        assert_eq!(
            shown("2024-02-29T10:00:00.5+02:00"),
            at("2024-02-29T08:00:00.500Z", 100_000)
        );
        assert_eq!(
            shown("2024-02-29T10:00:00.123456789-05:30"),
            at("2024-02-29T15:30:00.123Z", 1)
        );
    }

    #[test]
    fn leap_seconds_are_the_next_second() {
        assert_eq!(
            parse_range("2016-12-31T23:59:60Z"),
            parse_range("2017-01-01T00:00:00Z")
        );
    }

    #[test]
    fn impossible_dates_are_none() {
        let wrong = [
            "",
            "24",
            "0000",
            "2023-02-29",
            "2023-13",
            "2023-1-1",
            "2023-01-01T",
            "2023-01-01T24:00:00Z",
            "2023-01T10:00",
            "2023-01-01T10",
            "2023-01-01T10:00:61Z",
            "2023-01-01T10:00:00.Z",
            "+123",
            "2023-01-01T10:00:00+15:00",
            "2023-01-01T10:00:00ZZ",
            "2023/01/01",
            "2023-01-01 10:00",
            "２０２３",
        ];
        for text in wrong {
            assert_eq!(parse_range(text), None, "{text}");
        }
    }

    #[test]
    fn years_at_the_edges_are_dates() {
        assert!(parse_range("0001").is_some() && parse_range("9999-12-31").is_some());
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "[0-9T:.Z+é-]{0,30}|.{0,30}") {
            let _ = (parse_range(&text), is_time(&text));
        }

        #[test]
        fn instants_are_read_back(millis in -62_000_000_000_000_i64..250_000_000_000_000) {
            let range = parse_range(&instant(millis * 1000)).expect("an instant");
            proptest::prop_assert_eq!((range.low, range.high), (millis * 1000, millis * 1000 + 999));
        }
    }
}
