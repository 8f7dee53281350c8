//! What a message left open about a stay, and whether all that is known by now answers it. Like the
//! fold it asks of the Encounter alone, so that it does not matter which came first.
use crate::notification::is_disposition;
use fhir::event::{Event, Trigger};
use serde_json::Value;

type Answered = fn(&Value) -> bool;

/// Codes of faults that other messages about the stay can answer.
const QUESTIONS: [(&str, Answered); 4] = [
    ("class-missing", has_class),
    ("class-unknown", has_class),
    ("disposition-missing", has_disposition),
    ("disposition-unknown", has_disposition),
];

/// Whether a fault of a message is one still, given the Encounter its stay became.
pub fn is_open(fault: &str, encounter: &Value) -> bool {
    let question = QUESTIONS.iter().find(|(code, _)| *code == fault);
    !question.is_some_and(|(_, answered)| is_void(encounter) || answered(encounter))
}

/// Whether an event by itself leaves one of these open.
pub fn asks(event: &Event) -> bool {
    let hospitalization = event.encounter.get("hospitalization");
    let disposition = hospitalization.and_then(|it| it.get("dischargeDisposition"));
    let ends = event.trigger == Trigger::Discharge || disposition.is_some_and(Value::is_object);
    !knows(event.encounter.get("class")) || ends && !disposition.is_some_and(is_disposition)
}

/// Nothing will follow from it.
fn is_void(encounter: &Value) -> bool {
    matches!(
        encounter["status"].as_str(),
        Some("cancelled" | "entered-in-error")
    )
}

fn has_class(encounter: &Value) -> bool {
    knows(encounter.get("class"))
}

fn knows(class: Option<&Value>) -> bool {
    class.is_some_and(|class| class["system"].is_string())
}

/// A patient still in the house went nowhere.
fn has_disposition(encounter: &Value) -> bool {
    encounter["status"] != "finished" || is_disposition(&encounter["hospitalization"]["dischargeDisposition"])
}
