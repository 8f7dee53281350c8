//! Indexes what is stored already: a batch is read and worked out beside the writers, and written
//! in a short turn among them.
use super::advance;
use super::row::{self, ParamJob, State};
use crate::body::Body;
use crate::conn::{Conn, on_each};
use crate::keys::range;
use crate::rows::IndexRows;
use crate::schema::{resource, search_param};
use crate::{StoreError, Tx, write_sql};
use diesel::prelude::*;
use fhir::base::Bases;
use fhir::registry::SearchParam;
use fhir::search::index::entries_of;
use serde_json::Value;
use std::collections::HashMap;

/// Resources of one batch: some milliseconds of a writer's time.
const BATCH: i64 = 100;

/// Resources of one type for the parameters that have come equally far in it.
pub(crate) struct Batch {
    ids: Vec<i32>,
    reached: i64,
    /// Key, version and rows of those that are not deleted.
    rows: Vec<(i64, i64, IndexRows)>,
    last: i64,
    done: i64,
    failed: i64,
    error: Option<String>,
    is_end: bool,
}

/// The next of the parameters being indexed, those begun before others: by them it is resumed.
pub(super) fn next(tx: &mut Tx, jobs: &[ParamJob]) -> Result<Option<Batch>, StoreError> {
    let usable = jobs
        .iter()
        .filter(|job| job.state() == Some(State::Indexing) && job.param().is_some());
    let Some(first) = usable
        .clone()
        .min_by_key(|job| (job.reached == 0, job.type_id, job.id))
    else {
        return Ok(None);
    };
    let together = usable.filter(|job| (job.type_id, job.reached) == (first.type_id, first.reached));
    let (ids, params): (Vec<i32>, Vec<&'static SearchParam>) =
        together.filter_map(|job| Some((job.id, job.param()?))).unzip();
    read(tx, first, ids, &params).map(Some)
}

fn read(tx: &mut Tx, first: &ParamJob, ids: Vec<i32>, params: &[&SearchParam]) -> Result<Batch, StoreError> {
    let keys = params.first().map_or(0..0, |param| range(param.on));
    let found: Vec<(i64, i64, bool, String, Body)> = resource::table
        .filter(resource::key.gt(first.reached.max(keys.start - 1)))
        .filter(resource::key.lt(keys.end))
        .order(resource::key)
        .limit(BATCH)
        .select((
            resource::key,
            resource::version,
            resource::deleted,
            resource::id,
            resource::body,
        ))
        .load(&mut *tx.conn)?;
    let read = i64::try_from(found.len()).unwrap_or(BATCH);
    let mut batch = Batch {
        ids,
        reached: first.reached,
        rows: Vec::with_capacity(found.len()),
        last: found.last().map_or(keys.end, |row| row.0),
        done: read,
        failed: 0,
        error: None,
        is_end: read < BATCH,
    };
    for (key, version, _, id, body) in found.into_iter().filter(|row| !row.2) {
        match indexed(&body.0, params, &tx.params.bases) {
            Ok(rows) => batch.rows.push((key, version, rows)),
            Err(error) => {
                batch.failed += 1;
                let name = params.first().map_or("", |param| param.on.name());
                batch.error.get_or_insert(format!("{name}/{id}: {error}"));
            }
        }
    }
    Ok(batch)
}

fn indexed(body: &str, params: &[&SearchParam], bases: &Bases) -> Result<IndexRows, serde_json::Error> {
    let resource: Value = serde_json::from_str(body)?;
    let entries = params
        .iter()
        .flat_map(|param| entries_of(&resource, param, bases));
    Ok(IndexRows::of(entries.collect()))
}

/// Under the lease: what was read and has not changed since, and how far that is.
pub(super) fn write(tx: &mut Tx, batch: &Batch, now: i64) -> Result<(), StoreError> {
    let group = search_param::table
        .filter(search_param::id.eq_any(&batch.ids))
        .filter(search_param::state.eq(State::Indexing.code()))
        .filter(search_param::reached.eq(batch.reached));
    let there: Vec<i32> = match &mut *tx.conn {
        Conn::Postgres(c) => group.select(search_param::id).for_update().load(c)?,
        Conn::Sqlite(c) => group.select(search_param::id).load(c)?,
    };
    // A definition changed meanwhile; the next batch is by the new state.
    if there.len() != batch.ids.len() {
        return Ok(());
    }
    let versions = locked(&mut tx.conn, batch)?;
    let unchanged: Vec<(i64, &IndexRows)> = batch
        .rows
        .iter()
        .filter(|(key, version, _)| versions.get(key) == Some(version))
        .map(|(key, _, rows)| (*key, rows))
        .collect();
    write_sql::reindex(&mut tx.conn, &unchanged)?;
    progress(&mut tx.conn, batch, now)?;
    if batch.is_end {
        complete(tx, batch, now)?;
    }
    Ok(())
}

/// Versions by key, in the order in which writers lock rows.
fn locked(conn: &mut Conn, batch: &Batch) -> Result<HashMap<i64, i64>, StoreError> {
    let keys: Vec<i64> = batch.rows.iter().map(|row| row.0).collect();
    let current = resource::table
        .filter(resource::key.eq_any(keys))
        .order(resource::key)
        .select((resource::key, resource::version));
    let rows: Vec<(i64, i64)> = match conn {
        Conn::Postgres(c) => current.for_update().load(c)?,
        Conn::Sqlite(c) => current.load(c)?,
    };
    Ok(rows.into_iter().collect())
}

fn progress(conn: &mut Conn, batch: &Batch, now: i64) -> Result<(), StoreError> {
    use search_param as p;
    let group = p::table.filter(p::id.eq_any(&batch.ids));
    on_each!(&mut *conn, |c| diesel::update(group.clone())
        .set((
            p::reached.eq(batch.last),
            p::done.eq(p::done + batch.done),
            p::failed.eq(p::failed + batch.failed),
            p::changed.eq(now),
        ))
        .execute(c))?;
    if let Some(error) = &batch.error {
        tracing::warn!(%error, "a resource could not be indexed by a search parameter");
        let first = group.filter(p::error.is_null());
        on_each!(conn, |c| diesel::update(first).set(p::error.eq(error)).execute(c))?;
    }
    Ok(())
}

/// The new form serves, and the one it replaces leaves, in one step.
fn complete(tx: &mut Tx, batch: &Batch, now: i64) -> Result<(), StoreError> {
    let rows = row::all(&mut tx.conn)?;
    let built: Vec<&ParamJob> = rows.iter().filter(|row| batch.ids.contains(&row.id)).collect();
    let replaced = rows.iter().filter(|row| {
        let same = |new: &&ParamJob| (&new.resource_id, new.type_id) == (&row.resource_id, row.type_id);
        row.state() == Some(State::Serving) && built.iter().any(same)
    });
    let replaced: Vec<i32> = replaced.map(|row| row.id).collect();
    row::enter(&mut tx.conn, &replaced, State::Leaving, now)?;
    row::enter(&mut tx.conn, &batch.ids, State::Serving, now)?;
    for job in built {
        tracing::info!(
            code = job.code,
            resources = job.done,
            failed = job.failed,
            "a search parameter is indexed and serves"
        );
    }
    advance(tx)
}
