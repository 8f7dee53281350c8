//! After A40, what refers to a retired patient refers to the survivor. Links between patients and
//! the audit trail stay as they were. <https://hl7.org/fhir/R4/patient.html#merge>
use super::facts::Facts;
use super::json;
use fhir::{Issue, IssueCode, Resource};
use std::collections::BTreeSet;
use store::{Change, Expect, Op, StoreError, Stored, Tx};

/// More than any one person gathers; a message that asks for more is looked at by a person.
const MOST: i64 = 20_000;
const KEPT: &[&str] = &["Patient", "AuditEvent", "Provenance"];

pub fn add(tx: &mut Tx, facts: &Facts, changes: &mut Vec<Change>) -> Result<(), StoreError> {
    let patient = json::type_id("Patient")?;
    let mut done = BTreeSet::new();
    for id in &facts.patients {
        let (loser, survivor) = (facts.identities.home(id), facts.identities.survivor(id));
        if loser == survivor || !done.insert(loser) {
            continue;
        }
        let referring = tx.referring_to(patient, loser, MOST)?;
        if i64::try_from(referring.len()).is_ok_and(|found| found >= MOST) {
            return Err(too_many());
        }
        let bases = tx.custom().bases.all();
        for stored in referring {
            let known = changes
                .iter()
                .any(|change| change.type_id == stored.type_id && change.id == stored.id);
            if !known && !KEPT.contains(&stored.type_id.name()) {
                changes.push(pointed(&stored, loser, survivor, &bases)?);
            }
        }
    }
    Ok(())
}

/// The reference is replaced in the text, so that everything else stays as its author wrote it.
fn pointed(stored: &Stored, loser: &str, survivor: &str, bases: &[String]) -> Result<Change, StoreError> {
    let mut text = stored.body.clone();
    let bases = bases.iter().map(|base| format!("{base}/"));
    for base in std::iter::once(String::new()).chain(bases) {
        let to = |id: &str| format!("\"{base}Patient/{id}\"");
        text = text.replace(&to(loser), &to(survivor));
    }
    let resource = Resource::parse(text.as_bytes());
    let resource = resource.map_err(|issues| StoreError::Rejected { status: 422, issues })?;
    Ok(Change {
        type_id: stored.type_id,
        id: stored.id.clone(),
        op: Op::Put(Box::new(resource)),
        expect: Expect::Read(stored.version),
    })
}

fn too_many() -> StoreError {
    let text = format!("more than {MOST} resources refer to the retired patient; merge them in parts");
    StoreError::Rejected {
        status: 422,
        issues: vec![Issue::error(IssueCode::TooCostly, text)],
    }
}
