//! The HL7 v2 door: bytes in, acknowledgements out, whatever the bytes are. Parsing and mapping
//! happen before the transaction. HL7 v2.5.1 §2.9 (acknowledgements).
use super::accept::{self, Reading, Receipt};
use super::{REJECTED, Remark, UNPARSEABLE, UNREGISTERED, arrived};
use crate::edge;
use crate::state::AppState;
use hl7v2::ack::{self, Answer, Header};
use hl7v2::map::{self, Mapped};
use hl7v2::{Message, Place, Reject, Sender};
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

/// Takes in one message. Always answers; the answers are whole HL7 v2 messages in order (none if
/// the sender wanted none).
pub async fn receive(state: &AppState, bytes: Vec<u8>, arrival: Arrival) -> Vec<Vec<u8>> {
    let now = edge::now();
    let door = Door {
        state,
        now,
        control_id: short_id(),
        arrival,
    };
    match Message::parse(&bytes) {
        Err(reject) => door.unread(bytes, reject).await,
        Ok(message) => door.read(bytes, message).await,
    }
}

/// The answer to a frame too large to be read, as far as its beginning names it.
pub fn too_large(beginning: &[u8]) -> Vec<Vec<u8>> {
    let reject = Reject::refuse(
        207,
        Place::segment("MSH"),
        "the message is larger than this server takes",
    );
    answers(
        &Header::salvage(beginning),
        &Answer::reject(&reject),
        &short_id(),
        edge::now(),
    )
}

/// MSH-10 has twenty characters, and a second answer needs two: the random tail of an id.
fn short_id() -> String {
    let id: String = edge::new_id().chars().filter(char::is_ascii_hexdigit).collect();
    id[id.len() - 18..].to_ascii_uppercase()
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
        match map::adt(&message, &sender) {
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
    async fn refuse(&self, header: &Header, mut kept: Kept, reject: &Reject) -> Vec<Vec<u8>> {
        let answer = Answer::reject(reject);
        let answers = answers(header, &answer, &self.control_id, self.now);
        kept.ack_code = answer.outcome.code().into();
        kept.response = Some(answers.join(&BETWEEN));
        let context = self.context(&kept.sender);
        if let Err(error) = accept::refuse(&self.state.store, kept, Remark::from(reject), context).await {
            tracing::warn!(request = self.arrival.request_id, %error, "a refused message could not be kept");
        }
        answers
    }

    async fn sender(&self, message: &Message) -> Result<Option<std::sync::Arc<Sender>>, StoreError> {
        self.state
            .senders
            .find(&self.state.store, &Sender::key_of(message), self.now)
            .await
    }

    fn kept(&self, bytes: Vec<u8>, header: &Header) -> Kept {
        let mut kept = arrived(self.arrival.channel, bytes, edge::new_id(), self.now);
        kept.control_id = header.control_id.clone();
        kept.event = header.event.clone();
        kept
    }

    fn context(&self, sender: &str) -> Context {
        Context {
            now: self.now,
            actor: format!("sender:{sender}"),
            request_id: self.arrival.request_id.clone(),
        }
    }
}
