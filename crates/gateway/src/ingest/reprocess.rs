//! A message from the review queue read again: with the sender's present maps, or in a corrected
//! text. What it said before is taken back in the same transaction.
use super::accept::rows;
use super::json::{self, Object};
use super::refold::{Refold, refold};
use super::review::{self, Standing};
use super::{
    ACCEPTED, CORRECTED, CUT, DUPLICATE, REJECTED, Remark, UNPARSEABLE, UNREGISTERED, answered, arrived,
};
use crate::edge;
use crate::error::ApiError;
use crate::state::AppState;
use fhir::event::Event;
use fhir::{Issue, IssueCode, TypeId};
use hl7v2::{Message as Hl7, Reject, Sender, map};
use std::sync::Arc;
use store::messages::Message;
use store::{Context, StoreError, Tx};

/// The kept message a review Task is about, or why there is none.
pub fn message_of(tx: &mut Tx, task: &str) -> Result<Message, StoreError> {
    let stored = tx.get(json::type_id("Task")?, task)?.filter(|task| !task.deleted);
    let stored = stored.ok_or_else(|| refused(404, "there is no such Task"))?;
    let value = json::object(&stored)?
        .map(serde_json::Value::Object)
        .unwrap_or_default();
    let id = review::message_of(&value);
    let id = id.ok_or_else(|| refused(422, "only a Task of code message-review has a message"))?;
    tx.message(id)?
        .ok_or_else(|| refused(410, "the message is no longer kept"))
}

/// Reads the message of a review Task again. Returns the Task as it is then.
pub async fn reprocess(
    state: &AppState,
    task: &str,
    corrected: Option<Vec<u8>>,
    context: Context,
) -> Result<String, ApiError> {
    let wanted = task.to_owned();
    let original = state.store.read(move |tx| message_of(tx, &wanted)).await?;
    if original.channel == "fhir" {
        let text = "a FHIR message is corrected by its sender: send it again under a new Bundle.id";
        return Err(refused(422, text).into());
    }
    if original.outcome == CORRECTED && corrected.is_none() {
        let text =
            "the message was corrected before; its first text no longer counts. Send a corrected message";
        return Err(refused(422, text).into());
    }
    if original.outcome == CUT && corrected.is_none() {
        let text = "only the beginning of this message was kept; send the whole of it as a corrected message";
        return Err(refused(422, text).into());
    }
    let text = corrected.clone().unwrap_or_else(|| original.raw.clone());
    let read = read(state, &text, context.now).await?;
    if let Some(reason) = read.worse_than(&original, corrected.is_some()) {
        return Err(refused(422, &reason).into());
    }
    let correction = corrected.map(|raw| correction(&original, raw, &read, context.now));
    let work = Work {
        original,
        correction,
        read,
        context,
    };
    Ok(state.store.write(move |tx| work.redo(tx)).await?)
}

/// What a message says now: its sender, events and doubts, or the reason it still says nothing.
#[derive(Clone)]
struct Read {
    outcome: &'static str,
    sender: String,
    event: String,
    events: Vec<Event>,
    remarks: Vec<Remark>,
}

async fn read(state: &AppState, text: &[u8], now: i64) -> Result<Read, StoreError> {
    let message = match Hl7::parse(text) {
        Ok(message) => message,
        Err(reject) => return Ok(Read::refused(UNPARSEABLE, "", "", &reject)),
    };
    let event = hl7v2::ack::Header::of(&message).event;
    let sender = state
        .senders
        .find(&state.store, &Sender::key_of(&message), now)
        .await?;
    Ok(match sender {
        None => Read {
            outcome: UNREGISTERED,
            sender: String::new(),
            event,
            events: Vec::new(),
            remarks: vec![Remark {
                code: "sender-unregistered".into(),
                place: "MSH-3".into(),
                text: "register the sender, then read the message again".into(),
            }],
        },
        Some(sender) => mapped(&message, sender, event, now),
    })
}

