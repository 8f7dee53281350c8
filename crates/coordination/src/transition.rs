//! Reconciliation: from facts to what has to change, so that a second run changes nothing.
use crate::codes::{extension, system};
use crate::course::{self, Course, Outcome};
use crate::derive;
use crate::double;
use crate::facts::{Facts, Key, Practice, StayFacts};
use crate::identity::Identity;
use crate::progress;
use crate::protocol::Protocol;
use crate::reason::Reason;
use mapping::{MappingError, Stay};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Something to be done to one derived resource.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    Put(Key, Value),
    Delete(Key),
}

/// What has to change for this patient under this protocol.
pub fn reconcile(
    protocol: &Protocol,
    practice: &Practice,
    facts: &Facts,
    now: i64,
) -> Result<Vec<Decision>, MappingError> {
    let mut wanted = BTreeMap::new();
    let outcome = |stay| {
        (
            stay,
            course::outcome(protocol, &practice.calendar, facts, stay, now),
        )
    };
    let mut outcomes: Vec<(&StayFacts, Outcome)> = facts.stays.iter().map(outcome).collect();
    let doubles = find_doubles(protocol, practice, facts, &mut outcomes);
    for (stay, outcome) in outcomes {
        match outcome {
            Outcome::Course(course) if doubles.contains_key(&course.basis.id) => {
                let reason = worked_on(protocol, facts, &stay.stay.id).then_some(Reason::Merged);
                withdraw(protocol, facts, stay, reason, &mut wanted);
            }
            Outcome::Course(course) => follow(protocol, practice, facts, &course, &mut wanted)?,
            Outcome::Never => withdraw(protocol, facts, stay, None, &mut wanted),
            Outcome::Withdrawn(reason) => withdraw(protocol, facts, stay, Some(reason), &mut wanted),
            Outcome::Review => {
                withdraw(protocol, facts, stay, None, &mut wanted);
                review(protocol, practice, facts, stay, &mut wanted);
            }
        }
    }
    Ok(wanted
        .into_iter()
        .filter_map(|(key, want)| decision(facts, key, want))
        .collect())
}

/// Encounters that tell of a stay another one is followed for; those others come to know of them.
fn find_doubles(
    protocol: &Protocol,
    practice: &Practice,
    facts: &Facts,
    outcomes: &mut [(&StayFacts, Outcome)],
) -> BTreeMap<String, String> {
    let mut courses: Vec<&mut Course> = outcomes
        .iter_mut()
        .filter_map(|(_, outcome)| match outcome {
            Outcome::Course(course) => Some(&mut **course),
            _ => None,
        })
        .collect();
    let all: Vec<&Course> = courses.iter().map(|course| &**course).collect();
    let doubles = double::doubles(&practice.calendar, &all, |id| worked_on(protocol, facts, id));
    for course in &mut courses {
        let told = doubles.iter().filter(|(_, lead)| **lead == course.basis.id);
        course.doubles = told.map(|(id, _)| id.clone()).collect();
    }
    doubles
}

fn worked_on(protocol: &Protocol, facts: &Facts, encounter: &str) -> bool {
    derived_from(protocol, facts, encounter).any(|(_, stored)| progress::is_touched(stored))
}

/// The identities a stay's derived resources may have, for the caller to load.
pub fn identities(protocol: &Protocol, practice: &Practice, stay: &Stay) -> Vec<Key> {
    let identity = Identity {
        protocol: &protocol.url,
        encounter: &stay.id,
    };
    let mut keys = vec![
        identity.episode(),
        identity.plan(),
        identity.team(),
        identity.risk(),
        identity.review(),
    ];
    keys.extend(protocol.actions.iter().map(|action| identity.task(&action.id)));
    if let Some(discharge) = course::discharge(&practice.calendar, stay) {
        let again = |action: &crate::protocol::Action| identity.successor(&action.id, discharge.instant);
        keys.extend(protocol.actions.iter().map(again));
    }
    keys
}

/// Ids of the tasks a stored plan lists: successors of earlier discharges, steps no longer in
/// the protocol.
pub fn activities(plan: &Value) -> Vec<Key> {
    let entries = plan["activity"].as_array().into_iter().flatten();
    let references = entries.filter_map(|entry| entry.pointer("/reference/reference")?.as_str());
    references
        .filter_map(|link| link.strip_prefix("Task/"))
        .map(|id| ("Task", id.to_owned()))
        .collect()
}

type Wanted = BTreeMap<Key, Option<Value>>;

