//! What people did to a derived resource, and how a new derivation is laid over it.
//!
//! A person's status, owner, notes and outputs are never undone; Baton changes what it made, moves
//! deadlines, and closes open work when its ground is gone, remembering the status it found so that
//! it comes back when the ground does.
mod overlay;

pub use overlay::{closed, overlay};

use crate::codes::{extension, system};
use serde_json::{Map, Value};

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
