//! SQLite: a call costs no round trip, so single rows through cached prepared statements.
use super::{Version, request_bytes};
use crate::StoreError;
use crate::families::{Column, FAMILIES, Family, Kind};
use crate::rows::{Cell, IndexRows};
use crate::schema::{audit, resource};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Double, Integer, Nullable, SmallInt, Text};
use diesel::sqlite::Sqlite;
use std::sync::LazyLock;

pub(super) fn write(conn: &mut SqliteConnection, versions: &[&Version]) -> Result<(), StoreError> {
    for version in versions {
        match version.version {
            1 => insert_version(conn, version)?,
            _ => replace(conn, version)?,
        }
        remove(conn, version.key, &version.remove)?;
        add(conn, version.key, &version.add)?;
        record(conn, version)?;
    }
    Ok(())
}

fn insert_version(conn: &mut SqliteConnection, version: &Version) -> Result<(), StoreError> {
    diesel::insert_into(resource::table)
        .values((
            resource::key.eq(version.key),
            resource::type_id.eq(version.type_id),
            resource::id.eq(version.id),
            resource::version.eq(version.version),
            resource::updated.eq(version.updated),
            resource::deleted.eq(version.deleted),
            resource::body.eq(&*version.packed),
        ))
        .execute(conn)?;
    Ok(())
}

fn replace(conn: &mut SqliteConnection, version: &Version) -> Result<(), StoreError> {
    ToHistory(version.key).execute(conn)?;
    diesel::update(resource::table.filter(resource::key.eq(version.key)))
        .set((
            resource::version.eq(version.version),
            resource::updated.eq(version.updated),
            resource::deleted.eq(version.deleted),
            resource::body.eq(&*version.packed),
        ))
        .execute(conn)?;
    Ok(())
}

/// Copies the current row of a key to the history.
///
/// `FAIL`, as what fails is rolled back with all that goes with it: `ABORT` would be ready to undo this
/// statement alone, for which SQLite copies every page it touches and the full-text index writes down
/// what it holds in memory. <https://www.sqlite.org/lang_conflict.html>
#[derive(QueryId)]
struct ToHistory(i64);

impl RunQueryDsl<SqliteConnection> for ToHistory {}

impl QueryFragment<Sqlite> for ToHistory {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(
            "INSERT OR FAIL INTO resource_history (key, version, type_id, id, updated, deleted, body) \
             SELECT key, version, type_id, id, updated, deleted, body FROM resource WHERE key = ",
        );
        out.push_bind_param::<BigInt, _>(&self.0)
    }
}

fn record(conn: &mut SqliteConnection, version: &Version) -> Result<(), StoreError> {
    diesel::insert_into(audit::table)
        .values((
            audit::at.eq(version.ctx.now),
            audit::actor.eq(&version.ctx.actor),
            audit::request.eq(&*request_bytes(&version.ctx.request_id)),
            audit::key.eq(version.key),
            audit::version.eq(version.version),
            audit::deleted.eq(version.deleted),
            audit::detail.eq(version.detail()),
        ))
        .execute(conn)?;
    Ok(())
}

pub(super) fn add(conn: &mut SqliteConnection, key: i64, rows: &IndexRows) -> Result<(), StoreError> {
    each(conn, &INSERTS, key, rows)
}

/// What lasts stays.
pub(super) fn remove(conn: &mut SqliteConnection, key: i64, rows: &IndexRows) -> Result<(), StoreError> {
    each(conn, &DELETES, key, rows)
}

/// Runs a statement on one row.
type OnRow = fn(&mut SqliteConnection, &[Cell], i64) -> QueryResult<usize>;

const INSERTS: [OnRow; FAMILIES.len()] = [
    run::<0, true>,
    run::<1, true>,
    run::<2, true>,
    run::<3, true>,
    run::<4, true>,
    run::<5, true>,
    run::<6, true>,
    run::<7, true>,
    run::<8, true>,
    run::<9, true>,
];
const DELETES: [OnRow; FAMILIES.len()] = [
    run::<0, false>,
    run::<1, false>,
    run::<2, false>,
    run::<3, false>,
    run::<4, false>,
    run::<5, false>,
    run::<6, false>,
    run::<7, false>,
    run::<8, false>,
    run::<9, false>,
];

