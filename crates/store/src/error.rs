//! What can go wrong in the store; the gateway gives each a status in one table.
use diesel::result::{DatabaseErrorKind, Error};
use fhir::{Issue, TypeId};

#[derive(Debug)]
pub enum StoreError {
    /// `Expect` did not hold; `current` is the version found (None: not there).
    Precondition {
        type_id: TypeId,
        id: String,
        current: Option<i64>,
    },
    /// More than one match where one was required.
    MultipleMatches { criteria: String, count: usize },
    /// References of an enforced type that lead to nothing here.
    Dangling {
        type_id: TypeId,
        id: String,
        expressions: Vec<String>,
    },
    /// Enforced references lead to what was to be deleted; some of them. Not for every eye.
    Referenced {
        type_id: TypeId,
        id: String,
        by: Vec<(TypeId, String)>,
    },
    /// One change was refused, as [`StoreError::Rejected`] is.
    Refused {
        type_id: TypeId,
        id: String,
        status: u16,
        issues: Vec<Issue>,
    },
    /// The work refused: becomes an OperationOutcome with this HTTP status.
    Rejected { status: u16, issues: Vec<Issue> },
    /// A cursor or token that is not ours.
    BadCursor,
    /// Overloaded or shutting down: answer 503 with Retry-After.
    Busy,
    /// A race or a lost connection. The store runs the work again by itself; whoever sees this
    /// sees it after several tries: answer 503 with Retry-After.
    Transient(Transient, String),
    /// The engine failed; the text is for logs, never for clients.
    Database(String),
}

/// Why the same work may well succeed when it is run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transient {
    /// Deadlock, serialization failure, or two who created the same row.
    Race,
    /// Others held a lock for longer than one waits here. Not run again: it has been waited for.
    Locked,
    /// The connection is gone: a new one is needed.
    Disconnected,
    /// Index rows were made, or searched, by parameters that another gateway has changed.
    Outdated,
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StoreError::Precondition { type_id, id, .. } => {
                write!(f, "{}/{id} is not in the expected version", type_id.name())
            }
            StoreError::MultipleMatches { count, .. } => write!(f, "{count} resources match where one may"),
            StoreError::Dangling { type_id, id, .. } => {
                write!(f, "{}/{id} refers to what is not there", type_id.name())
            }
            StoreError::Referenced { type_id, id, .. } => write!(f, "{}/{id} is referred to", type_id.name()),
            StoreError::Refused { status, issues, .. } | StoreError::Rejected { status, issues } => {
                write!(f, "refused ({status}): {} issues", issues.len())
            }
            StoreError::BadCursor => f.write_str("not a cursor of this search"),
            StoreError::Busy => f.write_str("too much waits already, or the store is closing"),
            StoreError::Transient(_, text) | StoreError::Database(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for StoreError {}

impl StoreError {
    /// The resource whose change is refused, where it is one change's fault.
    pub fn about(&self) -> Option<(TypeId, &str)> {
        match self {
            StoreError::Precondition { type_id, id, .. }
            | StoreError::Dangling { type_id, id, .. }
            | StoreError::Referenced { type_id, id, .. }
            | StoreError::Refused { type_id, id, .. } => Some((*type_id, id)),
            _ => None,
        }
    }

    /// The same failure of the engine for another caller of the same statement or commit.
    pub(crate) fn shared(&self) -> StoreError {
        match self {
            StoreError::Transient(kind, text) => StoreError::Transient(*kind, text.clone()),
            other => StoreError::Database(other.to_string()),
        }
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        let kind = transient(&error);
        if matches!(error, Error::DatabaseError(..)) {
            failure::note(kind);
        }
        match kind {
            Some(kind) => StoreError::Transient(kind, error.to_string()),
            None => StoreError::Database(error.to_string()),
        }
    }
}

/// Remembers per thread that the open transaction has failed. PostgreSQL answers COMMIT of an
/// aborted transaction with a silent rollback, so work that ignored an error would be told
/// that it was stored; the store asks here before it commits.
pub(crate) mod failure {
    use super::{StoreError, Transient};
    use std::cell::Cell;

    thread_local!(static FAILED: Cell<Option<Option<Transient>>> = const { Cell::new(None) });

    pub(crate) fn note(kind: Option<Transient>) {
        FAILED.set(Some(kind));
    }

    pub(crate) fn clear() {
        FAILED.set(None);
    }

    pub(crate) fn ignored() -> Result<(), StoreError> {
        match FAILED.take() {
            None => Ok(()),
            Some(Some(kind)) => Err(StoreError::Transient(
                kind,
                "an error in the transaction".to_string(),
            )),
            Some(None) => Err(StoreError::Database(
                "an error in the transaction was ignored".to_string(),
            )),
        }
    }
}

/// diesel does not tell deadlocks (40P01) apart from other errors, so their text has to do.
fn transient(error: &Error) -> Option<Transient> {
    let Error::DatabaseError(kind, information) = error else {
        return None;
    };
    match kind {
        DatabaseErrorKind::SerializationFailure | DatabaseErrorKind::UniqueViolation => Some(Transient::Race),
        DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection => {
            Some(Transient::Disconnected)
        }
        _ if information.message().contains("deadlock detected") => Some(Transient::Race),
        _ if is_late(information.message()) => Some(Transient::Locked),
        _ if is_disconnect(information.message()) => Some(Transient::Disconnected),
        _ => None,
    }
}

/// The engines' words for a lock that was not free in time: see [`crate::conn::Conn::wait_at_most`].
fn is_late(message: &str) -> bool {
    [
        "canceling statement due to lock timeout",
        "canceling statement due to statement timeout",
        "database is locked",
    ]
    .iter()
    .any(|known| message.contains(known))
}

/// libpq's words for a server that went away in the middle of a statement.
fn is_disconnect(message: &str) -> bool {
    [
        "server closed the connection",
        "terminating connection",
        "no connection to the server",
    ]
    .iter()
    .any(|known| message.contains(known))
}
