//! Versioned FHIR storage on SQLite and PostgreSQL. The only crate that knows diesel.
//!
//! Open `apply.rs` for what every write does, `store.rs` for the threads that do it,
//! `search/` for how filters become SQL, `write_sql/` for the few statements that differ by engine.
pub mod admin;
pub mod audit;
mod checkpoint;
pub mod commit;
pub mod error;
pub mod messages;
pub mod search;
pub mod tx;

mod apply;
mod bases;
mod body;
mod conn;
mod consent;
mod count;
pub mod custom;
pub mod events;
mod families;
mod fetcher;
mod history;
mod integrity;
mod jobs;
mod kept;
mod keys;
mod lease;
mod line;
mod locks;
mod migrate;
mod near;
mod pg;
mod plain;
mod plan;
mod point;
mod pool;
mod prepare;
mod provenance;
mod reader;
mod reindex;
mod reply;
mod rows;
mod schema;
pub mod seal;
mod seen;
mod setting;
mod store;
mod stretch;
mod threads;
mod turns;
mod watch;
mod within;
mod worker;
mod write_sql;
mod writer;

pub use apply::{DERIVED, Texts};
pub use commit::{Applied, Change, Changed, Context, Expect, NoReaction, Op, Outcome, Reaction, Said};
pub use custom::{ParamJob, State, Turn};
pub use error::{StoreError, Transient};
pub use prepare::Prepared;
pub use seal::Seal;
pub use seen::Seen;
pub use store::{Store, StoreConfig};
pub use tx::Tx;
pub use within::{Bounds, Verdict, Wish};

use fhir::TypeId;
use fhir::search::Filter;

/// A version as stored: `body` is served as it is.
#[derive(Clone, Debug)]
pub struct Stored {
    pub type_id: TypeId,
    pub id: String,
    pub version: i64,
    /// Microseconds.
    pub updated: i64,
    pub deleted: bool,
    /// When deleted, who did it ([`Context::actor`]); empty where that was not noted.
    pub body: String,
}

/// One page of a search.
#[derive(Debug)]
pub struct Page {
    pub matches: Vec<Stored>,
    pub included: Vec<Stored>,
    /// More was to be included than a page may hold; tell the client.
    pub truncated: bool,
    /// The page stopped before it was full, having read what one page may; the next goes on.
    pub cut: bool,
    /// The engine's plan, where it was asked for.
    pub plan: Vec<String>,
    pub total: Option<i64>,
    /// Opaque tokens for paging links.
    pub next: Option<String>,
    pub prev: Option<String>,
}

/// What of a history is wanted. <https://hl7.org/fhir/R4/http.html#history>
#[derive(Clone, Debug)]
pub struct History {
    pub scope: HistoryScope,
    /// Microseconds: not older than this.
    pub since: Option<i64>,
    /// Microseconds: current at some instant from the first to the second.
    pub at: Option<(i64, i64)>,
    pub oldest_first: bool,
    pub count: usize,
    /// A page's `next` or `prev`.
    pub cursor: Option<String>,
}

impl History {
    /// All of it, newest first.
    pub fn of(scope: HistoryScope, count: usize) -> History {
        History {
            scope,
            since: None,
            at: None,
            oldest_first: false,
            count,
            cursor: None,
        }
    }
}

/// One page of a history, deletes included.
#[derive(Debug)]
pub struct HistoryPage {
    pub versions: Vec<Stored>,
    pub next: Option<String>,
    pub prev: Option<String>,
}

/// Whose history.
#[derive(Clone, Debug)]
pub enum HistoryScope {
    Instance(TypeId, String),
    Type(TypeId),
    System,
    /// Of these types, of what now passes.
    Among(Vec<(TypeId, Option<Filter>)>),
}
