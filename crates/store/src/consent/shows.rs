//! Whether consents and labels show a resource in hand to somebody: the rules of its patients are
//! fetched, and decided about in memory as `fhir::consent::decide` says.
use super::recipient;
use super::row::RuleRow;
use crate::conn::{Conn, on_each};
use crate::fetcher::{Ask, Fetch};
use crate::pg::statement;
use crate::reply;
use crate::rows::type_column;
use crate::schema::{consent_rule, resource};
use crate::{Store, StoreError, Tx};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, SmallInt, Text};
use fhir::TypeId;
use fhir::consent::decide::{Held, is_open, is_shown};
use fhir::consent::{Asker, Facts};
use std::collections::BTreeSet;

/// A version that was read, and whose it is.
pub(crate) struct Of {
    on: TypeId,
    id: String,
    version: i64,
    patients: BTreeSet<String>,
}

/// None for a version that is no longer the current one.
pub(crate) type Rules = Option<Vec<Held>>;
/// The place of what was asked for, its version, and one of the rules.
type Row = (i64, i64, Option<RuleRow>);

impl Tx<'_> {
    /// Who asks is found out only where it matters.
    pub fn shows(&mut self, asker: &Asker, facts: &Facts) -> Result<bool, StoreError> {
        let rules = rules(&mut self.conn, &facts.patients)?;
        if is_open(facts, &rules) {
            return Ok(true);
        }
        let recipient = recipient(&mut self.conn, asker, &self.params.bases)?;
        Ok(recipient.is_none_or(|recipient| is_shown(facts, &rules, recipient)))
    }
}

impl Store {
    /// The same by one statement: on SQLite on the caller's thread, on PostgreSQL concurrent calls may
    /// share it. None where that does not tell: the resource is no longer as it was read, so that rules
    /// which came with a change would be those of another body; or it matters who asks, which is to be
    /// found out in the state of the database in which the rules are read.
    pub async fn shows(
        &self,
        asker: &Asker,
        facts: &Facts,
        version: i64,
    ) -> Result<Option<bool>, StoreError> {
        let of = Of {
            on: facts.on,
            id: facts.id.clone(),
            version,
            patients: facts.patients.clone(),
        };
        let Some(rules) = self.rules(of).await? else {
            return Ok(None);
        };
        if is_open(facts, &rules) {
            return Ok(Some(true));
        }
        let recipient = asker.known().map(Option::as_ref);
        Ok(recipient.map(|who| who.is_none_or(|who| is_shown(facts, &rules, who))))
    }

    async fn rules(&self, of: Of) -> Result<Rules, StoreError> {
        if let Some(found) = self.near_with(|conn| rules_of_one(conn, &of)) {
            return found;
        }
        let (asker, reply) = reply::channel();
        self.fetch_by(Fetch::Rules(Ask { wanted: of, asker }))?;
        reply.answer().await
    }
}

/// Of all of these patients.
fn rules(conn: &mut Conn, patients: &BTreeSet<String>) -> Result<Vec<Held>, StoreError> {
    let rows: Vec<RuleRow> = consent_rule::table
        .filter(consent_rule::patient.eq_any(patients))
        .load(conn)?;
    Ok(rows.into_iter().map(RuleRow::held).collect())
}

/// For each of the versions, in their order, the rules of its patients.
pub(crate) fn rules_of(conn: &mut Conn, versions: &[&Of]) -> Result<Vec<Rules>, StoreError> {
    let Conn::Postgres(conn) = conn else {
        return versions.iter().map(|of| rules_of_one(conn, of)).collect();
    };
    let mut found: Vec<Rules> = vec![None; versions.len()];
    for (place, version, rule) in Together::of(versions).load::<Row>(conn)? {
        let nth = usize::try_from(place).unwrap_or(usize::MAX);
        if versions.get(nth).is_some_and(|of| of.version == version) {
            found[nth].get_or_insert_default().extend(rule.map(RuleRow::held));
        }
    }
    Ok(found)
}

/// Hardly ever is it of more than one patient, for whom the statement is prepared once.
fn rules_of_one(conn: &mut Conn, of: &Of) -> Result<Rules, StoreError> {
    /// The version, beside each rule of the patients, or beside nothing.
    macro_rules! beside {
        ($of_patients:expr) => {
            resource::table
                .left_join(consent_rule::table.on($of_patients))
                .filter(resource::type_id.eq(type_column(of.on)))
                .filter(resource::id.eq(&of.id))
                .select((resource::version, consent_rule::all_columns.nullable()))
        };
    }
    let none = String::new();
    let first = of.patients.first().unwrap_or(&none);
    let rows: Vec<(i64, Option<RuleRow>)> = match of.patients.len() {
        0 | 1 => on_each!(conn, |conn| beside!(consent_rule::patient.eq(first))
            .load(conn)?),
        _ => beside!(consent_rule::patient.eq_any(&of.patients)).load(conn)?,
    };
    let is_current = rows.first().is_some_and(|(now, _)| *now == of.version);
    let rules = rows.into_iter().filter_map(|(_, row)| row.map(RuleRow::held));
    Ok(is_current.then(|| rules.collect()))
}

/// What is asked of several at once: once for each patient, or once for nobody.
struct Together<'a> {
    places: Vec<i64>,
    types: Vec<i16>,
    ids: Vec<&'a str>,
    patients: Vec<&'a str>,
}

impl<'a> Together<'a> {
    fn of(versions: &[&'a Of]) -> Together<'a> {
        let mut all = Together {
            places: Vec::new(),
            types: Vec::new(),
            ids: Vec::new(),
            patients: Vec::new(),
        };
        for (place, of) in (0..).zip(versions) {
            let nobody = of.patients.is_empty().then_some("");
            for patient in of.patients.iter().map(String::as_str).chain(nobody) {
                all.places.push(place);
                all.types.push(type_column(of.on));
                all.ids.push(&of.id);
                all.patients.push(patient);
            }
        }
        all
    }
}

statement!(
    Together,
    "SELECT w.place, r.version, c.* FROM unnest(",
    ") AS w (place, type_id, id, patient) JOIN resource r ON r.type_id = w.type_id AND r.id = w.id \
     LEFT JOIN consent_rule c ON c.patient = w.patient",
    |self, binds| {
        binds.add::<Array<BigInt>, _>(&self.places)?;
        binds.add::<Array<SmallInt>, _>(&self.types)?;
        binds.add::<Array<Text>, _>(&self.ids)?;
        binds.add::<Array<Text>, _>(&self.patients)
    }
);

impl diesel::query_builder::Query for Together<'_> {
    type SqlType = (BigInt, BigInt, Nullable<consent_rule::SqlType>);
}
