//! ADT to events. <https://build.fhir.org/ig/HL7/v2-to-fhir/> for the segments; what a trigger
//! does to a stay is coordination's business.
//!
//! Fault codes: `authority-missing`, `authority-unknown`, `class-missing`, `class-unknown`,
//! `date-future`, `date-invalid`, `disposition-missing`, `disposition-unknown`, `gender-unknown`, `period-inverted`,
//! `processing-missing`, `time-ambiguous`, `time-skipped`, `visit-number-missing`, and of parsing
//! `charset-invalid`, `charset-undeclared`, `charset-unknown`, `line-break`,
//! `separator-repeated`.
mod accept;
mod address;
mod authority;
mod concept;
mod condition;
mod contact;
mod contact_point;
mod coverage;
mod encounter;
mod extension;
mod hospitalization;
mod identifier;
mod json;
mod location;
mod merge;
mod name;
mod organization;
mod patient;
mod period;
mod practitioner;
mod role;
mod scope;
mod stay;
mod when;

use crate::message::Segment;
use crate::{Fault, Message, Place, Reject, Sender};
use accept::About;
use fhir::event::{Event, Trigger};
use identifier::Identifiers;
use scope::Scope;
use when::When;

/// What a message says. Only an A40 with several PID/MRG groups has more than one event.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapped {
    pub events: Vec<Event>,
    pub faults: Vec<Fault>,
}

/// Maps an ADT message of a registered sender, or says why it cannot be taken. `now`, in
/// microseconds, is only for doubting what lies ahead of it.
pub fn adt(message: &Message, sender: &Sender, now: i64) -> Result<Mapped, Reject> {
    let mut scope = Scope::new(message, sender);
    let (trigger, about) = accept::check(&mut scope)?;
    let when = when::of(&mut scope, trigger)?;
    let events = match about {
        About::Merge => merge::events(&mut scope, &when)?,
        About::Person => vec![event(&mut scope, trigger, &when, false)?],
        About::Stay => vec![event(&mut scope, trigger, &when, true)?],
    };
    let mut faults = scope.into_faults();
    faults.extend(events.iter().find_map(|event| when::ahead(event, now)));
    Ok(Mapped { events, faults })
}

fn event(scope: &mut Scope<'_>, trigger: Trigger, when: &When, visit: bool) -> Result<Event, Reject> {
    let pid = required(scope.message, "PID")?;
    let identifiers = identifier::of_patient(scope, pid)?;
    let stay = if visit { stay::key(scope) } else { None };
    let prior_stay = stay.as_ref().and_then(|_| stay::prior(scope, trigger));
    let mut person = patient::elements(scope, pid, &identifiers);
    patient::surroundings(scope, &mut person);
    let encounter = match &stay {
        Some(stay) => encounter::elements(scope, stay, trigger, when),
        None => json::Object::new(),
    };
    coverage::all(scope, identifiers.primary());
    let event = base(scope, trigger, when, identifiers, person);
    Ok(Event {
        stay,
        prior_stay,
        encounter,
        ..event
    })
}

/// An event of a person, with all that was collected on the way.
fn base(
    scope: &mut Scope<'_>,
    trigger: Trigger,
    when: &When,
    identifiers: Identifiers,
    person: json::Object,
) -> Event {
    Event {
        trigger,
        occurred: when.occurred,
        recorded: when.recorded,
        source: scope.sender.name.clone(),
        stay: None,
        prior_stay: None,
        patient: identifiers.primary().clone(),
        aliases: identifiers.keys(),
        merged: None,
        person,
        encounter: json::Object::new(),
        related: scope.take_related(),
    }
}

fn required<'a>(message: &'a Message, name: &str) -> Result<Segment<'a>, Reject> {
    let missing = || {
        Reject::error(
            101,
            Place::segment(name),
            format!("an ADT message needs a {name} segment"),
        )
    };
    message.segment(name).ok_or_else(missing)
}
