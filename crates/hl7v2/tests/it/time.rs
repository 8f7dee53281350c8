use chrono_tz::Tz;
use hl7v2::time::{Doubt, parse, stamp};
use proptest::prelude::*;

const EASTERN: Tz = chrono_tz::America::New_York;

#[test]
fn any_precision_and_offset() {
    let cases = [
        ("2026", "2026", "20260101050000"),
        ("202603", "2026-03", "20260301050000"),
        ("20260302", "2026-03-02", "20260302050000"),
        ("2026030209", "2026-03-02T09:00:00-05:00", "20260302140000"),
        ("202607020905", "2026-07-02T09:05:00-04:00", "20260702130500"),
        (
            "20260302090507.1234",
            "2026-03-02T09:05:07.1234-05:00",
            "20260302140507",
        ),
        (
            "20260302090507+0215",
            "2026-03-02T09:05:07+02:15",
            "20260302065007",
        ),
        ("20260302-0800", "2026-03-02", "20260302080000"),
        (" 20260302 ", "2026-03-02", "20260302050000"),
    ];
    for (sent, text, utc) in cases {
        let moment = parse(sent, EASTERN).unwrap_or_else(|| panic!("{sent}"));
        assert_eq!(moment.text, text);
        assert!(
            stamp(moment.micros).starts_with(utc),
            "{sent}: {}",
            stamp(moment.micros)
        );
        assert_eq!(moment.doubt, None);
    }
    assert_eq!(
        parse("20260302090507.25", EASTERN).unwrap().micros % 1_000_000,
        250_000
    );
}

#[test]
fn what_is_no_time_is_none() {
    let bad = [
        "",
        "00000000",
        "2026-03-02",
        "20261301",
        "20260230",
        "202603022500",
        "20260302T0900",
        "2026030209050",
        "x",
    ];
    for text in bad.into_iter().chain([
        "20260302+05",
        "20260302+9900",
        "2026.5",
        "20260302090507.12345678901",
    ]) {
        assert_eq!(parse(text, EASTERN), None, "{text}");
    }
}

#[test]
fn daylight_saving_is_decided_the_same_way_each_time() {
    let fall = parse("20261101013000", EASTERN).unwrap();
    assert_eq!(
        (fall.text.as_str(), fall.doubt),
        ("2026-11-01T01:30:00-04:00", Some(Doubt::Ambiguous))
    );
    let spring = parse("20260308023000", EASTERN).unwrap();
    assert_eq!(
        (spring.text.as_str(), spring.doubt),
        ("2026-03-08T03:30:00-04:00", Some(Doubt::Skipped))
    );
    assert_eq!(parse("20261101013000-0500", EASTERN).unwrap().doubt, None);
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,30}") {
        let _ = parse(&text, EASTERN);
    }

    #[test]
    fn an_instant_written_is_read_back(seconds in 0i64..4_000_000_000, millis in 0i64..1000) {
        let micros = seconds * 1_000_000 + millis * 1000;
        prop_assert_eq!(parse(&stamp(micros), EASTERN).unwrap().micros, micros);
    }
}
