//! The HL7 v2 door: bytes in, acknowledgements out, whatever the bytes are. Parsing and mapping
//! happen before the transaction. HL7 v2.5.1 §2.9 (acknowledgements).
use super::accept::{self, Reading, Receipt};
use super::{CUT, REJECTED, Remark, UNPARSEABLE, UNREGISTERED, arrived};
use crate::edge;
use crate::state::AppState;
use futures_util::stream::{self, StreamExt};
use hl7v2::ack::{self, Answer, Header};
use hl7v2::map::{self, Mapped};
use hl7v2::{Batch, Message, Place, Reject, Sender};
use store::audit::Event;
use store::messages::Message as Kept;
use store::{Context, StoreError};

/// Between two answers to one message where they are kept: no HL7 v2 text has this byte.
const BETWEEN: u8 = 0x1c;

/// How a message came and who sent it, as far as the transport knows.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub channel: &'static str,
    pub request_id: String,
}

/// Messages of a batch that are worked on together.
const AT_ONCE: usize = 8;
/// MSH-10 has at most 199 characters; a longer one is compared by its beginning and the content.
const LONGEST_NAME: usize = 199;

/// Takes in a message, or the messages of a batch. Always answers; the answers are whole HL7 v2
/// messages in order (none if the sender wanted none), those to a batch in one batch.
pub async fn receive(state: &AppState, bytes: Vec<u8>, arrival: Arrival) -> Vec<Vec<u8>> {
    let Some(batch) = Batch::split(&bytes) else {
        return one(state, bytes, arrival).await;
    };
    let messages: Vec<Vec<u8>> = batch.messages.iter().map(|message| message.to_vec()).collect();
    let each = stream::iter(messages).map(|message| one(state, message, arrival.clone()));
    // Their order does not matter, that of the answers does.
    let answers: Vec<Vec<Vec<u8>>> = each.buffered(AT_ONCE).collect().await;
    let answers = answers.concat();
    match answers.is_empty() {
        true => answers,
        false => vec![batch.answer(&answers, &short_id(), edge::now())],
    }
}

async fn one(state: &AppState, bytes: Vec<u8>, arrival: Arrival) -> Vec<Vec<u8>> {
    let door = Door::open(state, arrival);
    match Message::parse(&bytes) {
        Err(reject) => door.unread(bytes, reject).await,
        Ok(message) => door.read(bytes, message).await,
    }
}

/// The answer to a message that passed the limit, of which this is the beginning. It is kept for
/// a person to see.
pub async fn too_large(state: &AppState, beginning: Vec<u8>, arrival: Arrival) -> Vec<Vec<u8>> {
    Door::open(state, arrival).cut(beginning).await
}

/// MSH-10 has twenty characters, and a second answer needs two: the random tail of an id.
fn short_id() -> String {
    let id: String = edge::new_id().chars().filter(char::is_ascii_hexdigit).collect();
    id[id.len() - 18..].to_ascii_uppercase()
}

/// Up to the last end of a segment.
fn whole_segments(beginning: &[u8]) -> &[u8] {
    let end = beginning.iter().rposition(|byte| matches!(byte, b'\r' | b'\n'));
    end.map_or(beginning, |end| &beginning[..end])
}

fn answers(header: &Header, answer: &Answer, control_id: &str, at: i64) -> Vec<Vec<u8>> {
    ack::acks(header, answer, control_id, at)
        .all()
        .map(String::into_bytes)
        .collect()
}

struct Door<'a> {
    state: &'a AppState,
    now: i64,
    control_id: String,
    arrival: Arrival,
}

