//! Da Vinci Unsolicited Notifications 1.1.0: a message Bundle becomes an event of the same kind
//! an ADT message makes, so that a stay told both ways is one stay.
//! <https://hl7.org/fhir/us/davinci-alerts/STU1.1/>
//!
//! `envelope` checks the profile and opens the Bundle, `references` renames what it carries,
//! `resources` turns entries into fragments.
mod envelope;
mod references;
mod resources;

pub use envelope::Envelope;

use envelope::Kind;
use fhir::event::{Event, Key, Trigger};
use fhir::{Issue, IssueCode, datetime};
use references::Names;
use serde_json::{Map, Value};

/// NUBC (UB-04, form locator 17) under its several names, and HL7's own.
const DISPOSITION_SYSTEMS: &[&str] = &[
    "nubc",
    "ub92",
    "ub04",
    "discharge-disposition",
    "dischargedisposition",
];
const CLASSES_OF_INPATIENTS: &[&str] = &["IMP", "ACUTE", "NONAC", "OBSENC", "SS"];

/// What a notification says.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    pub events: Vec<Event>,
    /// What could not be used but does not stop the message.
    pub warnings: Vec<Issue>,
    /// What a person should look at, under a stable name.
    pub doubts: Vec<(&'static str, Issue)>,
}

/// Reads an opened message. `source` is the client that sent it.
pub fn events(envelope: &Envelope, source: &str) -> Result<Notification, Vec<Issue>> {
    let mut warnings = Vec::new();
    let mut events = Vec::new();
    let mut errors = Vec::new();
    for (at, encounter) in envelope.encounters() {
        match event(envelope, encounter, source, &mut warnings) {
            Ok(event) => events.push(event),
            Err(issue) => errors.push(issue.at(format!("Bundle.entry[{at}].resource"))),
        }
    }
    let doubts = events.iter().filter_map(doubt).collect();
    if errors.is_empty() {
        Ok(Notification {
            events,
            warnings,
            doubts,
        })
    } else {
        Err(errors)
    }
}

/// Follow-up starts by disposition: an inpatient who left for nobody knows where is looked at.
fn doubt(event: &Event) -> Option<(&'static str, Issue)> {
    let code = |it: &Value| it["code"].as_str().map(str::to_owned).unwrap_or_default();
    let inpatient = event.encounter.get("class").map(code);
    let inpatient = inpatient.is_some_and(|class| CLASSES_OF_INPATIENTS.contains(&class.as_str()));
    let hospitalization = event.encounter.get("hospitalization");
    let known = hospitalization.is_some_and(|it| is_disposition(&it["dischargeDisposition"]));
    if event.trigger != Trigger::Discharge || !inpatient || known {
        return None;
    }
    let text = "the discharge disposition is missing or of no known code system; send it as NUBC code";
    let issue = Issue::warning(IssueCode::CodeInvalid, text);
    Some((
        "disposition-unknown",
        issue.at("Encounter.hospitalization.dischargeDisposition"),
    ))
}

/// Whether a CodeableConcept is of a code system of discharge dispositions.
pub(crate) fn is_disposition(concept: &Value) -> bool {
    let codings = concept["coding"].as_array().map_or(&[][..], Vec::as_slice);
    codings.iter().any(|coding| {
        let system = coding["system"].as_str().unwrap_or_default().to_ascii_lowercase();
        let coded = coding["code"].as_str().is_some_and(|code| !code.is_empty());
        coded && DISPOSITION_SYSTEMS.iter().any(|known| system.contains(known))
    })
}

fn event(
    envelope: &Envelope,
    encounter: &Map<String, Value>,
    source: &str,
    warnings: &mut Vec<Issue>,
) -> Result<Event, Issue> {
    let subject = encounter
        .get("subject")
        .and_then(|it| it["reference"].as_str())
        .unwrap_or_default();
    let patient = envelope
        .find(subject)
        .filter(|it| it.get("resourceType") == Some(&Value::from("Patient")));
    let patient = patient.ok_or_else(|| {
        Issue::error(
            IssueCode::Required,
            "Encounter.subject must refer to a Patient in this Bundle",
        )
    })?;
    let aliases = resources::patient_keys(patient);
    let key = aliases
        .first()
        .cloned()
        .unwrap_or_else(|| envelope.local_key(patient));
    let stay = resources::stay_key(encounter, envelope);
    let names = Names::new(envelope, &stay, &key, subject);
    let trigger = trigger(envelope.kind, encounter);
    let recorded = envelope.timestamp;
    Ok(Event {
        trigger,
        occurred: occurred(trigger, encounter).unwrap_or(recorded),
        recorded,
        source: source.to_owned(),
        person: resources::person(patient, &names, warnings),
        encounter: resources::encounter(encounter, trigger, &names, warnings),
        related: resources::related(envelope, &names, warnings),
        patient: key.clone(),
        aliases: if aliases.is_empty() { vec![key] } else { aliases },
        stay: Some(stay),
        prior_stay: None,
        merged: None,
    })
}

/// The event code says what is notified, the Encounter's status how far it really is.
fn trigger(kind: Kind, encounter: &Map<String, Value>) -> Trigger {
    let status = encounter
        .get("status")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let class = encounter
        .get("class")
        .and_then(|class| class["code"].as_str())
        .unwrap_or_default();
    let inpatient = CLASSES_OF_INPATIENTS.contains(&class);
    let ended = status == "finished" || period(encounter, "end").is_some();
    match (kind, status) {
        (_, "cancelled" | "entered-in-error") => Trigger::CancelAdmit,
        (Kind::Admit, "planned") => Trigger::PreAdmit,
        (Kind::Admit, _) if inpatient => Trigger::Admit,
        (Kind::Admit, _) => Trigger::Register,
        (Kind::Discharge, _) if ended => Trigger::Discharge,
        // Sent just before the patient leaves: news of the stay, not yet its end.
        (Kind::Discharge, _) => Trigger::Update,
        (Kind::Transfer, _) if inpatient => Trigger::ToInpatient,
        (Kind::Transfer, _) => Trigger::Transfer,
    }
}

fn occurred(trigger: Trigger, encounter: &Map<String, Value>) -> Option<i64> {
    let instant = |text: &str| datetime::parse_range(text).map(|range| range.low);
    match trigger {
        Trigger::Discharge => period(encounter, "end").and_then(instant),
        Trigger::Admit | Trigger::Register => period(encounter, "start").and_then(instant),
        Trigger::ToInpatient | Trigger::Transfer => {
            let places = encounter.get("location").and_then(Value::as_array);
            let current = places
                .into_iter()
                .flatten()
                .rfind(|place| place["status"] != "completed");
            current
                .and_then(|place| place["period"]["start"].as_str())
                .and_then(instant)
        }
        _ => None,
    }
}

fn period<'a>(encounter: &'a Map<String, Value>, side: &str) -> Option<&'a str> {
    encounter.get("period")?.get(side)?.as_str()
}

/// An identifier with both its parts.
fn key_of(identifier: &Value) -> Option<Key> {
    let text = |name: &str| {
        identifier[name]
            .as_str()
            .map(str::trim)
            .filter(|text| !text.is_empty())
    };
    Some(Key {
        system: text("system")?.to_owned(),
        value: text("value")?.to_owned(),
    })
}
