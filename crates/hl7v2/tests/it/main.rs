//! HL7 v2 from the outside: bytes in, events and answers out.
mod ack;
mod batch;
mod corpus;
mod encounter;
mod map;
mod merge;
mod message;
mod mllp;
mod patient;
mod sender;
mod time;
mod valid;

use hl7v2::map::{Mapped, adt};
use hl7v2::{Message, Reject, Sender};

pub const ADMIT: &str = include_str!("../fixtures/admit.hl7");
pub const DISCHARGE: &str = include_str!("../fixtures/discharge.hl7");
pub const MERGE: &str = include_str!("../fixtures/merge.hl7");

/// The end of 2026.
pub const NOW: i64 = 1_798_693_200_000_000;

pub fn sender() -> Sender {
    Sender::new(
        "northshore",
        "ADT",
        "NORTHSHORE",
        "America/New_York".parse().unwrap(),
    )
}

pub fn parse(text: &str) -> Message {
    Message::parse(text.as_bytes()).unwrap_or_else(|reject| panic!("{reject}"))
}

pub fn try_map(text: &str, sender: &Sender) -> Result<Mapped, Reject> {
    adt(&parse(text), sender, NOW)
}

pub fn map(text: &str) -> Mapped {
    try_map(text, &sender()).unwrap_or_else(|reject| panic!("{reject}"))
}

/// The one event of a message that has one.
pub fn event(text: &str) -> fhir::event::Event {
    let mut events = map(text).events;
    assert_eq!(events.len(), 1);
    events.remove(0)
}

pub fn fault_codes(mapped: &Mapped) -> Vec<String> {
    mapped
        .faults
        .iter()
        .map(|fault| format!("{} {}", fault.code, fault.location))
        .collect()
}

/// The fixture with one field of its first such segment replaced.
pub fn with(text: &str, segment: &str, field: usize, value: &str) -> String {
    let mut done = false;
    let lines = text.trim_end().split(['\r', '\n']).map(|line| {
        if done || !line.starts_with(segment) {
            return line.to_owned();
        }
        done = true;
        let at = if segment == "MSH" { field - 1 } else { field };
        let mut fields: Vec<&str> = line.split('|').collect();
        fields.resize(fields.len().max(at + 1), "");
        fields[at] = value;
        fields.join("|")
    });
    let changed = lines.collect::<Vec<_>>().join("\r");
    assert!(done, "no {segment} in the fixture");
    changed
}
