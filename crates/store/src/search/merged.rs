//! All that refers to any of many: a merge of lists that are each in the order of keys.
//!
//! Read as a whole it would grow with what refers to them. But a page cannot end behind the key at
//! which one of the lists alone would fill it, so no list is read beyond the first such key.
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
        let [
            Filter::Param {
                param,
                test: test @ Test::Reference(targets),
            },
        ] = filters
        else {
            return None;
        };
        let (on, ids) = of_one_type(param, targets)?;
        let source = source(param, test)?;
        Some(Merged { source, on, ids })
    }

    /// `SELECT … AS key FROM … WHERE …`; the SQL of the key.
    pub fn matching(&self, sql: &mut Sql, window: &Window) -> String {
        let (row, to, last) = (sql.alias(), sql.alias(), sql.alias());
        sql.push(&format!("SELECT DISTINCT {row}.key FROM ("));
        self.last(sql, window);
        sql.push(&format!(") {last} CROSS JOIN "));
        sql.texts(self.ids.iter().copied(), &to);
        sql.push(&format!(" CROSS JOIN idx_reference {row} WHERE "));
        self.rows(sql, &row, &to);
        let within = if window.backwards() { ">=" } else { "<=" };
        sql.push(&format!(" AND {row}.key {within} {last}.key"));
        format!("{row}.key")
    }

    /// The first key at which one of them fills the page by itself.
    fn last(&self, sql: &mut Sql, window: &Window) {
        let (row, to) = (sql.alias(), sql.alias());
        let (first, none) = match window.backwards() {
            false => ("min", i64::MAX),
            true => ("max", i64::MIN),
        };
        sql.push(&format!(
            "SELECT COALESCE({first}((SELECT {row}.key FROM idx_reference {row} WHERE "
        ));
        self.rows(sql, &row, &to);
        window.nth_by_key(sql, &format!("{row}.key"), window.limit);
        sql.push(")), ").big(none).push(") AS key FROM ");
        sql.texts(self.ids.iter().copied(), &to);
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

/// Where all rows lie under one number, since those of several are not in one order.
fn source(param: &SearchParam, test: &Test) -> Option<Source> {
    let mut sources = sources(param, Some(test)).ok()?;
    match &sources[..] {
        [only] if only.numbers().count() == 1 => sources.pop(),
        _ => None,
    }
}
