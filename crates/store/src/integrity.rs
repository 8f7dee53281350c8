//! Reference integrity, for the types that are to have it: what they refer to must be there, and
//! stays there. <https://hl7.org/fhir/R4/codesystem-reference-handling-policy.html>
//!
//! All references of these types have a row in `reference_held`. A write locks what it refers to
//! (`FOR KEY SHARE`), a delete locks what it removes (`FOR UPDATE`) before it asks who refers to
//! it: of two who collide the later one sees what the earlier did. SQLite writes one at a time.
use crate::apply::DERIVED;
use crate::commit::{Applied, Context, Outcome};
use crate::conn::{Conn, on_each};
use crate::keys;
use crate::plan::Step;
use crate::point::{Current, Row};
use crate::prepare::Prepared;
use crate::rows::{type_column, type_of};
use crate::schema::{reference_held, reference_policy, resource};
use crate::{StoreError, Tx};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, SmallInt, Text};
use fhir::base::Bases;
use fhir::references::literals;
use fhir::{Resource, TypeId};
use std::collections::{BTreeSet, HashSet};

/// Referrers named in a refusal.
const NAMED: i64 = 20;
/// Resources read at a time when a type comes under the policy.
const BATCH: i64 = 500;
/// Rows of one INSERT: three values each, far from either engine's limit.
const ROWS: usize = 500;

type Held = (i16, String, i64);

/// Where the literal references of one resource lead.
#[derive(Clone)]
pub(crate) struct Refers {
    targets: BTreeSet<(TypeId, String)>,
    /// A `urn:`, which leads nowhere.
    nowhere: bool,
    /// By which they were read.
    bases: Bases,
}

impl Refers {
    pub(crate) fn of(resource: &Resource, bases: &Bases) -> Refers {
        let all = literals(resource, bases);
        let targets = all.iter().filter_map(|one| one.target);
        Refers {
            targets: targets.map(|(on, id)| (on, id.to_owned())).collect(),
            bases: bases.clone(),
            nowhere: all.iter().any(|one| one.target.is_none()),
        }
    }

    /// The rows of the resource with that key.
    fn rows(&self, key: i64) -> impl Iterator<Item = Held> {
        let row = move |(on, id): &(TypeId, String)| (type_column(*on), id.clone(), key);
        self.targets.iter().map(row)
    }
}

fn refers(change: &Prepared) -> Option<&Refers> {
    change.put.as_ref()?.refers.as_ref()
}

/// Keeps `reference_held` true to the rows that were just written.
pub(crate) fn hold(tx: &mut Tx, changes: &[&Prepared], steps: &[Step]) -> Result<(), StoreError> {
    let enforced = tx.shared.enforced();
    let (mut old, mut rows) = (Vec::new(), Vec::new());
    for (change, step) in changes.iter().zip(steps) {
        let Some(version) = step.write.as_ref().filter(|_| enforced.contains(&change.type_id)) else {
            continue;
        };
        if version.version > 1 {
            old.push(version.key);
        }
        rows.extend(refers(change).into_iter().flat_map(|all| all.rows(version.key)));
    }
    for keys in old.chunks(ROWS) {
        diesel::delete(reference_held::table.filter(reference_held::key.eq_any(keys)))
            .execute(&mut *tx.conn)?;
    }
    insert(&mut tx.conn, &rows)
}

/// After all rows of a round are written: refuses what would break the policy. What Baton derives
/// is not refused, since its own rules made it.
pub(crate) fn check(
    tx: &mut Tx,
    changes: &[&Prepared],
    applied: &[Applied],
    ctx: &Context,
) -> Result<(), StoreError> {
    if tx.shared.enforced().is_empty() || ctx.actor == DERIVED {
        return Ok(());
    }
    let with = |wanted: &[Outcome]| -> Vec<&Prepared> {
        let each = changes.iter().zip(applied);
        let each = each.filter(|(_, applied)| wanted.contains(&applied.outcome));
        each.map(|(change, _)| *change).collect()
    };
    // What stands beside it in the transaction decides before what was there.
    let beside = changes.iter().filter(|change| change.put.is_some());
    let beside: HashSet<(TypeId, &str)> = beside
        .map(|change| (change.type_id, change.id.as_str()))
        .collect();
    targets_exist(
        &mut tx.conn,
        &with(&[Outcome::Created, Outcome::Updated]),
        &beside,
    )?;
    deleted_are_free(&mut tx.conn, &with(&[Outcome::Deleted]))
}