fn each(
    conn: &mut SqliteConnection,
    on_row: &[OnRow; FAMILIES.len()],
    key: i64,
    rows: &IndexRows,
) -> Result<(), StoreError> {
    for (family, run) in on_row.iter().enumerate() {
        for row in rows.family(family) {
            run(conn, row, key)?;
        }
    }
    Ok(())
}

fn run<const F: usize, const INSERT: bool>(
    conn: &mut SqliteConnection,
    row: &[Cell],
    key: i64,
) -> QueryResult<usize> {
    match INSERT || !FAMILIES[F].lasts() {
        true => OneRow::<F, INSERT> { row, key }.execute(conn),
        false => Ok(0),
    }
}

/// Inserts a row into family `F`, or deletes it by what tells rows apart. Each pair is a type of its
/// own, by which diesel finds the prepared statement without writing its text again.
struct OneRow<'a, const F: usize, const INSERT: bool> {
    row: &'a [Cell],
    key: i64,
}

impl<const F: usize, const INSERT: bool> OneRow<'_, F, INSERT> {
    /// What stands before, between and behind the bound columns.
    fn pieces() -> &'static [String] {
        static TEXTS: LazyLock<Vec<[Vec<String>; 2]>> = LazyLock::new(|| {
            FAMILIES
                .iter()
                .map(|family| [delete(family), insert(family)])
                .collect()
        });
        &TEXTS[F][usize::from(INSERT)]
    }

    fn is_bound(column: &Column) -> bool {
        INSERT || column.identity
    }
}

impl<const F: usize, const INSERT: bool> QueryId for OneRow<'_, F, INSERT> {
    type QueryId = OneRow<'static, F, INSERT>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<const F: usize, const INSERT: bool> RunQueryDsl<SqliteConnection> for OneRow<'_, F, INSERT> {}

impl<const F: usize, const INSERT: bool> QueryFragment<Sqlite> for OneRow<'_, F, INSERT> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let mut texts = Self::pieces().iter();
        let mut cells = self.row.iter();
        for column in FAMILIES[F].columns {
            let cell = match column.kind {
                Kind::Key => None,
                _ => cells.next(),
            };
            if Self::is_bound(column) {
                texts.next().into_iter().for_each(|text| out.push_sql(text));
                bind(&mut out, cell, &self.key)?;
            }
        }
        texts.for_each(|text| out.push_sql(text));
        Ok(())
    }
}

fn insert(family: &Family) -> Vec<String> {
    let marks = vec!["?"; family.columns.len()].join(", ");
    let (table, names) = (family.table, family.names());
    let insert = if family.lasts() {
        "INSERT OR IGNORE"
    } else {
        "INSERT"
    };
    cut(&format!("{insert} INTO {table} ({names}) VALUES ({marks})"))
}

fn delete(family: &Family) -> Vec<String> {
    let same = family.columns.iter().filter(|column| column.identity);
    let same: Vec<_> = same.map(|column| format!("{} = ?", column.name)).collect();
    cut(&format!(
        "DELETE FROM {} WHERE {}",
        family.table,
        same.join(" AND ")
    ))
}

fn cut(text: &str) -> Vec<String> {
    text.split('?').map(str::to_string).collect()
}

/// No cell is the key's column.
fn bind<'b>(out: &mut AstPass<'_, 'b, Sqlite>, cell: Option<&'b Cell>, key: &'b i64) -> QueryResult<()> {
    match cell {
        None => out.push_bind_param::<BigInt, _>(key),
        Some(Cell::Null) => out.push_bind_param::<Nullable<BigInt>, Option<i64>>(&None),
        Some(Cell::Int(value)) => out.push_bind_param::<Integer, _>(value),
        Some(Cell::Small(value)) => out.push_bind_param::<SmallInt, _>(value),
        Some(Cell::Big(value)) => out.push_bind_param::<BigInt, _>(value),
        Some(Cell::Real(value)) => out.push_bind_param::<Double, _>(&value.0),
        Some(Cell::Text(value)) => out.push_bind_param::<Text, _>(value),
    }
}
