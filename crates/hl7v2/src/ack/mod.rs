//! Acknowledgements, in original and enhanced mode.
//! <https://www.hl7.eu/HL7v2x/v28/std28/ch02.html#Heading63>
//!
//! Original mode answers once with AA, AE or AR. Enhanced mode (MSH-15 or MSH-16 valued) has a
//! commit answer CA, CE or CR and, if asked for, an application answer besides. Baton knows both
//! only when the message is durable, so they go out together.
mod header;
mod write;

pub use header::Header;

use crate::{Fault, Place, Reject, Severity};

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum Outcome {
    /// AA, CA
    Accept,
    /// AE, CE
    Error,
    /// AR, CR
    Reject,
}

impl Outcome {
    /// HL7 table 0008, original mode.
    pub fn code(self) -> &'static str {
        match self {
            Outcome::Accept => "AA",
            Outcome::Error => "AE",
            Outcome::Reject => "AR",
        }
    }

    fn commit_code(self) -> &'static str {
        match self {
            Outcome::Accept => "CA",
            Outcome::Error => "CE",
            Outcome::Reject => "CR",
        }
    }
}

/// One ERR segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    pub severity: Severity,
    /// HL7 table 0357.
    pub error: u16,
    pub location: Place,
    pub text: String,
}

/// Everything an answer says beyond what it echoes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub outcome: Outcome,
    pub remarks: Vec<Remark>,
}

impl Answer {
    /// Taken; doubts about its data ride along as warnings.
    pub fn accept(faults: &[Fault]) -> Answer {
        let warning = |fault: &Fault| Remark {
            severity: Severity::Warning,
            error: 103,
            location: fault.location.clone(),
            text: format!("{}: {}", fault.code, fault.text),
        };
        Answer {
            outcome: Outcome::Accept,
            remarks: faults.iter().map(warning).collect(),
        }
    }

    pub fn reject(reject: &Reject) -> Answer {
        let remark = Remark {
            severity: Severity::Error,
            error: reject.error,
            location: reject.location.clone(),
            text: reject.text.clone(),
        };
        Answer {
            outcome: reject.outcome,
            remarks: vec![remark],
        }
    }
}

/// The answers to one message, each a whole HL7 message with CR line ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acks {
    pub commit: Option<String>,
    /// In original mode the only one.
    pub application: Option<String>,
}

impl Acks {
    /// For a channel that carries one answer. None: the sender wanted none.
    pub fn first(self) -> Option<String> {
        self.commit.or(self.application)
    }

    pub fn all(self) -> impl Iterator<Item = String> {
        self.commit.into_iter().chain(self.application)
    }
}

/// Writes what the sender asked for. `control_id` becomes MSH-10 (at most 18 characters, as a
/// second answer gets two more), `at` is the time of the answer in microseconds.
pub fn acks(header: &Header, answer: &Answer, control_id: &str, at: i64) -> Acks {
    let wants = |condition: &str| match condition {
        "AL" => true,
        "ER" => answer.outcome != Outcome::Accept,
        "SU" => answer.outcome == Outcome::Accept,
        _ => false,
    };
    if !header.enhanced() {
        let only = write::ack(header, answer, answer.outcome.code(), control_id, at);
        return Acks {
            commit: None,
            application: Some(only),
        };
    }
    let commit = wants(&header.accept_condition)
        .then(|| write::ack(header, answer, answer.outcome.commit_code(), control_id, at));
    let second = if commit.is_some() {
        format!("{control_id}-A")
    } else {
        control_id.to_owned()
    };
    let application = wants(&header.application_condition)
        .then(|| write::ack(header, answer, answer.outcome.code(), &second, at));
    Acks { commit, application }
}
