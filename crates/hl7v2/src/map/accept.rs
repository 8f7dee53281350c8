//! Which messages are taken at all: type, trigger, processing id, version.
use super::scope::Scope;
use crate::{Place, Reject};
use fhir::event::Trigger;

/// What an event speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    Stay,
    Person,
    Merge,
}

const TRIGGERS: [(&str, Trigger, About); 14] = [
    ("A01", Trigger::Admit, About::Stay),
    ("A02", Trigger::Transfer, About::Stay),
    ("A03", Trigger::Discharge, About::Stay),
    ("A04", Trigger::Register, About::Stay),
    ("A05", Trigger::PreAdmit, About::Stay),
    ("A06", Trigger::ToInpatient, About::Stay),
    ("A07", Trigger::ToOutpatient, About::Stay),
    ("A08", Trigger::Update, About::Stay),
    ("A11", Trigger::CancelAdmit, About::Stay),
    ("A12", Trigger::CancelTransfer, About::Stay),
    ("A13", Trigger::CancelDischarge, About::Stay),
    ("A28", Trigger::AddPerson, About::Person),
    ("A31", Trigger::UpdatePerson, About::Person),
    ("A40", Trigger::Merge, About::Merge),
];

pub(super) fn check(scope: &mut Scope<'_>) -> Result<(Trigger, About), Reject> {
    let (trigger, about) = trigger(scope)?;
    if scope.message.field("MSH", 10).text().is_none() {
        let why = "MSH-10 must identify the message; it is what the answer refers to";
        return Err(Reject::error(101, Place::field("MSH", 10), why));
    }
    processing(scope)?;
    version(scope)?;
    Ok((trigger, about))
}

fn trigger(scope: &Scope<'_>) -> Result<(Trigger, About), Reject> {
    let kind = scope.message.field("MSH", 9).text();
    if kind.as_deref() != Some("ADT") {
        let why = "only ADT messages are taken; MSH-9.1 names another type";
        return Err(Reject::refuse(200, Place::component("MSH", 9, 1), why));
    }
    let event = scope.message.event();
    let known = TRIGGERS.iter().find(|(code, ..)| event.as_deref() == Some(code));
    known
        .map(|(_, trigger, about)| (*trigger, *about))
        .ok_or_else(|| {
            let codes: Vec<_> = TRIGGERS.iter().map(|(code, ..)| *code).collect();
            let why = format!("this ADT event is not acted on; taken are {}", codes.join(" "));
            Reject::refuse(201, Place::component("MSH", 9, 2), why)
        })
}

/// Test messages must never reach a patient's record, nor real ones a sandbox.
fn processing(scope: &mut Scope<'_>) -> Result<(), Reject> {
    let place = Place::field("MSH", 11);
    let expected = &scope.sender.maps.processing;
    match scope.message.field("MSH", 11).text() {
        Some(id) if id == *expected => Ok(()),
        Some(_) => {
            let why = format!("this sender is registered for processing id {expected} only");
            Err(Reject::refuse(202, place, why))
        }
        None => {
            scope.fault(
                "processing-missing",
                place,
                "MSH-11 is required; taken as the registered processing id",
            );
            Ok(())
        }
    }
}

fn version(scope: &Scope<'_>) -> Result<(), Reject> {
    let version = scope.message.field("MSH", 12).text().unwrap_or_default();
    let minor = version.strip_prefix("2.").and_then(|rest| rest.split('.').next());
    match minor.and_then(|minor| minor.parse::<u8>().ok()) {
        Some(1..=8) => Ok(()),
        _ => Err(Reject::refuse(
            203,
            Place::field("MSH", 12),
            "versions 2.1 to 2.8 are taken",
        )),
    }
}
