//! The stored protocols: put there once, read by version, checked when edited.
use super::listing::{Listed, Listing, PROTOCOLS};
use super::records::{page, parsed, type_id};
use super::{Affected, add, reconsider};
use coordination::identity::Identity;
use coordination::protocol::{Protocol, TRANSITIONAL_CARE};
use fhir::Resource;
use std::sync::{Arc, Mutex, PoisonError};
use store::{Change, Changed, Context, DERIVED, Expect, Op, Store, StoreError, Tx};

const BUILT_IN: &str = "transitional-care";

/// Parsed protocols.
#[derive(Default)]
pub(super) struct Protocols {
    /// The listing they were read by, as text.
    known: Mutex<Option<(String, Arc<[Protocol]>)>>,
}

impl Protocols {
    /// The protocols as listed, whichever gateway edited them; those at rest open nothing.
    pub fn current(&self, tx: &mut Tx) -> Result<Arc<[Protocol]>, StoreError> {
        let listed = tx.setting(PROTOCOLS)?;
        self.listed(tx, listed)
    }

    /// Those of this listing, as it was just read.
    pub fn listed(&self, tx: &mut Tx, listed: Option<String>) -> Result<Arc<[Protocol]>, StoreError> {
        let text = listed.unwrap_or_default();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, protocols)) = known.filter(|(of, _)| *of == text) {
            return Ok(protocols);
        }
        let mut protocols = Vec::new();
        for (id, listed) in Listing::read(&text)?.0 {
            protocols.extend(read(tx, &id, &listed)?);
        }
        let protocols: Arc<[Protocol]> = protocols.into();
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((text, protocols.clone()));
        Ok(protocols)
    }

    /// Takes in edits of protocols; one that makes no sense is refused. What runs is looked at
    /// again afterwards, in the background.
    pub fn take(&self, tx: &mut Tx, changed: &[Changed], now: i64) -> Result<(), StoreError> {
        if !changed.iter().any(Listing::concerns) {
            return Ok(());
        }
        tx.lock(PROTOCOLS)?;
        let before = Listing::read(&tx.setting(PROTOCOLS)?.unwrap_or_default())?;
        let mut listing = before.clone();
        for change in changed.iter().filter(|change| Listing::concerns(change)) {
            listing.take(change, now)?;
        }
        if listing == before {
            return Ok(());
        }
        listing.forget_settled(now);
        listing.write(tx)?;
        reconsider::ask(tx, now)
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

fn read(tx: &mut Tx, id: &str, listed: &Listed) -> Result<Option<Protocol>, StoreError> {
    let stored = tx.version(type_id("PlanDefinition")?, id, listed.version)?;
    let Some(stored) = stored.filter(|stored| !stored.deleted) else {
        return Ok(None);
    };
    Ok(match Protocol::from_json(&parsed(&stored)?) {
        Ok(protocol) => Some(Protocol {
            opens: protocol.opens && listed.resting.is_none(),
            ..protocol
        }),
        Err(issues) => {
            let first = issues.first().map(ToString::to_string).unwrap_or_default();
            tracing::warn!(protocol = id, first, "protocol cannot be read: not applied");
            None
        }
    })
}

/// Stores the built-in protocol unless it was ever there: an edited or deleted one is left so.
pub async fn seed(store: &Store, now: i64) -> Result<(), StoreError> {
    let ctx = Context {
        now,
        actor: DERIVED.into(),
        request_id: "first-start".into(),
        origin: None,
        provenance: None,
        within: None,
    };
    store.write(move |tx| plant(tx, &ctx)).await
}

fn plant(tx: &mut Tx, ctx: &Context) -> Result<(), StoreError> {
    let definition = type_id("PlanDefinition")?;
    tx.lock("first-start protocols")?;
    if tx.setting(PROTOCOLS)?.is_none() {
        list_all(tx, ctx.now)?;
    }
    if tx.get(definition, BUILT_IN)?.is_some() {
        return Ok(());
    }
    let resource = Resource::parse(TRANSITIONAL_CARE.as_bytes())
        .map_err(|issues| StoreError::Rejected { status: 500, issues })?;
    let change = Change {
        type_id: definition,
        id: BUILT_IN.to_owned(),
        op: Op::Put(Box::new(resource)),
        expect: Expect::Absent,
    };
    tx.apply(vec![change], ctx).map(drop)
}

/// A database that has protocols but no list of them yet.
fn list_all(tx: &mut Tx, now: i64) -> Result<(), StoreError> {
    let mut listing = Listing::default();
    let mut after = None;
    loop {
        let (found, next) = page(tx, "PlanDefinition", &[("status", "active")], 100, after)?;
        for definition in &found {
            let id = definition["id"].as_str().unwrap_or_default();
            let change = Changed {
                type_id: type_id("PlanDefinition")?,
                id,
                before: None,
                after: Some(definition),
            };
            if let Err(error) = listing.take(&change, now) {
                tracing::warn!(protocol = id, %error, "protocol cannot be applied");
            }
        }
        match next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    listing.write(tx)
}
