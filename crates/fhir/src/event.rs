//! What a source said about a stay and its patient: the common currency of every inbound door
//! (HL7 v2 ADT, FHIR messages). A stay is the fold of its events; see coordination's `stay`.
//!
//! Fragments are FHIR elements as JSON where an absent member means "nothing said" and `null`
//! means "delete what was there" (HL7 v2's `""`).
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// <https://www.hl7.eu/HL7v2x/v251/std251/ch03.html>, triggers Baton acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// A05
    PreAdmit,
    /// A04
    Register,
    /// A01
    Admit,
    /// A02
    Transfer,
    /// A06
    ToInpatient,
    /// A07
    ToOutpatient,
    /// A08
    Update,
    /// A12
    CancelTransfer,
    /// A03
    Discharge,
    /// A13
    CancelDischarge,
    /// A11
    CancelAdmit,
    /// A28
    AddPerson,
    /// A31
    UpdatePerson,
    /// A40: `patient` survives, `merged` is retired.
    Merge,
}

/// Assigning authority and value: how patients, stays and providers are told apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// `urn:oid:…`, `urn:baton:authority:NAME`, or a URL.
    pub system: String,
    pub value: String,
}

/// A resource an event brings along.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Related {
    /// True for what belongs to this stay or patient (Condition, Coverage: last writer wins by
    /// event time); false for directory entries shared by many stays (Practitioner, Organization,
    /// Location: merged by an order-free join).
    pub owned: bool,
    /// Complete resource with `resourceType` and a derived `id`. References to the patient and
    /// the stay are the literals `Patient/{patient}` and `Encounter/{stay}`, filled in by the
    /// fold. `null` elements delete. A Condition that was deleted has verificationStatus
    /// entered-in-error.
    pub resource: Map<String, Value>,
}

/// One event. Instants are microseconds since 1970, UTC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub trigger: Trigger,
    /// When it happened: EVN-6, else PV1-45 (discharge) or PV1-44 (admission), else `recorded`.
    pub occurred: i64,
    /// When the source entered it: EVN-2, else MSH-7.
    pub recorded: i64,
    /// Name of the registered sender or client.
    pub source: String,
    /// Facility (as `system`) and visit number. None: the event speaks of the person only.
    pub stay: Option<Key>,
    /// MRG-5 on A06/A07: the visit number this stay continues.
    pub prior_stay: Option<Key>,
    /// Primary identifier of the patient.
    pub patient: Key,
    /// All identifiers of the patient, the primary first.
    pub aliases: Vec<Key>,
    /// MRG-1 on A40.
    pub merged: Option<Key>,
    /// Elements of Patient (no id, no resourceType).
    pub person: Map<String, Value>,
    /// Elements of Encounter, without status, subject, statusHistory, classHistory. `period` and
    /// `hospitalization` merge one level deeper. `location` is the current place only.
    pub encounter: Map<String, Value>,
    pub related: Vec<Related>,
}

/// A stable UUID from parts: the same facts make the same id in any order, on any machine.
pub fn derived_id(parts: &[&str]) -> String {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    let mut bytes: [u8; 16] = std::array::from_fn(|i| digest[i]);
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let groups = [
        &bytes[..4],
        &bytes[4..6],
        &bytes[6..8],
        &bytes[8..10],
        &bytes[10..],
    ];
    groups.map(hex).join("-")
}

/// One stay has dozens of derived ids: formatted byte by byte they cost more than their hashes.
fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

pub fn patient_id(key: &Key) -> String {
    derived_id(&["Patient", &key.system, &key.value])
}

pub fn encounter_id(stay: &Key) -> String {
    derived_id(&["Encounter", &stay.system, &stay.value])
}

/// Practitioner, Organization or Location: one entry however many sources name it.
pub fn directory_id(type_name: &str, key: &Key) -> String {
    derived_id(&[type_name, &key.system, &key.value])
}

/// A diagnosis of a stay: one Condition per code, whoever reports it.
pub fn condition_id(stay: &Key, code_system: &str, code: &str) -> String {
    derived_id(&["Condition", &stay.system, &stay.value, code_system, code])
}

pub fn coverage_id(patient: &Key, payer: &str, member: &str) -> String {
    derived_id(&["Coverage", &patient.system, &patient.value, payer, member])
}

impl Event {
    /// The same fact from the same or another source has the same fingerprint: facility, visit,
    /// trigger, instants and content, but not who sent it.
    pub fn fingerprint(&self) -> String {
        use sha2::{Digest, Sha256};
        // A struct of strings, numbers and JSON always serialises.
        let text = serde_json::to_string(&Fact::of(self)).unwrap_or_default();
        hex(&Sha256::digest(text.as_bytes()))
    }
}

/// What an [`Event`] says, whoever sent it.
#[derive(Serialize)]
struct Fact<'a> {
    trigger: Trigger,
    occurred: i64,
    recorded: i64,
    source: &'static str,
    stay: &'a Option<Key>,
    prior_stay: &'a Option<Key>,
    patient: &'a Key,
    aliases: &'a [Key],
    merged: &'a Option<Key>,
    person: &'a Map<String, Value>,
    encounter: &'a Map<String, Value>,
    related: &'a [Related],
}

impl<'a> Fact<'a> {
    fn of(event: &'a Event) -> Fact<'a> {
        Fact {
            trigger: event.trigger,
            occurred: event.occurred,
            recorded: event.recorded,
            source: "",
            stay: &event.stay,
            prior_stay: &event.prior_stay,
            patient: &event.patient,
            aliases: &event.aliases,
            merged: &event.merged,
            person: &event.person,
            encounter: &event.encounter,
            related: &event.related,
        }
    }
}
