use crate::parse;
use hl7v2::message::{Delimiters, Message, escape, unescape};
use proptest::prelude::*;

const HEAD: &str = r"MSH|^~\&|A|B|C|D|20260101||ADT^A08|1|P|2.5.1";

fn with_lines(lines: &[&str], end: &str) -> String {
    [&[HEAD], lines].concat().join(end)
}

#[test]
fn every_line_ending_gives_the_same_segments() {
    let lines = ["PID|1||7^^^X~8", "", "ZAB|1|left alone"];
    for end in ["\r", "\n", "\r\n", "\r\n\r\n"] {
        let message = parse(&with_lines(&lines, end));
        let names: Vec<_> = message.segments().map(|segment| segment.name()).collect();
        assert_eq!(names, ["MSH", "PID", "ZAB"], "{end:?}");
        assert_eq!(message.field("ZAB", 2).text().as_deref(), Some("left alone"));
        assert!(message.faults().is_empty());
    }
}

#[test]
fn frame_and_byte_order_mark_are_ignored() {
    let framed = [b"\x0b\xef\xbb\xbf", HEAD.as_bytes(), b"\r\x1c\r"].concat();
    let message = Message::parse(&framed).unwrap();
    assert_eq!(message.field("MSH", 10).text().as_deref(), Some("1"));
    assert_eq!(message.field("MSH", 12).raw(), "2.5.1");
}

#[test]
fn separators_are_those_of_the_header() {
    let message =
        parse("MSH*:+!%#*A*B***20260101**ADT:A08*1*P*2.7\rPID*1**7:::X%1.2.3%ISO:MR+8**a!S!b!P!c!F!d!T!e");
    let pid = message.segment("PID").unwrap();
    assert_eq!(message.field("MSH", 1).raw(), "*");
    assert_eq!(message.field("MSH", 2).raw(), ":+!%#");
    assert_eq!(
        pid.field(3).rep(0).component(4).subcomponent(2).as_deref(),
        Some("1.2.3")
    );
    assert_eq!(pid.field(3).rep(1).component(1).text().as_deref(), Some("8"));
    assert_eq!(pid.field(5).text().as_deref(), Some("a:b#c*d%e"));
}

#[test]
fn a_separator_escaped_once_too_often_is_taken_once() {
    let message = parse("MSH|^~\\\\&|A|B|||||ADT^A08\rPID|||7&8");
    assert_eq!(message.delimiters(), &Delimiters::default());
    assert_eq!(
        message.field("PID", 3).component(1).subcomponent(2).as_deref(),
        Some("8")
    );
    assert_eq!(message.faults()[0].code, "separator-repeated");
}

