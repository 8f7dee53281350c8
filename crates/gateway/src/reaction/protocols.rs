//! The stored protocols: put there once, read by version, checked when edited.
use super::records::type_id;
use super::{Affected, add};
use coordination::identity::Identity;
use coordination::protocol::{Protocol, TRANSITIONAL_CARE};
use fhir::Resource;
use std::sync::{Arc, Mutex, PoisonError};
use store::{Change, Changed, Context, Expect, Op, Store, StoreError, Stored, Tx};

/// Logical ids of the PlanDefinitions that Encounters trigger.
const IDS: [&str; 1] = ["transitional-care"];

/// Parsed protocols by the version they were read from.
#[derive(Default)]
pub(super) struct Protocols {
    parsed: Mutex<Vec<Parsed>>,
}

#[derive(Clone)]
struct Parsed {
    id: String,
    version: i64,
    /// None: not active, or written past the check.
    protocol: Option<Arc<Protocol>>,
}

impl Protocols {
    /// The active protocols as stored, whichever gateway edited them.
    pub fn current(&self, tx: &mut Tx) -> Result<Vec<Arc<Protocol>>, StoreError> {
        let definition = type_id("PlanDefinition")?;
        let wanted: Vec<_> = IDS.iter().map(|id| (definition, (*id).to_owned())).collect();
        let stored = tx.get_many(&wanted)?;
        Ok(stored
            .iter()
            .filter(|stored| !stored.deleted)
            .filter_map(|stored| self.parsed(stored))
            .collect())
    }

    fn parsed(&self, stored: &Stored) -> Option<Arc<Protocol>> {
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = parsed
            .iter()
            .find(|p| p.id == stored.id && p.version == stored.version)
        {
            return known.protocol.clone();
        }
        let protocol = read(stored);
        parsed.retain(|known| known.id != stored.id);
        parsed.push(Parsed {
            id: stored.id.clone(),
            version: stored.version,
            protocol: protocol.clone(),
        });
        protocol
    }

    /// Classes of stay the protocols read last name.
    pub fn known_classes(&self) -> Vec<String> {
        let parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        let protocols = parsed.iter().filter_map(|parsed| parsed.protocol.as_deref());
        let classes =
            protocols.flat_map(|protocol| protocol.eligible_classes.iter().chain(&protocol.acute_classes));
        classes.map(|class| class.code.clone()).collect()
    }

    /// An edit that makes a protocol unreadable is refused, with every problem named.
    pub fn check(&self, changed: &[Changed]) -> Result<(), StoreError> {
        let edited = changed
            .iter()
            .filter(|change| change.type_id.name() == "PlanDefinition");
        for definition in edited
            .filter(|change| IDS.contains(&change.id))
            .filter_map(|change| change.after)
        {
            if definition["status"] == "active" {
                Protocol::from_json(definition)
                    .map_err(|issues| StoreError::Rejected { status: 422, issues })?;
            }
        }
        Ok(())
    }

    /// Of patients with a new diagnosis, those for whose stay an episode was opened.
    pub fn with_episode(
        &self,
        tx: &mut Tx,
        diagnosed: Vec<(String, String)>,
        affected: &mut Affected,
    ) -> Result<(), StoreError> {
        if diagnosed.is_empty() {
            return Ok(());
        }
        let protocols = self.current(tx)?;
        let episode_type = type_id("EpisodeOfCare")?;
        for (patient, encounter) in diagnosed {
            let episodes: Vec<_> = protocols
                .iter()
                .map(|protocol| {
                    Identity {
                        protocol: &protocol.url,
                        encounter: &encounter,
                    }
                    .episode()
                })
                .map(|(_, id)| (episode_type, id))
                .collect();
            if !tx.get_many(&episodes)?.is_empty() {
                add(affected, &patient);
            }
        }
        Ok(())
    }
}

fn read(stored: &Stored) -> Option<Arc<Protocol>> {
    let definition: serde_json::Value = serde_json::from_str(&stored.body).ok()?;
    if definition["status"] != "active" {
        return None;
    }
    match Protocol::from_json(&definition) {
        Ok(protocol) => Some(Arc::new(protocol)),
        Err(issues) => {
            let first = issues.first().map(ToString::to_string).unwrap_or_default();
            tracing::warn!(
                protocol = stored.id,
                version = stored.version,
                first,
                "protocol cannot be read: not applied"
            );
            None
        }
    }
}

/// Stores the built-in protocol unless it was ever there: an edited or deleted one is left so.
pub async fn seed(store: &Store, now: i64) -> Result<(), StoreError> {
    let ctx = Context {
        now,
        actor: "baton".into(),
        request_id: "first-start".into(),
    };
    store.write(move |tx| plant(tx, &ctx)).await
}

fn plant(tx: &mut Tx, ctx: &Context) -> Result<(), StoreError> {
    let definition = type_id("PlanDefinition")?;
    tx.lock("first-start protocols")?;
    if tx.get(definition, IDS[0])?.is_some() {
        return Ok(());
    }
    let resource = Resource::parse(TRANSITIONAL_CARE.as_bytes())
        .map_err(|issues| StoreError::Rejected { status: 500, issues })?;
    let change = Change {
        type_id: definition,
        id: IDS[0].to_owned(),
        op: Op::Put(Box::new(resource)),
        expect: Expect::Absent,
    };
    tx.apply(vec![change], ctx).map(drop)
}
