//! The facts about one patient, in few round trips and all from one transaction.
use super::records::{local, parsed, search_of_one, searches_of_one, type_id};
use coordination::facts::{
    Deletion, Diagnosis, Facts, Key, Person, Practice, StayFacts, pending_order, pending_report,
};
use coordination::protocol::Protocol;
use coordination::{Link, stay, transition};
use fhir::TypeId;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use store::{DERIVED, Seen, StoreError, Stored, Tx};

/// No derived resource is of this type.
const PATIENT: &str = "Patient";

/// A patient and what was just written about stays.
#[derive(Debug, Default)]
pub(super) struct Subject {
    pub id: String,
    /// Encounters as they are now.
    pub touched: Vec<Value>,
    /// Encounters as they were before they were deleted.
    pub deleted: Vec<Value>,
}

/// Stays that ended longer ago are facts about later ones, but nothing follows from them now.
const SETTLED: i64 = 400 * 86_400_000_000;

/// None when nothing can follow: no stay was ever over and nothing was derived before.
pub(super) fn facts(
    tx: &mut Tx,
    protocol: &Protocol,
    practice: &Practice,
    subject: &Subject,
    now: i64,
) -> Result<Option<(Facts, Seen)>, StoreError> {
    let mut stays = stays(tx, protocol, subject)?;
    let current: Vec<usize> = (0..stays.len())
        .filter(|i| matters(protocol, practice, &stays[*i], now))
        .collect();
    add_pasts(tx, subject, &mut stays, &current)?;
    let relevant = current.iter().map(|i| &stays[*i]);
    let Derived {
        existing,
        deleted,
        patient,
        seen,
    } = existing(tx, protocol, practice, &subject.id, relevant)?;
    if existing.is_empty() && !current.iter().any(|i| stays[*i].was_finished()) {
        return Ok(None);
    }
    let ended: Vec<usize> = current
        .iter()
        .copied()
        .filter(|i| stays[*i].was_finished())
        .collect();
    let link = |i: &usize| format!("Encounter/{}", stays[*i].stay.id);
    let links: Vec<String> = ended.iter().map(link).collect();
    let [reports, orders, conditions] = beside(tx, &links, &subject.id)?;
    for (i, link) in ended.into_iter().zip(&links) {
        stays[i].pending = pending(link, &reports, &orders);
    }
    let facts = Facts {
        deleted,
        person: person(tx, &subject.id, patient)?,
        diagnoses: conditions.iter().filter_map(Diagnosis::from_json).collect(),
        stays,
        existing,
    };
    Ok(Some((facts, seen)))
}

/// Stays whose derived resources may change: of an eligible class now or before, not long over.
fn matters(protocol: &Protocol, practice: &Practice, facts: &StayFacts, now: i64) -> bool {
    let stay = &facts.stay;
    let mut classes = stay.class.iter().chain(&stay.earlier_classes);
    let ended = stay
        .discharged
        .as_ref()
        .and_then(|moment| practice.calendar.instant(moment));
    classes.any(|class| protocol.eligible_classes.contains(class))
        && ended.is_none_or(|ended| ended > now - SETTLED)
}

fn stays(tx: &mut Tx, protocol: &Protocol, subject: &Subject) -> Result<Vec<StayFacts>, StoreError> {
    let mut codes: BTreeSet<&str> = BTreeSet::from(["EMER"]);
    codes.extend(
        protocol
            .eligible_classes
            .iter()
            .chain(&protocol.acute_classes)
            .map(|class| class.code.as_str()),
    );
    let classes = codes.into_iter().collect::<Vec<_>>().join(",");
    let patient = format!("Patient/{}", subject.id);
    let mut encounters = BTreeMap::new();
    let found = search_of_one(tx, "Encounter", &[("subject", &patient), ("class", &classes)])?;
    tx.lend();
    for encounter in found {
        encounters.insert(id(&encounter), encounter);
    }
    // A stay that left these classes is not found any more, but what it began has to end.
    let mine = |encounter: &&Value| {
        encounter
            .pointer("/subject/reference")
            .is_some_and(|link| *link == *patient)
    };
    for encounter in subject.touched.iter().filter(mine) {
        encounters.insert(id(encounter), encounter.clone());
    }
    for encounter in subject.deleted.iter().filter(mine) {
        let mut void = encounter.clone();
        void["status"] = json!("entered-in-error");
        encounters.insert(id(encounter), void);
    }
    Ok(encounters.into_values().filter_map(readable).collect())
}

fn id(resource: &Value) -> String {
    resource["id"].as_str().unwrap_or_default().to_owned()
}

/// An Encounter the R4 model cannot read is left out, and said so; the write itself stands.
fn readable(encounter: Value) -> Option<StayFacts> {
    let id = id(&encounter);
    StayFacts::from_json(encounter, None)
        .inspect_err(|error| tracing::warn!(encounter = id, %error, "stay not coordinated"))
        .ok()
}

