//! One connection type over both engines, and how each is opened.
//!
//! The enum runs the shared DSL. What it cannot (`on_conflict`, batch inserts, `FOR UPDATE`,
//! arrays) goes through [`on_each!`], or a `match` where the SQL really differs.
use crate::error::Transient;
use crate::{StoreError, watch};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

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

/// Who will use a connection: SQLite has one writer and any number of readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Writer,
    Reader,
    /// Point reads and nothing else.
    Fetcher,
}

/// WAL so that readers never wait; FULL so that what was acknowledged survives a power cut.
/// Caches stay small: the file is mapped into memory for readers, so the kernel caches it once.
const SQLITE_BOTH: &str =
    "PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;";
const SQLITE_WRITER: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 4000;";
const SQLITE_READER: &str =
    "PRAGMA query_only = ON; PRAGMA cache_size = -2048; PRAGMA mmap_size = 268435456;";
/// Notices are noise, and compiling a search costs more than running it.
const POSTGRES_BOTH: &str =
    "SET client_min_messages = warning; SET application_name = 'baton'; SET jit = off;";

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
                conn.batch_execute(POSTGRES_BOTH)?;
                if role == Role::Fetcher {
                    conn.batch_execute(POSTGRES_FETCHER)?;
                }
                Ok(Conn::Postgres(conn))
            }
            Engine::Sqlite => {
                let path = url.strip_prefix("sqlite://").unwrap_or(url);
                let mut conn = SqliteConnection::establish(path).map_err(unreachable)?;
                conn.batch_execute(SQLITE_BOTH)?;
                conn.batch_execute(match role {
                    Role::Writer => SQLITE_WRITER,
                    Role::Reader | Role::Fetcher => SQLITE_READER,
                })?;
                watch::teach(&mut conn)?;
                Ok(Conn::Sqlite(conn))
            }
        }
    }
}

fn unreachable(error: ConnectionError) -> StoreError {
    StoreError::Transient(
        Transient::Disconnected,
        format!("cannot open the database: {error}"),
    )
}
