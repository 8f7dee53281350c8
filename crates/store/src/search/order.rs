//! `_sort`: values per row, their order, and what lies beyond a cursor.
//! <https://hl7.org/fhir/R4/search.html#sort>
//!
//! Rows without a value come last in either direction. The values of a cursor are taken from the
//! resource's own entries, which are what its index rows were written from.
use super::cursor::{Cursor, Value};
use super::family::{Family, scope};
use super::page::Window;
use super::sql::{Bind, Sql};
use crate::{StoreError, Stored};
use fhir::registry::SearchParam;
use fhir::search::index::{Entry, EntryValue, rows};
use fhir::search::{Sort, SortBy};

/// One sort key of one search.
pub struct Key {
    source: Source,
    descending: bool,
}

enum Source {
    Updated,
    Id,
    /// A seek per row.
    Probe(&'static SearchParam, Family),
    /// A join with all values of the parameter, under this alias: there is no seek by key.
    Joined(&'static SearchParam, Family, String),
}

pub fn keys(sort: &[Sort]) -> Result<Vec<Key>, StoreError> {
    let key = |(at, sort): (usize, &Sort)| {
        let source = match &sort.by {
            SortBy::Id => Source::Id,
            SortBy::LastUpdated => Source::Updated,
            SortBy::Param(param) => match Family::of(param)? {
                family if family.by_key() => Source::Probe(param, family),
                family => Source::Joined(param, family, format!("s{at}")),
            },
        };
        Ok(Key {
            source,
            descending: sort.descending,
        })
    };
    sort.iter().enumerate().map(key).collect()
}

impl Key {
    /// ` LEFT JOIN …`, where the values are not one seek away.
    pub fn join(&self, sql: &mut Sql) {
        let Source::Joined(param, family, alias) = &self.source else {
            return;
        };
        let row = sql.alias();
        let value = family.sort_value(&row, self.descending);
        sql.push(&format!(
            " LEFT JOIN (SELECT {row}.key, {value} AS v FROM {} {row} WHERE ",
            family.table()
        ));
        scope(sql, param, &row);
        sql.push(&format!(" GROUP BY {row}.key) {alias} ON {alias}.key = r.key"));
    }

    fn value(&self, sql: &mut Sql) {
        match &self.source {
            Source::Updated => sql.push("r.updated"),
            Source::Id => sql.push("r.id"),
            Source::Joined(_, _, alias) => sql.push(&format!("{alias}.v")),
            Source::Probe(param, family) => {
                let row = sql.alias();
                let value = family.sort_value(&row, self.descending);
                sql.push(&format!(
                    "(SELECT {value} FROM {} {row} WHERE {row}.key = r.key AND ",
                    family.table()
                ));
                scope(sql, param, &row);
                sql.push(")")
            }
        };
    }

    pub fn descending(&self) -> bool {
        self.descending
    }

    /// The date parameter whose index gives this order forwards from the window's start.
    pub fn along(&self, window: &Window) -> Option<&'static SearchParam> {
        let reached = window
            .cursor
            .as_ref()
            .is_none_or(|c| !c.backwards && c.values != [Value::Missing]);
        match self.source {
            Source::Probe(param, Family::Date) if reached && rows(param).len() == 1 => Some(param),
            _ => None,
        }
    }

    /// From the cursor along the index row `x`.
    pub fn step(&self, sql: &mut Sql, window: &Window) {
        let (beyond, direction) = if self.descending {
            ("<", " DESC")
        } else {
            (">", "")
        };
        if let Some((cursor, Some(low))) = window
            .cursor
            .as_ref()
            .map(|c| (c, c.values.first().and_then(bind)))
        {
            sql.push(&format!(" AND x.low {beyond}= ")).bind(low.clone());
            sql.push(&format!(" AND (x.low {beyond} ")).bind(low);
            sql.push(&format!(" OR x.key {beyond} "))
                .big(cursor.key)
                .push(")");
        }
        sql.push(&format!(" ORDER BY x.low{direction}, x.key{direction} LIMIT "))
            .big(window.limit);
    }

    fn always_there(&self) -> bool {
        matches!(self.source, Source::Updated | Source::Id)
    }

    fn order(&self, sql: &mut Sql, backwards: bool) {
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
    fn beyond(&self, sql: &mut Sql, at: &Value, backwards: bool) {
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

    fn same(&self, sql: &mut Sql, at: &Value) {
        self.value(sql);
        match bind(at) {
            Some(bind) => sql.push(" = ").bind(bind),
            None => sql.push(" IS NULL"),
        };
    }

    /// The value this row has, for the cursor.
    pub fn read(&self, row: &Stored, entries: &[Entry]) -> Value {
        match &self.source {
            Source::Updated => Value::Big(row.updated),
            Source::Id => Value::Text(row.id.clone()),
            Source::Probe(param, _) | Source::Joined(param, ..) => extreme(param, entries, self.descending),
        }
    }
}

/// Equals come by key in the direction of the first sort key, so that one index read in one
/// direction can be the whole order.
fn key_descends(keys: &[Key]) -> bool {
    keys.first().is_some_and(|key| key.descending)
}

/// ` ORDER BY …`
pub fn by(sql: &mut Sql, keys: &[Key], backwards: bool) {
    sql.push(" ORDER BY ");
    keys.iter().for_each(|key| key.order(sql, backwards));
    sql.push(if key_descends(keys) != backwards {
        "r.key DESC"
    } else {
        "r.key"
    });
}

/// ` AND (beyond the first key, or equal there and beyond the second, …)`
pub fn after(sql: &mut Sql, keys: &[Key], cursor: &Cursor) {
    sql.push(" AND (");
    for (at, key) in keys.iter().enumerate() {
        equal(sql, &keys[..at], cursor);
        key.beyond(sql, &cursor.values[at], cursor.backwards);
        sql.push(" OR ");
    }
    equal(sql, keys, cursor);
    let descends = key_descends(keys) != cursor.backwards;
    sql.push(if descends { "r.key < " } else { "r.key > " })
        .big(cursor.key)
        .push(")");
}

fn equal(sql: &mut Sql, keys: &[Key], cursor: &Cursor) {
    for (key, value) in keys.iter().zip(&cursor.values) {
        key.same(sql, value);
        sql.push(" AND ");
    }
}

fn bind(value: &Value) -> Option<Bind> {
    match value {
        Value::Missing => None,
        Value::Big(number) => Some(Bind::Big(*number)),
        Value::Bits(bits) => Some(Bind::Double(f64::from_bits(*bits))),
        Value::Text(text) => Some(Bind::Text(text.clone())),
    }
}

/// The smallest value, or downwards the greatest, as [`Family::sort_value`] picks it.
fn extreme(param: &SearchParam, entries: &[Entry], descending: bool) -> Value {
    let ids = rows(param);
    let own = entries
        .iter()
        .filter(|entry| ids.contains(&entry.param))
        .filter(|e| in_scope(param, &e.value));
    let values = own.filter_map(|entry| sort_value(&entry.value, descending));
    let better = |a: Value, b: Value| {
        if (compare(&a, &b).is_gt()) == descending {
            a
        } else {
            b
        }
    };
    values.reduce(better).unwrap_or(Value::Missing)
}

fn in_scope(param: &SearchParam, value: &EntryValue) -> bool {
    match value {
        EntryValue::Local { type_id, .. } => {
            param.only_targets.is_empty() || param.only_targets.contains(type_id)
        }
        EntryValue::Url(_) => param.only_targets.is_empty(),
        _ => true,
    }
}

fn sort_value(value: &EntryValue, descending: bool) -> Option<Value> {
    Some(match value {
        EntryValue::Token { code, .. } => Value::Text(code.clone()),
        EntryValue::Uri(text) | EntryValue::Url(text) => Value::Text(text.clone()),
        EntryValue::Local { id, .. } => Value::Text(id.clone()),
        EntryValue::Str { norm, .. } => Value::Text(norm.clone()),
        EntryValue::Date { low, .. } => Value::Big(*low),
        EntryValue::Number { low, high } => bits(if descending { *high } else { *low }),
        EntryValue::Quantity { value, .. } => bits(*value),
        EntryValue::Identifier { .. } => return None,
    })
}

/// As rows hold it: no negative zero.
fn bits(value: f64) -> Value {
    Value::Bits((value + 0.0).to_bits())
}

fn compare(a: &Value, b: &Value) -> std::cmp::Ordering {
    match (a, b) {
        (Value::Big(a), Value::Big(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Bits(a), Value::Bits(b)) => f64::from_bits(*a).total_cmp(&f64::from_bits(*b)),
        _ => std::cmp::Ordering::Equal,
    }
}
