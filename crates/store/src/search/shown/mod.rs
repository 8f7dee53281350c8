//! What consents and labels show to somebody of another organisation, as a condition on one
//! resource. The same as `fhir::consent::decide`, which says it in memory.
//!
//! A resource is denied by a rule that holds for one of its patients and to which no exception
//! holds, and hidden by a label that not every patient permits. Both ask for the absence of a row:
//! they begin at the resource, whose patients are found by a partial index, which is there where
//! consents are enforced (`consent/mod.rs`), and its labels code by code. What they say of types,
//! parameters and codes stands in the statement as it is: the same for all who ask.
mod rule;

use super::condition::Subject;
use super::sql::Sql;
use crate::StoreError;
use fhir::TypeId;
use fhir::consent::{Recipient, label, label_param};
use fhir::search::compartment;
use fhir::search::index::{hash, places};
use fhir::search::reach::{has_patients, patient_type};

pub fn holds(sql: &mut Sql, recipient: &Recipient, subject: Subject) -> Result<(), StoreError> {
    let rules = Rules { recipient, subject };
    sql.recurring(|sql| {
        sql.push("(");
        if has_patients(subject.on) {
            sql.push("NOT EXISTS (");
            rules.denial(sql)?;
            sql.each().push(") AND ");
        }
        sql.push("NOT EXISTS (");
        rules.hiding_label(sql)?;
        sql.each().push("))");
        Ok(())
    })
}

struct Rules<'a> {
    recipient: &'a Recipient,
    subject: Subject<'a>,
}

impl Rules<'_> {
    fn denial(&self, sql: &mut Sql) -> Result<(), StoreError> {
        let (rule, other) = (sql.alias(), sql.alias());
        sql.push(&format!(
            "SELECT 1 FROM consent_rule {rule} WHERE {rule}.permits = FALSE AND {rule}.patient IN ("
        ));
        self.patients(sql);
        sql.push(") AND ");
        self.matches(sql, &rule)?;
        sql.push(&format!(
            " AND NOT EXISTS (SELECT 1 FROM consent_rule {other} WHERE {other}.consent = {rule}.consent \
             AND {other}.parent = {rule}.node AND "
        ));
        self.matches(sql, &other)?;
        sql.push(")");
        Ok(())
    }

    fn hiding_label(&self, sql: &mut Sql) -> Result<(), StoreError> {
        let borne = sql.alias();
        sql.push("SELECT 1 FROM ");
        self.labels(sql, &borne);
        sql.push(&format!(" AND ({})", hidden(&borne)));
        if has_patients(self.subject.on) {
            sql.push(" AND NOT (");
            self.permitted(sql, &borne)?;
            sql.push(")");
        }
        Ok(())
    }

    /// By each patient, of whom there is one at least.
    fn permitted(&self, sql: &mut Sql, borne: &str) -> Result<(), StoreError> {
        let (patient, some, rule) = (sql.alias(), sql.alias(), sql.alias());
        sql.push("EXISTS (SELECT 1 FROM (");
        self.patients(sql);
        sql.push(&format!(") {some}) AND NOT EXISTS (SELECT 1 FROM ("));
        self.patients(sql);
        sql.push(&format!(
            ") {patient} WHERE NOT EXISTS (SELECT 1 FROM consent_rule {rule} \
             WHERE {rule}.permits = TRUE AND {rule}.patient = {patient}.patient AND "
        ));
        same_label(sql, &rule, borne);
        sql.push(" AND ");
        self.matches(sql, &rule)?;
        sql.push("))");
        Ok(())
    }

    /// The ids of those in whose compartments it is.
    fn patients(&self, sql: &mut Sql) {
        let Subject { on, key, .. } = self.subject;
        let Some(focus) = patient_type() else { return };
        let links = compartment::links(focus, on).flat_map(places);
        let links = list(links.map(|place| place.id.0.to_string()), "-1");
        let (row, own) = (sql.alias(), sql.alias());
        sql.push(&format!(
            "SELECT {row}.target AS patient FROM idx_reference {row} \
             WHERE {row}.key = {key} AND {row}.target_type + 0 = {} AND {row}.param IN ({links})",
            number(focus)
        ));
        if on == focus {
            sql.push(&format!(
                " UNION ALL SELECT {own}.id FROM resource {own} WHERE {own}.key = {key}"
            ));
        }
    }

    /// `idx_token x WHERE …`: the labels it bears; a seek where the code is said, too.
    fn labels(&self, sql: &mut Sql, alias: &str) {
        let Subject { on, key, .. } = self.subject;
        let param = label_param(on).map_or(-1, |param| param.id.0);
        sql.push(&format!(
            "idx_token {alias} WHERE {alias}.key = {key} AND {alias}.param = {param}"
        ));
    }
}

/// A label of a resource that says no system is of any.
fn same_label(sql: &mut Sql, rule: &str, borne: &str) {
    sql.push(&format!(
        "{borne}.code = {rule}.label AND ({borne}.system = {rule}.label_system OR {borne}.system = {})",
        hash(None)
    ));
}

/// The labels that hide, by their systems.
fn hidden(borne: &str) -> String {
    let mut systems: Vec<&str> = label::hidden().map(|label| label.system).collect();
    systems.dedup();
    let of = |system: &&str| {
        let codes = label::hidden().filter(|label| label.system == *system);
        format!(
            "({borne}.code IN ({}) AND {borne}.system IN ({}, {}))",
            list(codes.map(|label| format!("'{}'", label.code)), "NULL"),
            hash(Some(system)),
            hash(None)
        )
    };
    let each: Vec<String> = systems.iter().map(of).collect();
    // All codes once more, as a start for the seeks.
    let codes = list(label::hidden().map(|label| format!("'{}'", label.code)), "NULL");
    format!("{borne}.code IN ({codes}) AND ({})", each.join(" OR "))
}

fn list(items: impl Iterator<Item = String>, none: &str) -> String {
    let items: Vec<String> = items.collect();
    match items.is_empty() {
        true => none.to_owned(),
        false => items.join(", "),
    }
}

fn number(on: TypeId) -> u16 {
    on.0
}
