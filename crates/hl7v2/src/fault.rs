//! What is wrong with a message and where, in words without patient data.
//!
//! A `Fault` is a matter for the review queue and never stops a message; a `Reject` does.
//! Error numbers are HL7 table 0357. <https://terminology.hl7.org/CodeSystem-v2-0357.html>
use crate::ack::Outcome;
use serde::{Serialize, Serializer};
use std::fmt;

/// A position in a message, written `PV1-36`, `PID-3.1` or `DG1[2]-3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub segment: String,
    /// Which of the segments of that name, from 1.
    pub sequence: usize,
    /// 0: the segment as a whole.
    pub field: usize,
    /// 0: the field as a whole.
    pub component: usize,
}

impl Place {
    pub fn segment(name: &str) -> Place {
        Place {
            segment: name.to_owned(),
            sequence: 1,
            field: 0,
            component: 0,
        }
    }

    pub fn field(name: &str, field: usize) -> Place {
        Place {
            field,
            ..Place::segment(name)
        }
    }

    pub fn component(name: &str, field: usize, component: usize) -> Place {
        Place {
            component,
            ..Place::field(name, field)
        }
    }

    pub fn nth(self, sequence: usize) -> Place {
        Place { sequence, ..self }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.segment)?;
        if self.sequence > 1 {
            write!(f, "[{}]", self.sequence)?;
        }
        if self.field > 0 {
            write!(f, "-{}", self.field)?;
        }
        if self.component > 0 {
            write!(f, ".{}", self.component)?;
        }
        Ok(())
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A doubt about the data of a message that was accepted all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Stable kebab-case name, such as `disposition-unknown`; `map` lists them all.
    pub code: &'static str,
    pub location: Place,
    /// What to do about it. Table codes may appear, names, dates and numbers of patients never.
    pub text: String,
}

impl Fault {
    pub fn new(code: &'static str, location: Place, text: impl Into<String>) -> Fault {
        Fault {
            code,
            location,
            text: text.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.code, self.location, self.text)
    }
}

/// HL7 table 0516.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
    Information,
}

impl Severity {
    pub fn code(self) -> &'static str {
        match self {
            Severity::Error => "E",
            Severity::Warning => "W",
            Severity::Information => "I",
        }
    }
}

/// Why a message cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    pub outcome: Outcome,
    /// HL7 table 0357.
    pub error: u16,
    pub location: Place,
    pub text: String,
}

impl Reject {
    /// AE: the content is at fault and has to be corrected by the sender.
    pub fn error(error: u16, location: Place, text: impl Into<String>) -> Reject {
        Reject {
            outcome: Outcome::Error,
            error,
            location,
            text: text.into(),
        }
    }

    /// AR: this kind of message is not taken here at all, or is no message.
    pub fn refuse(error: u16, location: Place, text: impl Into<String>) -> Reject {
        Reject {
            outcome: Outcome::Reject,
            error,
            location,
            text: text.into(),
        }
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.error, self.location, self.text)
    }
}

impl std::error::Error for Reject {}
