//! What can go wrong in the store; the gateway gives each a status in one table.
use fhir::{Issue, TypeId};

#[derive(Debug)]
pub enum StoreError {
    /// `Expect` did not hold; `current` is the version found (None: not there).
    Precondition { type_id: TypeId, id: String, current: Option<i64> },
    /// More than one match where one was required.
    MultipleMatches { criteria: String, count: usize },
    /// The work refused: becomes an OperationOutcome with this HTTP status.
    Rejected { status: u16, issues: Vec<Issue> },
    /// A cursor or token that is not ours.
    BadCursor,
    /// Overloaded or shutting down: answer 503 with Retry-After.
    Busy,
    /// The engine failed; the text is for logs, never for clients.
    Database(String),
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for StoreError {}
