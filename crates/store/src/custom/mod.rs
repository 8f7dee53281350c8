//! Search parameters that SearchParameter resources add to R4's, over the life of a database.
//! <https://hl7.org/fhir/R4/searchparameter.html>
//!
//! `search_param` has a row per resource type and form of a definition; the row is the job that
//! builds its index, too. Index rows stand under the row's own id, so the old and the new form of a
//! definition live side by side and a search never sees half of either. How a form comes and goes:
//!
//! ```text
//! waiting ──► indexing ──► serving ──► leaving ──► removing ──► (gone)
//!   every write adds its rows from here │ no write does from here
//! ```
//!
//! Every change of what writes must do or searches may ask is a new number in `search_generation`,
//! and a write is refused, and done again, whose index rows were made by another generation
//! (`Transient::Outdated`). So whoever writes after the number was committed writes by the new set.
//! Writes that were under way then are waited for in `waiting` and `leaving` ([`barrier`]); only
//! then stored resources are indexed, or old rows removed, in batches ([`build`], [`remove`]).
//! Since a resource written meanwhile has its rows already, a batch takes only versions that
//! are still what it read, under their locks. Searches, which read without such locks, ask at
//! their end whether what they used still serves.
mod barrier;
mod build;
mod follow;
mod remove;
mod row;
mod turn;

pub use row::{ParamJob, State};
pub use turn::Turn;

pub(crate) use follow::{follow, renew, watches};
pub(crate) use turn::{Work, choose, settle, write};

use crate::conn::{Conn, on_each};
use crate::error::Transient;
use crate::schema::{search_generation, search_param};
use crate::{StoreError, Tx};
use diesel::prelude::*;
use fhir::ParamId;
use fhir::base::Bases;
use fhir::registry::CustomParams;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// The parameters as this process knows them.
#[derive(Default)]
pub(crate) struct Known {
    set: RwLock<Arc<CustomParams>>,
    /// Part of every set.
    pub(crate) bases: Bases,
    /// What is known may have been rolled back.
    doubtful: AtomicBool,
}

impl Known {
    pub(crate) fn get(&self) -> Arc<CustomParams> {
        self.set.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From a state of the database that may be older than what is known. A doubt is for the writer
    /// to settle, who alone sees what it has not committed.
    pub(crate) fn learn(&self, set: Arc<CustomParams>) {
        let mut known = self.set.write().unwrap_or_else(PoisonError::into_inner);
        if !self.doubtful.load(Ordering::Relaxed) && set.generation >= known.generation {
            *known = set;
        }
    }

    /// The same, read now.
    pub(crate) fn ask(&self, conn: &mut Conn) -> Result<(), StoreError> {
        self.learn(Arc::new(load(conn, &self.bases)?));
        Ok(())
    }

    /// What a transaction knew at its end, which is news when it changed something.
    pub(crate) fn follow(&self, set: Arc<CustomParams>) {
        if set.generation > self.get().generation {
            self.learn(set);
        }
    }

    /// SQLite's writer learns before it commits.
    pub(crate) fn doubt(&self) {
        self.doubtful.store(true, Ordering::Relaxed);
    }

    /// Reads again what may have been rolled back.
    pub(crate) fn certain(&self, conn: &mut Conn) -> Result<(), StoreError> {
        match self.doubtful.load(Ordering::Relaxed) {
            true => self.refresh(conn),
            false => Ok(()),
        }
    }

    /// Reads again unless this generation is the known one.
    pub(crate) fn refresh(&self, conn: &mut Conn) -> Result<(), StoreError> {
        let doubtful = self.doubtful.load(Ordering::Relaxed);
        if doubtful || generation(conn)? != self.get().generation {
            let set = Arc::new(load(conn, &self.bases)?);
            let mut known = self.set.write().unwrap_or_else(PoisonError::into_inner);
            if self.doubtful.swap(false, Ordering::Relaxed) || set.generation >= known.generation {
                *known = set;
            }
        }
        Ok(())
    }
}

fn generation(conn: &mut Conn) -> Result<i64, StoreError> {
    let value = search_generation::table.select(search_generation::value);
    Ok(on_each!(conn, |c| value.get_result(c))?)
}

/// The number first: a set that is newer than its number is refused by the next write, not kept.
pub(crate) fn load(conn: &mut Conn, bases: &Bases) -> Result<CustomParams, StoreError> {
    let generation = generation(conn)?;
    let rows = row::all(conn)?;
    let params = rows.iter().filter_map(ParamJob::custom);
    Ok(CustomParams::new(generation, params).under(bases.clone()))
}

/// A new generation, known to this transaction at once and to others when it is committed.
fn advance(tx: &mut Tx) -> Result<(), StoreError> {
    let next = search_generation::value.eq(search_generation::value + 1);
    on_each!(&mut *tx.conn, |c| diesel::update(search_generation::table)
        .set(next)
        .execute(c))?;
    let bases = tx.params.bases.clone();
    tx.params = Arc::new(load(&mut tx.conn, &bases)?);
    Ok(())
}

/// After a search: that all it used served to its end.
pub(crate) fn still_serving(conn: &mut Conn, used: &[ParamId]) -> Result<(), StoreError> {
    let mut ids: Vec<i32> = used.iter().map(|id| id.0).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(());
    }
    let serving = search_param::table
        .filter(search_param::id.eq_any(&ids))
        .filter(search_param::state.eq(State::Serving.code()));
    let found: i64 = serving.count().get_result(conn)?;
    match usize::try_from(found) == Ok(ids.len()) {
        true => Ok(()),
        false => Err(outdated()),
    }
}

pub(crate) fn outdated() -> StoreError {
    let text = "the search parameters of this database have just changed";
    StoreError::Transient(Transient::Outdated, text.to_string())
}

impl Tx<'_> {
    /// The search parameters of this database beyond R4's, as this transaction knows them.
    pub fn custom(&self) -> &Arc<CustomParams> {
        &self.params
    }

    /// How far the parameters of this definition are, or those of all.
    pub fn param_jobs(&mut self, resource_id: Option<&str>) -> Result<Vec<ParamJob>, StoreError> {
        let mut rows = row::all(&mut self.conn)?;
        rows.retain(|row| resource_id.is_none_or(|id| id == row.resource_id));
        Ok(rows)
    }

    /// Indexes all over again what this definition finds; the old rows serve meanwhile. False where
    /// there is nothing to index.
    pub fn reindex(&mut self, resource_id: &str, now: i64) -> Result<bool, StoreError> {
        renew(self, resource_id, now)
    }
}
