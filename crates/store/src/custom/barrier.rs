//! Writes that began by an older generation: those open when its successor was committed.
//!
//! SQLite's writes follow one another. On PostgreSQL each transaction holds a lock on its own
//! number from before its first snapshot to its end, which is what CREATE INDEX CONCURRENTLY goes
//! by too. <https://www.postgresql.org/docs/current/view-pg-locks.html>
use crate::StoreError;
use crate::conn::Conn;
use diesel::prelude::*;
use diesel::sql_types::Text;
use std::collections::HashSet;

#[derive(QueryableByName)]
struct Open {
    #[diesel(sql_type = Text)]
    transaction: String,
}

/// Only gateways write resources, and their connections say who they are (`conn.rs`).
const OPEN: &str = "SELECT held.virtualxid AS transaction FROM pg_locks held \
     JOIN pg_stat_activity session ON session.pid = held.pid \
     WHERE held.locktype = 'virtualxid' AND held.mode = 'ExclusiveLock' AND held.granted \
     AND session.datname = current_database() AND session.application_name = 'baton' \
     AND held.pid <> pg_backend_pid()";

/// The transactions that are open now.
pub(super) fn open(conn: &mut Conn) -> Result<HashSet<String>, StoreError> {
    let Conn::Postgres(conn) = conn else {
        return Ok(HashSet::new());
    };
    let open: Vec<Open> = diesel::sql_query(OPEN).load(conn)?;
    Ok(open.into_iter().map(|open| open.transaction).collect())
}