fn insert(conn: &mut Conn, rows: &[Held]) -> Result<(), StoreError> {
    use reference_held as h;
    for rows in rows.chunks(ROWS) {
        let values: Vec<_> = rows
            .iter()
            .map(|(type_id, id, key)| (h::target_type.eq(type_id), h::target.eq(id), h::key.eq(key)))
            .collect();
        on_each!(conn, |conn| diesel::insert_into(h::table)
            .values(&values)
            .execute(conn)?);
    }
    Ok(())
}

/// The first resource with references to nothing is refused, with all of these.
fn targets_exist(
    conn: &mut Conn,
    written: &[&Prepared],
    beside: &HashSet<(TypeId, &str)>,
) -> Result<(), StoreError> {
    let judged = || {
        written
            .iter()
            .filter_map(|change| Some((change, refers(change)?)))
    };
    let wanted: BTreeSet<(TypeId, &str)> = judged()
        .flat_map(|(_, all)| all.targets.iter().map(|(on, id)| (*on, id.as_str())))
        .filter(|target| !beside.contains(target))
        .collect();
    let there = existing(conn, &wanted)?;
    let leads = |on: TypeId, id: &str| {
        beside.contains(&(on, id)) || there.contains(&(type_column(on), id.to_owned()))
    };
    match judged().find(|(_, all)| all.nowhere || !all.targets.iter().all(|(on, id)| leads(*on, id))) {
        Some((change, _)) => Err(dangling(change, leads)),
        None => Ok(()),
    }
}

/// Where the references stand is found only now that it must be told.
fn dangling(change: &Prepared, leads: impl Fn(TypeId, &str) -> bool) -> StoreError {
    let text = change.put.as_ref().map_or("", |put| put.text());
    let expressions = Resource::parse(text.as_bytes()).map_or(Vec::new(), |resource| {
        let bases = refers(change)
            .map(|refers| refers.bases.clone())
            .unwrap_or_default();
        let all = literals(&resource, &bases).into_iter();
        let broken = all.filter(|one| !one.target.is_some_and(|(on, id)| leads(on, id)));
        broken.map(|one| one.expression).collect()
    });
    StoreError::Dangling {
        type_id: change.type_id,
        id: change.id.clone(),
        expressions,
    }
}

/// Those that are there and not deleted, kept there until the transaction ends.
fn existing(
    conn: &mut Conn,
    wanted: &BTreeSet<(TypeId, &str)>,
) -> Result<HashSet<(i16, String)>, StoreError> {
    if wanted.is_empty() {
        return Ok(HashSet::new());
    }
    match conn {
        Conn::Postgres(conn) => {
            let types: Vec<i16> = wanted.iter().map(|(type_id, _)| type_column(*type_id)).collect();
            let ids: Vec<&str> = wanted.iter().map(|(_, id)| *id).collect();
            let found: Vec<Name> = diesel::sql_query(KEPT)
                .bind::<Array<SmallInt>, _>(types)
                .bind::<Array<Text>, _>(ids)
                .load(conn)?;
            Ok(found.into_iter().map(|name| (name.type_id, name.id)).collect())
        }
        Conn::Sqlite(conn) => {
            let mut found = HashSet::with_capacity(wanted.len());
            for (type_id, id) in wanted {
                let of = type_column(*type_id);
                let there = resource::table
                    .filter(resource::type_id.eq(of))
                    .filter(resource::id.eq(id))
                    .filter(resource::deleted.eq(false));
                let key: Option<i64> = there.select(resource::key).get_result(conn).optional()?;
                found.extend(key.map(|_| (of, (*id).to_owned())));
            }
            Ok(found)
        }
    }
}

/// In key order, as other locks are taken.
const KEPT: &str = "SELECT r.type_id, r.id FROM unnest($1, $2) AS wanted (type_id, id) \
     JOIN resource r ON r.type_id = wanted.type_id AND r.id = wanted.id \
     WHERE NOT r.deleted ORDER BY r.key FOR KEY SHARE OF r";

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = SmallInt)]
    type_id: i16,
    #[diesel(sql_type = Text)]
    id: String,
}

