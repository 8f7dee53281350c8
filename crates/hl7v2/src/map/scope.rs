//! What is at hand while one message is mapped, and what piles up: faults and related resources.
use super::authority::Facility;
use super::json::{Object, identified};
use crate::message::Segment;
use crate::time::{self, Doubt, Moment};
use crate::{Fault, Message, Place, Sender};
use fhir::event::Related;
use serde_json::{Value, json};
use std::collections::HashMap;

/// No one reads further, and a hostile message must not make work without end.
const MOST_FAULTS: usize = 100;

pub(super) struct Scope<'a> {
    pub message: &'a Message,
    pub sender: &'a Sender,
    pub facility: Facility,
    faults: Vec<Fault>,
    related: Vec<Related>,
    /// Where the directory entries stand in `related`, by id.
    shared: HashMap<String, usize>,
}

impl<'a> Scope<'a> {
    pub fn new(message: &'a Message, sender: &'a Sender) -> Scope<'a> {
        let mut faults = message.faults().to_vec();
        let facility = Facility::of(message, sender, &mut faults);
        Scope {
            message,
            sender,
            facility,
            faults,
            related: Vec::new(),
            shared: HashMap::new(),
        }
    }

    pub fn fault(&mut self, code: &'static str, place: Place, text: &str) {
        let fault = Fault::new(code, place, text);
        if self.faults.len() < MOST_FAULTS && !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    pub fn into_faults(self) -> Vec<Fault> {
        self.faults
    }

    pub fn take_related(&mut self) -> Vec<Related> {
        self.shared.clear();
        std::mem::take(&mut self.related)
    }

    /// Adds a resource of this stay or patient.
    pub fn own(&mut self, resource: Object) {
        self.related.push(Related {
            owned: true,
            resource,
        });
    }

    /// Adds a directory entry and refers to it. A segment may name the same person several times
    /// with more or less detail; the fullest is kept.
    pub fn share(&mut self, resource: Object, display: Option<String>) -> Object {
        let (kind, id) = (identified(&resource, "resourceType"), identified(&resource, "id"));
        let reference = format!("{kind}/{id}");
        let at = *self.shared.entry(id.to_owned()).or_insert(self.related.len());
        match self.related.get_mut(at) {
            Some(known) if known.resource == resource => {}
            Some(known) if size(&known.resource) < size(&resource) => known.resource = resource,
            Some(_) => {}
            None => self.related.push(Related {
                owned: false,
                resource,
            }),
        }
        super::json::object([
            ("reference", Some(json!(reference))),
            ("display", display.map(Value::from)),
        ])
    }

    /// The time in a field; a fault when there is text that is none.
    pub fn moment(&mut self, segment: Segment<'_>, number: usize) -> Option<Moment> {
        let place = || Place::field(segment.name(), number).nth(segment.sequence());
        self.date(segment.field(number).text(), place)
    }

    /// The same of any part of a field.
    pub fn date(&mut self, text: Option<String>, place: impl FnOnce() -> Place) -> Option<Moment> {
        let moment = time::parse(&text?, self.sender.timezone.0);
        match &moment {
            None => self.fault(
                "date-invalid",
                place(),
                "not a date or time of the form YYYYMMDDHHMMSS+ZZZZ; ignored",
            ),
            Some(moment) => match moment.doubt {
                Some(Doubt::Ambiguous) => {
                    let text = "falls into the hour that daylight saving repeats; the earlier was taken, send an offset";
                    self.fault("time-ambiguous", place(), text);
                }
                Some(Doubt::Skipped) => {
                    let text = "falls into the hour that daylight saving skips; read by the offset before, send an offset";
                    self.fault("time-skipped", place(), text);
                }
                None => {}
            },
        }
        moment
    }
}

fn size(resource: &Object) -> usize {
    resource.values().map(|value| value.to_string().len()).sum()
}
