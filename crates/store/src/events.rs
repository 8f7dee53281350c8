//! What messages said: the table `event`, whose columns that name stays and patients hold derived ids
//! ([`fhir::event::encounter_id`], [`fhir::event::patient_id`]). The messages are in `messages.rs`.
use crate::body::{Body, pack_bytes};
use crate::conn::on_each;
use crate::schema::event;
use crate::search::sql::{Bind, Sql, Statement};
use crate::turns::Lent;
use crate::tx::EventsOf;
use crate::{StoreError, Tx};
use diesel::prelude::*;
use diesel::sql_types::{Binary, Integer};
use fhir::event::{Event, encounter_id, patient_id};
use std::collections::BTreeSet;
use std::sync::Arc;

/// An event as it is kept, made before its transaction begins.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = event, treat_none_as_default_value = false)]
pub struct EventRow {
    inbox: String,
    stay: Option<String>,
    prior_stay: Option<String>,
    patient: String,
    merged: Option<String>,
    occurred: i64,
    recorded: i64,
    business_key: String,
    /// Packed as JSON.
    body: Vec<u8>,
}

impl EventRow {
    /// What the message of this id said.
    pub fn of(inbox: &str, event: &Event) -> Result<EventRow, StoreError> {
        Ok(EventRow {
            inbox: inbox.to_owned(),
            stay: event.stay.as_ref().map(encounter_id),
            prior_stay: event.prior_stay.as_ref().map(encounter_id),
            patient: patient_id(&event.patient),
            merged: event.merged.as_ref().map(patient_id),
            occurred: event.occurred,
            recorded: event.recorded,
            business_key: event.fingerprint(),
            body: pack_bytes(&serde_json::to_vec(event).map_err(unreadable)?),
        })
    }
}

/// Only a row written by something else can be unreadable.
fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError::Database(format!(
        "event row: {:?} at column {}",
        error.classify(),
        error.column()
    ))
}

fn events(bodies: Vec<Body>) -> Result<Vec<Event>, StoreError> {
    bodies
        .iter()
        .map(|body| serde_json::from_str(&body.0).map_err(unreadable))
        .collect()
}

