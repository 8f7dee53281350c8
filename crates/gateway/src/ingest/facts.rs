//! What is known about the stays and patients of a message, read in few round trips.
use super::json::{self, Object};
use coordination::person::{self, Identities};
use coordination::{fragment, stay};
use fhir::event::{Event, Key, Trigger, encounter_id, patient_id};
use fhir::{TypeId, search};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use store::messages::stay_lock;
use store::{Seen, StoreError, Tx};

pub struct Facts {
    /// Events of all stays concerned.
    pub stays: Arc<[Event]>,
    /// Encounter ids concerned.
    pub encounters: Vec<String>,
    /// Merges of the patients concerned, or all their events once `complete`.
    pub people: Vec<Event>,
    /// Patient ids (of keys) concerned.
    pub patients: Vec<String>,
    pub identities: Identities,
    pub stored: HashMap<(TypeId, String), Object>,
    pub seen: Seen,
    complete: bool,
}

impl Facts {
    /// Whoever merges reach is locked too, and everything read again: another message may have
    /// merged them meanwhile.
    pub fn load(tx: &mut Tx, said: &[Event]) -> Result<Facts, StoreError> {
        let mut held = patients_of(said);
        loop {
            let facts = Facts::read_once(tx, said)?;
            let reached: Vec<String> = facts.reached().difference(&held).cloned().collect();
            if reached.is_empty() {
                return Ok(facts);
            }
            let texts: Vec<String> = reached.iter().map(|id| patient_lock(id)).collect();
            tx.lock_all(&texts.iter().map(String::as_str).collect::<Vec<_>>())?;
            held.extend(reached);
        }
    }

    /// The patients these facts depend on.
    fn reached(&self) -> BTreeSet<String> {
        let mut reached = patients_of(&self.people);
        reached.extend(self.patients.iter().cloned());
        let last = self
            .encounters
            .iter()
            .filter_map(|id| stay::patient(&self.stays, id));
        reached.extend(last.map(|key| patient_id(&key)));
        reached
    }

    fn read_once(tx: &mut Tx, said: &[Event]) -> Result<Facts, StoreError> {
        let patients = patients_of(said);
        let mut facts = Facts {
            stays: Arc::default(),
            encounters: Vec::new(),
            people: Vec::new(),
            patients: patients.into_iter().collect(),
            identities: Identities::default(),
            stored: HashMap::new(),
            seen: Seen::default(),
            complete: false,
        };
        facts.load_merges(tx, said)?;
        facts.load_stays(tx, said)?;
        facts.load_resources(tx, said)?;
        facts.find_homes(tx, said)?;
        Ok(facts)
    }

    /// Whether identities of these patients were merged: then all of them are folded anew.
    pub fn merging(&self) -> bool {
        !self.identities.chain.is_empty()
    }

    pub fn find(&self, kind: &str, id: &str) -> Option<&Object> {
        self.stored.get(&(TypeId::of(kind)?, id.to_owned()))
    }

    /// Whether this is not what is stored.
    pub fn differs(&self, resource: &Object) -> bool {
        let stored = json::name(resource).and_then(|name| self.stored.get(&name));
        stored.is_none_or(|stored| !json::says_the_same(resource, stored))
    }

    /// All events of the patients concerned, read when a patient is folded anew.
    pub fn complete_people(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        if self.complete {
            return Ok(());
        }
        self.complete = true;
        // A home may have identities nobody has spoken of yet here.
        let mut known = 0;
        while known < self.patients.len() {
            known = self.patients.len();
            self.people = tx.events_of_patients(&self.patients)?;
            self.take_merges();
            if self.merging() {
                self.take_in(patients_of(&self.people));
                let patient = json::type_id("Patient")?;
                self.read(tx, self.patients.iter().map(|id| (patient, id.clone())).collect())?;
                let people = std::mem::take(&mut self.people);
                self.find_homes(tx, &people)?;
                self.people = people;
            }
        }
        Ok(())
    }

    fn take_merges(&mut self) {
        let homes = std::mem::take(&mut self.identities.homes);
        self.identities = Identities::of(&self.people, homes);
    }

    fn take_in(&mut self, patients: impl IntoIterator<Item = String>) {
        self.patients.extend(patients);
        self.patients.sort_unstable();
        self.patients.dedup();
    }

