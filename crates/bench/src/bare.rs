//! The engine's own limit: a bare client that writes the rows one Observation costs, index and
//! audit rows included, with the durability Baton has and nothing else to do.
use crate::engine::{self, Engine};
use crate::observation;
use crate::server::run;
use fhir::Resource;
use fhir::search::index::{Entry, EntryValue, stored};
use fhir::search::words::terms;
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

/// How much later an Observation is than the first, in microseconds, as [`observation::json`] has it.
const LATER: &str = "{n}%28*86400000000+{n}%24*3600000000+{n}%60*60000000";

/// Table with columns, and SQL values, of each row. `{key}` stands for the resource's key and `{n}` for its
/// number: ids, patients, dates and values are made of it as [`observation::json`] makes them, so that rows
/// land as far apart as Baton's.
fn rows() -> Vec<(&'static str, String)> {
    let text = observation::json(1);
    let resource = Resource::parse(text.as_bytes()).expect("a resource");
    let type_id = resource.type_id.0;
    let body = resource.stamped(
        "00000000-0000-7000-8000-000000000000",
        1,
        "2026-10-30T08:00:00.000Z",
    );
    let body = pack(&body);
    let resource_row = (
        "resource (key,type_id,id,version,updated,deleted,body)",
        format!("{{key}},{type_id},'00000000-0000-7000-8000-{{wide}}',1,{{key}},false,<<{body}>>"),
    );
    let audit_row = (
        "audit (id,at,actor,request,key,version,deleted,detail)",
        format!(
            "{{key}},{{key}},'00000000-0000-7000-8000-000000000000',<<00000000000070008000000000000000>>,{{key}},1,false,<<{}>>",
            audited()
        ),
    );
    let words: Vec<String> = terms(&resource.value)
        .iter()
        .map(|word| format!("O{word}"))
        .collect();
    let text_row = ("idx_text (words,rowid)", format!("'{}',{{key}}", words.join(" ")));
    let index = stored(&resource).into_iter().map(|entry| index_row(&entry));
    [resource_row, audit_row, text_row]
        .into_iter()
        .chain(index)
        .collect()
}

/// What stands beside the columns of an audit row, in hexadecimal: the patient, and from where the request came.
fn audited() -> String {
    let patient = observation::patient(1);
    let tagged = [
        &[1, 0, patient.len() as u8][..],
        patient.as_bytes(),
        &[3, 0, 4, 127, 0, 0, 1],
    ];
    hexadecimal(&tagged.concat())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Before the keys of all Observations (`store/src/keys.rs`).
fn first_key() -> i64 {
    let id = fhir::TypeId::of("Observation").expect("a type").0;
    i64::from(id) << 44
}

/// The bytes Baton stores for a body, in hexadecimal.
fn pack(body: &str) -> String {
    const DICTIONARY: &[u8] = include_bytes!("../../store/data/bodies.zdict");
    let mut packer = zstd::bulk::Compressor::with_dictionary(1, DICTIONARY).expect("a dictionary");
    hexadecimal(&packer.compress(body.as_bytes()).expect("compressed"))
}

fn index_row(entry: &Entry) -> (&'static str, String) {
    let param = entry.param.0;
    let hash = 4_611_686_018_427_387_905_i64;
    match &entry.value {
        EntryValue::Token { code, .. } | EntryValue::Identifier { code, .. } => (
            "idx_token (param,code,system,key)",
            format!("{param},'{code}',{hash},{{key}}"),
        ),
        EntryValue::Uri(uri) => (
            "idx_token (param,code,system,key)",
            format!("{param},'{uri}',0,{{key}}"),
        ),
        EntryValue::Local { type_id, id } => (
            "idx_reference (param,target_type,target,key)",
            format!(
                "{param},{},'{}',{{key}}",
                type_id.0,
                id.replace("000001", "{patient}")
            ),
        ),
        EntryValue::Url(url) => (
            "idx_reference (param,target_type,target,key)",
            format!("{param},-1,'{url}',{{key}}"),
        ),
        EntryValue::Date { low, high } => (
            "idx_date (param,low,high,key)",
            format!("{param},{low}+{LATER},{high}+{LATER},{{key}}"),
        ),
        EntryValue::Str { norm, .. } => (
            "idx_string (param,norm,exact,key)",
            format!("{param},'{norm}','',{{key}}"),
        ),
        EntryValue::Number { low, high } => (
            "idx_number (param,low,high,key)",
            format!("{param},{low},{high},{{key}}"),
        ),
        EntryValue::Quantity { value, .. } => (
            "idx_quantity (param,value,code,system,key)",
            format!("{param},{value}+{{n}}%60,{hash},{hash},{{key}}"),
        ),
        EntryValue::Coded { code, quantity, .. } => {
            let quantity = match quantity.as_deref() {
                Some(EntryValue::Quantity { value, .. }) => format!("{value}+{{n}}%60,{hash},{hash}"),
                _ => "NULL,NULL,NULL".to_string(),
            };
            (
                "idx_coded (param,code,system,key,nth,value,unit,unit_system)",
                format!("{param},'{code}',{hash},{{key}},0,{quantity}"),
            )
        }
    }
}

fn sqlite(path: &str) -> Bare {
    let connection = rusqlite::Connection::open(path).expect("the database");
    connection
        .execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
        .expect("the same durability");
    let inserts = rows().into_iter().map(|(table, row)| {
        let values = row
            .replace("<<", "x'")
            .replace(">>", "'")
            .replace("{wide}", "'||printf('%012d',?1)||'")
            .replace("{patient}", "'||printf('%06d',?1%5000)||'")
            .replace("{key}", &format!("({}+?1)", first_key()))
            .replace("{n}", "?1");
        format!("INSERT INTO {table} VALUES ({values})")
    });
    Bare::Sqlite {
        inserts: inserts.collect(),
        connection,
        number: 1,
    }
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
            let values = row
                .replace("<<", "'\\x")
                .replace(">>", "'::bytea")
                .replace("{wide}", "'||lpad(n::text,12,'0')||'")
                .replace("{patient}", "'||lpad((n%5000)::text,6,'0')||'")
                .replace("{key}", &format!("({}+n)", first_key()))
                .replace("{n}", "n");
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
