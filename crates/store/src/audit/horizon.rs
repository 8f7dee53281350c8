//! Up to which row the audit is settled: behind it no row can come any more.
//!
//! SQLite's rows get their ids in the order of the commits. On PostgreSQL a transaction takes ids
//! when it writes and shows them when it commits, or never does. But each has its number before it
//! takes an id; so once all numbers given out by the time of a look are done with, what that look
//! saw last is settled. <https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SNAPSHOT>
use crate::StoreError;
use crate::conn::Conn;
use crate::schema::audit;
use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use std::sync::{Mutex, PoisonError};

/// What all threads have seen.
#[derive(Default)]
pub(crate) struct Horizon(Mutex<Settling>);

/// The last look that is not settled yet.
#[derive(Default)]
pub(crate) struct Settling(Option<Look>);

#[derive(Clone, Copy, QueryableByName)]
pub(crate) struct Look {
    /// The last row that it saw.
    #[diesel(sql_type = BigInt)]
    pub(crate) last: i64,
    /// The oldest transaction that is open.
    #[diesel(sql_type = BigInt)]
    pub(crate) oldest: i64,
    /// The number of the next one.
    #[diesel(sql_type = BigInt)]
    pub(crate) next: i64,
}

const LOOK: &str = "SELECT coalesce((SELECT max(id) FROM audit), 0) AS last, \
     pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest, \
     pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next";

impl Horizon {
    /// The last settled row, as far as this look tells.
    pub(super) fn settled(&self, conn: &mut Conn) -> Result<i64, StoreError> {
        let Conn::Postgres(conn) = conn else {
            let last: Option<i64> = audit::table.select(max(audit::id)).get_result(conn)?;
            return Ok(last.unwrap_or_default());
        };
        let now: Look = diesel::sql_query(LOOK).get_result(conn)?;
        let mut settling = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(settling.settled(now).unwrap_or_default())
    }
}

impl Settling {
    /// The last row that is settled now, where that is known. Looks come in the order of time.
    pub(crate) fn settled(&mut self, now: Look) -> Option<i64> {
        if now.oldest >= now.next {
            self.0 = None;
            return Some(now.last);
        }
        match self.0 {
            Some(look) if now.oldest < look.next => None,
            look => {
                self.0 = Some(now);
                look.map(|look| look.last)
            }
        }
    }
}
