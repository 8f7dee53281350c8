//! One flat rule, and when it holds.
use super::{Facts, Recipient, purpose};
use crate::TypeId;
use crate::search::index::hash;

/// A code and the hash of its system, as index rows hold them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Coded {
    pub code: String,
    pub system: i64,
}

/// What a provision says of one combination of its alternatives, and of those it is within. None
/// is anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Of the provision in its Consent.
    pub node: i16,
    /// The provision that this one is an exception to.
    pub parent: Option<i16>,
    pub permits: bool,
    /// Id of the patient whose Consent it is.
    pub patient: String,
    /// When it is in force, inclusive microseconds.
    pub from: i64,
    pub until: i64,
    /// The recipient must be all of these.
    pub actors: [Option<String>; 3],
    pub purpose: Option<&'static str>,
    pub class: Option<TypeId>,
    pub code: Option<Coded>,
    /// Id of one resource of the class.
    pub data: Option<String>,
    pub label: Option<Coded>,
    /// Clinical dates.
    pub within: Option<(i64, i64)>,
}

impl Coded {
    pub fn new(system: Option<&str>, code: &str) -> Coded {
        Coded {
            code: code.to_owned(),
            system: hash(system),
        }
    }

    /// Whether a label of a resource is this one; one without a system is of any.
    pub fn names(&self, label: &Coded) -> bool {
        self.code == label.code && (self.system == label.system || label.system == hash(None))
    }
}

impl Rule {
    /// Whose data they are is asked before.
    pub fn holds(&self, facts: &Facts, recipient: &Recipient) -> bool {
        self.concerns(recipient) && self.covers(facts)
    }

    fn concerns(&self, recipient: &Recipient) -> bool {
        let mut actors = self.actors.iter().flatten();
        let purpose = match (self.purpose, recipient.purpose) {
            (None, _) => true,
            // Who does not say may mean it.
            (Some(_), None) => !self.permits,
            (Some(wanted), Some(said)) => purpose::wholes(said).contains(&wanted),
        };
        purpose
            && (self.from..=self.until).contains(&recipient.now)
            && actors.all(|actor| recipient.actors.contains(actor))
    }

    fn covers(&self, facts: &Facts) -> bool {
        self.class.is_none_or(|class| class == facts.on)
            && self.data.as_ref().is_none_or(|id| *id == facts.id)
            && self.code.as_ref().is_none_or(|code| facts.codes.contains(code))
            && self.label.as_ref().is_none_or(|label| facts.bears(label))
            && self
                .within
                .is_none_or(|within| self.is_within(within, &facts.dates))
    }

    /// A denial takes what may lie within, a permission what does so for sure.
    fn is_within(&self, (low, high): (i64, i64), dates: &[(i64, i64)]) -> bool {
        match self.permits {
            true => !dates.is_empty() && dates.iter().all(|date| low <= date.0 && date.1 <= high),
            false => dates.is_empty() || dates.iter().any(|date| date.0 <= high && low <= date.1),
        }
    }
}
