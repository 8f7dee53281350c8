//! All that refers to any of many: a merge of lists that are each in the order of keys.
//!
//! Read as a whole it would grow with what refers to them. But a page cannot end behind the key at
//! which one of the lists alone would fill it, nor behind the one by which enough of them have begun:
//! a seek for the beginning of each list tells which few of them the page comes from.
use super::family::{Source, sources, type_bind};
use super::page::Window;
use super::sql::Sql;
use super::values::of_one_type;
use fhir::TypeId;
use fhir::registry::SearchParam;
use fhir::search::{Filter, Test};

/// References of one type.
pub struct Merged<'a> {
    source: Source,
    on: TypeId,
    ids: Vec<&'a str>,
}

impl Merged<'_> {
    /// Those that are all the search asks for.
    pub fn of(filters: &[Filter]) -> Option<Merged<'_>> {
        match filters {
            [only] => Merged::by(only),
            _ => None,
        }
    }

    /// Where the filter is references to several.
    pub fn by(filter: &Filter) -> Option<Merged<'_>> {
        let Filter::Param {
            param,
            test: test @ Test::Reference(targets),
        } = filter
        else {
            return None;
        };
        let (on, ids) = of_one_type(param, targets)?;
        let source = source(param, test)?;
        Some(Merged { source, on, ids })
    }

    /// `SELECT … AS key FROM … WHERE …`; the SQL of the key.
    pub fn matching(&self, sql: &mut Sql, window: &Window) -> String {
        let (begun, last, row) = (sql.alias(), sql.alias(), sql.alias());
        sql.push(&format!("WITH {begun} AS MATERIALIZED ("));
        self.beginnings(sql, window);
        sql.push(&format!("), {last} AS MATERIALIZED ("));
        self.last(sql, window, &begun);
        let within = Direction::of(window).within;
        sql.push(&format!(
            ") SELECT DISTINCT {row}.key FROM {last} CROSS JOIN {begun} CROSS JOIN idx_reference {row} \
             WHERE {begun}.key {within} {last}.key AND "
        ));
        self.rows(sql, &row, &begun);
        sql.push(&format!(" AND {row}.key {within} {last}.key"));
        format!("{row}.key")
    }

    /// `SELECT value, key …` of each that anything refers to, with the first key of its list, in that order.
    pub fn in_order_of_beginning(&self, sql: &mut Sql, window: &Window) {
        let begun = sql.alias();
        sql.push(&format!("SELECT {begun}.value, {begun}.key FROM ("));
        self.beginnings(sql, window);
        let order = window.order();
        sql.push(&format!(") {begun} ORDER BY {begun}.key{order}"));
    }

    /// `SELECT … AS key …` of what refers to these of them, nothing of it at `before` or behind.
    pub fn stretch<'i>(
        &self,
        sql: &mut Sql,
        ids: impl Iterator<Item = &'i str> + Clone,
        window: &Window,
        before: Option<i64>,
    ) {
        let (last, to, row) = (sql.alias(), sql.alias(), sql.alias());
        let direction = Direction::of(window);
        let within = direction.within;
        sql.push(&format!(
            "SELECT DISTINCT {row}.key FROM (SELECT COALESCE({}((",
            direction.first
        ));
        self.nth(sql, window, &to, window.limit);
        sql.push(")), ").big(direction.none).push(") AS key FROM ");
        sql.texts(ids.clone(), &to).push(&format!(") {last} CROSS JOIN "));
        sql.texts(ids, &to);
        sql.push(&format!(" CROSS JOIN idx_reference {row} WHERE "));
        self.rows(sql, &row, &to);
        sql.push(&format!(" AND {row}.key {within} {last}.key"));
        if let Some(key) = before {
            sql.push(&format!(" AND {row}.key {} ", direction.before))
                .big(key);
        }
        window.by_key(sql, &format!("{row}.key"));
    }

    /// Each of them with the first key of its list.
    fn beginnings(&self, sql: &mut Sql, window: &Window) {
        let (all, to) = (sql.alias(), sql.alias());
        sql.push(&format!("SELECT * FROM (SELECT {to}.value, ("));
        self.nth(sql, window, &to, 1);
        sql.push(") AS key FROM ");
        sql.texts(self.ids.iter().copied(), &to);
        // A limit, which is none: engines would look twice, once for the key and once whether there is one.
        sql.push(&format!(" LIMIT {}) {all} WHERE {all}.key IS NOT NULL", i64::MAX));
    }

    /// The key behind which the page cannot end, if there is one.
    fn last(&self, sql: &mut Sql, window: &Window, begun: &str) {
        let direction = Direction::of(window);
        let (enough, keys, each, all) = (sql.alias(), sql.alias(), sql.alias(), sql.alias());
        let (first, none, order) = (direction.first, direction.none, window.order());
        sql.push(&format!(
            "SELECT {first}({all}.key) AS key FROM (WITH {enough} AS MATERIALIZED ("
        ));
        sql.push(&format!(
            "SELECT COALESCE((SELECT {keys}.key FROM (SELECT DISTINCT key FROM {begun}) {keys} \
             ORDER BY {keys}.key{order} LIMIT 1 OFFSET +"
        ));
        sql.big(window.limit - 1).push("), ").big(none).push(") AS key) ");
        sql.push(&format!("SELECT key FROM {enough} UNION ALL SELECT ("));
        self.nth(sql, window, &each, window.limit);
        let within = direction.within;
        sql.push(&format!(
            ") FROM {enough} CROSS JOIN {begun} {each} WHERE {each}.key {within} {enough}.key) {all}"
        ));
    }

    /// A key of the list of this one, counted from 1.
    fn nth(&self, sql: &mut Sql, window: &Window, to: &str, nth: i64) {
        let row = sql.alias();
        sql.push(&format!("SELECT {row}.key FROM idx_reference {row} WHERE "));
        self.rows(sql, &row, to);
        window.nth_by_key(sql, &format!("{row}.key"), nth);
    }

    /// The rows that refer to this one of them.
    fn rows(&self, sql: &mut Sql, row: &str, to: &str) {
        self.source.param(sql, row);
        sql.push(&format!(
            " AND {row}.target = {to}.value AND {row}.target_type = "
        ))
        .bind(type_bind(self.on));
    }
}

/// How the keys of a window follow each other.
struct Direction {
    within: &'static str,
    before: &'static str,
    first: &'static str,
    none: i64,
}

impl Direction {
    fn of(window: &Window) -> Direction {
        let (within, before, first, none) = match window.backwards() {
            false => ("<=", "<", "min", i64::MAX),
            true => (">=", ">", "max", i64::MIN),
        };
        Direction {
            within,
            before,
            first,
            none,
        }
    }
}

/// Where all rows lie under one number, since those of several are not in one order.
fn source(param: &SearchParam, test: &Test) -> Option<Source> {
    let mut sources = sources(param, Some(test)).ok()?;
    match &sources[..] {
        [only] if only.numbers().count() == 1 => sources.pop(),
        _ => None,
    }
}
