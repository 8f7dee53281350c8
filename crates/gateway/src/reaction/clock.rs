//! Time as a cause: episodes whose thirty days are over. Any number of gateways may run this;
//! each page is reconciliation under a lock, so a second run finds nothing to do.
use super::reconsider::tokens;
use super::records::search;
use super::{Affected, Coordination, add};
use coordination::codes::extension;
use coordination::progress::extension_of;
use fhir::datetime::instant;
use serde_json::Value;
use std::sync::Arc;
use store::{Context, DERIVED, Store, StoreError, Tx};

/// Patients of one transaction.
const PAGE: usize = 50;

/// Closes what has ended by `now`; gives the number of patients looked at.
pub async fn close_due_tick(
    store: &Store,
    coordination: &Arc<Coordination>,
    now: i64,
) -> Result<usize, StoreError> {
    let asked = coordination.clone();
    let patients = store.read(move |tx| due(tx, &asked, now)).await?;
    for page in patients.chunks(PAGE) {
        let (page, coordination) = (page.to_vec(), coordination.clone());
        store
            .write(move |tx| close(tx, &coordination, &page, now))
            .await?;
    }
    Ok(patients.len())
}

/// Patients with an active episode whose period is over.
fn due(tx: &mut Tx, coordination: &Coordination, now: i64) -> Result<Vec<String>, StoreError> {
    let protocols = coordination.protocols.current(tx)?;
    let programs = tokens(protocols.iter().map(|protocol| &protocol.program));
    if programs.is_empty() {
        return Ok(Vec::new());
    }
    let before = format!("eb{}", instant(now));
    let over = [
        ("status", "active"),
        ("type", programs.as_str()),
        ("date", before.as_str()),
    ];
    let episodes = search(tx, "EpisodeOfCare", &over)?;
    let patient = |episode: &Value| {
        extension_of(episode, extension::PROTOCOL)?;
        let reference = episode.pointer("/patient/reference")?.as_str()?;
        reference.strip_prefix("Patient/").map(str::to_owned)
    };
    let mut patients: Vec<String> = episodes.iter().filter_map(patient).collect();
    patients.sort_unstable();
    patients.dedup();
    Ok(patients)
}

fn close(tx: &mut Tx, coordination: &Coordination, patients: &[String], now: i64) -> Result<(), StoreError> {
    let mut affected = Affected::new();
    for patient in patients {
        add(&mut affected, patient);
    }
    let changes = coordination.follow(tx, affected, now)?;
    let ctx = Context {
        now,
        actor: DERIVED.into(),
        request_id: "clock".into(),
        origin: None,
        provenance: None,
        within: None,
    };
    tx.apply(changes, &ctx).map(drop)
}
