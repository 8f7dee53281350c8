//! Locks that others hold: who needs one is told in time to come again, everybody else is served.
use super::{alive, basic, limited};
use crate::on_both_databases;
use crate::support::{Baton, Client, Database, Reply};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

on_both_databases!(
    writes_that_get_no_lock_are_answered,
    reads_that_get_no_lock_are_answered
);

/// What any answer may take here, where one waits a second for a turn and one for a lock.
const BOUND: Duration = Duration::from_secs(12);

/// Somebody else's transaction, until it is dropped.
struct Other {
    _connection: Box<dyn std::any::Any>,
}

fn holding(database: &Database, sqlite: &str, postgres: &str) -> Other {
    match database.sqlite_file() {
        Some(path) => {
            let mut file = SqliteConnection::establish(path).expect("the file of the database");
            file.batch_execute("PRAGMA busy_timeout = 10000")
                .expect("a setting");
            file.batch_execute(sqlite).expect(sqlite);
            Other {
                _connection: Box::new(file),
            }
        }
        None => {
            let mut connection = PgConnection::establish(database.url()).expect("a connection");
            connection.batch_execute(postgres).expect(postgres);
            Other {
                _connection: Box::new(connection),
            }
        }
    }
}

fn served(database: Database) -> (Baton, Client) {
    let baton = limited(database, "[limits]\nwait_seconds = 1\n");
    let partner = baton.partner();
    for id in ["held", "free"] {
        let made = partner.put(&format!("Basic/{id}"), &named(id, "first"));
        assert_eq!(made.status, 201, "{}", made.text);
    }
    (baton, partner)
}

fn named(id: &str, text: &str) -> Value {
    let mut basic = basic(text);
    basic["id"] = json!(id);
    basic
}

/// In time, with a reason, and with a time to come again.
fn told(begun: Instant, reply: Reply) {
    assert!(begun.elapsed() < BOUND, "{:?}", begun.elapsed());
    assert!(reply.headers.contains_key("retry-after"), "{}", reply.text);
    let outcome = reply.refused(503, "");
    assert_eq!(outcome["issue"][0]["code"], "transient");
}

fn writes_that_get_no_lock_are_answered(database: Database) {
    let (baton, partner) = served(database);
    let lock = "BEGIN; SELECT 1 FROM resource WHERE id = 'held' FOR UPDATE";
    let other = holding(&baton.database, "BEGIN IMMEDIATE", lock);
    let (put, entry) = (
        named("held", "second"),
        json!({"method": "PUT", "url": "Basic/held"}),
    );
    let bundle = json!({"resourceType": "Bundle", "type": "transaction",
        "entry": [{"resource": put, "request": entry}]});
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for n in 0..40 {
            let (partner, put, bundle) = (&partner, &put, &bundle);
            scope.spawn(move || {
                told(
                    begun,
                    match n % 3 {
                        0 => partner.put("Basic/held", put),
                        1 => partner.post("", bundle),
                        _ => partner.delete("Basic/held"),
                    },
                );
            });
        }
    });
    assert_eq!(partner.get("Basic/held").status, 200, "who reads does not wait");
    let begun = Instant::now();
    let free = partner.put("Basic/free", &named("free", "second"));
    match baton.database.sqlite_file() {
        // One lock for all of it.
        Some(_) => told(begun, free),
        None => assert_eq!(free.status, 200, "{}", free.text),
    }
    drop(other);
    let written = partner.put("Basic/held", &named("held", "third"));
    assert_eq!(written.ok()["meta"]["versionId"], "2", "nothing was done before");
    alive(&partner);
}

/// On PostgreSQL somebody may lock the table itself; on SQLite readers wait for nobody.
fn reads_that_get_no_lock_are_answered(database: Database) {
    let (baton, partner) = served(database);
    let lock = "BEGIN; LOCK TABLE resource IN ACCESS EXCLUSIVE MODE";
    let other = holding(&baton.database, "BEGIN EXCLUSIVE", lock);
    let on_postgres = baton.database.sqlite_file().is_none();
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for n in 0..40 {
            let partner = &partner;
            scope.spawn(move || {
                let reply = match n % 3 {
                    0 => partner.get("Basic/held"),
                    1 => partner.get("Basic?_id=held"),
                    _ => partner.get("Basic/held/_history"),
                };
                match on_postgres {
                    true => told(begun, reply),
                    false => assert_eq!(reply.status, 200, "{}", reply.text),
                }
            });
        }
    });
    told(Instant::now(), partner.post("Basic", &basic("new")));
    drop(other);
    assert_eq!(partner.get("Basic/held").status, 200);
    assert_eq!(partner.find("Basic?_id=held,free").len(), 2);
    alive(&partner);
}