    fn load_merges(&mut self, tx: &mut Tx, said: &[Event]) -> Result<(), StoreError> {
        let merging = said.iter().any(|event| event.trigger == Trigger::Merge);
        self.people = if merging {
            Vec::new()
        } else {
            // What was told of the stays comes along, as it is asked for next.
            tx.merges_and_stays(&self.patients, &stay::siblings(said))?
        };
        self.identities = Identities::of(&self.people, HashMap::new());
        if merging || self.merging() {
            self.complete_people(tx)
        } else {
            Ok(())
        }
    }

    fn load_stays(&mut self, tx: &mut Tx, said: &[Event]) -> Result<(), StoreError> {
        let of_people = self.people.iter().filter(|_| self.complete && self.merging());
        let wanted = stay::siblings(said.iter().chain(of_people));
        if wanted.is_empty() {
            return Ok(());
        }
        self.stays = tx.events_of_stays(&wanted)?;
        // What a corrected message no longer says anything about is still to be looked at.
        self.encounters = wanted
            .into_iter()
            .chain(stay::siblings(self.stays.iter()))
            .collect();
        self.encounters.sort_unstable();
        self.encounters.dedup();
        self.load_merges_of_last_patients(tx)
    }

    /// A stay may belong by now to a patient this message does not name.
    fn load_merges_of_last_patients(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        let last = self
            .encounters
            .iter()
            .filter_map(|id| stay::patient(&self.stays, id));
        let others: BTreeSet<String> = last
            .map(|key| patient_id(&key))
            .filter(|id| !self.patients.contains(id))
            .collect();
        if others.is_empty() {
            return Ok(());
        }
        let others: Vec<String> = others.into_iter().collect();
        self.people.extend(tx.merges_of(&others)?);
        self.take_merges();
        Ok(())
    }

    /// Everything that may have to change, as it is now, in one round trip.
    fn load_resources(&mut self, tx: &mut Tx, said: &[Event]) -> Result<(), StoreError> {
        let (patient, encounter) = (json::type_id("Patient")?, json::type_id("Encounter")?);
        let mut wanted: HashSet<(TypeId, String)> = HashSet::new();
        wanted.extend(self.patients.iter().map(|id| (patient, id.clone())));
        wanted.extend(self.encounters.iter().map(|id| (encounter, id.clone())));
        let of_stays = self
            .stays
            .iter()
            .flat_map(|event| &event.related)
            .filter(|related| related.owned);
        let told = said.iter().chain(&self.people).flat_map(|event| &event.related);
        wanted.extend(
            of_stays
                .chain(told)
                .filter_map(|related| json::name(&related.resource)),
        );
        self.read(tx, wanted)
    }

    pub fn read(&mut self, tx: &mut Tx, wanted: HashSet<(TypeId, String)>) -> Result<(), StoreError> {
        let keys: Vec<(TypeId, String)> = wanted.into_iter().collect();
        let found = self.seen.read(tx, &keys)?;
        tx.lend();
        for key in &keys {
            self.stored.remove(key);
        }
        for stored in found {
            if let Some(object) = json::object(&stored)? {
                self.stored.insert((stored.type_id, stored.id), object);
            }
        }
        Ok(())
    }

    /// A patient never stored under its own id may live under another: one created over FHIR
    /// with the same primary identifier.
    fn find_homes(&mut self, tx: &mut Tx, told: &[Event]) -> Result<(), StoreError> {
        let named = told
            .iter()
            .flat_map(|event| [Some(&event.patient), event.merged.as_ref()]);
        for key in named.flatten().collect::<BTreeSet<&Key>>() {
            let id = patient_id(key);
            if self.find("Patient", &id).is_some() || self.identities.homes.contains_key(&id) {
                continue;
            }
            let found = patients_with(tx, std::slice::from_ref(key))?.into_iter();
            let homes: Vec<Object> = found
                .filter(|patient| answers_to(patient, key) && !is_derived(patient))
                .collect();
            let [home] = homes.as_slice() else { continue };
            if let Some(name) = json::name(home) {
                self.identities.homes.insert(id.clone(), name.1.clone());
                self.find_siblings(tx, &id, home, &name.1)?;
                if let Some(version) = json::version(home) {
                    self.seen.saw(name.0, &name.1, version);
                }
                self.stored.insert(name, home.clone());
            }
        }
        Ok(())
    }

