//! Bundles as input: what a client wants done, entry by entry.
//! <https://hl7.org/fhir/R4/http.html#transaction>
//!
//! `wire` reads the envelope without touching the resources' text, `target` reads the address of
//! an entry, `links` replaces references in place, where `members` says that there are links.
mod links;
mod members;
mod patch;
mod strings;
mod target;
mod wire;

pub use links::{ConditionalReference, Links, Place, conditional_references, criteria_of};
pub use target::{Method, Target};
pub use wire::{read, resource};

use crate::Issue;
use crate::patch::Patch;
use std::ops::Range;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Each entry for itself.
    Batch,
    /// All or nothing.
    Transaction,
}

/// A batch or transaction. An entry that cannot be read does not spoil the others of a batch.
#[derive(Debug)]
pub struct Bundle {
    pub kind: Kind,
    pub entries: Vec<Result<Entry, Vec<Issue>>>,
}

/// One interaction to do.
#[derive(Clone, Debug)]
pub struct Entry {
    pub full_url: Option<String>,
    pub method: Method,
    pub target: Target,
    /// Criteria of a conditional create.
    pub if_none_exist: Option<String>,
    /// ETags, as in the headers of the same name.
    pub if_match: Option<String>,
    pub if_none_match: Option<String>,
    /// Where the text of the resource is in the Bundle; always there for PUT and
    /// for POST to a type, perhaps for an operation. A Bundle may be large, so each is parsed when
    /// its turn comes.
    pub text: Option<Range<usize>>,
    /// Always there for PATCH.
    pub patch: Option<Patch>,
}

/// `Bundle.entry[3]`
pub fn place(index: usize) -> String {
    format!("Bundle.entry[{index}]")
}

/// The finding, told from the Bundle's root: `Patient.name` becomes
/// `Bundle.entry[3].resource.name`.
pub fn within(index: usize, issue: Issue) -> Issue {
    let inner = issue.expression.as_deref();
    let expression = match inner {
        Some(inner) if inner.starts_with("Bundle.entry[") => inner.to_owned(),
        Some(inner) => match inner.split_once('.') {
            Some((_, rest)) => format!("{}.resource.{rest}", place(index)),
            None => format!("{}.resource", place(index)),
        },
        None => place(index),
    };
    issue.at(expression)
}
