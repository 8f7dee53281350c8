//! Encounter as a stay. <https://hl7.org/fhir/R4/encounter.html>
use crate::{Code, Link, MappingError, Moment, read};
use fhir_sdk::r4b::codes::EncounterStatus;
use fhir_sdk::r4b::resources::{Encounter, EncounterParticipant};
use serde_json::Value;

/// What coordination reads from an Encounter.
#[derive(Clone, Debug, PartialEq)]
pub struct Stay {
    pub id: String,
    pub patient: Option<Link>,
    pub status: StayStatus,
    pub class: Option<Code>,
    /// Earlier classes of the same stay.
    pub earlier_classes: Vec<Code>,
    pub types: Vec<Code>,
    pub priority: Vec<Code>,
    pub admit_source: Vec<Code>,
    pub disposition: Vec<Code>,
    pub admitted: Option<Moment>,
    pub discharged: Option<Moment>,
    pub attending: Vec<Link>,
    pub diagnoses: Vec<Link>,
    /// The organisation that ran the stay.
    pub provider: Option<Link>,
}

/// The phases of <https://hl7.org/fhir/R4/valueset-encounter-status.html> that differ in consequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StayStatus {
    Planned,
    Underway,
    Finished,
    Cancelled,
    EnteredInError,
    Unknown,
}

impl Stay {
    pub fn from_json(value: &Value) -> Result<Stay, MappingError> {
        let encounter: Encounter = read::model("Encounter", value)?;
        let hospitalization = encounter.hospitalization.as_ref();
        let codes = |concept: Option<&fhir_sdk::r4b::types::CodeableConcept>| {
            concept.map(Code::all).unwrap_or_default()
        };
        let period = encounter.period.as_ref();
        Ok(Stay {
            id: encounter.id.clone().ok_or(MappingError {
                element: "Encounter.id".into(),
            })?,
            patient: encounter.subject.as_ref().and_then(Link::of),
            status: status(&encounter.status),
            class: Code::of(&encounter.class),
            earlier_classes: encounter
                .class_history
                .iter()
                .flatten()
                .filter_map(|past| Code::of(&past.class))
                .collect(),
            types: Code::each(&encounter.r#type),
            priority: codes(encounter.priority.as_ref()),
            admit_source: codes(hospitalization.and_then(|h| h.admit_source.as_ref())),
            disposition: codes(hospitalization.and_then(|h| h.discharge_disposition.as_ref())),
            admitted: period.and_then(|p| p.start.as_ref()).and_then(Moment::of),
            discharged: period.and_then(|p| p.end.as_ref()).and_then(Moment::of),
            attending: attending(&encounter.participant),
            diagnoses: encounter
                .diagnosis
                .iter()
                .flatten()
                .filter_map(|diagnosis| Link::of(&diagnosis.condition))
                .collect(),
            provider: encounter.service_provider.as_ref().and_then(Link::of),
        })
    }
}

fn status(status: &EncounterStatus) -> StayStatus {
    match status {
        EncounterStatus::Planned => StayStatus::Planned,
        EncounterStatus::Finished => StayStatus::Finished,
        EncounterStatus::Cancelled => StayStatus::Cancelled,
        EncounterStatus::EnteredInError => StayStatus::EnteredInError,
        EncounterStatus::Unknown => StayStatus::Unknown,
        _ => StayStatus::Underway,
    }
}

/// <https://terminology.hl7.org/CodeSystem-v3-ParticipationType.html> ATND
fn attending(participants: &[Option<EncounterParticipant>]) -> Vec<Link> {
    participants
        .iter()
        .flatten()
        .filter(|participant| {
            Code::each(&participant.r#type)
                .iter()
                .any(|role| role.code == "ATND")
        })
        .filter_map(|participant| participant.individual.as_ref().and_then(Link::of))
        .collect()
}
