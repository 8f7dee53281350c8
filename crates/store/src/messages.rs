//! Inbound messages: the table `inbox` keeps each as it came, with its answer. What they said is in
//! `events.rs`.
use crate::body::Body;
use crate::conn::{Conn, on_each};
use crate::pg::statement;
use crate::rows::storable;
use crate::schema::{event, idx_reference, inbox, resource};
use crate::{StoreError, Stored, Tx};
use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};
use fhir::{TypeId, registry};
use std::borrow::Cow;

/// Messages of one name that are looked at.
const FEW: i64 = 8;

/// What is locked by whoever writes about a stay, by the id of its Encounter.
pub fn stay_lock(encounter: &str) -> String {
    format!("Encounter/{encounter}")
}

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

impl Tx<'_> {
    pub fn keep_message(&mut self, message: &Message) -> Result<(), StoreError> {
        let row = &*message.storable();
        on_each!(&mut *self.conn, |conn| diesel::insert_into(inbox::table)
            .values(row)
            .execute(conn))?;
        Ok(())
    }

    pub fn message(&mut self, id: &str) -> Result<Option<Message>, StoreError> {
        let found = inbox::table
            .find(id)
            .select(Message::as_select())
            .first(&mut *self.conn);
        Ok(found.optional()?)
    }

    /// Messages a sender gave that name, also before it was registered; the latest few first.
    pub fn messages_named(&mut self, sender: &str, control_id: &str) -> Result<Vec<Message>, StoreError> {
        self.messages_behind_locks(&[], sender, control_id)
    }

    /// The same once these texts are locked.
    pub fn messages_behind_locks(
        &mut self,
        locks: &[&str],
        sender: &str,
        control_id: &str,
    ) -> Result<Vec<Message>, StoreError> {
        let numbers = self.locked_here(locks)?;
        let name = storable(control_id.to_owned());
        Ok(match &mut *self.conn {
            Conn::Postgres(conn) => LockAndFind {
                numbers: &numbers,
                sender,
                name: &name,
            }
            .load(conn)?,
            // Row by row without LIMIT: SQLite plans anew whenever one is bound.
            Conn::Sqlite(conn) => {
                let named = inbox::table
                    .filter(inbox::sender.eq(sender).or(inbox::sender.eq("")))
                    .filter(inbox::control_id.eq(name))
                    .order(inbox::received.desc());
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
        Ok(named.load(&mut *self.conn)?)
    }

    /// Notes what became of a kept message later.
    pub fn settle_message(&mut self, id: &str, outcome: &str, detail: &str) -> Result<(), StoreError> {
        let settled = (inbox::outcome.eq(outcome), inbox::detail.eq(detail));
        diesel::update(inbox::table.find(id))
            .set(settled)
            .execute(&mut *self.conn)?;
        Ok(())
    }

    /// The messages that spoke of these Encounters: each with the Encounter.
    pub fn messages_of_stays(&mut self, encounters: &[String]) -> Result<Vec<(String, String)>, StoreError> {
        let told = event::table.filter(event::stay.eq_any(encounters.to_vec()));
        let pairs = told.select((event::inbox, event::stay.assume_not_null()));
        Ok(pairs.distinct().load(&mut *self.conn)?)
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
            .load(&mut *self.conn)?;
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

struct LockAndFind<'a> {
    numbers: &'a [i64],
    sender: &'a str,
    name: &'a str,
}

statement!(
    LockAndFind,
    "SELECT id, received, channel, sender, control_id, envelope, event, hash, outcome, ack_code, detail, raw, response \
     FROM baton_lock_and_find(",
    ")",
    |self, binds| binds
        .add::<Array<BigInt>, _>(&self.numbers)
        .and_then(|()| binds.add::<Text, _>(&self.sender))
        .and_then(|()| binds.add::<Text, _>(&self.name))
        .and_then(|()| binds.add::<BigInt, _>(&FEW))
);

impl diesel::query_builder::Query for LockAndFind<'_> {
    type SqlType = SqlTypeOf<AsSelect<Message, Pg>>;
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