fn deleted_are_free(conn: &mut Conn, deleted: &[&Prepared]) -> Result<(), StoreError> {
    let mut names: Vec<(TypeId, &str)> = deleted
        .iter()
        .map(|change| (change.type_id, change.id.as_str()))
        .collect();
    names.sort_unstable();
    if let Conn::Postgres(conn) = conn {
        keep_out(conn, &names)?;
    }
    for (type_id, id) in names {
        let by = referrers(conn, type_id, id)?;
        if !by.is_empty() {
            let id = id.to_owned();
            return Err(StoreError::Referenced { type_id, id, by });
        }
    }
    Ok(())
}

/// Nobody begins to refer to these until the transaction ends.
fn keep_out(conn: &mut PgConnection, names: &[(TypeId, &str)]) -> Result<(), StoreError> {
    let types: Vec<i16> = names.iter().map(|(on, _)| type_column(*on)).collect();
    let ids: Vec<&str> = names.iter().map(|(_, id)| *id).collect();
    diesel::sql_query(LEFT)
        .bind::<Array<SmallInt>, _>(types)
        .bind::<Array<Text>, _>(ids)
        .execute(conn)?;
    Ok(())
}

const LEFT: &str = "SELECT 1 FROM unnest($1, $2) AS gone (type_id, id) \
     JOIN resource r ON r.type_id = gone.type_id AND r.id = gone.id ORDER BY r.key FOR UPDATE OF r";

fn referrers(conn: &mut Conn, type_id: TypeId, id: &str) -> Result<Vec<(TypeId, String)>, StoreError> {
    let rows: Vec<(i16, String)> = reference_held::table
        .inner_join(resource::table.on(resource::key.eq(reference_held::key)))
        .filter(reference_held::target_type.eq(type_column(type_id)))
        .filter(reference_held::target.eq(id))
        .order(resource::key)
        .limit(NAMED)
        .select((resource::type_id, resource::id))
        .load(conn)?;
    let name = |(type_id, id)| (type_of(type_id), id);
    Ok(rows.into_iter().map(name).collect())
}

/// Called at start with nobody else migrating: makes the database follow the policy, and returns
/// it. None keeps the policy that the database has.
pub(crate) fn bring_up_to_date(
    conn: &mut Conn,
    wanted: Option<&[TypeId]>,
    own: &Bases,
) -> Result<Vec<TypeId>, StoreError> {
    let known: Vec<i16> = reference_policy::table
        .select(reference_policy::type_id)
        .load(conn)?;
    let known: Vec<TypeId> = known.into_iter().map(type_of).collect();
    let Some(wanted) = wanted else { return Ok(known) };
    for gone in known.iter().filter(|on| !wanted.contains(on)) {
        forget(conn, *gone)?;
    }
    for new in wanted.iter().filter(|on| !known.contains(on)) {
        forget(conn, *new)?;
        learn(conn, *new, own)?;
    }
    Ok(wanted.to_vec())
}

fn forget(conn: &mut Conn, on: TypeId) -> Result<(), StoreError> {
    let policy = reference_policy::table.filter(reference_policy::type_id.eq(type_column(on)));
    diesel::delete(policy).execute(conn)?;
    let keys = keys::range(on);
    let held = reference_held::table
        .filter(reference_held::key.ge(keys.start))
        .filter(reference_held::key.lt(keys.end));
    diesel::delete(held).execute(conn)?;
    Ok(())
}

/// Cut short it begins again: the type stands in the policy only when all its rows are there.
fn learn(conn: &mut Conn, on: TypeId, own: &Bases) -> Result<(), StoreError> {
    let keys = keys::range(on);
    let mut after = keys.start;
    loop {
        let rows: Vec<Row> = resource::table
            .filter(resource::key.ge(after))
            .filter(resource::key.lt(keys.end))
            .filter(resource::deleted.eq(false))
            .order(resource::key)
            .limit(BATCH)
            .load(conn)?;
        let Some(last) = rows.last() else { break };
        after = last.0 + 1;
        let each = rows.into_iter().map(Current::from);
        let held: Vec<Held> = each
            .filter_map(|row| Some((row.key, Resource::parse(row.stored.body.as_bytes()).ok()?)))
            .flat_map(|(key, resource)| Refers::of(&resource, own).rows(key).collect::<Vec<_>>())
            .collect();
        conn.batch_execute("BEGIN")?;
        let end = insert(conn, &held);
        conn.batch_execute(if end.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        end?;
    }
    tracing::info!(on = on.name(), "references are enforced from now on");
    let row = reference_policy::type_id.eq(type_column(on));
    on_each!(conn, |conn| diesel::insert_into(reference_policy::table)
        .values(row)
        .execute(conn)?);
    Ok(())
}