impl Tx<'_> {
    /// Keeps an event; false when the same fact is already known.
    pub fn keep_event(&mut self, row: &EventRow) -> Result<bool, StoreError> {
        self.events = None;
        let kept = on_each!(&mut *self.conn, |conn| diesel::insert_into(event::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn))?;
        Ok(kept > 0)
    }

    /// Takes back what a message said, before it is read anew.
    pub fn forget_events(&mut self, message: &str) -> Result<Vec<Event>, StoreError> {
        self.events = None;
        let of_message = event::table.filter(event::inbox.eq(message));
        let bodies = of_message.select(event::body).load(&mut *self.conn)?;
        diesel::delete(of_message).execute(&mut *self.conn)?;
        events(bodies)
    }

    /// All events of these Encounters, and of the visit numbers they continue or are continued by.
    pub fn events_of_stays(&mut self, encounters: &[String]) -> Result<Arc<[Event]>, StoreError> {
        if let Some(known) = self.events.as_ref().filter(|known| known.asked == encounters) {
            return Ok(known.events.clone());
        }
        let first = told(&mut self.conn, encounters, &["stay", "prior_stay"])?;
        self.follow_stays(encounters, first)
    }

    /// From what was told of these to what was told of visit numbers that it names.
    fn follow_stays(&mut self, asked: &[String], first: Vec<Event>) -> Result<Arc<[Event]>, StoreError> {
        let mut of: BTreeSet<String> = asked.iter().cloned().collect();
        let (mut found, mut more) = (Vec::new(), first);
        loop {
            let named = more.iter().flat_map(|it| [&it.stay, &it.prior_stay]);
            let wanted = ids(named, encounter_id, &of);
            found.append(&mut more);
            if wanted.is_empty() {
                break;
            }
            more = told(&mut self.conn, &wanted, &["stay", "prior_stay"])?;
            of.extend(wanted);
        }
        let events: Arc<[Event]> = found.into();
        self.events = Some(EventsOf {
            asked: asked.to_vec(),
            of,
            events: events.clone(),
        });
        Ok(events)
    }

    /// The A40 events that retire these patients, and those that retire their survivors.
    pub fn merges_of(&mut self, patients: &[String]) -> Result<Vec<Event>, StoreError> {
        let first = told(&mut self.conn, patients, &["merged"])?;
        self.follow_merges(patients, first)
    }

    /// The same; what was told of these Encounters is read with it, for [`Tx::events_of_stays`].
    pub fn merges_and_stays(
        &mut self,
        patients: &[String],
        encounters: &[String],
    ) -> Result<Vec<Event>, StoreError> {
        let (of_stays, merges) = both(&mut self.conn, encounters, patients)?;
        self.follow_stays(encounters, of_stays)?;
        self.follow_merges(patients, merges)
    }

    fn follow_merges(&mut self, asked: &[String], first: Vec<Event>) -> Result<Vec<Event>, StoreError> {
        let mut of: BTreeSet<String> = asked.iter().cloned().collect();
        let (mut found, mut more) = (Vec::new(), first);
        loop {
            let wanted = ids(more.iter().map(|it| Some(&it.patient)), patient_id, &of);
            found.append(&mut more);
            if wanted.is_empty() {
                return Ok(found);
            }
            more = told(&mut self.conn, &wanted, &["merged"])?;
            of.extend(wanted);
        }
    }

    /// All events of these patients and of everyone they were merged with.
    pub fn events_of_patients(&mut self, patients: &[String]) -> Result<Vec<Event>, StoreError> {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut wanted: Vec<String> = patients.to_vec();
        let mut found: Vec<Event> = Vec::new();
        while !wanted.is_empty() {
            seen.extend(wanted.iter().cloned());
            let more = told(&mut self.conn, &wanted, &["patient", "merged"])?;
            let named = more.iter().flat_map(|it| [Some(&it.patient), it.merged.as_ref()]);
            wanted = ids(named, patient_id, &seen);
            found.extend(more);
        }
        Ok(found)
    }
}

/// The events with any of these ids in any of these columns.
fn told(conn: &mut Lent, ids: &[String], columns: &[&str]) -> Result<Vec<Event>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::default();
    sql.push("SELECT body FROM event WHERE ");
    in_any(&mut sql, ids, columns);
    let statement: Statement<Binary> = sql.returning();
    let bodies = on_each!(&mut **conn, |conn| statement.load(conn))?;
    conn.lend();
    events(bodies)
}

/// What was told of these stays, and the merges of these patients, in one statement.
fn both(
    conn: &mut Lent,
    encounters: &[String],
    patients: &[String],
) -> Result<(Vec<Event>, Vec<Event>), StoreError> {
    let mut sql = Sql::default();
    sql.push("SELECT 0, body FROM event WHERE ");
    in_any(&mut sql, encounters, &["stay", "prior_stay"]);
    sql.push(" UNION ALL SELECT 1, body FROM event WHERE ");
    in_any(&mut sql, patients, &["merged"]);
    let statement: Statement<(Integer, Binary)> = sql.returning();
    let rows: Vec<(i32, Body)> = on_each!(&mut **conn, |conn| statement.load(conn))?;
    conn.lend();
    let (of_stays, merges): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(which, _)| *which == 0);
    let bodies = |rows: Vec<(i32, Body)>| events(rows.into_iter().map(|(_, body)| body).collect());
    Ok((bodies(of_stays)?, bodies(merges)?))
}

fn in_any(sql: &mut Sql, ids: &[String], columns: &[&str]) {
    sql.join(columns, " OR ", "1 = 0", |sql, column| {
        sql.equals(column, ids.iter().cloned().map(Bind::Text));
    });
}

/// Ids not seen yet.
fn ids<'a, K: 'a>(
    keys: impl Iterator<Item = impl Into<Option<&'a K>>>,
    id: impl Fn(&K) -> String,
    seen: &BTreeSet<String>,
) -> Vec<String> {
    let new: BTreeSet<String> = keys
        .filter_map(Into::into)
        .map(id)
        .filter(|id| !seen.contains(id))
        .collect();
    new.into_iter().collect()
}
