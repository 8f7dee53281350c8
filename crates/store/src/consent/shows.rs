//! Whether consents and labels show a resource in hand to somebody: the rules of its patients are
//! fetched, and decided about in memory as `fhir::consent::decide` says.
use super::recipient;
use super::row::RuleRow;
use crate::conn::{Conn, on_each};
use crate::rows::type_column;
use crate::schema::{consent_rule, resource};
use crate::{Store, StoreError, Tx};
use diesel::prelude::*;
use fhir::base::Bases;
use fhir::consent::decide::{Held, is_open, is_shown};
use fhir::consent::{Asker, Facts};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What version a resource has, beside each rule of the patients, or beside nothing.
macro_rules! at {
    ($facts:expr, $of_patients:expr) => {
        resource::table
            .left_join(consent_rule::table.on($of_patients))
            .filter(resource::type_id.eq(type_column($facts.on)))
            .filter(resource::id.eq(&$facts.id))
            .select((resource::version, consent_rule::all_columns.nullable()))
    };
}

impl Tx<'_> {
    pub fn shows(&mut self, asker: &Asker, facts: &Facts) -> Result<bool, StoreError> {
        shows(self.conn, asker, facts, &self.params.bases)
    }
}

impl Store {
    /// The same by one statement, on SQLite on the caller's thread. None where that does not tell: the
    /// resource is no longer as it was read, so that rules which came with a change would be those of
    /// another body; or it matters who asks, which is to be found out in the state of the database in
    /// which the rules are read.
    pub async fn shows(
        &self,
        asker: &Arc<Asker>,
        facts: &Facts,
        version: i64,
    ) -> Result<Option<bool>, StoreError> {
        let bases = self.custom().bases.clone();
        if let Some(shown) = self.near_with(|conn| at_once(conn, asker, (facts, version), &bases)) {
            return shown;
        }
        let (asker, facts) = (asker.clone(), facts.clone());
        self.look(false, move |tx| {
            at_once(tx.conn, &asker, (&facts, version), &bases)
        })
        .await
    }
}

fn at_once(
    conn: &mut Conn,
    asker: &Asker,
    (facts, version): (&Facts, i64),
    bases: &Bases,
) -> Result<Option<bool>, StoreError> {
    let Some(rules) = rules_at(conn, facts, version)? else {
        return Ok(None);
    };
    match is_open(facts, &rules) || asker.is_known() {
        true => decided(conn, asker, (facts, &rules), bases).map(Some),
        false => Ok(None),
    }
}

fn shows(conn: &mut Conn, asker: &Asker, facts: &Facts, bases: &Bases) -> Result<bool, StoreError> {
    let rules = rules(conn, &facts.patients)?;
    decided(conn, asker, (facts, &rules), bases)
}

/// Who asks is found out only where it matters.
fn decided(
    conn: &mut Conn,
    asker: &Asker,
    (facts, rules): (&Facts, &[Held]),
    bases: &Bases,
) -> Result<bool, StoreError> {
    if is_open(facts, rules) {
        return Ok(true);
    }
    let recipient = recipient(conn, asker, bases)?;
    Ok(recipient.is_none_or(|recipient| is_shown(facts, rules, recipient)))
}

/// Of all of its patients.
fn rules(conn: &mut Conn, patients: &BTreeSet<String>) -> Result<Vec<Held>, StoreError> {
    let rows: Vec<RuleRow> = consent_rule::table
        .filter(consent_rule::patient.eq_any(patients))
        .load(conn)?;
    Ok(rows.into_iter().map(RuleRow::held).collect())
}

/// The same, if this version is the current one; hardly ever of more than one patient, for whom the
/// statement is prepared once.
fn rules_at(conn: &mut Conn, facts: &Facts, version: i64) -> Result<Option<Vec<Held>>, StoreError> {
    let none = String::new();
    let first = facts.patients.first().unwrap_or(&none);
    let rows: Vec<(i64, Option<RuleRow>)> = match facts.patients.len() {
        0 | 1 => on_each!(conn, |conn| at!(facts, consent_rule::patient.eq(first))
            .load(conn)?),
        _ => at!(facts, consent_rule::patient.eq_any(&facts.patients)).load(conn)?,
    };
    let is_current = rows.first().is_some_and(|(now, _)| *now == version);
    let rules = rows.into_iter().filter_map(|(_, row)| row.map(RuleRow::held));
    Ok(is_current.then(|| rules.collect()))
}
