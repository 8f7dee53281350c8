//! When one row of `consent_rule` holds for a resource and who asks: `fhir::consent::Rule::holds`.
use super::super::family::{Family, sources};
use super::super::sql::{Bind, Sql};
use super::{Rules, list, number, same_label};
use crate::StoreError;
use fhir::consent::{code_params, date_params, label, purpose};
use fhir::registry::SearchParam;
use fhir::search::index::hash;

impl Rules<'_> {
    pub(super) fn matches(&self, sql: &mut Sql, rule: &str) -> Result<(), StoreError> {
        let now = self.recipient.now;
        sql.push(&format!("{rule}.since <= ")).big(now);
        sql.push(&format!(" AND {rule}.until >= ")).big(now);
        self.actors(sql, rule);
        self.purpose(sql, rule);
        sql.push(&format!(
            " AND ({rule}.class IS NULL OR {rule}.class = {})",
            number(self.subject.on)
        ));
        self.data(sql, rule);
        self.code(sql, rule)?;
        self.label(sql, rule);
        self.dates(sql, rule)
    }

    fn actors(&self, sql: &mut Sql, rule: &str) {
        for column in ["actor", "actor_2", "actor_3"] {
            let column = format!("{rule}.{column}");
            sql.push(&format!(" AND ({column} IS NULL"));
            if !self.recipient.actors.is_empty() {
                let actors = self.recipient.actors.iter().cloned().map(Bind::Text);
                sql.push(" OR ").equals(&column, actors);
            }
            sql.push(")");
        }
    }

    fn purpose(&self, sql: &mut Sql, rule: &str) {
        let held = match self.recipient.purpose {
            None => format!("{rule}.permits = FALSE"),
            Some(said) => {
                let wholes = purpose::wholes(said).into_iter().map(|code| format!("'{code}'"));
                format!("{rule}.purpose IN ({})", list(wholes, "NULL"))
            }
        };
        sql.push(&format!(" AND ({rule}.purpose IS NULL OR {held})"));
    }

    fn data(&self, sql: &mut Sql, rule: &str) {
        let row = sql.alias();
        sql.push(&format!(
            " AND ({rule}.data IS NULL OR {rule}.data = (SELECT {row}.id FROM resource {row} WHERE {row}.key = {}))",
            self.subject.key
        ));
    }

    fn code(&self, sql: &mut Sql, rule: &str) -> Result<(), StoreError> {
        sql.push(&format!(" AND ({rule}.code IS NULL"));
        for (family, params) in by_table(code_params(self.subject.on))? {
            let row = sql.alias();
            sql.push(&format!(
                " OR EXISTS (SELECT 1 FROM {} {row} WHERE {row}.param IN ({params}) AND {row}.code = {rule}.code \
                 AND {row}.key = {} AND {row}.system = {rule}.code_system)",
                family.table(),
                self.subject.key
            ));
        }
        sql.push(")");
        Ok(())
    }

    fn label(&self, sql: &mut Sql, rule: &str) {
        let (borne, any) = (sql.alias(), sql.alias());
        sql.push(&format!(
            " AND ({rule}.label IS NULL OR ({rule}.label <> '' AND EXISTS (SELECT 1 FROM "
        ));
        self.labels(sql, &borne);
        sql.push(" AND ");
        same_label(sql, rule, &borne);
        sql.push(&format!(
            ")) OR ({rule}.label = '' AND NOT EXISTS (SELECT 1 FROM "
        ));
        self.labels(sql, &any);
        let codes = label::scale().map(|label| format!("'{}'", label.code));
        sql.push(&format!(
            " AND {any}.code IN ({}) AND {any}.system = {})))",
            list(codes, "NULL"),
            hash(Some(label::CONFIDENTIALITY))
        ));
    }

    fn dates(&self, sql: &mut Sql, rule: &str) -> Result<(), StoreError> {
        let params: Vec<String> = by_table(date_params(self.subject.on))?
            .into_iter()
            .map(|(_, params)| params)
            .collect();
        let params = list(params.into_iter(), "-1");
        let key = self.subject.key;
        let rows = |sql: &mut Sql, which: &str| {
            let row = sql.alias();
            let which = which.replace("{row}", &row);
            format!(
                "EXISTS (SELECT 1 FROM idx_date {row} WHERE {row}.param IN ({params}) AND {row}.key = {key}{which})"
            )
        };
        let some = rows(sql, "");
        let meets = rows(
            sql,
            &format!(" AND {{row}}.low <= {rule}.high AND {rule}.low <= {{row}}.high"),
        );
        let leaves = rows(
            sql,
            &format!(" AND ({{row}}.low < {rule}.low OR {{row}}.high > {rule}.high)"),
        );
        sql.push(&format!(
            " AND ({rule}.low IS NULL OR ({rule}.permits = FALSE AND (NOT {some} OR {meets})) \
             OR ({rule}.permits = TRUE AND {some} AND NOT {leaves}))"
        ));
        Ok(())
    }
}

/// The tables that hold rows of these parameters, with the numbers under which they do.
fn by_table(params: impl Iterator<Item = &'static SearchParam>) -> Result<Vec<(Family, String)>, StoreError> {
    let mut found: Vec<(Family, Vec<String>)> = Vec::new();
    for param in params {
        for source in sources(param, None)? {
            let numbers = source.numbers();
            match found.iter_mut().find(|(family, _)| *family == source.family) {
                Some((_, all)) => all.extend(numbers),
                None => found.push((source.family, numbers.collect())),
            }
        }
    }
    let listed = |(family, numbers): (Family, Vec<String>)| (family, list(numbers.into_iter(), "-1"));
    Ok(found.into_iter().map(listed).collect())
}
