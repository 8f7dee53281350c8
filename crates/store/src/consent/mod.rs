//! The rules of Consents: rows that come and go with the resources, in their transactions.
//! What they mean is in `fhir::consent`; as a condition of a search they are in `search/shown/`, and of one
//! resource in hand in `shows.rs`.
mod actors;
mod row;
mod shows;

pub(crate) use actors::recipient;
pub(crate) use shows::{Of, Rules, rules_of};

use crate::conn::{Conn, on_each};
use crate::point::{Current, Row};
use crate::schema::{consent_rule, resource};
use crate::{Store, StoreError, Tx, keys, reindex};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use fhir::Issue;
use fhir::TypeId;
use fhir::base::Bases;
use fhir::consent::{self, Compiled, binding, compile};
use fhir::search::reach::patient_type;
use row::RuleRow;
use serde_json::Value;
use std::sync::atomic::Ordering;

const SETTING: &str = "consent_rules";
const BATCH: i64 = 500;
/// Rows of one INSERT: twenty values each, within SQLite's limit.
const ROWS: usize = 500;

/// Whether resources of this type bind.
pub(crate) fn watches(type_id: TypeId) -> bool {
    binding() == Some(type_id)
}

/// A Consent by its id, as it was and as it is.
pub(crate) type Written<'a> = (&'a str, Option<&'a Value>, Option<&'a Value>);

/// Puts its rules in the place of those there were. What cannot be followed is refused where rules
/// are enforced, unless it was there before: other changes of old Consents go on.
pub(crate) fn follow(tx: &mut Tx, written: &[Written]) -> Result<(), StoreError> {
    let enforced = tx.shared.enforces_consents.load(Ordering::Relaxed);
    let bases = tx.params.bases.clone();
    for (id, before, after) in written {
        let compiled = after.map_or_else(Compiled::default, |after| compile(after, &bases));
        let known = |issue: &Issue| {
            let old = before.map(|before| compile(before, &bases).issues);
            old.is_some_and(|old| old.contains(issue))
        };
        if enforced && !compiled.issues.iter().all(known) {
            let issues = compiled.issues;
            return Err(StoreError::Rejected { status: 422, issues });
        }
        replace(&mut tx.conn, id, &compiled)?;
    }
    Ok(())
}

fn replace(conn: &mut Conn, id: &str, compiled: &Compiled) -> Result<(), StoreError> {
    diesel::delete(consent_rule::table.filter(consent_rule::consent.eq(id))).execute(conn)?;
    insert(conn, id, compiled)
}

fn insert(conn: &mut Conn, id: &str, compiled: &Compiled) -> Result<(), StoreError> {
    let rows: Vec<RuleRow> = (0i16..)
        .zip(&compiled.rules)
        .map(|(nth, rule)| RuleRow::of(id, nth, rule))
        .collect();
    for some in rows.chunks(ROWS) {
        on_each!(conn, |c| {
            diesel::insert_into(consent_rule::table).values(some).execute(c)?
        });
    }
    Ok(())
}

/// Compiles the Consents of an earlier release. Called at start with nobody else writing.
pub(crate) fn bring_up_to_date(conn: &mut Conn, own: &Bases) -> Result<(), StoreError> {
    let wanted = consent::VERSION.to_string();
    if reindex::get(conn, SETTING)?.as_deref() == Some(wanted.as_str()) {
        return Ok(());
    }
    reindex::together(conn, |conn| {
        rebuild(conn, own)?;
        reindex::set(conn, SETTING, &wanted)
    })
}

/// All rules anew: also when more references lead here than before.
pub(crate) fn rebuild(conn: &mut Conn, own: &Bases) -> Result<(), StoreError> {
    diesel::delete(consent_rule::table).execute(conn)?;
    let Some(on) = binding() else { return Ok(()) };
    let keys = keys::range(on);
    let mut after = keys.start - 1;
    loop {
        let rows: Vec<Row> = resource::table
            .filter(resource::key.gt(after).and(resource::key.lt(keys.end)))
            .filter(resource::deleted.eq(false))
            .order(resource::key)
            .limit(BATCH)
            .load(conn)?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = last.0;
        for row in rows {
            let stored = Current::from(row).stored;
            let consent: Value = serde_json::from_str(&stored.body)
                .map_err(|_| StoreError::Database("a stored resource does not parse".into()))?;
            insert(conn, &stored.id, &compile(&consent, own))?;
        }
    }
}

impl Store {
    /// Whether Consents and labels are enforced: then a Consent that cannot be followed is refused,
    /// and the index tells whose a resource is, which it need not otherwise.
    pub async fn enforce_consents(&self, on: bool) -> Result<(), StoreError> {
        self.shared.enforces_consents.store(on, Ordering::Relaxed);
        let statement = match on {
            true => index(),
            false => "DROP INDEX IF EXISTS idx_reference_whose".into(),
        };
        self.write(move |tx| Ok(tx.conn.batch_execute(&statement)?)).await
    }
}

/// The condition is to be written the same way in searches, or the index is not used. The sum keeps
/// SQLite from taking it for any other statement: it would for one whose bound value happens to fit,
/// and then keep to it when other values are bound, so that deletes find nothing.
fn index() -> String {
    let patients = patient_type().map_or(-1, |on| i32::from(on.0));
    format!(
        "CREATE INDEX IF NOT EXISTS idx_reference_whose ON idx_reference (key, param, target) \
         WHERE target_type + 0 = {patients}"
    )
}
