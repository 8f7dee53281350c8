//! What a database takes on disk for the JSON it holds, beyond what an empty one takes: PostgreSQL's
//! catalogs are some seven megabytes.
use crate::engine::Engine;
use crate::server::run;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// Bytes on disk, indexes included, per byte of JSON stored, that of earlier versions included.
pub fn bytes_per_byte(engine: &Engine, database: &str) -> f64 {
    let disk = size(engine, database) - empty(engine);
    disk / bodies(engine, database).iter().sum::<u64>() as f64
}

fn empty(engine: &Engine) -> f64 {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let database = engine.database(&format!("empty{}", MADE.fetch_add(1, Ordering::Relaxed)));
    run(&["migrate"], &database);
    size(engine, &database)
}

fn size(engine: &Engine, database: &str) -> f64 {
    match engine {
        Engine::Sqlite { .. } => sqlite(database)
            .query_row(
                "SELECT page_count * page_size * 1.0 FROM pragma_page_count, pragma_page_size",
                [],
                |row| row.get(0),
            )
            .expect("a number"),
        Engine::Postgres { .. } => {
            let size = ask(database, "SELECT pg_database_size(current_database())");
            size.trim().parse().expect("a number")
        }
    }
}

/// All that is held: what was replaced or deleted too.
const VERSIONS: &str = "(SELECT body FROM resource UNION ALL SELECT body FROM resource_history) v";

/// The length of each version's JSON.
fn bodies(engine: &Engine, database: &str) -> Vec<u64> {
    match engine {
        Engine::Sqlite { .. } => in_sqlite(database),
        Engine::Postgres { .. } => in_postgres(database),
    }
}

/// The length of a body that takes `length` bytes and begins like this: a compressed one says.
fn json(start: &[u8], length: u64) -> u64 {
    let said = zstd::zstd_safe::get_frame_content_size(start);
    said.ok().flatten().unwrap_or(length)
}

fn sqlite(database: &str) -> rusqlite::Connection {
    rusqlite::Connection::open(database.trim_start_matches("sqlite://")).expect("the database")
}

fn in_sqlite(database: &str) -> Vec<u64> {
    let connection = sqlite(database);
    let mut bodies = connection
        .prepare(&format!(
            "SELECT CAST(substr(body, 1, 18) AS BLOB), length(body) FROM {VERSIONS}"
        ))
        .expect("prepared");
    let bodies = bodies.query_map([], |row| {
        let start: Vec<u8> = row.get(0)?;
        Ok(json(&start, row.get::<_, i64>(1)?.unsigned_abs()))
    });
    bodies.expect("rows").collect::<Result<_, _>>().expect("rows")
}

fn ask(database: &str, sql: &str) -> String {
    let output = Command::new("psql").args([database, "-Atqc", sql]).output();
    String::from_utf8_lossy(&output.expect("psql").stdout).into_owned()
}

fn in_postgres(database: &str) -> Vec<u64> {
    let sql = format!("SELECT encode(substr(body, 1, 18), 'hex') || '|' || length(body) FROM {VERSIONS}");
    let byte = |hex: &[u8]| u8::from_str_radix(std::str::from_utf8(hex).unwrap_or_default(), 16).unwrap_or(0);
    let body = |line: &str| {
        let (start, length) = line.split_once('|')?;
        let start: Vec<u8> = start.as_bytes().chunks(2).map(byte).collect();
        Some(json(&start, length.parse().ok()?))
    };
    ask(database, &sql).lines().filter_map(body).collect()
}