fn mapped(message: &Hl7, sender: Arc<Sender>, event: String, now: i64) -> Read {
    match map::adt(message, &sender, now) {
        Err(reject) => Read::refused(REJECTED, &sender.name, &event, &reject),
        Ok(mapped) => Read {
            outcome: ACCEPTED,
            sender: sender.name.clone(),
            event,
            events: mapped.events,
            remarks: mapped.faults.iter().map(Remark::from).collect(),
        },
    }
}

impl Read {
    /// Why nothing may be done: a correction that says nothing, or a message that was understood
    /// before and no longer is. What was said stands.
    fn worse_than(&self, original: &Message, correction: bool) -> Option<String> {
        let understood = matches!(original.outcome.as_str(), ACCEPTED | DUPLICATE | CORRECTED);
        if self.outcome == ACCEPTED || !(correction || understood) {
            return None;
        }
        let reasons: Vec<String> = self
            .remarks
            .iter()
            .map(|it| format!("{it}: {}", it.text))
            .collect();
        Some(format!(
            "the message cannot be read, so nothing was changed: {}",
            reasons.join("; ")
        ))
    }

    fn refused(outcome: &'static str, sender: &str, event: &str, reject: &Reject) -> Read {
        Read {
            outcome,
            sender: sender.to_owned(),
            event: event.to_owned(),
            events: Vec::new(),
            remarks: vec![Remark::from(reject)],
        }
    }
}

/// The corrected text as a message of its own; the original stays as it came.
fn correction(original: &Message, raw: Vec<u8>, read: &Read, now: i64) -> Message {
    let mut message = arrived("reprocess", raw, edge::new_id(), now);
    message.control_id = original.control_id.clone();
    message.sender = read.sender.clone();
    message.event = read.event.clone();
    message.outcome = read.outcome.to_owned();
    message.detail = review::detail(&read.remarks, false);
    message.envelope = Some(original.id.clone());
    message
}

#[derive(Clone)]
struct Work {
    original: Message,
    correction: Option<Message>,
    read: Read,
    context: Context,
}

impl Work {
    fn redo(&self, tx: &mut Tx) -> Result<String, StoreError> {
        let mut said = tx.forget_events(&self.original.id)?;
        super::facts::lock(tx, &[&said[..], &self.read.events].concat())?;
        let rows = rows(&self.original.id, &self.read.events)?;
        for (event, row) in self.read.events.iter().zip(&rows) {
            if tx.keep_event(row)? {
                said.push(event.clone());
            }
        }
        if let Some(correction) = &self.correction {
            tx.keep_message(correction)?;
        }
        let mut remarks = self.read.remarks.clone();
        let Refold {
            mut changes,
            reconsider,
            asked,
        } = refold(tx, &self.original.id, &said, &mut remarks)?;
        let standing = answered::standing(&asked, &self.read.events, &remarks);
        let task = self.settled(tx, &remarks, standing)?;
        let name = json::name(&task).unwrap_or((TypeId(0), String::new()));
        changes.push(json::put(task)?);
        let applied = tx.apply(changes, &self.context)?;
        tx.reconsider(&reconsider, &self.context)?;
        let stored = applied
            .into_iter()
            .find(|it| it.type_id == name.0 && it.id == name.1);
        Ok(stored.map(|it| it.body).unwrap_or_default())
    }

    /// Done when no doubt is left.
    fn settled(&self, tx: &mut Tx, remarks: &[Remark], standing: Standing) -> Result<Object, StoreError> {
        let outcome = if self.correction.is_some() {
            CORRECTED
        } else {
            self.read.outcome
        };
        let mut message = self.original.clone();
        message.outcome = outcome.to_owned();
        tx.settle_message(&message.id, outcome, &review::detail(remarks, false))?;
        Ok(review::task(&message, remarks, standing))
    }
}

fn refused(status: u16, text: &str) -> StoreError {
    let code = if status == 404 {
        IssueCode::NotFound
    } else {
        IssueCode::BusinessRule
    };
    StoreError::Rejected {
        status,
        issues: vec![Issue::error(code, text)],
    }
}
