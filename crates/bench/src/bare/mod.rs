//! The engine's own limit: a bare client that writes the rows one Observation costs, index and
//! audit rows included, with the durability Baton has and nothing else to do.
mod rows;

use crate::engine::{self, Engine};
use crate::server::run;
use rows::rows;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The bare client with 32 callers, and the database it writes to.
pub enum Bare {
    /// One thread, prepared statements, 32 resources to a commit, as a group of 32 callers would be.
    Sqlite {
        connection: rusqlite::Connection,
        inserts: Vec<String>,
        number: i64,
    },
    /// pgbench: one prepared statement a transaction, 32 connections.
    Postgres { database: String, script: PathBuf },
}

impl Bare {
    pub fn new(engine: &Engine) -> Bare {
        let database = engine.database("bare");
        run(&["migrate"], &database);
        match engine {
            Engine::Sqlite { .. } => sqlite(database.trim_start_matches("sqlite://")),
            Engine::Postgres { .. } => {
                // A connection takes as many at once as a process of Baton does.
                assert!(
                    engine::psql(&database, "CREATE SEQUENCE bare CACHE 4096"),
                    "a sequence"
                );
                postgres(database)
            }
        }
    }

    /// Creates per second in that time.
    pub fn creates(&mut self, time: Duration) -> f64 {
        match self {
            Bare::Sqlite {
                connection,
                inserts,
                number,
            } => write_rows(connection, inserts, number, time),
            Bare::Postgres { database, script } => pgbench(database, script, time),
        }
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        if let Bare::Postgres { script, .. } = self {
            let _ = std::fs::remove_file(script);
        }
    }
}

fn sqlite(path: &str) -> Bare {
    let connection = rusqlite::Connection::open(path).expect("the database");
    connection
        .execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
        .expect("the same durability");
    let inserts = rows().into_iter().map(|(table, row)| {
        let marks = [
            ("<<", "x'"),
            (">>", "'"),
            ("{wide}", "'||printf('%012d',?1)||'"),
            ("{patient}", "'||printf('%06d',?1%5000)||'"),
            ("{n}", "?1"),
        ];
        let values = filled(row, &marks);
        format!("INSERT INTO {table} VALUES ({values})")
    });
    Bare::Sqlite {
        inserts: inserts.collect(),
        connection,
        number: 1,
    }
}

/// A row's values, with the engine's own SQL in place of the marks.
fn filled(row: String, marks: &[(&str, &str)]) -> String {
    marks.iter().fold(row, |row, (mark, sql)| row.replace(mark, sql))
}

fn write_rows(
    connection: &rusqlite::Connection,
    inserts: &[String],
    number: &mut i64,
    time: Duration,
) -> f64 {
    let mut statements: Vec<_> = inserts.iter().map(|s| connection.prepare(s).expect(s)).collect();
    let (start, before) = (Instant::now(), *number);
    while start.elapsed() < time {
        connection.execute_batch("BEGIN IMMEDIATE").expect("begin");
        for _ in 0..32 {
            statements.iter_mut().for_each(|s| {
                s.execute([*number]).expect("inserted");
            });
            *number += 1;
        }
        connection.execute_batch("COMMIT").expect("commit");
    }
    (*number - before) as f64 / start.elapsed().as_secs_f64()
}

fn postgres(database: String) -> Bare {
    let inserts: Vec<String> = rows()
        .into_iter()
        .enumerate()
        .map(|(nth, (table, row))| {
            let marks = [
                ("<<", "'\\x"),
                (">>", "'::bytea"),
                ("{wide}", "'||lpad(n::text,12,'0')||'"),
                ("{patient}", "'||lpad((n%5000)::text,6,'0')||'"),
                ("{n}", "n"),
            ];
            let values = filled(row, &marks);
            format!("w{nth} AS (INSERT INTO {table} SELECT {values} FROM k)")
        })
        .collect();
    let text = format!(
        "WITH k AS (SELECT nextval('bare') AS n), {} SELECT 1;\n",
        inserts.join(", ")
    );
    let script = std::env::temp_dir().join(format!("baton-bare-{}.sql", std::process::id()));
    std::fs::write(&script, text).expect("a script");
    Bare::Postgres { database, script }
}

/// In whole seconds.
fn pgbench(database: &str, script: &Path, time: Duration) -> f64 {
    let seconds = time.as_secs().max(1).to_string();
    let output = Command::new("pgbench")
        .args([
            "-n", "-M", "prepared", "-c", "32", "-j", "2", "-T", &seconds, "-f",
        ])
        .arg(script)
        .arg(database)
        .output()
        .expect("pgbench, from PostgreSQL's own packages");
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok())
        .unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
}
