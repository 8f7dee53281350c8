//! Whether consents and labels show a resource in hand to somebody: the rules of its patients are
//! fetched, and decided about in memory as `fhir::consent::decide` says.
use super::recipient;
use super::row::RuleRow;
use crate::conn::{Conn, on_each};
use crate::schema::consent_rule;
use crate::{Store, StoreError, Tx};
use diesel::prelude::*;
use fhir::base::Bases;
use fhir::consent::decide::{Held, is_open, is_shown};
use fhir::consent::{Asker, Facts};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Tx<'_> {
    pub fn shows(&mut self, asker: &Asker, facts: &Facts) -> Result<bool, StoreError> {
        shows(self.conn, asker, facts, &self.params.bases)
    }
}

impl Store {
    /// The same by one statement where that tells: SQLite answers on the caller's thread.
    pub async fn shows(&self, asker: Arc<Asker>, facts: Facts) -> Result<bool, StoreError> {
        match self.shows_at_once(&asker, &facts).await? {
            Some(shown) => Ok(shown),
            // Who they are is found out in the state of the database in which the rules are read.
            None => self.read(move |tx| tx.shows(&asker, &facts)).await,
        }
    }

    async fn shows_at_once(&self, asker: &Arc<Asker>, facts: &Facts) -> Result<Option<bool>, StoreError> {
        let bases = self.custom().bases.clone();
        if let Some(shown) = self.near_with(|conn| at_once(conn, asker, facts, &bases)) {
            return shown;
        }
        let (asker, facts) = (asker.clone(), facts.clone());
        self.look(false, move |tx| at_once(tx.conn, &asker, &facts, &bases))
            .await
    }
}

/// None where it depends on who they are, which is not known yet.
fn at_once(conn: &mut Conn, asker: &Asker, facts: &Facts, bases: &Bases) -> Result<Option<bool>, StoreError> {
    let rules = rules(conn, &facts.patients)?;
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

/// Of all of them, and hardly ever of more than one, for which the statement is prepared once.
fn rules(conn: &mut Conn, patients: &BTreeSet<String>) -> Result<Vec<Held>, StoreError> {
    let rules = consent_rule::table;
    let Some(first) = patients.first() else {
        return Ok(Vec::new());
    };
    let rows: Vec<RuleRow> = match patients.len() {
        1 => on_each!(conn, |conn| rules
            .filter(consent_rule::patient.eq(first))
            .load(conn)?),
        _ => rules.filter(consent_rule::patient.eq_any(patients)).load(conn)?,
    };
    Ok(rows.into_iter().map(RuleRow::held).collect())
}
