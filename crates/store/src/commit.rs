//! THE write door: changes in, versions, history, index, reaction and audit in one transaction.
use crate::audit::Origin;
use crate::within::Bounds;
use crate::{StoreError, Tx};
use fhir::{Resource, TypeId};
use serde_json::Value;
use std::sync::Arc;

/// Something to be done to one resource.
#[derive(Clone, Debug)]
pub struct Change {
    pub type_id: TypeId,
    pub id: String,
    pub op: Op,
    pub expect: Expect,
}

#[derive(Clone, Debug)]
pub enum Op {
    /// The resource as sent; `id` and `meta` are stamped by the commit.
    Put(Box<Resource>),
    Delete,
}

/// What must be true of the current version, else [`StoreError::Precondition`], or a race is lost and the
/// work runs again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    Any,
    /// A fresh server-made id, or one that was read and not there: no look-up is needed. If it is there
    /// all the same, the work loses a race and is run again.
    Fresh,
    /// This version, deleted or not, is what the change was worked out from: if another is there, the
    /// work loses a race and is run again.
    Read(i64),
    /// `If-None-Match: *`
    Absent,
    /// `If-Match`
    Version(i64),
}

/// Who writes, when, why: for `lastUpdated` and the audit row.
#[derive(Clone, Debug)]
pub struct Context {
    /// Microseconds; the clock is read at the gateway's edge.
    pub now: i64,
    /// Client id, `sender:NAME`, or `baton` for derived changes.
    pub actor: String,
    pub request_id: String,
    /// Where the request came from, for the audit row; None for Baton's own work.
    pub origin: Option<Arc<Origin>>,
    /// What the client says about where the write comes from.
    pub provenance: Option<Arc<Said>>,
    /// How far the writer may go; None where nothing is decided resource by resource.
    pub within: Option<Arc<dyn Bounds>>,
}

/// A Provenance without targets: it is stored with a write, about what that wrote.
/// <https://hl7.org/fhir/R4/provenance.html#header>
#[derive(Clone, Debug)]
pub struct Said {
    /// Fresh.
    pub id: String,
    pub resource: Value,
    /// Of what is written, these alone; None: all.
    pub about: Option<Vec<(TypeId, String)>>,
}

impl Said {
    /// Whether it is said of this.
    pub(crate) fn is_of(&self, applied: &Applied) -> bool {
        let same = |(type_id, id): &(TypeId, String)| *type_id == applied.type_id && *id == applied.id;
        self.about.as_ref().is_none_or(|about| about.iter().any(same))
    }
}

/// What became of a [`Change`].
#[derive(Clone, Debug)]
pub struct Applied {
    pub type_id: TypeId,
    pub id: String,
    pub version: i64,
    pub updated: i64,
    pub outcome: Outcome,
    /// The stored text; empty after a delete.
    pub body: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Created,
    Updated,
    /// The same content: no new version.
    Unchanged,
    Deleted,
    /// Delete of what was not there.
    Absent,
}

/// A change as the reaction sees it, already written.
#[derive(Clone)]
pub struct Changed<'a> {
    pub type_id: TypeId,
    pub id: &'a str,
    pub before: Option<Value>,
    pub after: Option<&'a Value>,
}

/// What follows from a change. Implemented by the gateway on the coordination core, so that no
/// way in can forget it. Called inside the transaction after the rows are written; its changes
/// are applied by the same door (at most four rounds).
pub trait Reaction: Send + Sync {
    /// Whether changes of this type can have consequences.
    fn watches(&self, type_id: TypeId) -> bool;
    fn react(&self, tx: &mut Tx, changed: &[Changed], ctx: &Context) -> Result<Vec<Change>, StoreError>;
}

/// No consequences: for tools and tests.
pub struct NoReaction;

impl Reaction for NoReaction {
    fn watches(&self, _: TypeId) -> bool {
        false
    }
    fn react(&self, _: &mut Tx, _: &[Changed], _: &Context) -> Result<Vec<Change>, StoreError> {
        Ok(Vec::new())
    }
}
