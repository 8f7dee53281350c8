//! The tables of inbound messages: `inbox` keeps every message as it came with its answer,
//! `event` what it said. Columns of `event` that name stays and patients hold derived ids
//! ([`fhir::event::encounter_id`], [`fhir::event::patient_id`]).
use crate::body::Body;
use crate::conn::{Conn, on_each};
use crate::rows::storable;
use crate::schema::{event, idx_reference, inbox, resource};
use crate::search::sql::{Bind, Sql, Statement};
use crate::{StoreError, Stored, Tx};
use diesel::prelude::*;
use diesel::sql_types::Text;
use fhir::event::{Event, encounter_id, patient_id};
use fhir::{TypeId, registry};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Messages of one name that are looked at.
const FEW: i64 = 8;

/// A message as it came, and what became of it.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = inbox)]
// Else each mix of absent values is a statement of its own, planned each time.
#[diesel(treat_none_as_default_value = false)]
pub struct Message {
    pub id: String,
    /// Microseconds.
    pub received: i64,
    /// `http`, `mllp`, `fhir` or `reprocess`.
    pub channel: String,
    pub sender: String,
    /// MSH-10, or MessageHeader.id.
    pub control_id: String,
    /// Bundle.id of a FHIR message.
    pub envelope: Option<String>,
    /// Such as `A03` or `notification-discharge`.
    pub event: String,
    /// SHA-256 of `raw` in hex.
    pub hash: String,
    /// `accepted`, `duplicate`, `rejected`, `unparseable`, `unregistered`, `corrected`,
    /// `cut` (only the beginning was kept).
    pub outcome: String,
    /// MSA-1, or an HTTP status.
    pub ack_code: String,
    /// Codes and places of faults; never content.
    pub detail: String,
    pub raw: Vec<u8>,
    /// What was answered, for an exact repeat.
    pub response: Option<Vec<u8>>,
}

