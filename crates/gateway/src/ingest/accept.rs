//! The transaction of one message: locked, told apart from repeats, kept, folded, applied.
use super::facts::locks;
use super::refold::{Refold, refold};
use super::review::{self, Standing};
use super::{ACCEPTED, DUPLICATE, REJECTED, Remark, UNREGISTERED, answered};
use fhir::event::Event;
use std::borrow::Cow;
use store::events::EventRow;
use store::messages::Message;
use store::{Context, Store, StoreError, Tx};

/// A message that was read, with the answer it gets once it is durable.
#[derive(Clone, Debug)]
pub struct Reading {
    pub message: Message,
    pub events: Vec<Event>,
    pub remarks: Vec<Remark>,
    pub context: Context,
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum Receipt {
    Kept,
    /// Every fact was known already.
    Known,
    /// The very message was accepted before: what was answered then.
    Repeat(Vec<u8>),
}

/// Commits one message. Resolves after the commit is durable.
pub async fn accept(store: &Store, reading: Reading) -> Result<Receipt, StoreError> {
    let (channel, received) = (reading.message.channel.clone(), reading.message.received);
    let recorded = reading.events.iter().map(|event| event.recorded).min();
    let rows = rows(&reading.message.id, &reading.events)?;
    let receipt = store
        .write_in_turns(move |tx| take_in(tx, &reading, &rows))
        .await?;
    let outcome = match receipt {
        Receipt::Kept => ACCEPTED,
        Receipt::Known | Receipt::Repeat(_) => DUPLICATE,
    };
    count(&channel, outcome);
    if let (Receipt::Kept, Some(recorded)) = (&receipt, recorded) {
        let lag = received.saturating_sub(recorded).max(0) as f64 / 1e6;
        metrics::histogram!("baton_message_lag_seconds", "channel" => channel).record(lag);
    }
    Ok(receipt)
}

/// The events of a message as they are kept.
pub fn rows(message: &str, events: &[Event]) -> Result<Vec<EventRow>, StoreError> {
    events.iter().map(|event| EventRow::of(message, event)).collect()
}

fn count(channel: &str, outcome: &str) {
    let labels = [("channel", channel.to_owned()), ("outcome", outcome.to_owned())];
    metrics::counter!("baton_messages_total", &labels).increment(1);
}

fn take_in(tx: &mut Tx, reading: &Reading, rows: &[EventRow]) -> Result<Receipt, StoreError> {
    let mut message = reading.message.clone();
    let named = named(tx, &message, &reading.events)?;
    if let Some(answer) = named.iter().find_map(|known| repeated(known, &message)) {
        return Ok(Receipt::Repeat(answer));
    }
    let new = keep(tx, &reading.events, rows)?;
    let mut remarks = reading.remarks.clone();
    let mut refolded = match new.is_empty() {
        true => Refold::default(),
        false => refold(tx, &message.id, &new, &mut remarks)?,
    };
    let refused = |it: &&Message| matches!(it.outcome.as_str(), REJECTED | UNREGISTERED);
    let refused = named.iter().filter(refused).filter(|it| it.hash == message.hash);
    let refused = refused.map(|it| it.id.as_str());
    let settled = answered::taken(tx, refused)?;
    refolded.changes.extend(settled);
    let known = new.is_empty() && !reading.events.is_empty();
    if known {
        message.outcome = DUPLICATE.into();
    } else if !remarks.is_empty() {
        let standing = answered::standing(&refolded.asked, &reading.events, &remarks);
        refolded.changes.push(review::file(&message, &remarks, standing)?);
    }
    // A sender that starts its counter anew is worth a note, not a person's time.
    let own = |known: &&Message| known.sender == message.sender;
    let reused = named.iter().filter(own).any(|known| known.hash != message.hash);
    message.detail = review::detail(&remarks, reused);
    tx.keep_message(&message)?;
    if !refolded.changes.is_empty() {
        tx.apply(refolded.changes, &reading.context)?;
    }
    tx.reconsider(&refolded.reconsider, &reading.context)?;
    Ok(if known { Receipt::Known } else { Receipt::Kept })
}

/// Whoever speaks of the same stays and patients waits; then, the messages of the same name.
fn named(tx: &mut Tx, message: &Message, said: &[Event]) -> Result<Vec<Message>, StoreError> {
    let locks = locks(said);
    let locks: Vec<&str> = locks.iter().map(String::as_str).collect();
    match message.control_id.as_str() {
        "" => tx.lock_all(&locks).map(|()| Vec::new()),
        name => tx.messages_behind_locks(&locks, &message.sender, name),
    }
}

/// Keeps the events; those that were not known yet.
fn keep<'a>(tx: &mut Tx, events: &'a [Event], rows: &[EventRow]) -> Result<Cow<'a, [Event]>, StoreError> {
    let mut new = Vec::with_capacity(events.len());
    for (event, row) in events.iter().zip(rows) {
        if tx.keep_event(row)? {
            new.push(event);
        }
    }
    Ok(match new.len() == events.len() {
        true => Cow::Borrowed(events),
        false => new.into_iter().cloned().collect(),
    })
}

/// The answer to an exact repeat of what was accepted. What was refused is read again: the
/// sender's maps may have been corrected meanwhile.
fn repeated(known: &Message, message: &Message) -> Option<Vec<u8>> {
    let accepted = matches!(known.ack_code.as_str(), "AA" | "200");
    let same = known.hash == message.hash && known.envelope == message.envelope;
    if accepted && same {
        Some(known.response.clone().unwrap_or_default())
    } else {
        None
    }
}

/// Keeps a message that could not be accepted, and puts it before a person.
pub async fn refuse(
    store: &Store,
    message: Message,
    remark: Remark,
    context: Context,
) -> Result<(), StoreError> {
    count(&message.channel, &message.outcome);
    store
        .write(move |tx| {
            let mut message = message.clone();
            message.detail = review::detail(std::slice::from_ref(&remark), false);
            // A sender that repeats what was refused fills no queue.
            let named = tx.messages_named(&message.sender, &message.control_id)?;
            let same = |known: &Message| known.hash == message.hash && known.outcome == message.outcome;
            if named.iter().any(same) {
                return Ok(());
            }
            tx.keep_message(&message)?;
            let task = review::file(&message, std::slice::from_ref(&remark), Standing::Open)?;
            tx.apply(vec![task], &context)?;
            Ok(())
        })
        .await
}
