//! PostgreSQL: round trips and planning are the cost, so one call of a stored function
//! (`baton_write`, in `functions.sql`) takes everything as arrays.
use super::{Version, request_bytes};
use crate::StoreError;
use crate::custom::outdated;
use crate::families::{FAMILIES, Family, Kind};
use crate::pg::{Binds, statement};
use crate::rows::{Cell, IndexRows};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Double, Integer, Nullable, SmallInt, Text};
use std::borrow::Cow;

pub(super) fn write(
    conn: &mut PgConnection,
    versions: &[&Version],
    generation: i64,
) -> Result<(), StoreError> {
    let (gone, write) = rows_of(versions, generation);
    called(match gone.count {
        0 => write.execute(conn)?,
        _ => Rewrite { gone, write }.execute(conn)?,
    })
}

/// Unless what is replaced is still there, and free, this is as if the generation were another.
pub(super) fn write_over(
    conn: &mut PgConnection,
    versions: &[&Version],
    generation: i64,
) -> Result<(), StoreError> {
    let later = versions.iter().filter(|version| version.version > 1);
    let (keys, before): (Vec<i64>, Vec<i64>) = later.map(|of| (of.key, of.version - 1)).unzip();
    if keys.is_empty() {
        return write(conn, versions, generation);
    }
    let (gone, write) = rows_of(versions, generation);
    let replace = Replace {
        rewrite: Rewrite { gone, write },
        keys,
        before,
    };
    called(replace.execute(conn)?)
}

fn rows_of<'a>(versions: &[&'a Version<'a>], generation: i64) -> (Rows<'a>, Write<'a>) {
    let (mut gone, mut rows) = (Rows::default(), Rows::default());
    for version in versions {
        gone.push(version.key, &version.remove);
        rows.push(version.key, &version.add);
    }
    let versions = Columns::of(versions);
    let write = Write {
        versions,
        rows,
        generation,
    };
    (gone, write)
}

fn called(rows: usize) -> Result<(), StoreError> {
    match rows {
        0 => Err(outdated()),
        _ => Ok(()),
    }
}

pub(super) fn reindex(conn: &mut PgConnection, rows: &[(i64, &IndexRows)]) -> Result<(), StoreError> {
    let all = || {
        let mut all = Rows::default();
        rows.iter().for_each(|(key, rows)| all.push(*key, rows));
        all
    };
    Reindex {
        gone: all(),
        come: all(),
    }
    .execute(conn)?;
    Ok(())
}

pub(super) fn index(conn: &mut PgConnection, rows: &[(i64, IndexRows)]) -> Result<(), StoreError> {
    let mut come = Rows::default();
    for (key, rows) in rows {
        come.push(*key, rows);
    }
    Index { rows: come }.execute(conn)?;
    Ok(())
}

/// The versions, one array per column.
#[derive(Default)]
struct Columns<'a> {
    key: Vec<i64>,
    type_id: Vec<i16>,
    id: Vec<&'a str>,
    version: Vec<i64>,
    updated: Vec<i64>,
    deleted: Vec<bool>,
    body: Vec<&'a [u8]>,
    at: Vec<i64>,
    actor: Vec<&'a str>,
    request: Vec<Cow<'a, [u8]>>,
    detail: Vec<Option<Vec<u8>>>,
}

impl<'a> Columns<'a> {
    fn of(versions: &[&'a Version<'a>]) -> Columns<'a> {
        let mut columns = Columns::default();
        for version in versions {
            columns.key.push(version.key);
            columns.type_id.push(version.type_id);
            columns.id.push(version.id);
            columns.version.push(version.version);
            columns.updated.push(version.updated);
            columns.deleted.push(version.deleted);
            columns.body.push(&version.packed);
            columns.at.push(version.ctx.now);
            columns.actor.push(&version.ctx.actor);
            columns.request.push(request_bytes(&version.ctx.request_id));
            columns.detail.push(version.detail());
        }
        columns
    }
}

/// Index rows, one array per column of each family.
struct Rows<'a> {
    count: usize,
    families: [Vec<Cells<'a>>; FAMILIES.len()],
}

/// One column; what may be NULL is no part of a row's identity.
enum Cells<'a> {
    Int(Vec<i32>),
    Small(Vec<i16>),
    Big(Vec<i64>),
    Text(Vec<&'a str>),
    Real(Vec<f64>),
    MaybeBig(Vec<Option<i64>>),
    MaybeReal(Vec<Option<f64>>),
}

impl Default for Rows<'_> {
    fn default() -> Self {
        Rows {
            count: 0,
            families: FAMILIES.each_ref().map(Cells::of),
        }
    }
}

