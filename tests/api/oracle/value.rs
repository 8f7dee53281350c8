//! Dates, numbers and texts as a search writes them, made from what resources hold.
use chrono::{DateTime, Datelike, Days, Months, NaiveDate};

/// A date as it is written, and the first and last microsecond it covers.
#[derive(Clone, Debug)]
pub struct Moment {
    pub text: String,
    pub first: i64,
    pub last: i64,
}

const SECOND: i64 = 1_000_000;

fn days(first: NaiveDate, next: NaiveDate, format: &str) -> Moment {
    let micros = |day: NaiveDate| {
        day.and_hms_opt(0, 0, 0)
            .expect("midnight")
            .and_utc()
            .timestamp_micros()
    };
    Moment {
        text: first.format(format).to_string(),
        first: micros(first),
        last: micros(next) - 1,
    }
}

/// What is written of an instant with that precision: year, month, day, minute, second, millisecond.
pub fn moment(micros: i64, precision: usize) -> Moment {
    let at = DateTime::from_timestamp_micros(micros).expect("a date");
    let day = at.date_naive();
    let start =
        |month, day_of_month| NaiveDate::from_ymd_opt(day.year(), month, day_of_month).expect("a day");
    let clock = |format: &str, width: i64| {
        let first = micros.div_euclid(width) * width;
        let at = DateTime::from_timestamp_micros(first).expect("a date");
        Moment {
            text: at.format(format).to_string(),
            first,
            last: first + width - 1,
        }
    };
    match precision {
        0 => days(start(1, 1), start(1, 1) + Months::new(12), "%Y"),
        1 => days(
            start(day.month(), 1),
            start(day.month(), 1) + Months::new(1),
            "%Y-%m",
        ),
        2 => days(day, day + Days::new(1), "%Y-%m-%d"),
        3 => clock("%Y-%m-%dT%H:%MZ", 60 * SECOND),
        4 => clock("%Y-%m-%dT%H:%M:%SZ", SECOND),
        _ => clock("%Y-%m-%dT%H:%M:%S%.3fZ", SECOND / 1_000),
    }
}

/// With a backslash before the signs that separate.
pub fn escape(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars() {
        if matches!(c, '\\' | ',' | '|' | '$') {
            plain.push('\\');
        }
        plain.push(c);
    }
    plain
}

/// Folded like the fixtures need: case, their accents, white space.
pub fn fold(text: &str) -> String {
    let accents = [
        ("á", "a"),
        ("é", "e"),
        ("í", "i"),
        ("ö", "o"),
        ("ü", "u"),
        ("ë", "e"),
        ("å", "a"),
    ];
    let lower = text.to_lowercase();
    let plain = accents
        .iter()
        .fold(lower, |text, (with, without)| text.replace(with, without));
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// In grams where it is a mass, in hours where a time: what the fixtures measure in several units.
pub fn converted(value: f64, unit: &str) -> Option<(&'static str, f64)> {
    let factors = [
        ("kg", "mass", 1_000.0),
        ("g", "mass", 1.0),
        ("[lb_av]", "mass", 453.59237),
        ("h", "time", 1.0),
        ("min", "time", 1.0 / 60.0),
        ("d", "time", 24.0),
        ("a", "time", 8_766.0),
        ("mg/dL", "concentration", 1.0),
        ("mm[Hg]", "pressure", 1.0),
    ];
    factors
        .iter()
        .find(|(code, ..)| *code == unit)
        .map(|(_, kind, factor)| (*kind, value * factor))
}
