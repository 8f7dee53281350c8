//! What people did to a derived resource, and how a new derivation is laid over it.
//!
//! A person's status, owner, notes and outputs are never undone; Baton changes what it made, moves
//! deadlines, and closes open work when its ground is gone, remembering the status it found so that
//! it comes back when the ground does.
use crate::codes::{extension, system};
use serde_json::{Map, Value, json};

/// What is particular to a derived type.
struct Shape {
    /// The status Baton gives to running work.
    running: &'static str,
    /// The statuses Baton closes with, always together with a reason.
    closing: &'static [&'static str],
    /// Statuses that end work when a person sets them.
    terminal: &'static [&'static str],
    /// Lists a person may add to; Baton's own entries carry an element id that starts `derived-`.
    shared: &'static [&'static str],
}

const EPISODE: Shape = Shape {
    running: "active",
    closing: &["finished", "cancelled"],
    terminal: &["finished", "cancelled", "entered-in-error"],
    shared: &["team", "diagnosis"],
};
const PLAN: Shape = Shape {
    running: "active",
    closing: &["completed", "revoked"],
    terminal: &["completed", "revoked", "entered-in-error"],
    shared: &["activity", "addresses", "careTeam", "supportingInfo", "category"],
};
const TEAM: Shape = Shape {
    running: "active",
    closing: &["inactive"],
    terminal: &["entered-in-error"],
    shared: &["participant", "category"],
};
const TASK: Shape = Shape {
    running: "requested",
    closing: &["cancelled", "failed"],
    terminal: &["completed", "failed", "rejected", "cancelled", "entered-in-error"],
    shared: &[],
};
/// RiskAssessment: wholly Baton's.
const ASSESSMENT: Shape = Shape {
    running: "final",
    closing: &["cancelled"],
    terminal: &["entered-in-error"],
    shared: &[],
};

fn shape(resource: &Value) -> &'static Shape {
    match resource["resourceType"].as_str() {
        Some("EpisodeOfCare") => &EPISODE,
        Some("CarePlan") => &PLAN,
        Some("CareTeam") => &TEAM,
        Some("Task") => &TASK,
        _ => &ASSESSMENT,
    }
}

/// Who a resource's status belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    /// Baton made it so.
    Baton,
    /// A person is at work.
    Person,
    /// A person was at work when Baton closed it.
    Interrupted,
    /// A person ended it.
    Done,
}

/// The code of `urn:baton:reason` on a resource Baton closed.
pub fn reason_of(resource: &Value) -> Option<&str> {
    if !shape(resource).closing.contains(&resource["status"].as_str()?) {
        return None;
    }
    let own = |coding: &&Value| coding["system"] == system::REASON;
    let concept = resource
        .get("statusReason")
        .or_else(|| extension_of(resource, extension::REASON).and_then(|e| e.get("valueCodeableConcept")))?;
    concept["coding"].as_array()?.iter().find(own)?["code"].as_str()
}

pub fn hand(resource: &Value) -> Hand {
    let shape = shape(resource);
    let status = resource["status"].as_str().unwrap_or_default();
    if reason_of(resource).is_some() {
        return match extension_of(resource, extension::STATUS_BEFORE) {
            Some(_) => Hand::Interrupted,
            None => Hand::Baton,
        };
    }
    match status {
        status if status == shape.running => Hand::Baton,
        // Whether a risk is final or preliminary follows from its inputs.
        "preliminary" => Hand::Baton,
        status if shape.terminal.contains(&status) => Hand::Done,
        _ => Hand::Person,
    }
}

/// Whether a person left a trace, so that the resource must not vanish.
pub fn is_touched(resource: &Value) -> bool {
    hand(resource) != Hand::Baton
        || has_other_owner(resource)
        || resource.get("note").is_some()
        || resource.get("output").is_some()
}

/// Baton notes whom it assigned; any other owner was chosen by a person.
fn has_other_owner(task: &Value) -> bool {
    let assigned =
        extension_of(task, extension::ASSIGNED).and_then(|e| e.pointer("/valueReference/reference"));
    let owner = task.pointer("/owner/reference");
    task["resourceType"] == "Task" && owner != assigned && owner.is_some()
}

/// The stored resource with the new derivation laid over it.
pub fn overlay(stored: &Value, derived: &Value) -> Value {
    let hand = hand(stored);
    let (Some(old), Some(new)) = (stored.as_object(), derived.as_object()) else {
        return derived.clone();
    };
    let mut result = old.clone();
    if hand == Hand::Done {
        repoint(&mut result, new);
        return Value::Object(result);
    }
    let narrow = derived["resourceType"] == "Task" && is_touched(stored);
    for (name, value) in new {
        if !narrow || FOLLOWS_THE_STAY.contains(&name.as_str()) {
            result.insert(name.clone(), merged(shape(derived), name, old.get(name), value));
        }
    }
    for name in shape(derived)
        .shared
        .iter()
        .filter(|name| !new.contains_key(**name))
    {
        let theirs = merged(shape(derived), name, old.get(*name), &json!([]));
        match theirs.as_array().is_some_and(|theirs| !theirs.is_empty()) {
            true => result.insert((*name).to_owned(), theirs),
            false => result.shift_remove(*name),
        };
    }
    for name in WITHDRAWN {
        let kept = narrow && (name == "owner" || name == "statusReason" && reason_of(stored).is_none());
        if !new.contains_key(name) && !kept {
            result.shift_remove(name);
        }
    }
    if has_other_owner(stored) {
        restore(&mut result, old, "owner");
    }
    settle_status(&mut result, old, derived, hand);
    Value::Object(result)
}

