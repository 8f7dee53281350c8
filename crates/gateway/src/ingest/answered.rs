//! What one message left open and others answer: the review Task closes, and opens again when the
//! answer is taken back. Whoever put work into it finds that as it was.
use super::Remark;
use super::facts::Facts;
use super::json::{self, Object};
use super::review::{Standing, message_of, task_id};
use coordination::codes::{extension, system};
use coordination::stay::{self, Fold};
use fhir::TypeId;
use fhir::event::{Event, encounter_id};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::{Change, Seen, StoreError, Tx};

/// Of `urn:baton:reason`.
const ANSWERED: &str = "answered";
const ENDED: [&str; 5] = ["completed", "cancelled", "rejected", "failed", "entered-in-error"];

/// The Encounters of stays about which something was left open once, by their ids.
pub type Asked = BTreeMap<String, Value>;

pub fn asked(facts: &Facts, folds: &[(String, Option<Fold>)]) -> Asked {
    let asks = |id: &str| {
        let own = |event: &&Event| event.stay.as_ref().is_some_and(|stay| encounter_id(stay) == id);
        facts.stays.iter().filter(own).any(stay::asks)
    };
    let known = folds.iter().filter_map(|(id, fold)| Some((id, fold.as_ref()?)));
    known
        .filter(|(id, _)| asks(id))
        .map(|(id, fold)| (id.clone(), fold.encounter.clone()))
        .collect()
}

/// How a message with these doubts stands. A stay that nobody asked about answers nothing.
pub fn standing(asked: &Asked, events: &[Event], remarks: &[Remark]) -> Standing {
    let stays: Vec<String> = events
        .iter()
        .filter_map(|event| event.stay.as_ref())
        .map(encounter_id)
        .collect();
    match remarks {
        [] => Standing::Done,
        _ if is_open(asked, &stays, remarks.iter().map(|remark| remark.code.as_str())) => Standing::Open,
        _ => Standing::Answered,
    }
}

fn is_open<'a>(asked: &Asked, stays: &[String], mut faults: impl Iterator<Item = &'a str>) -> bool {
    let open = |fault: &str, id: &String| asked.get(id).is_none_or(|stay| stay::is_open(fault, stay));
    faults.any(|fault| stays.is_empty() || stays.iter().any(|id| open(fault, id)))
}

/// The review Tasks that have to change, except the one of `message`.
pub fn tasks(tx: &mut Tx, asked: &Asked, message: &str) -> Result<Vec<Object>, StoreError> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Vec<String> = asked.keys().cloned().collect();
    let mut messages: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (told, stay) in tx.messages_of_stays(&wanted)? {
        messages.entry(told).or_default().push(stay);
    }
    messages.remove(message);
    let kind = json::type_id("Task")?;
    let names: Vec<(TypeId, String)> = messages.keys().map(|told| (kind, task_id(told))).collect();
    let mut changed = Vec::new();
    for stored in tx.get_many(&names)? {
        let Some(task) = json::object(&stored)? else {
            continue;
        };
        let stays = message_of(&Value::Object(task.clone())).and_then(|told| messages.get(told));
        changed.extend(stays.and_then(|stays| moved(task, asked, stays)));
    }
    Ok(changed)
}

/// The review Tasks of messages that were refused and are taken now.
pub fn taken<'a>(tx: &mut Tx, refused: impl Iterator<Item = &'a str>) -> Result<Vec<Change>, StoreError> {
    let kind = json::type_id("Task")?;
    let names: Vec<(TypeId, String)> = refused.map(|told| (kind, task_id(told))).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut changes = Vec::new();
    let mut seen = Seen::default();
    for stored in seen.read(tx, &names)? {
        let Some(mut task) = json::object(&stored)? else {
            continue;
        };
        let status = task.get("status").and_then(Value::as_str).unwrap_or_default();
        if !ENDED.contains(&status) {
            task.insert("status".into(), json!("completed"));
            task.insert(
                "statusReason".into(),
                json!({"coding": [reason_code()], "text": "The message was taken when it was sent again"}),
            );
            changes.push(json::put_over(task, &seen)?);
        }
    }
    Ok(changes)
}

/// None where it stands as it should.
fn moved(mut task: Object, asked: &Asked, stays: &[String]) -> Option<Object> {
    let faults = faults(&task);
    let open = is_open(asked, stays, faults.iter().map(String::as_str));
    let status = task.get("status").and_then(Value::as_str)?.to_owned();
    let ours = task
        .get("statusReason")
        .is_some_and(|reason| reason["coding"][0] == reason_code());
    match (open, ours && status == "completed") {
        (true, true) => {
            let before = take_status(&mut task).unwrap_or_else(|| json!("requested"));
            task.insert("status".into(), before);
            task.insert("statusReason".into(), json!({"text": faults.join(", ")}));
        }
        (false, false) if !ENDED.contains(&status.as_str()) => {
            if status != "requested" {
                keep_status(&mut task, &status);
            }
            task.insert("status".into(), json!("completed"));
            task.insert("statusReason".into(), reason());
        }
        _ => return None,
    }
    Some(task)
}

pub fn reason() -> Value {
    json!({"coding": [reason_code()], "text": "Other messages about the stay say what this one did not"})
}

fn reason_code() -> Value {
    json!({"system": system::REASON, "code": ANSWERED})
}

/// Codes, as `class-unknown at PV1-2` begins.
fn faults(task: &Object) -> Vec<String> {
    let inputs = task.get("input").and_then(Value::as_array).into_iter().flatten();
    let told = inputs.filter(|input| input["type"]["text"] == "fault");
    told.filter_map(|input| input["valueString"].as_str()?.split(' ').next())
        .map(str::to_owned)
        .collect()
}

fn keep_status(task: &mut Object, status: &str) {
    let kept = json!({"url": extension::STATUS_BEFORE, "valueCode": status});
    let all = task.entry("extension").or_insert_with(|| json!([]));
    if let Value::Array(all) = all {
        all.push(kept);
    }
}

fn take_status(task: &mut Object) -> Option<Value> {
    let all = task.get_mut("extension")?.as_array_mut()?;
    let at = all
        .iter()
        .position(|one| one["url"] == extension::STATUS_BEFORE)?;
    let kept = all.remove(at)["valueCode"].take();
    if all.is_empty() {
        task.shift_remove("extension");
    }
    Some(kept)
}
