//! `_sort`: values per row, their order, and what lies beyond a cursor.
//! <https://hl7.org/fhir/R4/search.html#sort>
//!
//! Rows without a value come last in either direction. The values of a cursor are taken from the
//! resource's own entries, which are what its index rows were written from.
use super::cursor::Value;
use super::extreme::extreme;
use super::family::{Family, Source as Rows, sources};
use super::page::Window;
use super::sql::{Bind, Sql};
use super::walk::Along;
use crate::{StoreError, Stored};
use fhir::base::Bases;
use fhir::registry::SearchParam;
use fhir::search::index::{entries_of, rows, usual};
use fhir::search::{Sort, SortBy};

/// One sort key of one search.
#[derive(Clone)]
pub struct Key {
    source: Source,
    descending: bool,
    /// Under which name its value has been read already.
    column: Option<String>,
}

#[derive(Clone)]
enum Source {
    Updated,
    Id,
    /// A seek per row.
    Probe(&'static SearchParam, Rows),
    /// A join with all values of the parameter, under this alias: there is no seek by key.
    Joined(&'static SearchParam, Vec<Rows>, String),
}

pub fn keys(sort: &[Sort]) -> Result<Vec<Key>, StoreError> {
    let key = |(at, sort): (usize, &Sort)| {
        let source = match &sort.by {
            SortBy::Id => Source::Id,
            SortBy::LastUpdated => Source::Updated,
            SortBy::Param(param) => {
                let mut rows = sources(param, None)?;
                match &rows[..] {
                    [one] if one.family.by_key() => Source::Probe(param, rows.remove(0)),
                    _ => Source::Joined(param, rows, format!("s{at}")),
                }
            }
        };
        Ok(Key {
            source,
            descending: sort.descending,
            column: None,
        })
    };
    sort.iter().enumerate().map(key).collect()
}

impl Key {
    /// ` LEFT JOIN …`, where the values are not one seek away.
    pub fn join(&self, sql: &mut Sql) {
        let Source::Joined(param, rows, alias) = &self.source else {
            return;
        };
        let (row, pick) = (sql.alias(), self.pick());
        sql.push(&format!(
            " LEFT JOIN (SELECT {row}.key, {pick}({row}.v) AS v FROM ("
        ));
        sql.join(rows, " UNION ALL ", "", |sql, source| {
            let row = sql.alias();
            let (table, column) = (source.table(), source.sort_column(param, self.descending));
            sql.push(&format!(
                "SELECT {row}.key, {row}.{column} AS v FROM {table} {row} WHERE "
            ));
            source.scope(sql, param, &row);
        });
        sql.push(&format!(
            ") {row} GROUP BY {row}.key) {alias} ON {alias}.key = r.key"
        ));
    }

    /// The smallest value counts, downwards the greatest.
    fn pick(&self) -> &'static str {
        if self.descending { "max" } else { "min" }
    }

    /// The same key where a subquery has read its value.
    pub fn column(&self, nth: usize) -> (String, Key) {
        let name = format!("v{nth}");
        let key = Key {
            column: Some(name.clone()),
            ..self.clone()
        };
        (name, key)
    }

    pub fn value(&self, sql: &mut Sql) {
        if let Some(column) = &self.column {
            sql.push(column);
            return;
        }
        match &self.source {
            Source::Updated => sql.push("r.updated"),
            Source::Id => sql.push("r.id"),
            // Codes are written by us, so no quote ends the text.
            Source::Joined(param, _, alias) => match usual(param) {
                Some(usual) => sql.push(&format!("COALESCE({alias}.v, '{}')", usual.code)),
                None => sql.push(&format!("{alias}.v")),
            },
            Source::Probe(param, source) => {
                let (row, pick) = (sql.alias(), self.pick());
                let column = source.sort_column(param, self.descending);
                sql.push(&format!(
                    "(SELECT {pick}({row}.{column}) FROM {} {row} WHERE {row}.key = r.key AND ",
                    source.table()
                ));
                source.scope(sql, param, &row);
                sql.push(")")
            }
        };
    }

    pub fn descending(&self) -> bool {
        self.descending
    }

    /// The index whose order this is, forwards from the window's start.
    pub fn along(&self, window: &Window) -> Option<Along> {
        let reached = window
            .cursor
            .as_ref()
            .is_none_or(|c| !c.backwards && c.values != [Value::Missing]);
        match self.source {
            Source::Probe(param, ref source)
                if source.family == Family::Date && reached && rows(param).len() == 1 =>
            {
                Some(Along::Date(param))
            }
            Source::Joined(param, ref sources, _) => match sources[..] {
                [
                    Rows {
                        family: Family::Str, ..
                    },
                ] if reached && rows(param).len() == 1 => Some(Along::Text(param)),
                _ => None,
            },
            Source::Updated if reached => Some(Along::Updated),
            _ => None,
        }
    }

    pub fn always_there(&self) -> bool {
        matches!(self.source, Source::Updated | Source::Id)
    }

    pub fn order(&self, sql: &mut Sql, backwards: bool) {
        if !self.always_there() {
            sql.push("CASE WHEN ");
            self.value(sql);
            sql.push(" IS NULL THEN 1 ELSE 0 END")
                .push(if backwards { " DESC, " } else { ", " });
        }
        self.value(sql);
        sql.push(if self.descending != backwards {
            " DESC, "
        } else {
            ", "
        });
    }

    /// The row's value lies beyond the cursor's.
    pub fn beyond(&self, sql: &mut Sql, at: &Value, backwards: bool) {
        let Some(bind) = bind(at) else {
            // Behind the missing ones is nothing, before them all that have a value.
            if backwards {
                self.value(sql);
            }
            sql.push(if backwards { " IS NOT NULL" } else { "1 = 0" });
            return;
        };
        sql.push("(");
        self.value(sql);
        sql.push(if self.descending != backwards {
            " < "
        } else {
            " > "
        })
        .bind(bind);
        if !backwards && !self.always_there() {
            sql.push(" OR ");
            self.value(sql);
            sql.push(" IS NULL");
        }
        sql.push(")");
    }

    pub fn same(&self, sql: &mut Sql, at: &Value) {
        self.value(sql);
        match bind(at) {
            Some(bind) => sql.push(" = ").bind(bind),
            None => sql.push(" IS NULL"),
        };
    }

    /// The value this row has, for the cursor.
    pub fn read(&self, row: &Stored, body: &serde_json::Value, bases: &Bases) -> Value {
        match &self.source {
            Source::Updated => Value::Big(row.updated),
            Source::Id => Value::Text(row.id.clone()),
            Source::Probe(param, _) | Source::Joined(param, ..) => {
                extreme(param, &entries_of(body, param, bases), self.descending)
            }
        }
    }
}

pub fn bind(value: &Value) -> Option<Bind> {
    match value {
        Value::Missing => None,
        Value::Big(number) => Some(Bind::Big(*number)),
        Value::Bits(bits) => Some(Bind::Double(f64::from_bits(*bits))),
        Value::Text(text) => Some(Bind::Text(text.clone())),
    }
}