impl<'a> Cells<'a> {
    fn of(family: &Family) -> Vec<Cells<'a>> {
        let column = |column: &crate::families::Column| match (column.kind, column.identity) {
            (Kind::Int, _) => Cells::Int(Vec::new()),
            (Kind::Small, _) => Cells::Small(Vec::new()),
            (Kind::Text, _) => Cells::Text(Vec::new()),
            (Kind::Key, _) | (Kind::Big, true) => Cells::Big(Vec::new()),
            (Kind::Real, true) => Cells::Real(Vec::new()),
            (Kind::Big, false) => Cells::MaybeBig(Vec::new()),
            (Kind::Real, false) => Cells::MaybeReal(Vec::new()),
        };
        family.columns.iter().map(column).collect()
    }

    fn push(&mut self, cell: &'a Cell) {
        match (self, cell) {
            (Cells::Int(column), Cell::Int(value)) => column.push(*value),
            (Cells::Small(column), Cell::Small(value)) => column.push(*value),
            (Cells::Big(column), Cell::Big(value)) => column.push(*value),
            (Cells::Text(column), Cell::Text(value)) => column.push(value),
            (Cells::Real(column), Cell::Real(value)) => column.push(value.0),
            (Cells::MaybeBig(column), Cell::Big(value)) => column.push(Some(*value)),
            (Cells::MaybeReal(column), Cell::Real(value)) => column.push(Some(value.0)),
            (Cells::MaybeBig(column), _) => column.push(None),
            (Cells::MaybeReal(column), _) => column.push(None),
            // Arrays of different length would be refused by the function, so nothing is lost.
            _ => {}
        }
    }

    fn bind<'b>(&'b self, binds: &mut Binds<'_, 'b>) -> QueryResult<()> {
        match self {
            Cells::Int(column) => binds.add::<Array<Integer>, _>(column),
            Cells::Small(column) => binds.add::<Array<SmallInt>, _>(column),
            Cells::Big(column) => binds.add::<Array<BigInt>, _>(column),
            Cells::Text(column) => binds.add::<Array<Text>, _>(column),
            Cells::Real(column) => binds.add::<Array<Double>, _>(column),
            Cells::MaybeBig(column) => binds.add::<Array<Nullable<BigInt>>, _>(column),
            Cells::MaybeReal(column) => binds.add::<Array<Nullable<Double>>, _>(column),
        }
    }
}

impl<'a> Rows<'a> {
    fn push(&mut self, key: i64, rows: &'a IndexRows) {
        self.count += rows.len();
        for (at, (family, columns)) in FAMILIES.iter().zip(&mut self.families).enumerate() {
            for row in rows.family(at) {
                let mut cells = row.iter();
                for (column, of) in columns.iter_mut().zip(family.columns) {
                    match (of.kind, column) {
                        (Kind::Key, Cells::Big(keys)) => keys.push(key),
                        (_, column) => cells.next().into_iter().for_each(|cell| column.push(cell)),
                    }
                }
            }
        }
    }
}

struct Write<'a> {
    versions: Columns<'a>,
    rows: Rows<'a>,
    generation: i64,
}

/// A write that takes index rows away too, before others come.
struct Rewrite<'a> {
    gone: Rows<'a>,
    write: Write<'a>,
}

/// The same if these versions of these keys are what is there.
struct Replace<'a> {
    rewrite: Rewrite<'a>,
    keys: Vec<i64>,
    before: Vec<i64>,
}

struct Index<'a> {
    rows: Rows<'a>,
}

/// Rows that may be there already.
struct Reindex<'a> {
    gone: Rows<'a>,
    come: Rows<'a>,
}

statement!(Write, "SELECT baton_write(", "", |self, binds| bind_write(
    binds, self
));
statement!(Rewrite, "SELECT baton_unindex(", "", |self, binds| {
    bind_rewrite(binds, self)
});
statement!(Replace, "SELECT baton_unindex(", ")", |self, binds| {
    bind_rewrite(binds, &self.rewrite)?;
    binds.next_call(" AND baton_hold(");
    binds.add::<Array<BigInt>, _>(&self.keys)?;
    binds.add::<Array<BigInt>, _>(&self.before)
});
statement!(Reindex, "SELECT baton_unindex(", ")", |self, binds| {
    bind_rows(binds, &self.gone)?;
    binds.next_call("), baton_index(");
    bind_rows(binds, &self.come)
});
statement!(Index, "SELECT baton_index(", ")", |self, binds| bind_rows(
    binds, &self.rows
));

fn bind_rewrite<'b>(binds: &mut Binds<'_, 'b>, rewrite: &'b Rewrite<'_>) -> QueryResult<()> {
    bind_rows(binds, &rewrite.gone)?;
    binds.next_call("), baton_write(");
    bind_write(binds, &rewrite.write)
}

fn bind_write<'b>(binds: &mut Binds<'_, 'b>, write: &'b Write<'_>) -> QueryResult<()> {
    let versions = &write.versions;
    binds.add::<Array<BigInt>, _>(&versions.key)?;
    binds.add::<Array<SmallInt>, _>(&versions.type_id)?;
    binds.add::<Array<Text>, _>(&versions.id)?;
    binds.add::<Array<BigInt>, _>(&versions.version)?;
    binds.add::<Array<BigInt>, _>(&versions.updated)?;
    binds.add::<Array<Bool>, _>(&versions.deleted)?;
    binds.add::<Array<Binary>, _>(&versions.body)?;
    binds.add::<Array<BigInt>, _>(&versions.at)?;
    binds.add::<Array<Text>, _>(&versions.actor)?;
    binds.add::<Array<Binary>, _>(&versions.request)?;
    binds.add::<Array<Nullable<Binary>>, _>(&versions.detail)?;
    bind_rows(binds, &write.rows)?;
    // No row, and nothing was called, when another generation is in force.
    binds.next_call(") FROM search_generation WHERE value = ");
    binds.add::<BigInt, _>(&write.generation)
}

/// In the order of the tables' columns.
fn bind_rows<'b>(binds: &mut Binds<'_, 'b>, rows: &'b Rows<'_>) -> QueryResult<()> {
    rows.families
        .iter()
        .flatten()
        .try_for_each(|column| column.bind(binds))
}
