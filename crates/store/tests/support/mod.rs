//! A fresh database of each engine for a test, gone when the test ends.
#![allow(dead_code)]
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use fhir::{Resource, TypeId};
use serde_json::Value;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use store::commit::NoReaction;
use store::{Change, Context, Expect, Op, Reaction, Store, StoreConfig, StoreError};

static NEXT: AtomicU32 = AtomicU32::new(0);
/// 2026-11-22T10:00:00Z
pub const NOON: i64 = 1_795_341_600_000_000;

pub enum Database {
    Sqlite { file: PathBuf },
    Postgres { server: String, name: String },
}

impl Database {
    /// One of each engine; PostgreSQL where `tests/with-postgres` (or CI) gives one.
    pub fn each() -> Vec<Database> {
        let mut all = vec![Database::sqlite()];
        match std::env::var("BATON_TEST_POSTGRES") {
            Ok(server) => all.push(Database::postgres(server)),
            Err(_) if std::env::var_os("CI").is_some() => panic!("no PostgreSQL in CI"),
            Err(_) => println!("skipped: no PostgreSQL"),
        }
        all
    }

    /// For what is PostgreSQL's alone: SQLite's writes wait for each other anyway.
    pub fn each_postgres() -> Vec<Database> {
        let mut all = Database::each();
        all.retain(|database| matches!(database, Database::Postgres { .. }));
        all
    }

    fn name() -> String {
        format!(
            "baton_store_{}_{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        )
    }

    pub fn sqlite() -> Database {
        Database::Sqlite {
            file: std::env::temp_dir().join(Database::name()),
        }
    }

    fn postgres(server: String) -> Database {
        let name = Database::name();
        let mut conn = PgConnection::establish(&server).expect("the test server");
        conn.batch_execute(&format!("CREATE DATABASE {name}"))
            .expect("a database");
        Database::Postgres { server, name }
    }

    pub fn url(&self) -> String {
        match self {
            Database::Sqlite { file } => format!("sqlite://{}", file.display()),
            Database::Postgres { server, name } => {
                let (host, _) = server.rsplit_once('/').expect("a URL with a database");
                format!("{host}/{name}")
            }
        }
    }

    /// Statements of nobody's.
    pub fn execute(&self, sql: &str) {
        match self {
            Database::Sqlite { file } => {
                let mut conn = SqliteConnection::establish(&file.display().to_string()).expect("the file");
                conn.batch_execute("PRAGMA busy_timeout = 10000").expect("waits");
                conn.batch_execute(sql).expect(sql);
            }
            Database::Postgres { .. } => self.postgres_connection().batch_execute(sql).expect(sql),
        }
    }

    fn postgres_connection(&self) -> PgConnection {
        PgConnection::establish(&self.url()).expect("the database")
    }

    /// One that is open, with a number, until it is dropped; on SQLite nobody could write meanwhile.
    pub fn transaction(&self) -> Option<PgConnection> {
        let Database::Postgres { .. } = self else {
            return None;
        };
        let mut conn = self.postgres_connection();
        conn.batch_execute("BEGIN; SELECT pg_current_xact_id()")
            .expect("a transaction");
        Some(conn)
    }

    /// Cuts all connections to it, where there are any.
    pub fn disconnect(&self) {
        if let Database::Postgres { .. } = self {
            let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()";
            self.execute(others);
        }
    }

    pub fn open(&self) -> Store {
        self.open_with(Arc::new(NoReaction))
    }

    pub fn open_with(&self, reaction: Arc<dyn Reaction>) -> Store {
        let config = StoreConfig {
            url: self.url(),
            connections: 8,
            enforced: None,
            search_seconds: 60,
            wait_seconds: 15,
        };
        Store::open(&config, reaction).expect("the store opens")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        match self {
            Database::Sqlite { file } => {
                for end in ["", "-wal", "-shm"] {
                    let _ = std::fs::remove_file(format!("{}{end}", file.display()));
                }
            }
            Database::Postgres { server, name } => {
                if let Ok(mut conn) = PgConnection::establish(server) {
                    let _ = conn.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"));
                }
            }
        }
    }
}

pub fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(work)
}

/// The same test on every engine, each with its own empty store.
pub fn each_engine<F: Future<Output = ()>>(mut test: impl FnMut(Store) -> F) {
    for database in Database::each() {
        let store = database.open();
        run(test(store.clone()));
        store.close();
    }
}

/// Of ten pieces of work the fourth fails and the eighth panics.
pub fn is_doomed(n: usize) -> bool {
    [3, 7].contains(&(n % 10))
}

pub fn fate(n: usize) -> Result<usize, StoreError> {
    match n % 10 {
        3 => Err(StoreError::BadCursor),
        7 => panic!("a bug in one piece of work"),
        _ => Ok(n),
    }
}

pub fn at(second: i64) -> Context {
    Context {
        now: NOON + second * 1_000_000,
        actor: "test".into(),
        request_id: "r".into(),
        origin: None,
        provenance: None,
        within: None,
    }
}

pub fn type_id(name: &str) -> TypeId {
    TypeId::of(name).expect("a type")
}

pub fn put(value: Value, expect: Expect) -> Change {
    let resource = Resource::from_value(value).expect("a resource");
    let id = resource.id().expect("an id").to_string();
    Change {
        type_id: resource.type_id,
        id,
        op: Op::Put(Box::new(resource)),
        expect,
    }
}

pub fn delete(name: &str, id: &str, expect: Expect) -> Change {
    Change {
        type_id: type_id(name),
        id: id.to_string(),
        op: Op::Delete,
        expect,
    }
}

#[derive(diesel::QueryableByName)]
pub struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub line: String,
}

/// The rows of a query with one text column named `line`.
pub fn lines(database: &Database, sql: &str) -> Vec<String> {
    use diesel::{RunQueryDsl, sql_query};
    let rows: Vec<Line> = match database {
        Database::Sqlite { file } => {
            let mut conn = SqliteConnection::establish(&file.display().to_string()).expect("the file");
            sql_query(sql).load(&mut conn)
        }
        Database::Postgres { .. } => {
            let mut conn = PgConnection::establish(&database.url()).expect("the database");
            sql_query(sql).load(&mut conn)
        }
    }
    .expect("rows");
    rows.into_iter().map(|row| row.line).collect()
}

pub fn audit(database: &Database) -> Vec<String> {
    lines(
        database,
        "SELECT CASE WHEN deleted THEN 'delete' ELSE 'put' END || ' ' || version || ' ' || actor AS line FROM audit ORDER BY id",
    )
}
