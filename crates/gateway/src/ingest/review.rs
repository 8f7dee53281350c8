//! The review queue: a Task for every message a person must look at. It names codes and places,
//! never content. `Task?code=urn:baton:task|message-review&status=requested` lists it.
use super::json::{self, Object};
use super::{Remark, answered};
use fhir::datetime;
use fhir::event::derived_id;
use serde_json::{Value, json};
use store::messages::Message;
use store::{Change, StoreError};

pub const CODE: &str = "message-review";
const SYSTEM: &str = "urn:baton:task";

pub fn task_id(message: &str) -> String {
    derived_id(&[message, CODE])
}

/// Files a message.
pub fn file(message: &Message, remarks: &[Remark], standing: Standing) -> Result<Change, StoreError> {
    json::put(task(message, remarks, standing))
}

pub fn task(message: &Message, remarks: &[Remark], standing: Standing) -> Object {
    let (status, reason) = match standing {
        Standing::Open => ("requested", json!({"text": summary(remarks)})),
        Standing::Answered => ("completed", answered::reason()),
        Standing::Done => ("completed", json!({"text": summary(remarks)})),
    };
    let task = json!({
        "resourceType": "Task",
        "id": task_id(&message.id),
        "status": status,
        "statusReason": reason,
        "intent": "order",
        "priority": "routine",
        "code": {"coding": [{"system": SYSTEM, "code": CODE, "display": "Review of an inbound message"}]},
        "description": description(remarks),
        "focus": {"display": focus(message)},
        "authoredOn": datetime::instant(message.received),
        "input": inputs(message, remarks),
    });
    match task {
        Value::Object(members) => members,
        _ => Object::new(),
    }
}

/// How a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Open,
    /// What it left open is known from other messages.
    Answered,
    Done,
}

/// Codes for the inbox row.
pub fn detail(remarks: &[Remark], name_used_before: bool) -> String {
    let mut codes: Vec<String> = remarks.iter().map(Remark::to_string).collect();
    if name_used_before {
        codes.push("control-id-reused".into());
    }
    codes.join("; ")
}

/// The message a review Task is about.
pub fn message_of(task: &Value) -> Option<&str> {
    let ours = task["code"]["coding"][0]["system"] == SYSTEM && task["code"]["coding"][0]["code"] == CODE;
    let inputs = task["input"].as_array().filter(|_| ours)?;
    inputs.iter().find(|input| input["type"]["text"] == "inbox")?["valueString"].as_str()
}

fn summary(remarks: &[Remark]) -> String {
    let codes: Vec<&str> = remarks.iter().map(|remark| remark.code.as_str()).collect();
    if codes.is_empty() {
        "resolved".to_owned()
    } else {
        codes.join(", ")
    }
}

fn description(remarks: &[Remark]) -> String {
    let sentences: Vec<String> = remarks
        .iter()
        .map(|remark| format!("{remark}: {}", remark.text))
        .collect();
    if sentences.is_empty() {
        "The message was read without doubts.".to_owned()
    } else {
        sentences.join(". ")
    }
}

fn focus(message: &Message) -> String {
    let event = if message.event.is_empty() {
        "unread"
    } else {
        &message.event
    };
    format!("{event} message, {} by {}", message.outcome, message.channel)
}

fn inputs(message: &Message, remarks: &[Remark]) -> Vec<Value> {
    let input = |kind: &str, value: &str| json!({"type": {"text": kind}, "valueString": value});
    let mut inputs = vec![input("inbox", &message.id), input("outcome", &message.outcome)];
    if !message.sender.is_empty() {
        inputs.push(input("sender", &message.sender));
    }
    inputs.extend(remarks.iter().map(|remark| input("fault", &remark.to_string())));
    inputs
}