    /// Other identities of a Patient created over FHIR: messages that speak of it by another of its
    /// identifiers are told of the same person.
    fn find_siblings(&mut self, tx: &mut Tx, id: &str, home: &Object, at: &str) -> Result<(), StoreError> {
        let patient = json::type_id("Patient")?;
        let keys = fragment::list(home, "identifier")
            .iter()
            .filter(|identifier| identifier["use"] != "old")
            .filter_map(key_of);
        let others: BTreeSet<String> = keys.map(|key| patient_id(&key)).filter(|it| it != id).collect();
        self.read(tx, others.iter().map(|id| (patient, id.clone())).collect())?;
        let siblings: Vec<String> = others
            .into_iter()
            .filter(|id| self.find("Patient", id).is_none())
            .collect();
        for sibling in &siblings {
            self.identities.homes.insert(sibling.clone(), at.to_owned());
        }
        let merges = tx.merges_of(&siblings)?;
        self.take_in(siblings);
        if !merges.is_empty() {
            self.people.extend(merges);
            self.take_merges();
            self.complete = false;
        }
        Ok(())
    }
}

/// Ids of the patients events name.
fn patients_of(events: &[Event]) -> BTreeSet<String> {
    let named = events
        .iter()
        .flat_map(|event| [Some(&event.patient), event.merged.as_ref()]);
    named.flatten().map(patient_id).collect()
}

fn patient_lock(id: &str) -> String {
    format!("Patient/{id}")
}

/// Patients, retired ones too, that carry any of these identifiers.
pub fn patients_with(tx: &mut Tx, keys: &[Key]) -> Result<Vec<Object>, StoreError> {
    let escape = |text: &str| {
        text.replace('\\', "\\\\")
            .replace(',', "\\,")
            .replace('|', "\\|")
            .replace('$', "\\$")
    };
    let values: Vec<String> = keys
        .iter()
        .map(|key| format!("{}|{}", escape(&key.system), escape(&key.value)))
        .collect();
    let pairs = [("identifier".to_owned(), values.join(","))];
    let limits = search::parse::Limits {
        default_count: 20,
        max_count: 20,
    };
    let parsed = search::parse::parse(json::type_id("Patient")?, &pairs, "", limits, false);
    let (query, _) = parsed.map_err(|issues| StoreError::Rejected { status: 422, issues })?;
    let mut found = Vec::new();
    for stored in tx.search(&query)?.matches {
        found.extend(json::object(&stored)?);
    }
    Ok(found)
}

fn key_of(identifier: &serde_json::Value) -> Option<Key> {
    let text = |name: &str| identifier[name].as_str().map(str::to_owned);
    Some(Key {
        system: text("system")?,
        value: text("value")?,
    })
}

fn answers_to(patient: &Object, key: &Key) -> bool {
    fragment::list(patient, "identifier").iter().any(|identifier| {
        identifier["system"] == key.system.as_str()
            && identifier["value"] == key.value.as_str()
            && identifier["use"] != "old"
    })
}

/// Whether a patient came from events: its id is a function of one of its identifiers.
pub fn is_derived(patient: &Object) -> bool {
    let id = patient.get("id").and_then(|id| id.as_str()).unwrap_or_default();
    fragment::list(patient, "identifier").iter().any(|identifier| {
        let text = |name: &str| identifier[name].as_str().unwrap_or_default().to_owned();
        patient_id(&Key {
            system: text("system"),
            value: text("value"),
        }) == id
    })
}

/// What serialises all who write about these stays and patients.
pub fn locks(said: &[Event]) -> Vec<String> {
    let stays = said.iter().flat_map(|event| [&event.stay, &event.prior_stay]);
    let mut texts: Vec<String> = patients_of(said).iter().map(|id| patient_lock(id)).collect();
    texts.extend(stays.flatten().map(|key| stay_lock(&encounter_id(key))));
    texts
}

pub fn lock(tx: &mut Tx, said: &[Event]) -> Result<(), StoreError> {
    let texts = locks(said);
    tx.lock_all(&texts.iter().map(String::as_str).collect::<Vec<_>>())
}

/// What is stored of the things an event brings for its patient and no stay.
pub fn owned_of_person(facts: &Facts, event: &Event) -> Vec<Object> {
    let ids = person::owned_ids(event);
    ids.iter()
        .filter_map(|(kind, id)| facts.find(kind, id))
        .cloned()
        .collect()
}