#[test]
fn deleted_is_not_empty_is_not_text() {
    let message = parse(&with_lines(&[r#"PID|""||x^""^y|  |^^"#], "\r"));
    let pid = message.segment("PID").unwrap();
    assert!(pid.field(1).is_null() && !pid.field(1).is_empty());
    assert!(pid.field(2).is_empty() && !pid.field(2).is_null());
    assert_eq!(pid.field(3).component(2).text(), None);
    assert_eq!(pid.field(3).component(3).text().as_deref(), Some("y"));
    assert!(pid.field(4).is_empty());
    assert_eq!(pid.field(5).reps().count(), 0);
    assert!(pid.field(99).is_empty());
}

#[test]
fn escapes_mean_what_the_standard_says() {
    let d = Delimiters::default();
    let cases = [
        (r"a\F\b\S\c\T\d\R\e\E\f", r"a|b^c&d~e\f"),
        (r"one\.br\two\.sp2\three", "one\ntwo\n\nthree"),
        (r"caf\XC3A9\ caf\XE9\", "café café"),
        (r"\H\loud\N\ \.in+4\in \C2842\c \Z12\z", "loud in c z"),
        (r"C:\TEMP\x \", r"C:\TEMP\x \"),
        (r"open \S", r"open \S"),
    ];
    for (raw, meant) in cases {
        assert_eq!(unescape(raw, &d), meant, "{raw}");
    }
}

#[test]
fn character_sets_are_declared_or_reported() {
    let message = |charset: &str, name: &[u8]| {
        let head = format!("{HEAD}||||||{charset}\rPID|1||7||");
        Message::parse(&[head.as_bytes(), name].concat()).unwrap()
    };
    let name = |message: &Message| message.field("PID", 5).text().unwrap();
    let codes = |message: &Message| {
        message
            .faults()
            .iter()
            .map(|fault| fault.code)
            .collect::<Vec<_>>()
    };
    for (charset, bytes, expected, faults) in [
        ("8859/1", &b"M\xfcller"[..], "Müller", vec![]),
        ("8859/2", b"\xa3ukasz", "Łukasz", vec![]),
        ("UNICODE UTF-8", "Łukasz".as_bytes(), "Łukasz", vec![]),
        ("UNICODE UTF-8", b"M\xfcller", "Müller", vec!["charset-invalid"]),
        ("", b"M\xfcller\x92s", "Müller’s", vec!["charset-undeclared"]),
        ("ASCII", "Müller".as_bytes(), "Müller", vec!["charset-undeclared"]),
        ("KLINGON", b"Miller", "Miller", vec!["charset-unknown"]),
    ] {
        let message = message(charset, bytes);
        assert_eq!(name(&message), expected);
        assert_eq!(codes(&message), faults, "{charset}");
    }
}

#[test]
fn utf_16_is_known_by_its_mark() {
    let text = with_lines(&["PID|1||7||Łukasz"], "\r");
    let bytes: Vec<u8> = [0xfeff]
        .into_iter()
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(
        Message::parse(&bytes).unwrap().field("PID", 5).text().as_deref(),
        Some("Łukasz")
    );
}

#[test]
fn a_line_break_in_a_note_is_kept_and_reported() {
    let message = parse(&with_lines(&["NTE|1||first", "second line", "OBX|1"], "\r"));
    assert_eq!(
        message.field("NTE", 3).text().as_deref(),
        Some("first\nsecond line")
    );
    assert!(message.field("NTE", 3).raw().contains("second line"));
    assert!(message.segment("OBX").is_some());
    assert_eq!(message.faults()[0].code, "line-break");
}

#[test]
fn errors_say_where() {
    let place = |text: &str| Message::parse(text.as_bytes()).unwrap_err().location.to_string();
    assert_eq!(place(""), "MSH");
    assert_eq!(place("PID|1"), "MSH");
    assert_eq!(place("MSHx"), "MSH-1");
    assert_eq!(place("MSH|"), "MSH-2");
    assert_eq!(place("MSH|^~^|A"), "MSH-2");
    assert_eq!(place(&format!("{HEAD}\r{HEAD}")), "MSH[2]");
    assert_eq!(place(&format!("{HEAD}\rOBX{}", "|".repeat(2000))), "OBX");
    assert_eq!(place(&format!("{HEAD}{}", "\rOBX|1".repeat(5_001))), "OBX");
    assert_eq!(place(&format!("{HEAD}\rPID|1||{}", "1~".repeat(500))), "PID-3");
    assert!(Message::parse(format!("{HEAD}\rPID|1||{}1", "1~".repeat(499)).as_bytes()).is_ok());
    assert!(Message::parse(b"FHS|^~\\&|A").unwrap_err().text.contains("batch"));
}

fn delimiters() -> impl Strategy<Value = Delimiters> {
    prop_oneof![
        Just(Delimiters::default()),
        Just(Delimiters::read(r"MSH|^~\&#|").unwrap()),
        Just(Delimiters::read("MSH*:+!%*").unwrap()),
    ]
}

proptest! {
    #[test]
    fn any_bytes_parse_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Message::parse(&bytes);
    }

    #[test]
    fn any_text_after_a_header_is_read_without_loss(tail in "\\PC{0,60}([|^~&\r\n]{1,3}\\PC{0,20}){0,20}") {
        let text = format!("{HEAD}\rZZZ|{tail}");
        let message = parse(&text);
        let kept: String = message.segments().map(|segment| segment.raw()).collect();
        let solid = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        prop_assert_eq!(solid(&kept), solid(&text));
        for segment in message.segments() {
            for field in 0..40 {
                segment.field(field).reps().for_each(|rep| drop(rep.component(2).subcomponent(2)));
            }
        }
    }

    #[test]
    fn what_is_escaped_comes_back(text in "\\PC*[\\\\|^~&#\r\n!*:+%XEFSTRP.]{0,30}\\PC*", d in delimiters()) {
        let field = escape(&text, &d);
        let separators = [Some(d.field), d.component, d.repetition, d.subcomponent];
        prop_assert!(!field.contains(|c| separators.contains(&Some(c)) || c == '\r'));
        prop_assert_eq!(unescape(&field, &d), text);
    }
}