fn follow(
    protocol: &Protocol,
    practice: &Practice,
    facts: &Facts,
    course: &Course,
    wanted: &mut Wanted,
) -> Result<(), MappingError> {
    let desired = derive::desired(protocol, practice, facts, course)?;
    let kept: Vec<Key> = desired.iter().map(|(key, _)| key.clone()).collect();
    for (key, derived) in desired {
        let result = facts
            .existing
            .get(&key)
            .map(|stored| progress::overlay(stored, &derived));
        wanted.insert(key, Some(result.unwrap_or(derived)));
    }
    for (key, stored) in derived_from(protocol, facts, &course.basis.id) {
        if !kept.contains(key) {
            wanted.insert(key.clone(), gone(stored, Reason::NotEligible));
        }
    }
    Ok(())
}

/// No ground. A set that only the order of arrival made, and that nobody touched, goes; one that
/// people worked in, or that a client's own Encounter once called for, is closed and stays to be seen.
fn withdraw(
    protocol: &Protocol,
    facts: &Facts,
    stay: &StayFacts,
    reason: Option<Reason>,
    wanted: &mut Wanted,
) {
    let touched = worked_on(protocol, facts, &stay.stay.id);
    let reason = reason.or(touched.then_some(Reason::NotEligible));
    for (key, stored) in derived_from(protocol, facts, &stay.stay.id) {
        wanted.insert(key.clone(), reason.map(|reason| close(stored, reason)));
    }
}

fn gone(stored: &Value, reason: Reason) -> Option<Value> {
    progress::is_touched(stored).then(|| close(stored, reason))
}

fn close(stored: &Value, reason: Reason) -> Value {
    let kind = stored["resourceType"].as_str().unwrap_or_default();
    progress::closed(
        stored,
        derive::closing_status(kind, reason),
        &derive::reason_concept(reason),
    )
}

/// Everything stored that this protocol made for this stay.
fn derived_from<'a>(
    protocol: &Protocol,
    facts: &'a Facts,
    encounter: &str,
) -> impl Iterator<Item = (&'a Key, &'a Value)> {
    let identity = Identity {
        protocol: &protocol.url,
        encounter,
    };
    let own = [
        identity.episode(),
        identity.plan(),
        identity.team(),
        identity.risk(),
        identity.review(),
    ];
    let stay = format!("Encounter/{encounter}");
    let url = protocol.url.clone();
    facts.existing.iter().filter(move |(key, stored)| {
        let task = key.0 == "Task"
            && stored
                .pointer("/encounter/reference")
                .is_some_and(|link| *link == stay.as_str())
            && made_by(stored, &url);
        task || own.contains(key)
    })
}

fn made_by(stored: &Value, url: &str) -> bool {
    let canonical =
        progress::extension_of(stored, extension::PROTOCOL).and_then(|e| e["valueCanonical"].as_str());
    canonical.is_some_and(|canonical| canonical.split('|').next() == Some(url))
}

/// Asks a person to say where the patient went.
fn review(protocol: &Protocol, practice: &Practice, facts: &Facts, stay: &StayFacts, wanted: &mut Wanted) {
    let identity = Identity {
        protocol: &protocol.url,
        encounter: &stay.stay.id,
    };
    let key = identity.review();
    let discharge = course::discharge(&practice.calendar, &stay.stay);
    if discharge.is_some_and(|discharge| facts.was_deleted(&key, discharge.instant)) {
        return;
    }
    let task = json!({
        "resourceType": "Task",
        "id": key.1,
        "extension": [
            { "url": extension::PROTOCOL, "valueCanonical": protocol.canonical() },
            { "url": extension::RULE, "valueString": "disposition-review" },
        ],
        "status": "requested",
        "intent": "order",
        "priority": "routine",
        "code": { "coding": [{ "system": system::TASK, "code": "disposition-review" }] },
        "description": format!(
            "The discharge disposition is absent or unknown, so nothing was opened ({}). \
             Set Encounter.hospitalization.dischargeDisposition.",
            protocol.title
        ),
        "focus": { "reference": format!("Encounter/{}", stay.stay.id) },
        "for": { "reference": format!("Patient/{}", facts.person.id) },
        "encounter": { "reference": format!("Encounter/{}", stay.stay.id) },
    });
    let result = facts
        .existing
        .get(&key)
        .map(|stored| progress::overlay(stored, &task));
    wanted.insert(key, Some(result.unwrap_or(task)));
}

fn decision(facts: &Facts, key: Key, want: Option<Value>) -> Option<Decision> {
    let stored = facts.existing.get(&key);
    match want {
        Some(value) => (stored != Some(&value)).then_some(Decision::Put(key, value)),
        None => stored.map(|_| Decision::Delete(key)),
    }
}