/// What the stays were before, where they come from events.
fn add_pasts(
    tx: &mut Tx,
    subject: &Subject,
    stays: &mut [StayFacts],
    which: &[usize],
) -> Result<(), StoreError> {
    let ids: Vec<String> = which.iter().map(|i| stays[*i].stay.id.clone()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let events = tx.events_of_stays(&ids)?;
    for i in which {
        let facts = &mut stays[*i];
        let Some(past) = stay::finished_snapshots(&events, &facts.stay.id, &subject.id) else {
            continue;
        };
        if let Err(error) = facts.remember(past) {
            tracing::warn!(encounter = facts.stay.id, %error, "earlier versions not coordinated");
        }
    }
    Ok(())
}

/// What was derived before.
#[derive(Default)]
struct Derived {
    existing: BTreeMap<Key, Value>,
    deleted: BTreeMap<Key, Deletion>,
    /// The Patient all is for, read with the rest.
    patient: Option<Stored>,
    seen: Seen,
}

fn existing<'a>(
    tx: &mut Tx,
    protocol: &Protocol,
    practice: &Practice,
    patient: &str,
    stays: impl Iterator<Item = &'a StayFacts>,
) -> Result<Derived, StoreError> {
    let derived = stays.flat_map(|facts| transition::identities(protocol, practice, &facts.stay));
    let keys: Vec<Key> = derived.chain([(PATIENT, patient.to_owned())]).collect();
    let mut found = Derived::default();
    found.fetch(tx, keys)?;
    let listed = found
        .existing
        .values()
        .filter(|resource| resource["resourceType"] == "CarePlan")
        .flat_map(transition::activities);
    let more: Vec<Key> = listed
        .filter(|key| !found.existing.contains_key(key) && !found.deleted.contains_key(key))
        .collect();
    found.fetch(tx, more)?;
    Ok(found)
}

impl Derived {
    fn fetch(&mut self, tx: &mut Tx, keys: Vec<Key>) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        let wanted: Vec<(TypeId, String)> = keys
            .into_iter()
            .map(|(kind, id)| Ok((type_id(kind)?, id)))
            .collect::<Result<_, StoreError>>()?;
        for stored in self.seen.read(tx, &wanted)? {
            let key = (stored.type_id.name(), stored.id.clone());
            if key.0 == PATIENT {
                self.patient = Some(stored);
            } else if stored.deleted {
                let deletion = deletion(tx, &stored)?;
                self.deleted.extend(deletion.map(|deletion| (key, deletion)));
            } else {
                self.existing.insert(key, parsed(&stored)?);
            }
        }
        Ok(())
    }
}

/// None for what Baton itself took back.
fn deletion(tx: &mut Tx, tombstone: &Stored) -> Result<Option<Deletion>, StoreError> {
    if matches!(tombstone.body.as_str(), "" | DERIVED) {
        return Ok(None);
    }
    let last = tx.version(tombstone.type_id, &tombstone.id, tombstone.version - 1)?;
    let last = last
        .as_ref()
        .filter(|last| !last.deleted)
        .map(parsed)
        .transpose()?;
    Ok(Some(Deletion::of(&last.unwrap_or_default(), tombstone.updated)))
}

/// A Patient that has not arrived yet is alive and has no doctor.
fn person(tx: &Tx, id: &str, stored: Option<Stored>) -> Result<Person, StoreError> {
    let patient = match stored.filter(|stored| !stored.deleted) {
        Some(stored) => local(&stored, &tx.custom().bases)?,
        None => json!({ "resourceType": "Patient", "id": id }),
    };
    Ok(Person::from_json(id, &patient))
}

/// Reports not final and orders not done of these Encounters, and the patient's diagnoses.
fn beside(tx: &mut Tx, links: &[String], patient: &str) -> Result<[Vec<Value>; 3], StoreError> {
    let subject = format!("Patient/{patient}");
    let diagnosed = [("subject", subject.as_str())];
    if links.is_empty() {
        let conditions = search_of_one(tx, "Condition", &diagnosed)?;
        return Ok([Vec::new(), Vec::new(), conditions]);
    }
    let encounters = links.join(",");
    let reported = [
        ("encounter", encounters.as_str()),
        ("status", "registered,partial,preliminary"),
    ];
    let ordered = [("encounter", encounters.as_str()), ("status", "active,on-hold")];
    let asked = [
        ("DiagnosticReport", &reported[..]),
        ("ServiceRequest", &ordered),
        ("Condition", &diagnosed),
    ];
    searches_of_one(tx, asked)
}

/// Of these reports and orders, those of the stay.
fn pending(link: &str, reports: &[Value], orders: &[Value]) -> Vec<Link> {
    let own = |resource: &&Value| {
        resource
            .pointer("/encounter/reference")
            .is_some_and(|of| *of == link)
    };
    let mut pending: Vec<_> = reports.iter().filter(own).filter_map(pending_report).collect();
    pending.extend(orders.iter().filter(own).filter_map(pending_order));
    pending
}
