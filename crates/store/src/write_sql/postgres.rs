//! PostgreSQL: round trips and planning are the cost, so one call of a stored function
//! (`baton_write`, in the migrations) takes everything as arrays.
use super::Version;
use crate::StoreError;
use crate::pg::{Binds, statement};
use crate::rows::IndexRows;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Double, Integer, SmallInt, Text};

pub(super) fn write(conn: &mut PgConnection, versions: &[&Version]) -> Result<(), StoreError> {
    let mut gone = Rows::default();
    let mut come = Rows::default();
    for version in versions {
        gone.push(version.key, &version.remove);
        come.push(version.key, &version.add);
    }
    let write = Write {
        versions: Columns::of(versions),
        rows: come,
    };
    match gone.count {
        0 => write.execute(conn)?,
        _ => Rewrite { gone, write }.execute(conn)?,
    };
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
    body: Vec<&'a str>,
    action: Vec<&'static str>,
    at: Vec<i64>,
    actor: Vec<&'a str>,
    request: Vec<&'a str>,
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
            columns.body.push(&version.body);
            columns.action.push(version.action());
            columns.at.push(version.ctx.now);
            columns.actor.push(&version.ctx.actor);
            columns.request.push(&version.ctx.request_id);
        }
        columns
    }
}

type Quantities = (Vec<i32>, Vec<i64>, Vec<f64>, Vec<i64>, Vec<i64>);

/// Index rows, one array per column of each family.
#[derive(Default)]
struct Rows<'a> {
    count: usize,
    token: (Vec<i32>, Vec<&'a str>, Vec<i64>, Vec<i64>),
    reference: (Vec<i32>, Vec<&'a str>, Vec<i64>, Vec<i16>),
    date: (Vec<i32>, Vec<i64>, Vec<i64>, Vec<i64>),
    string: (Vec<i32>, Vec<&'a str>, Vec<&'a str>, Vec<i64>),
    number: (Vec<i32>, Vec<i64>, Vec<f64>, Vec<f64>),
    quantity: Quantities,
}

impl<'a> Rows<'a> {
    fn push(&mut self, key: i64, rows: &'a IndexRows) {
        self.count += rows.len();
        self.token
            .extend(rows.token.iter().map(|(p, c, s)| (*p, c.as_str(), key, *s)));
        self.reference
            .extend(rows.reference.iter().map(|(p, t, y)| (*p, t.as_str(), key, *y)));
        self.date
            .extend(rows.date.iter().map(|(p, l, h)| (*p, *l, *h, key)));
        self.string.extend(
            rows.string
                .iter()
                .map(|(p, n, e)| (*p, n.as_str(), e.as_str(), key)),
        );
        self.number
            .extend(rows.number.iter().map(|(p, l, h)| (*p, key, l.0, h.0)));
        self.quantity
            .extend(rows.quantity.iter().map(|(p, v, c, s)| (*p, key, v.0, *c, *s)));
    }
}

struct Write<'a> {
    versions: Columns<'a>,
    rows: Rows<'a>,
}

/// A write that takes index rows away too. Which comes first is all the same: no row does both.
struct Rewrite<'a> {
    gone: Rows<'a>,
    write: Write<'a>,
}

struct Index<'a> {
    rows: Rows<'a>,
}

statement!(Write, "SELECT baton_write(", ")", |self, binds| bind_write(
    binds, self
));
statement!(Rewrite, "SELECT baton_unindex(", ")", |self, binds| {
    bind_rows(binds, &self.gone)?;
    binds.next_call("), baton_write(");
    bind_write(binds, &self.write)
});
statement!(Index, "SELECT baton_index(", ")", |self, binds| bind_rows(
    binds, &self.rows
));

fn bind_write<'b>(binds: &mut Binds<'_, 'b>, write: &'b Write<'_>) -> QueryResult<()> {
    let versions = &write.versions;
    binds.add::<Array<BigInt>, _>(&versions.key)?;
    binds.add::<Array<SmallInt>, _>(&versions.type_id)?;
    binds.add::<Array<Text>, _>(&versions.id)?;
    binds.add::<Array<BigInt>, _>(&versions.version)?;
    binds.add::<Array<BigInt>, _>(&versions.updated)?;
    binds.add::<Array<Bool>, _>(&versions.deleted)?;
    binds.add::<Array<Text>, _>(&versions.body)?;
    binds.add::<Array<Text>, _>(&versions.action)?;
    binds.add::<Array<BigInt>, _>(&versions.at)?;
    binds.add::<Array<Text>, _>(&versions.actor)?;
    binds.add::<Array<Text>, _>(&versions.request)?;
    bind_rows(binds, &write.rows)
}

/// In the order of the tables' columns.
fn bind_rows<'b>(binds: &mut Binds<'_, 'b>, rows: &'b Rows<'_>) -> QueryResult<()> {
    binds.add::<Array<Integer>, _>(&rows.token.0)?;
    binds.add::<Array<Text>, _>(&rows.token.1)?;
    binds.add::<Array<BigInt>, _>(&rows.token.2)?;
    binds.add::<Array<BigInt>, _>(&rows.token.3)?;
    binds.add::<Array<Integer>, _>(&rows.reference.0)?;
    binds.add::<Array<Text>, _>(&rows.reference.1)?;
    binds.add::<Array<BigInt>, _>(&rows.reference.2)?;
    binds.add::<Array<SmallInt>, _>(&rows.reference.3)?;
    binds.add::<Array<Integer>, _>(&rows.date.0)?;
    binds.add::<Array<BigInt>, _>(&rows.date.1)?;
    binds.add::<Array<BigInt>, _>(&rows.date.2)?;
    binds.add::<Array<BigInt>, _>(&rows.date.3)?;
    binds.add::<Array<Integer>, _>(&rows.string.0)?;
    binds.add::<Array<Text>, _>(&rows.string.1)?;
    binds.add::<Array<Text>, _>(&rows.string.2)?;
    binds.add::<Array<BigInt>, _>(&rows.string.3)?;
    binds.add::<Array<Integer>, _>(&rows.number.0)?;
    binds.add::<Array<BigInt>, _>(&rows.number.1)?;
    binds.add::<Array<Double>, _>(&rows.number.2)?;
    binds.add::<Array<Double>, _>(&rows.number.3)?;
    binds.add::<Array<Integer>, _>(&rows.quantity.0)?;
    binds.add::<Array<BigInt>, _>(&rows.quantity.1)?;
    binds.add::<Array<Double>, _>(&rows.quantity.2)?;
    binds.add::<Array<BigInt>, _>(&rows.quantity.3)?;
    binds.add::<Array<BigInt>, _>(&rows.quantity.4)
}
