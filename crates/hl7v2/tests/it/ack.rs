use crate::{ADMIT, map, parse, sender, try_map, with};
use hl7v2::ack::{Acks, Answer, Header, acks};
use hl7v2::{Message, Place, Reject};

/// 2026-03-02 14:15:01 UTC
const NOW: i64 = 1_772_460_901_000_000;

fn answers(text: &str, answer: &Answer) -> Acks {
    acks(&Header::of(&parse(text)), answer, "B1", NOW)
}

fn refusal() -> Answer {
    Answer::reject(&Reject::error(
        101,
        Place::component("PID", 3, 1).nth(2),
        "missing | here",
    ))
}

#[test]
fn original_mode_swaps_sides_and_names_the_message() {
    let acks = answers(ADMIT, &Answer::accept(&[]));
    let head = r"MSH|^~\&|BATON|CARE|ADT|NORTHSHORE|20260302141501.000+0000||ACK^A01^ACK|B1|P|2.5.1";
    assert_eq!(acks.commit, None);
    assert_eq!(acks.application.unwrap(), format!("{head}\rMSA|AA|N0001\r"));
}

#[test]
fn an_error_says_where_and_what() {
    let ack = answers(ADMIT, &refusal()).first().unwrap();
    assert!(ack.contains("\rMSA|AE|N0001\r"));
    assert!(
        ack.ends_with("\rERR||PID^2^3^1^1|101^Required field missing^HL70357|E|||missing \\F\\ here\r"),
        "{ack}"
    );
    Message::parse(ack.as_bytes()).unwrap();
}

#[test]
fn older_versions_get_the_older_err() {
    let ack = answers(&with(ADMIT, "MSH", 12, "2.3.1"), &refusal())
        .first()
        .unwrap();
    assert!(ack.contains("\rMSA|AE|N0001|missing \\F\\ here\r"));
    assert!(
        ack.ends_with("\rERR|PID^2^3^101&Required field missing&HL70357\r"),
        "{ack}"
    );
}

#[test]
fn doubts_ride_along_as_warnings() {
    let mapped = map(&with(ADMIT, "PV1", 2, "XX"));
    let ack = answers(ADMIT, &Answer::accept(&mapped.faults)).first().unwrap();
    assert!(
        ack.contains("MSA|AA|") && ack.contains("ERR||PV1^1^2|103^") && ack.contains("|W|||class-unknown"),
        "{ack}"
    );
}

#[test]
fn enhanced_mode_answers_what_was_asked_for() {
    let conditions =
        |accept: &str, application: &str| with(&with(ADMIT, "MSH", 15, accept), "MSH", 16, application);
    let codes = |text: &str, answer: &Answer| -> Vec<String> {
        let code = |ack: String| parse(&ack).field("MSA", 1).text().unwrap();
        answers(text, answer).all().map(code).collect()
    };
    let good = Answer::accept(&[]);
    assert_eq!(codes(&conditions("AL", "NE"), &good), ["CA"]);
    assert_eq!(codes(&conditions("AL", "AL"), &good), ["CA", "AA"]);
    assert_eq!(codes(&conditions("NE", "AL"), &good), ["AA"]);
    assert_eq!(codes(&conditions("ER", ""), &good), [""; 0]);
    assert_eq!(codes(&conditions("ER", "SU"), &refusal()), ["CE"]);
    let ids: Vec<_> = answers(&conditions("AL", "AL"), &good)
        .all()
        .map(|ack| parse(&ack).field("MSH", 10).text())
        .collect();
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn separators_of_the_message_are_those_of_the_answer() {
    let ack = answers("MSH*:+!%*A*B*C*D*20260101**ADT:A08*7*P*2.5.1", &refusal())
        .first()
        .unwrap();
    assert!(ack.starts_with("MSH*:+!%*C*D*A*B*"));
    assert!(
        ack.contains("*ACK:A08:ACK*B1*P*2.5.1\rMSA*AE*7\rERR**PID:2:3:1:1*"),
        "{ack}"
    );
}

#[test]
fn an_answer_beyond_ascii_declares_its_character_set() {
    let ack = answers(&with(ADMIT, "MSH", 3, "KLÖSTER"), &Answer::accept(&[]))
        .first()
        .unwrap();
    assert_eq!(
        parse(&ack).field("MSH", 18).text().as_deref(),
        Some("UNICODE UTF-8")
    );
    assert!(parse(&ack).faults().is_empty());
}

#[test]
fn unreadable_messages_are_answered_too() {
    let reject = Message::parse(b"\x00\xffgarbage").unwrap_err();
    let ack = acks(
        &Header::salvage(b"\x00\xffgarbage"),
        &Answer::reject(&reject),
        "B1",
        NOW,
    )
    .first()
    .unwrap();
    assert_eq!(parse(&ack).field("MSA", 1).text().as_deref(), Some("AR"));
    let ack = acks(
        &Header::salvage(b"MSH|^~^|ADT|NS|B|C|2026||ADT^A01|N7|P|2.5"),
        &refusal(),
        "B1",
        NOW,
    )
    .first()
    .unwrap();
    assert!(
        ack.starts_with(r"MSH|^~\&|B|C|ADT|NS|") && ack.contains("MSA|AE|N7\r"),
        "{ack}"
    );
    // Two messages in one: refused, but the first header can be read.
    let twice = format!("{ADMIT}\r{ADMIT}");
    let ack = acks(&Header::salvage(twice.as_bytes()), &refusal(), "B1", NOW)
        .first()
        .unwrap();
    assert!(ack.contains("MSA|AE|N0001\r"));
}

#[test]
fn errors_carry_no_patient_data() {
    let mut told = String::new();
    for field in [2, 4, 36, 44, 45] {
        told += &format!("{:?}", map(&with(ADMIT, "PV1", field, "QUINTERO")).faults);
    }
    told += &format!("{:?}", try_map(&with(ADMIT, "PID", 3, ""), &sender()));
    assert!(!told.contains("QUINTERO") && !told.contains("Quintero"), "{told}");
}
