//! One search finds both: AuditEvents that clients stored, by the store's index, and those that
//! Baton recorded, which are no rows of any index. <https://hl7.org/fhir/R4/auditevent.html#search>
//!
//! Recorded events are read in the order of time and asked as resources (`sieve`). Sorted by time
//! both streams are merged; without a sort the stored ones come first, then the recorded, newest first.
mod page;
mod place;
mod settle;
mod sieve;
mod stream;

use super::recorded;
use crate::auth::{Access, Caller};
use crate::state::AppState;
use fhir::TypeId;
use fhir::search::{Query, Sort, SortBy};
use fhir::{Issue, IssueCode};
use page::Pages;
use store::{Page, StoreError, Tx};

/// Whether recorded events are of the type and open to the caller: only to whom all is.
pub fn serves(caller: &Caller, on: TypeId) -> bool {
    recorded::is_form(on) && caller.may(on, Access::Search) && caller.may(on, Access::Read)
}

/// A page of a search, whoever wrote what is on it.
pub async fn page(state: &AppState, caller: &Caller, query: &Query) -> Result<Page, StoreError> {
    if !serves(caller, query.on) {
        return state.store.search(query.clone()).await;
    }
    let (query, base, caller) = (query.clone(), state.config.fhir_base(), caller.clone());
    state.store.read(move |tx| find(tx, &query, &base, &caller)).await
}

/// The same inside a transaction.
pub fn page_in(tx: &mut Tx, query: &Query, base: &str, caller: &Caller) -> Result<Page, StoreError> {
    match serves(caller, query.on) {
        true => find(tx, query, base, caller),
        false => tx.search(query),
    }
}

fn find(tx: &mut Tx, query: &Query, base: &str, caller: &Caller) -> Result<Page, StoreError> {
    Pages::of(tx, query, base, caller)?.page(tx)
}

/// How stored and recorded ones stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Apart,
    ByTime { by: By, descending: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Recorded,
    LastUpdated,
}

/// What a recorded event is sorted by in a type: when it was.
const DATES: [&str; 2] = ["date", "recorded"];

impl Order {
    /// By time they are merged; every other order the recorded ones stand behind.
    fn of(sort: &[Sort]) -> Order {
        let [one] = sort else {
            return Order::Apart;
        };
        let by = match &one.by {
            SortBy::LastUpdated => By::LastUpdated,
            SortBy::Param(param) if DATES.contains(&param.code) => By::Recorded,
            _ => return Order::Apart,
        };
        Order::ByTime {
            by,
            descending: one.descending,
        }
    }
}

/// What is to be said of an order that recorded events do not have.
pub fn remark(caller: &Caller, query: &Query) -> Option<Issue> {
    let rule = "Recorded events are sorted by time alone (date, _lastUpdated): they come behind the stored ones, newest first";
    let apart = serves(caller, query.on) && !query.sort.is_empty() && Order::of(&query.sort) == Order::Apart;
    apart.then(|| Issue::warning(IssueCode::NotSupported, rule))
}

fn refused(rule: &str) -> StoreError {
    StoreError::Rejected {
        status: 400,
        issues: vec![Issue::error(IssueCode::NotSupported, rule)],
    }
}
