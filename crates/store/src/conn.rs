//! One connection type over both engines, and how each is opened.
//!
//! The enum runs the shared DSL. What it cannot (`on_conflict`, batch inserts, `FOR UPDATE`,
//! arrays) goes through [`on_each!`], or a `match` where the SQL really differs.
use crate::error::Transient;
use crate::{StoreError, watch};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use std::time::Duration;

/// A connection to either engine.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// Runs one body with the concrete connection of either engine.
macro_rules! on_each {
    ($conn:expr, |$c:ident| $body:expr) => {
        match $conn {
            $crate::conn::Conn::Postgres($c) => $body,
            $crate::conn::Conn::Sqlite($c) => $body,
        }
    };
}
pub(crate) use on_each;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// Who will use a connection: SQLite has one writer, each engine any number of readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Writer,
    /// Brings the database up to date, for which it may have to read all of a table.
    Migrator,
    Reader,
    /// Point reads and nothing else.
    Fetcher,
}

/// WAL so that readers never wait; FULL so that what was acknowledged survives a power cut.
/// Caches stay small: all of the file is mapped into memory for readers, so the kernel caches it once, and
/// a page beyond what is mapped would be a call and a copy each time (at 1.3 GB, half the time of searches).
const SQLITE_BOTH: &str =
    "PRAGMA busy_timeout = 60000; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;";
/// The writer's too: in a file below 1 GiB each commit that had to balance a tree walks all of the
/// cache (pages change numbers by way of one far behind the end, and are then looked for up to there).
const SQLITE_WRITER: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA cache_size = -4096; PRAGMA wal_autocheckpoint = 16000;";
const SQLITE_READER: &str =
    "PRAGMA query_only = ON; PRAGMA cache_size = -2048; PRAGMA mmap_size = 1099511627776;";
/// Notices are noise; compiling a search, or starting processes for it, costs more than running it.
const POSTGRES_BOTH: &str = "SET client_min_messages = warning; SET application_name = 'baton'; \
     SET jit = off; SET max_parallel_workers_per_gather = 0;";

/// Plans are kept, and the first are made while tables are as good as empty, when reading all of one looks
/// best. What is read in a write is found by an index.
const POSTGRES_WRITER: &str = "SET enable_seqscan = off;";

/// A point read is planned once and goes by the index, however small the table was at that time.
const POSTGRES_FETCHER: &str = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; \
     SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_bitmapscan = off;";

impl Engine {
    pub(crate) fn of(url: &str) -> Result<Engine, StoreError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Engine::Postgres);
        }
        match url.strip_prefix("sqlite://") {
            Some(path) if !path.is_empty() && !path.contains(":memory:") => Ok(Engine::Sqlite),
            _ => Err(StoreError::Database(
                "the database must be sqlite://PATH or postgres://USER@HOST/NAME".to_string(),
            )),
        }
    }

    pub(crate) fn connect(self, url: &str, role: Role) -> Result<Conn, StoreError> {
        match self {
            Engine::Postgres => {
                let mut conn = PgConnection::establish(url).map_err(unreachable)?;
                let own = match role {
                    Role::Writer => POSTGRES_WRITER,
                    Role::Reader | Role::Migrator => "",
                    Role::Fetcher => POSTGRES_FETCHER,
                };
                conn.batch_execute(&format!("{POSTGRES_BOTH}{own}"))?;
                Ok(Conn::Postgres(conn))
            }
            Engine::Sqlite => {
                let path = url.strip_prefix("sqlite://").unwrap_or(url);
                let mut conn = SqliteConnection::establish(path).map_err(unreachable)?;
                conn.batch_execute(SQLITE_BOTH)?;
                conn.batch_execute(match role {
                    Role::Writer | Role::Migrator => SQLITE_WRITER,
                    Role::Reader | Role::Fetcher => SQLITE_READER,
                })?;
                watch::teach(&mut conn)?;
                Ok(Conn::Sqlite(conn))
            }
        }
    }
}

impl Conn {
    /// Whoever cannot get a lock in this time gets an error instead. Until this is said, as in
    /// migrations, locks are worth waiting for.
    pub(crate) fn wait_at_most(&mut self, time: Duration, role: Role) -> Result<(), StoreError> {
        let most = i32::try_from(time.as_millis()).unwrap_or(i32::MAX);
        let mut settings = match self {
            Conn::Sqlite(_) => format!("PRAGMA busy_timeout = {most};"),
            Conn::Postgres(_) => format!("SET lock_timeout = {most};"),
        };
        if let (Conn::Postgres(_), Role::Fetcher) = (&*self, role) {
            settings.push_str(&format!(" SET statement_timeout = {most};"));
        }
        Ok(self.batch_execute(&settings)?)
    }
}

fn unreachable(error: ConnectionError) -> StoreError {
    StoreError::Transient(
        Transient::Disconnected,
        format!("cannot open the database: {error}"),
    )
}
