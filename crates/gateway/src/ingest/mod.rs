//! Inbound messages: HL7 v2 over HTTP and MLLP, Da Vinci notifications. Each is one transaction:
//! kept as it came, told apart from repeats, folded into stays and patients, answered after the
//! commit. Design §1; <https://hl7.org/fhir/us/davinci-alerts/STU1.1/>
//!
//! `hl7` and `notification` are the doors, `accept` the transaction, `refold` what follows for
//! stays, patients and directory, `review` the queue of what a person must look at, `answered` what
//! other messages take from it.
pub mod accept;
mod answered;
mod facts;
pub mod hl7;
mod json;
pub mod notification;
mod people;
mod refold;
pub mod register;
mod repoint;
pub mod reprocess;
pub mod review;
pub mod senders;

pub use senders::Senders;

use sha2::{Digest, Sha256};
use store::messages::Message;

/// Outcomes of the inbox.
pub const ACCEPTED: &str = "accepted";
pub const DUPLICATE: &str = "duplicate";
pub const REJECTED: &str = "rejected";
pub const UNPARSEABLE: &str = "unparseable";
pub const UNREGISTERED: &str = "unregistered";
pub const CORRECTED: &str = "corrected";
/// Larger than the server takes: what is kept is its beginning.
pub const CUT: &str = "cut";

/// A message about to be kept: nothing is known of it yet but its bytes.
pub fn arrived(channel: &str, raw: Vec<u8>, id: String, now: i64) -> Message {
    Message {
        id,
        received: now,
        channel: channel.to_owned(),
        sender: String::new(),
        control_id: String::new(),
        envelope: None,
        event: String::new(),
        hash: Sha256::digest(&raw)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
        outcome: ACCEPTED.to_owned(),
        ack_code: String::new(),
        detail: String::new(),
        raw,
        response: None,
    }
}

/// What a person should know about a message: a stable code and where it applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    pub code: String,
    /// Such as `PV1-36` or `Bundle.entry[1].resource`.
    pub place: String,
    /// What to do about it; without patient data.
    pub text: String,
}

impl Remark {
    /// On a message of which only so many bytes were kept.
    pub fn cut(place: &str, kept: usize) -> Remark {
        Remark {
            code: "message-cut".into(),
            place: place.to_owned(),
            text: format!(
                "the message is larger than this server takes; its first {kept} bytes are kept. \
                 Raise the limit (limits.message, limits.body), or have it sent in smaller parts"
            ),
        }
    }
}

impl std::fmt::Display for Remark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.place.as_str() {
            "" => f.write_str(&self.code),
            place => write!(f, "{} at {place}", self.code),
        }
    }
}

impl From<&hl7v2::Fault> for Remark {
    fn from(fault: &hl7v2::Fault) -> Remark {
        Remark {
            code: fault.code.to_owned(),
            place: fault.location.to_string(),
            text: fault.text.clone(),
        }
    }
}

impl From<&hl7v2::Reject> for Remark {
    fn from(reject: &hl7v2::Reject) -> Remark {
        let code = format!("hl7-{}", reject.error);
        Remark {
            code,
            place: reject.location.to_string(),
            text: reject.text.clone(),
        }
    }
}

impl From<&fhir::Issue> for Remark {
    fn from(issue: &fhir::Issue) -> Remark {
        let place = issue.expression.clone().unwrap_or_default();
        Remark {
            code: issue.code.code().to_owned(),
            place,
            text: issue.diagnostics.clone(),
        }
    }
}
