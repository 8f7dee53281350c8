//! Brings an empty or older database to this schema. Safe when several gateways start at once.
use crate::StoreError;
use crate::conn::Conn;
use crate::write_sql::functions::install;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
/// Any number that nobody else locks: "baton" in ASCII.
const LOCK: i64 = 0x62_6174_6f6e;

/// The URL of a database may say `options=-csearch_path%3DNAME`; a schema of that name is made when
/// it is not there. Anything but one plain name is the operator's to prepare.
const SCHEMA: &str = "DO $$ DECLARE path TEXT := current_setting('search_path'); BEGIN \
     IF current_schema() IS NULL AND path ~ '^[a-z_][a-z0-9_]*$' THEN \
     EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', path); END IF; END $$";

/// `then` runs under the same lock.
pub(crate) fn migrate(
    conn: &mut Conn,
    then: impl Fn(&mut Conn) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    if let Conn::Postgres(conn) = conn {
        diesel::sql_query("SELECT pg_advisory_lock($1)")
            .bind::<BigInt, _>(LOCK)
            .execute(conn)?;
    }
    if let Conn::Postgres(conn) = conn {
        conn.batch_execute(SCHEMA)?;
    }
    let done = match conn {
        Conn::Sqlite(conn) => run(conn, SQLITE),
        Conn::Postgres(conn) => run(conn, POSTGRES).and_then(|()| install(conn)),
    };
    let done = done.and_then(|()| then(conn));
    if let Conn::Postgres(conn) = conn {
        diesel::sql_query("SELECT pg_advisory_unlock($1)")
            .bind::<BigInt, _>(LOCK)
            .execute(conn)?;
    }
    done
}

fn run<DB, C>(conn: &mut C, migrations: EmbeddedMigrations) -> Result<(), StoreError>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB> + SimpleConnection,
{
    let applied = conn.run_pending_migrations(migrations).map_err(|error| {
        StoreError::Database(format!("the schema could not be brought up to date: {error}"))
    })?;
    for version in applied {
        tracing::info!(%version, "database migrated");
    }
    Ok(())
}
