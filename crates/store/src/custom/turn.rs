//! One turn of the background work: what is to be done next, and doing it.
//!
//! A turn is short and complete in itself, and how far the work is stands in the database: who
//! stops, or is killed, between two turns loses nothing.
use super::build::{self, Batch};
use super::row::{self, ParamJob, State};
use super::{barrier, remove};
use crate::conn::Conn;
use crate::lease::{self, Holder};
use crate::rows::type_column;
use crate::schema::resource;
use crate::{StoreError, Tx};
use diesel::prelude::*;
use fhir::TypeId;
use std::collections::HashSet;

/// Under this name one gateway does this work for all.
const LEASE: &str = "reindex";

/// What a turn came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// There is nothing to do.
    Idle,
    /// Another gateway does it, or writes have to end first.
    Waiting,
    Worked,
}

pub(crate) enum Work {
    Nothing,
    Elsewhere,
    /// These may go on once the transactions that are open now are over.
    Settle {
        jobs: Vec<(i32, State, i64)>,
        open: HashSet<String>,
    },
    Build(Batch),
    Remove(i32),
}

/// On one state of the database, without writing.
pub(crate) fn choose(tx: &mut Tx, by: &Holder) -> Result<Work, StoreError> {
    let jobs = row::all(&mut tx.conn)?;
    tx.shared.params.ask(&mut tx.conn)?;
    let unfinished = jobs.iter().any(|job| job.state() != Some(State::Serving));
    if !unfinished {
        return Ok(Work::Nothing);
    }
    if lease::is_taken(&mut tx.conn, LEASE, by)? {
        return Ok(Work::Elsewhere);
    }
    let early: Vec<(i32, State, i64)> = jobs
        .iter()
        .filter_map(|job| early(&mut tx.conn, job).transpose())
        .collect::<Result<_, _>>()?;
    if !early.is_empty() {
        let open = barrier::open(&mut tx.conn)?;
        return Ok(Work::Settle { jobs: early, open });
    }
    if let Some(batch) = build::next(tx, &jobs)? {
        return Ok(Work::Build(batch));
    }
    let old = jobs.iter().find(|job| job.state() == Some(State::Removing));
    Ok(old.map_or(Work::Nothing, |job| Work::Remove(job.id)))
}

/// A job that waits for writes to end: what it enters then, and over how many resources.
fn early(conn: &mut Conn, job: &ParamJob) -> Result<Option<(i32, State, i64)>, StoreError> {
    Ok(match (job.state(), job.on()) {
        (Some(State::Waiting), Some(on)) => Some((job.id, State::Indexing, stored(conn, on)?)),
        (Some(State::Leaving), _) => Some((job.id, State::Removing, job.total)),
        _ => None,
    })
}

/// Deleted ones included: they are looked at too.
fn stored(conn: &mut Conn, on: TypeId) -> Result<i64, StoreError> {
    let of_type = resource::table.filter(resource::type_id.eq(type_column(on)));
    Ok(of_type.count().get_result(conn)?)
}

/// Whether all that was open is over.
pub(crate) fn settle(tx: &mut Tx, open: &HashSet<String>) -> Result<bool, StoreError> {
    Ok(open.is_empty() || barrier::open(&mut tx.conn)?.is_disjoint(open))
}

/// What was chosen, in a transaction of a writer.
pub(crate) fn write(tx: &mut Tx, work: &Work, by: &Holder) -> Result<Turn, StoreError> {
    if matches!(work, Work::Nothing) {
        return Ok(Turn::Idle);
    }
    if matches!(work, Work::Elsewhere) || !lease::hold(&mut tx.conn, LEASE, by)? {
        return Ok(Turn::Waiting);
    }
    match work {
        Work::Settle { jobs, .. } => jobs
            .iter()
            .try_for_each(|(id, state, total)| begin(&mut tx.conn, *id, *state, *total, by.now))?,
        Work::Build(batch) => build::write(tx, batch, by.now)?,
        Work::Remove(id) => remove::some(&mut tx.conn, *id)?,
        Work::Nothing | Work::Elsewhere => {}
    }
    Ok(Turn::Worked)
}

/// From waiting to indexing and from leaving to removing, unless it went another way meanwhile.
fn begin(conn: &mut Conn, id: i32, state: State, total: i64, now: i64) -> Result<(), StoreError> {
    use crate::schema::search_param as p;
    let from = match state {
        State::Indexing => State::Waiting,
        _ => State::Leaving,
    };
    let job = p::table.filter(p::id.eq(id)).filter(p::state.eq(from.code()));
    diesel::update(job)
        .set((p::state.eq(state.code()), p::total.eq(total), p::changed.eq(now)))
        .execute(conn)?;
    Ok(())
}
