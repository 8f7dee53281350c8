//! What follows from a change: the store's [`Reaction`] on the coordination core.
//!
//! Runs inside the transaction of every write that can matter, whichever door it came by.
//! `relevance` says without the database which changes can; `load` gathers the facts in few round
//! trips; `coordination::transition` decides; the decisions go back through the same write door.
mod clock;
mod listing;
mod load;
mod protocols;
mod reconsider;
mod records;
mod relative;
mod relevance;

pub use clock::close_due_tick;
pub use protocols::seed;
pub use reconsider::reconsider_page;

use crate::config;
use coordination::facts::Practice;
use coordination::protocol::Protocol;
use coordination::transition::{Decision, reconcile};
use fhir::{Resource, TypeId};
use load::Subject;
use protocols::Protocols;
use std::collections::BTreeMap;
use store::{Change, Changed, Context, Op, Reaction, Seen, StoreError, Tx};

/// The reaction of this server: protocols applied to the stays of patients.
pub struct Coordination {
    practice: Practice,
    protocols: Protocols,
}

/// Patients to reconcile, each with what was just written about their stays.
type Affected = BTreeMap<String, Subject>;

fn add<'a>(affected: &'a mut Affected, patient: &str) -> &'a mut Subject {
    affected.entry(patient.to_owned()).or_insert_with(|| Subject {
        id: patient.to_owned(),
        ..Subject::default()
    })
}

impl Coordination {
    pub fn new(practice: &config::Practice) -> Coordination {
        Coordination {
            practice: Practice::new(
                practice.timezone,
                &practice.holidays,
                practice.coordinator.as_deref(),
            ),
            protocols: Protocols::default(),
        }
    }

    /// Everything that has to change for these patients.
    fn follow(&self, tx: &mut Tx, affected: Affected, now: i64) -> Result<Vec<Change>, StoreError> {
        let locks: Vec<String> = affected
            .keys()
            .map(|id| format!("coordination Patient/{id}"))
            .collect();
        // An edit of a protocol waits for who reads them here, so that its own work finds theirs.
        let locks: Vec<&str> = locks.iter().map(String::as_str).collect();
        let listed = tx.lock_all_reading(&locks, listing::PROTOCOLS)?;
        let protocols = self.protocols.listed(tx, listed)?;
        let mut changes = BTreeMap::new();
        for subject in affected.into_values() {
            for protocol in protocols.iter() {
                let Some((facts, seen)) = load::facts(tx, protocol, &self.practice, &subject, now)? else {
                    continue;
                };
                tx.lend();
                let decisions = reconcile(protocol, &self.practice, &facts, now).map_err(broken)?;
                for decision in decisions {
                    let change = change(decision, &seen)?;
                    changes.insert((change.type_id, change.id.clone()), change);
                }
            }
        }
        Ok(changes.into_values().collect())
    }
}

impl Reaction for Coordination {
    fn watches(&self, type_id: TypeId) -> bool {
        relevance::WATCHED.contains(&type_id.name())
    }

    fn react(&self, tx: &mut Tx, changed: &[Changed], ctx: &Context) -> Result<Vec<Change>, StoreError> {
        self.protocols.take(tx, changed, ctx.now)?;
        let bases = tx.custom().bases.clone();
        let afters = relative::afters(changed, &bases);
        let changed: &[Changed] = &relative::changed(changed, &afters, &bases);
        let classes = match relevance::depends_on_protocols(changed) {
            true => classes_of(&self.protocols.current(tx)?),
            false => Vec::new(),
        };
        let mut affected = Affected::new();
        for change in changed {
            relevance::affects(change, ctx.now, &classes, &mut affected);
        }
        let diagnosed = relevance::diagnosed(changed, &affected);
        self.protocols.with_episode(tx, diagnosed, &mut affected)?;
        match affected.is_empty() {
            true => Ok(Vec::new()),
            false => self.follow(tx, affected, ctx.now),
        }
    }
}

/// Codes of the stays that start or weigh in a protocol.
fn classes_of(protocols: &[Protocol]) -> Vec<String> {
    let named = protocols
        .iter()
        .flat_map(|protocol| protocol.eligible_classes.iter().chain(&protocol.acute_classes));
    named.map(|class| class.code.clone()).collect()
}

fn change(decision: Decision, seen: &Seen) -> Result<Change, StoreError> {
    let (key, op) = match decision {
        Decision::Put(key, value) => {
            let resource = Resource::from_value(value).map_err(|issues| {
                let found: Vec<String> = issues.iter().map(ToString::to_string).collect();
                StoreError::Database(format!(
                    "a derived {} is not a resource: {}",
                    key.0,
                    found.join("; ")
                ))
            })?;
            (key, Op::Put(Box::new(resource)))
        }
        Decision::Delete(key) => (key, Op::Delete),
    };
    let type_id = records::type_id(key.0)?;
    Ok(Change {
        type_id,
        expect: seen.expect(type_id, &key.1),
        id: key.1,
        op,
    })
}

/// Only a protocol or a practice setting that makes no sense as FHIR leads here.
fn broken(error: coordination::MappingError) -> StoreError {
    StoreError::Database(format!("a derived resource does not fit R4: {error}"))
}