impl Door<'_> {
    fn open(state: &AppState, arrival: Arrival) -> Door<'_> {
        Door {
            state,
            now: edge::now(),
            control_id: short_id(),
            arrival,
        }
    }

    async fn cut(&self, beginning: Vec<u8>) -> Vec<Vec<u8>> {
        let header = Header::salvage(&beginning);
        let sender = match Message::parse(whole_segments(&beginning)) {
            Ok(message) => self.sender(&message).await,
            Err(_) => Ok(None),
        };
        let mut kept = self.kept(beginning, &header);
        match sender {
            Ok(Some(sender)) => kept.sender = sender.name.clone(),
            Ok(None) => {}
            Err(error) => return self.failed(&header, kept, error).await,
        }
        kept.outcome = CUT.into();
        let remark = Remark::cut("MSH", kept.raw.len());
        let reject = Reject::refuse(207, Place::segment("MSH"), &remark.text);
        self.refuse_for(&header, kept, &reject, remark).await
    }

    async fn unread(&self, bytes: Vec<u8>, reject: Reject) -> Vec<Vec<u8>> {
        let header = Header::salvage(&bytes);
        let mut kept = self.kept(bytes, &header);
        kept.outcome = UNPARSEABLE.into();
        self.refuse(&header, kept, &reject).await
    }

    async fn read(&self, bytes: Vec<u8>, message: Message) -> Vec<Vec<u8>> {
        let header = Header::of(&message);
        let mut kept = self.kept(bytes, &header);
        let sender = match self.sender(&message).await {
            Ok(sender) => sender,
            Err(error) => return self.failed(&header, kept, error).await,
        };
        let Some(sender) = sender else {
            kept.outcome = UNREGISTERED.into();
            let text = "this sender is not registered here; ask the operator to add its MSH-3 and MSH-4";
            return self
                .refuse(&header, kept, &Reject::refuse(204, Place::field("MSH", 3), text))
                .await;
        };
        kept.sender = sender.name.clone();
        match map::adt(&message, &sender, self.now) {
            Err(reject) => {
                kept.outcome = REJECTED.into();
                self.refuse(&header, kept, &reject).await
            }
            Ok(mapped) => self.accept(&header, kept, mapped).await,
        }
    }

    async fn accept(&self, header: &Header, mut kept: Kept, mapped: Mapped) -> Vec<Vec<u8>> {
        let answer = Answer::accept(&mapped.faults);
        let answers = answers(header, &answer, &self.control_id, self.now);
        kept.ack_code = answer.outcome.code().into();
        kept.response = Some(answers.join(&BETWEEN));
        let reading = Reading {
            context: self.context(&kept.sender),
            remarks: mapped.faults.iter().map(Remark::from).collect(),
            events: mapped.events,
            message: kept.clone(),
        };
        match accept::accept(&self.state.store, reading).await {
            Ok(Receipt::Kept | Receipt::Known) => answers,
            Ok(Receipt::Repeat(answer)) if answer.is_empty() => Vec::new(),
            Ok(Receipt::Repeat(answer)) => answer
                .split(|byte| *byte == BETWEEN)
                .map(<[u8]>::to_vec)
                .collect(),
            Err(error) => self.failed(header, kept, error).await,
        }
    }

    /// What the store refused. Overload passes: the sender is to try again, and nothing is kept.
    async fn failed(&self, header: &Header, mut kept: Kept, error: StoreError) -> Vec<Vec<u8>> {
        let StoreError::Rejected { issues, .. } = error else {
            tracing::warn!(request = self.arrival.request_id, %error, "a message could not be committed");
            let text = "the server cannot take messages at the moment; send it again";
            let reject = Reject::refuse(207, Place::segment("MSH"), text);
            return answers(header, &Answer::reject(&reject), &self.control_id, self.now);
        };
        kept.outcome = REJECTED.into();
        let text = issues
            .first()
            .map_or_else(String::new, |issue| issue.diagnostics.clone());
        self.refuse(header, kept, &Reject::error(207, Place::segment("MSH"), text))
            .await
    }

    /// Keeps the message for review and says no.
    async fn refuse(&self, header: &Header, kept: Kept, reject: &Reject) -> Vec<Vec<u8>> {
        self.refuse_for(header, kept, reject, Remark::from(reject)).await
    }

    /// The same, with other words for whoever reviews it.
    async fn refuse_for(
        &self,
        header: &Header,
        mut kept: Kept,
        reject: &Reject,
        remark: Remark,
    ) -> Vec<Vec<u8>> {
        let answer = Answer::reject(reject);
        let answers = answers(header, &answer, &self.control_id, self.now);
        kept.ack_code = answer.outcome.code().into();
        kept.response = Some(answers.join(&BETWEEN));
        let context = self.context(&kept.sender);
        self.record(&context).await;
        if let Err(error) = accept::refuse(&self.state.store, kept, remark, context).await {
            tracing::warn!(request = self.arrival.request_id, %error, "a refused message could not be kept");
        }
        answers
    }

    /// The refusal, for the audit; the message itself is kept for review.
    async fn record(&self, context: &Context) {
        let event = Event {
            at: context.now,
            actor: context.actor.clone(),
            request: context.request_id.clone(),
            action: "message".into(),
            status: 422,
            ..Event::default()
        };
        if self.state.audit.note(&event).await.is_err() {
            tracing::warn!(
                request = self.arrival.request_id,
                "a refused message could not be recorded"
            );
        }
    }

    async fn sender(&self, message: &Message) -> Result<Option<std::sync::Arc<Sender>>, StoreError> {
        self.state
            .senders
            .find(&self.state.store, &Sender::key_of(message), self.now)
            .await
    }

    fn kept(&self, bytes: Vec<u8>, header: &Header) -> Kept {
        let mut kept = arrived(self.arrival.channel, bytes, edge::new_id(), self.now);
        kept.control_id = header.control_id.chars().take(LONGEST_NAME).collect();
        kept.event = header.event.clone();
        kept
    }

    fn context(&self, sender: &str) -> Context {
        Context {
            now: self.now,
            actor: format!("sender:{sender}"),
            request_id: self.arrival.request_id.clone(),
            origin: None,
            provenance: None,
            within: None,
        }
    }
}