/// Even work a person has taken over follows the stay in these.
const FOLLOWS_THE_STAY: [&str; 7] = [
    "for",
    "encounter",
    "basedOn",
    "authoredOn",
    "restriction",
    "extension",
    "instantiatesCanonical",
];
/// Baton's members that go when the derivation has them no longer.
const WITHDRAWN: [&str; 7] = [
    "statusReason",
    "owner",
    "requester",
    "careManager",
    "encounter",
    "prediction",
    "basis",
];
/// Where the patient is named.
const SUBJECTS: [&str; 3] = ["for", "subject", "patient"];

/// Work that is over only follows the patient to a surviving record.
fn repoint(result: &mut Map<String, Value>, new: &Map<String, Value>) {
    for name in SUBJECTS {
        if let (Some(_), Some(subject)) = (result.get(name), new.get(name)) {
            result.insert(name.to_owned(), subject.clone());
        }
    }
}

fn restore(result: &mut Map<String, Value>, old: &Map<String, Value>, name: &str) {
    if let Some(value) = old.get(name) {
        result.insert(name.to_owned(), value.clone());
    }
}

fn merged(shape: &Shape, name: &str, old: Option<&Value>, new: &Value) -> Value {
    let (Some(old), Some(fresh)) = (old.and_then(Value::as_array), new.as_array()) else {
        return match (name, old) {
            ("restriction", Some(old)) => with_period(old, new),
            _ => new.clone(),
        };
    };
    let theirs: Box<dyn Fn(&&Value) -> bool> = match name {
        "extension" => Box::new(|entry| {
            !entry["url"]
                .as_str()
                .is_some_and(|url| url.starts_with(extension::PREFIX))
        }),
        _ if shape.shared.contains(&name) => {
            Box::new(|entry| !entry["id"].as_str().is_some_and(|id| id.starts_with("derived-")))
        }
        _ => return new.clone(),
    };
    fresh.iter().chain(old.iter().filter(theirs)).cloned().collect()
}

/// Repetitions and recipients of a restriction are not Baton's.
fn with_period(old: &Value, new: &Value) -> Value {
    let mut restriction = old.clone();
    restriction["period"] = new["period"].clone();
    restriction
}

/// The status: Baton's own follows the derivation; a person's stays while the work has ground.
fn settle_status(result: &mut Map<String, Value>, old: &Map<String, Value>, derived: &Value, hand: Hand) {
    let closing = reason_of(derived).is_some();
    let before = match hand {
        Hand::Person => old.get("status").cloned(),
        Hand::Interrupted => extension_in(old, extension::STATUS_BEFORE)
            .and_then(|e| e.get("valueCode"))
            .cloned(),
        Hand::Baton | Hand::Done => None,
    };
    match (before, closing) {
        (Some(before), true) => {
            set(result, "status", &derived["status"]);
            if let Some(reason) = derived.get("statusReason") {
                set(result, "statusReason", reason);
            }
            add_extension(
                result,
                json!({ "url": extension::STATUS_BEFORE, "valueCode": before }),
            );
        }
        (Some(before), false) => set(result, "status", &before),
        (None, _) => {
            set(result, "status", &derived["status"]);
            if let Some(reason) = derived.get("statusReason") {
                set(result, "statusReason", reason);
            }
        }
    }
}

fn set(result: &mut Map<String, Value>, name: &str, value: &Value) {
    result.insert(name.to_owned(), value.clone());
}

/// A stored resource whose ground is gone and cannot be derived again: closed where it stands.
pub fn closed(stored: &Value, status: &str, reason: &Value) -> Value {
    let hand = hand(stored);
    let Some(old) = stored.as_object().filter(|_| hand != Hand::Done) else {
        return stored.clone();
    };
    let mut closing = json!({ "resourceType": stored["resourceType"], "status": status });
    let mark = json!({ "url": extension::REASON, "valueCodeableConcept": reason });
    let mut result = old.clone();
    if let Some(Value::Array(list)) = result.get_mut("extension") {
        list.retain(|e| e["url"] != extension::REASON && e["url"] != extension::STATUS_BEFORE);
    }
    if stored["resourceType"] == "Task" {
        closing["statusReason"] = reason.clone();
    } else {
        closing["extension"] = json!([mark]);
        add_extension(&mut result, mark);
    }
    settle_status(&mut result, old, &closing, hand);
    if result.get("extension").is_some_and(|list| *list == json!([])) {
        result.shift_remove("extension");
    }
    Value::Object(result)
}

pub fn extension_of<'a>(resource: &'a Value, url: &str) -> Option<&'a Value> {
    resource
        .as_object()
        .and_then(|resource| extension_in(resource, url))
}

fn extension_in<'a>(resource: &'a Map<String, Value>, url: &str) -> Option<&'a Value> {
    resource
        .get("extension")?
        .as_array()?
        .iter()
        .find(|extension| extension["url"] == url)
}

fn add_extension(resource: &mut Map<String, Value>, extension: Value) {
    if let Value::Array(list) = resource.entry("extension").or_insert_with(|| json!([])) {
        list.push(extension);
    }
}