impl Message {
    /// Names and places of faults are the sender's words, and may have what no text column holds.
    fn storable(&self) -> Cow<'_, Message> {
        let envelope = self.envelope.as_ref();
        let words = [&self.control_id, &self.event, &self.detail]
            .into_iter()
            .chain(envelope);
        if !words.into_iter().any(|text| text.contains('\0')) {
            return Cow::Borrowed(self);
        }
        let clean = |text: &String| storable(text.clone());
        Cow::Owned(Message {
            control_id: clean(&self.control_id),
            envelope: envelope.map(clean),
            event: clean(&self.event),
            detail: clean(&self.detail),
            ..self.clone()
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = event, treat_none_as_default_value = false)]
struct NewEvent {
    inbox: String,
    stay: Option<String>,
    prior_stay: Option<String>,
    patient: String,
    merged: Option<String>,
    occurred: i64,
    recorded: i64,
    business_key: String,
    body: String,
}

impl NewEvent {
    fn of(inbox: &str, event: &Event) -> Result<NewEvent, StoreError> {
        Ok(NewEvent {
            inbox: inbox.to_owned(),
            stay: event.stay.as_ref().map(encounter_id),
            prior_stay: event.prior_stay.as_ref().map(encounter_id),
            patient: patient_id(&event.patient),
            merged: event.merged.as_ref().map(patient_id),
            occurred: event.occurred,
            recorded: event.recorded,
            business_key: event.fingerprint(),
            body: serde_json::to_string(event).map_err(unreadable)?,
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

fn events(bodies: Vec<String>) -> Result<Vec<Event>, StoreError> {
    bodies
        .iter()
        .map(|body| serde_json::from_str(body).map_err(unreadable))
        .collect()
}

impl Tx<'_> {
    pub fn keep_message(&mut self, message: &Message) -> Result<(), StoreError> {
        let row = &*message.storable();
        on_each!(self.conn, |conn| diesel::insert_into(inbox::table)
            .values(row)
            .execute(conn))?;
        Ok(())
    }

    pub fn message(&mut self, id: &str) -> Result<Option<Message>, StoreError> {
        let found = inbox::table
            .find(id)
            .select(Message::as_select())
            .first(self.conn);
        Ok(found.optional()?)
    }

    /// Messages a sender gave that name, also before it was registered; the latest few first.
    pub fn messages_named(&mut self, sender: &str, control_id: &str) -> Result<Vec<Message>, StoreError> {
        let named = inbox::table
            .filter(inbox::sender.eq(sender).or(inbox::sender.eq("")))
            .filter(inbox::control_id.eq(storable(control_id.to_owned())))
            .order(inbox::received.desc());
        Ok(match self.conn {
            Conn::Postgres(conn) => named.limit(FEW).select(Message::as_select()).load(conn)?,
            // Row by row without LIMIT: SQLite plans anew whenever one is bound.
            Conn::Sqlite(conn) => {
                let rows = named.select(Message::as_select()).load_iter(conn)?;
                rows.take(FEW as usize).collect::<QueryResult<_>>()?
            }
        })
    }

    /// FHIR messages a sender put in an envelope of that name.
    pub fn messages_in_envelope(&mut self, sender: &str, envelope: &str) -> Result<Vec<Message>, StoreError> {
        let named = inbox::table
            .filter(inbox::envelope.eq(storable(envelope.to_owned())))
            .filter(inbox::sender.eq(sender))
            .order(inbox::received.desc())
            .limit(FEW)
            .select(Message::as_select());
        Ok(named.load(self.conn)?)
    }

    /// Notes what became of a kept message later.
    pub fn settle_message(&mut self, id: &str, outcome: &str, detail: &str) -> Result<(), StoreError> {
        let settled = (inbox::outcome.eq(outcome), inbox::detail.eq(detail));
        diesel::update(inbox::table.find(id))
            .set(settled)
            .execute(self.conn)?;
        Ok(())
    }

    /// Keeps an event; false when the same fact is already known.
    pub fn keep_event(&mut self, message: &str, said: &Event) -> Result<bool, StoreError> {
        self.events = None;
        let row = NewEvent::of(message, said)?;
        let kept = on_each!(self.conn, |conn| diesel::insert_into(event::table)
            .values(&row)
            .on_conflict_do_nothing()
            .execute(conn))?;
        Ok(kept > 0)
    }

    /// Takes back what a message said, before it is read anew.
    pub fn forget_events(&mut self, message: &str) -> Result<Vec<Event>, StoreError> {
        self.events = None;
        let of_message = event::table.filter(event::inbox.eq(message));
        let bodies = of_message.select(event::body).load(self.conn)?;
        diesel::delete(of_message).execute(self.conn)?;
        events(bodies)
    }

    /// All events of these Encounters, and of the visit numbers they continue or are continued by.
    pub fn events_of_stays(&mut self, encounters: &[String]) -> Result<Arc<[Event]>, StoreError> {
        if let Some((_, events)) = self.events.as_ref().filter(|(of, _)| of == encounters) {
            return Ok(events.clone());
        }
        let events: Arc<[Event]> = self.read_events_of_stays(encounters)?.into();
        self.events = Some((encounters.to_vec(), events.clone()));
        Ok(events)
    }

    /// The messages that spoke of these Encounters: each with the Encounter.
    pub fn messages_of_stays(&mut self, encounters: &[String]) -> Result<Vec<(String, String)>, StoreError> {
        let told = event::table.filter(event::stay.eq_any(encounters.to_vec()));
        let pairs = told.select((event::inbox, event::stay.assume_not_null()));
        Ok(pairs.distinct().load(self.conn)?)
    }

    fn read_events_of_stays(&mut self, encounters: &[String]) -> Result<Vec<Event>, StoreError> {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut wanted: Vec<String> = encounters.to_vec();
        let mut found = Vec::new();
        while !wanted.is_empty() {
            seen.extend(wanted.iter().cloned());
            let more = told(self.conn, wanted, &["stay", "prior_stay"])?;
            wanted = ids(
                more.iter().flat_map(|it| [&it.stay, &it.prior_stay]),
                encounter_id,
                &seen,
            );
            found.extend(more);
        }
        Ok(found)
    }

    /// The A40 events that retire these patients, and those that retire their survivors.
    pub fn merges_of(&mut self, patients: &[String]) -> Result<Vec<Event>, StoreError> {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut wanted: Vec<String> = patients.to_vec();
        let mut found = Vec::new();
        while !wanted.is_empty() {
            seen.extend(wanted.iter().cloned());
            let more = told(self.conn, wanted, &["merged"])?;
            wanted = ids(more.iter().map(|it| Some(&it.patient)), patient_id, &seen);
            found.extend(more);
        }
        Ok(found)
    }

    /// All events of these patients and of everyone they were merged with.
    pub fn events_of_patients(&mut self, patients: &[String]) -> Result<Vec<Event>, StoreError> {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut wanted: Vec<String> = patients.to_vec();
        let mut found: Vec<Event> = Vec::new();
        while !wanted.is_empty() {
            seen.extend(wanted.iter().cloned());
            let more = told(self.conn, wanted, &["patient", "merged"])?;
            let named = more.iter().flat_map(|it| [Some(&it.patient), it.merged.as_ref()]);
            wanted = ids(named, patient_id, &seen);
            found.extend(more);
        }
        Ok(found)
    }

    /// Current resources of any type that refer to this one, at most `limit`.
    pub fn referring_to(&mut self, type_id: TypeId, id: &str, limit: i64) -> Result<Vec<Stored>, StoreError> {
        let target_type = i16::try_from(type_id.0).unwrap_or(-1);
        let keys = idx_reference::table
            .filter(idx_reference::param.eq_any(reference_params()))
            .filter(idx_reference::target.eq(id))
            .filter(idx_reference::target_type.eq(target_type))
            .select(idx_reference::key);
        let rows: Vec<(i16, String, i64, i64, Body)> = resource::table
            .filter(resource::key.eq_any(keys))
            .filter(resource::deleted.eq(false))
            .order(resource::key)
            .limit(limit)
            .select((
                resource::type_id,
                resource::id,
                resource::version,
                resource::updated,
                resource::body,
            ))
            .load(self.conn)?;
        let stored = |(type_id, id, version, updated, Body(body)): (i16, String, i64, i64, Body)| Stored {
            type_id: TypeId(type_id.unsigned_abs()),
            id,
            version,
            updated,
            deleted: false,
            body,
        };
        Ok(rows.into_iter().map(stored).collect())
    }
}

/// The events with any of these ids in any of these columns.
fn told(conn: &mut Conn, ids: Vec<String>, columns: &[&str]) -> Result<Vec<Event>, StoreError> {
    let mut sql = Sql::default();
    sql.push("SELECT body FROM event WHERE ")
        .join(columns, " OR ", "1 = 0", |sql, column| {
            sql.equals(column, ids.iter().cloned().map(Bind::Text));
        });
    let statement: Statement<Text> = sql.returning();
    events(on_each!(conn, |conn| statement.load(conn))?)
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

/// Every parameter that owns reference rows.
fn reference_params() -> Vec<i32> {
    let types = registry().types().iter();
    let params = types.flat_map(|on| registry().params(*on));
    params
        .filter(|param| param.kind == registry::ParamKind::Reference && param.same_as.is_empty())
        .map(|param| param.id.0)
        .collect()
}
