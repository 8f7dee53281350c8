//! Who did what to which resource, whose patient's it was, when, from where, why, and what came of
//! it. <https://hl7.org/fhir/R4/auditevent.html>
//!
//! A write leaves a row of its own in its transaction (`write_sql/`). What is no write (reads,
//! searches, refusals) is handed in as [`Event`]s, many of which share a row: `detail` packs them.
//! `seal` chains the rows, `verify` finds what was changed or removed.
mod block;
mod columns;
mod detail;
mod horizon;
mod page;
mod reserved;
mod retain;
mod row;
mod seal;
mod verify;

pub use block::Blocks;
pub(crate) use detail::of_write;
pub(crate) use horizon::{Horizon, Look, Settling};
pub use page::{Place, Range, Recorded};
pub use reserved::{PREFIX, is_recorded, refuse as refuse_recorded};
pub use retain::{Removed, Step};
pub use verify::{Damage, Head, Verified};

use crate::conn::{Conn, on_each};
use crate::schema::audit;
use crate::{StoreError, Tx};
use block::Block;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::net::IpAddr;

/// Events of one row lie this close together, in microseconds: so rows in order of time give events
/// in order of time with little looking ahead.
const SPAN: i64 = 1_000_000;

/// Where a request came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// `fhirUser` of the person who acts, such as `Practitioner/1`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub person: String,
    /// Who another issuer says it is, as `issuer|subject`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<IpAddr>,
    /// Purpose of use, such as `TREAT`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub purpose: String,
}

/// What happened, other than a write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Microseconds.
    pub at: i64,
    /// As [`crate::Context::actor`]; empty where nobody knows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub actor: String,
    #[serde(flatten)]
    pub origin: Origin,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub request: String,
    /// Such as `read`, `search-type`, `token`.
    pub action: Cow<'static, str>,
    /// HTTP status.
    pub status: u16,
    /// Resource type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Cow<'static, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// Ids of the patients concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patients: Vec<String>,
    /// What was asked for, below the base: patient data, so it goes nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
}

impl Tx<'_> {
    /// Records events in few rows. Says in which.
    pub fn record(&mut self, events: &[Event]) -> Result<Vec<i64>, StoreError> {
        self.record_all(&events.iter().collect())
    }

    /// The same of what others have collected.
    pub fn record_all(&mut self, events: &Blocks) -> Result<Vec<i64>, StoreError> {
        if let Conn::Postgres(conn) = &mut *self.conn {
            // Before a row takes its id, or the seal could pass it by (`horizon.rs`).
            diesel::sql_query("SELECT pg_current_xact_id()").execute(conn)?;
        }
        events.iter().map(|block| self.record_block(block)).collect()
    }

    fn record_block(&mut self, block: &Block) -> Result<i64, StoreError> {
        let packed = detail::of_block(block)?;
        let row = on_each!(&mut *self.conn, |conn| diesel::insert_into(audit::table)
            .values((
                audit::at.eq(block.last),
                audit::actor.eq(""),
                audit::request.eq(&b""[..]),
                audit::key.eq(0),
                audit::version.eq(0),
                audit::deleted.eq(false),
                audit::detail.eq(Some(packed)),
            ))
            .returning(audit::id)
            .get_result(conn))?;
        Ok(row)
    }
}
