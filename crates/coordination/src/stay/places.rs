//! Where the patient was: A02 pushes a place, A12 takes it back.
//! <https://hl7.org/fhir/R4/encounter-definitions.html#Encounter.location>
use super::render::Moment;
use fhir::event::{Event, Trigger};
use serde_json::{Value, json};

#[derive(Clone, Debug)]
struct Place {
    entry: Value,
    since: Moment,
    by: Trigger,
}

#[derive(Clone, Debug, Default)]
pub struct Places {
    visited: Vec<Place>,
    /// Time of the last A12 taken, so that a second source's report of it takes nothing more.
    undone: Option<i64>,
}

impl Places {
    pub fn absorb(&mut self, event: &Event) {
        let named = event.encounter.get("location").and_then(|list| list.get(0));
        match (event.trigger, named) {
            (Trigger::CancelTransfer, named) => self.undo(event, named),
            (_, None) => {}
            (Trigger::Update, Some(entry)) => self.correct(event, entry),
            (_, Some(entry)) => self.go(event, entry),
        }
    }

    fn go(&mut self, event: &Event, entry: &Value) {
        if !self.is_at(entry) {
            self.visited.push(Place {
                entry: entry.clone(),
                since: Moment::of(event),
                by: event.trigger,
            });
        }
    }

    /// An update corrects the current place; it is not a move.
    fn correct(&mut self, event: &Event, entry: &Value) {
        match self.visited.last_mut() {
            Some(place) => place.entry = entry.clone(),
            None => self.go(event, entry),
        }
    }

    fn undo(&mut self, event: &Event, back_to: Option<&Value>) {
        let known = self.undone == Some(event.occurred) || back_to.is_some_and(|entry| self.is_at(entry));
        if known {
            return;
        }
        self.undone = Some(event.occurred);
        if self.visited.len() > 1
            && self
                .visited
                .last()
                .is_some_and(|place| place.by == Trigger::Transfer)
        {
            self.visited.pop();
        }
        if let Some(entry) = back_to {
            self.correct(event, entry);
        }
    }

    fn is_at(&self, entry: &Value) -> bool {
        self.visited
            .last()
            .is_some_and(|place| same_place(&place.entry, entry))
    }

    /// `Encounter.location`, the last one with the status the stay gives it.
    pub fn render(&self, last_status: &str, end: Option<&Moment>) -> Vec<Value> {
        let until = |at: usize| self.visited.get(at + 1).map(|next| &next.since).or(end);
        self.visited
            .iter()
            .enumerate()
            .map(|(at, place)| {
                let is_last = at + 1 == self.visited.len();
                let mut entry = place.entry.clone();
                entry["status"] = json!(if is_last { last_status } else { "completed" });
                entry["period"] = place.since.until(until(at));
                entry
            })
            .collect()
    }
}

fn same_place(a: &Value, b: &Value) -> bool {
    let reference = |entry: &Value| entry["location"]["reference"].as_str().map(str::to_owned);
    match (reference(a), reference(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a["location"] == b["location"],
    }
}
