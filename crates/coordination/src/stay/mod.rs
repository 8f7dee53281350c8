//! A stay is a fold over its events: any order, any repetition and any mix of sources give the
//! same Encounter. Design §1; triggers in HL7 v2.5.1 chapter 3, statuses in
//! <https://hl7.org/fhir/R4/valueset-encounter-status.html>.
//!
//! `order` puts events in their one order, `course` walks them, `standing` says which admissions
//! and discharges hold, `render` writes the Encounter, `question` says what is still open.
mod course;
mod order;
mod places;
mod question;
mod render;
mod standing;

pub use order::sorted;
pub use question::{asks, is_open};

use crate::chain::Chain;
use course::Course;
use fhir::event::{Event, Key, Trigger, encounter_id};
use serde_json::{Map, Value};

/// What the events of one stay amount to.
#[derive(Clone, Debug, PartialEq)]
pub struct Fold {
    /// Of the Encounter.
    pub id: String,
    pub encounter: Value,
    /// The Encounter after each event at which it was finished, by event time, each content once:
    /// what could have been seen of it, had every message arrived in time. None for a visit
    /// number that another continues.
    pub finished_snapshots: Vec<Value>,
    /// Diagnoses and the like, complete.
    pub owned: Vec<Map<String, Value>>,
    /// Members of Encounter the events spoke of, deletions included.
    pub mentioned: Vec<String>,
    /// Of the last event.
    pub patient: Key,
}

/// Folds the events of one Encounter. `events` may hold those of other visit numbers it continues
/// or is continued by; unrelated ones are left out. `subject` is the Patient's id. None when no
/// event speaks of this stay.
pub fn fold(events: &[Event], id: &str, subject: &str) -> Option<Fold> {
    let (course, finished_snapshots) = walk(events, id, subject);
    course.finish(finished_snapshots)
}

/// [`Fold::finished_snapshots`] alone.
pub fn finished_snapshots(events: &[Event], id: &str, subject: &str) -> Option<Vec<Value>> {
    events.iter().find(|event| is_of(event, id))?;
    // Nothing else ends a stay, and most messages come before that.
    let ended = events.iter().any(|event| event.trigger == Trigger::Discharge);
    Some(match ended {
        true => walk(events, id, subject).1,
        false => Vec::new(),
    })
}

fn walk(events: &[Event], id: &str, subject: &str) -> (Course, Vec<Value>) {
    let events: Vec<&Event> = sorted(events)
        .into_iter()
        .filter(|event| concerns_stay(event))
        .collect();
    let chain = continuations(&events);
    let successor = chain.successor(id).map(|_| chain.resolve(id).to_owned());
    let number = events.iter().find(|event| visit(event).as_deref() == Some(id));
    let number = number.and_then(|event| event.stay.clone());
    let mut course = Course::new(id, number, subject, successor);
    let mut snapshots: Vec<Value> = Vec::new();
    for event in events {
        let Some(number) = visit(event) else { continue };
        let own = number == id;
        if own || (chain.successor(id).is_none() && chain.resolve(&number) == id) {
            course.absorb(event, own);
            snapshots.extend(course.snapshot().filter(|next| snapshots.last() != Some(next)));
        }
    }
    (course, snapshots)
}

/// The Encounters that a change of this one's events may touch: those in the same chain of visit
/// numbers.
pub fn siblings<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<String> {
    let mut ids: Vec<String> = events
        .into_iter()
        .filter(|event| concerns_stay(event))
        .flat_map(|event| [&event.stay, &event.prior_stay])
        .flatten()
        .map(encounter_id)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Whose stay it is: the patient named by the last event.
pub fn patient(events: &[Event], id: &str) -> Option<Key> {
    sorted(events)
        .into_iter()
        .rfind(|event| is_of(event, id))
        .map(|event| event.patient.clone())
}

fn concerns_stay(event: &Event) -> bool {
    event.stay.is_some()
        && !matches!(
            event.trigger,
            Trigger::AddPerson | Trigger::UpdatePerson | Trigger::Merge
        )
}

fn is_of(event: &Event, id: &str) -> bool {
    concerns_stay(event) && visit(event).as_deref() == Some(id)
}

fn visit(event: &Event) -> Option<String> {
    event.stay.as_ref().map(encounter_id)
}

fn continuations(events: &[&Event]) -> Chain {
    let mut chain = Chain::default();
    for event in events {
        if let (Some(stay), Some(prior)) = (&event.stay, &event.prior_stay) {
            chain.join(&encounter_id(prior), &encounter_id(stay));
        }
    }
    chain
}
