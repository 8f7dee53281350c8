//! What need not be kept any longer goes, and the chain tells that from what somebody took away.
use super::book::{A_SECOND, exported, patient};
use super::chain::{damage, sealed, whole};
use crate::auth::partner::settings;
use crate::on_both_databases;
use crate::support::{Baton, Database, Options};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::Store;
use store::audit::{Event, Head};

on_both_databases!(
    old_rows_go_and_that_is_told,
    more_than_was_removed_is_damage,
    what_is_damaged_stays,
    a_server_removes_what_is_older_than_it_keeps,
    what_is_to_come_is_no_time_to_remove_before,
);

fn remove(database: &Database, before: &str) -> Value {
    database.run_json(&["audit", "remove", "--before", before])["removed"].clone()
}

/// All that is sealed is older.
fn now() -> String {
    fhir::datetime::instant(gateway::edge::now())
}

fn what_is_to_come_is_no_time_to_remove_before(database: Database) {
    let (database, report) = sealed(database);
    for future in ["2999-01-01", "2999", "2999-01-01T00:00:00Z"] {
        let output = database.run(&["audit", "remove", "--before", future]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("lies in the future"), "{said}");
    }
    assert_eq!(database.run_json(&["audit", "verify"]), report);
}

/// What is sealed is removed, and then there is some more. What was said of the removal and at the end.
fn went_on(database: Database) -> (Database, Value, Value) {
    let removed = remove(&database, &now());
    let database = Arc::new(database);
    let baton = Baton::on(database.clone(), &Options::default());
    for id in ["dora", "eve"] {
        patient(&baton.partner(), id);
        std::thread::sleep(A_SECOND);
    }
    let after = whole(&database);
    assert_eq!(baton.partner().find("AuditEvent?type=110101").len(), 1);
    assert!(baton.terminate().success());
    drop(baton);
    let database = Arc::into_inner(database).expect("nobody else");
    (database, removed, after)
}

/// Nothing is missing, changed or added; the last moment of a server need not be sealed.
fn is_whole(database: &Database) -> bool {
    database.run_json(&["audit", "verify"])["damage"] == json!([])
}

fn old_rows_go_and_that_is_told(database: Database) {
    let (database, _) = sealed(database);
    let before = database.run_json(&["audit", "verify"]);
    assert_eq!(
        remove(&database, "2001-01-01"),
        Value::Null,
        "nothing is that old"
    );
    assert_eq!(database.run_json(&["audit", "verify"])["rows"], before["rows"]);
    let (database, removed, after) = went_on(database);
    assert_eq!(removed["head"], before["head"]);
    assert_eq!((&after["damage"], &after["removed"]), (&json!([]), &removed));
    assert!(after["seals"].as_i64() > before["seals"].as_i64(), "{after}");
    let left = exported(&database, &[]);
    assert!(left.iter().any(|event| event["id"] == removed["event"]
        && event.pointer("/entity/0/what/identifier/value") == Some(&removed["head"])));
    assert!(
        !left.iter().any(|event| event.to_string().contains("Patient/ann")),
        "{left:#?}"
    );
    // Heads that were kept: of where the chain begins, later, and of what went.
    for head in [&before["head"], &after["head"]] {
        let head = head.as_str().expect("a head");
        assert_eq!(
            database.run_json(&["audit", "verify", "--anchor", head])["anchor"],
            "met"
        );
    }
    let first = format!("1:{}", "ab".repeat(32));
    assert_eq!(damage(&database, &["--anchor", &first])["anchor"], "removed");
    // Again, from where the chain begins now: the event of the first time is among what goes.
    let ended = database.run_json(&["audit", "verify"])["head"].clone();
    let again = remove(&database, &now());
    assert_eq!(again["head"], ended);
    assert_eq!(database.run_json(&["audit", "verify"])["removed"], again);
    assert_eq!(remove(&database, &now()), again, "what is not sealed yet stays");
}

fn more_than_was_removed_is_damage(database: Database) {
    let (database, _) = sealed(database);
    let (database, removed, _) = went_on(database);
    let what = |database: &Database| damage(database, &[])["damage"][0]["what"].clone();
    // A row behind the beginning.
    let start = removed["head"]
        .as_str()
        .and_then(|head| head.split_once(':'))
        .expect("a head")
        .0;
    let next = format!(
        "(SELECT min(id) FROM (SELECT id FROM audit) a WHERE id > (SELECT last_id FROM audit_seal WHERE number = {start}))"
    );
    database.tamper(&format!("UPDATE audit SET at = at + 1 WHERE id = {next}"));
    assert_eq!(what(&database), "changed");
    database.tamper(&format!("UPDATE audit SET at = at - 1 WHERE id = {next}"));
    assert!(is_whole(&database));
    // The next seal with its rows.
    database.tamper(&format!(
        "CREATE TABLE kept AS SELECT * FROM audit_seal WHERE number = {start}"
    ));
    database.tamper(&format!("DELETE FROM audit_seal WHERE number = {start}"));
    assert_eq!(
        what(&database),
        "seals missing",
        "the event names another beginning"
    );
    database.tamper("INSERT INTO audit_seal SELECT * FROM kept");
    assert!(is_whole(&database));
    // The event that says what is gone.
    let event = removed["event"].as_str().expect("an id");
    let row = event.trim_start_matches("baton-").trim_end_matches("-0");
    database.tamper(&format!("DELETE FROM audit WHERE id = {row}"));
    assert_eq!(what(&database), "seals missing");
}

fn what_is_damaged_stays(database: Database) {
    let (database, report) = sealed(database);
    database.tamper("DELETE FROM audit WHERE id = (SELECT max(first_id) FROM audit_seal)");
    let rows = damage(&database, &[])["rows"].as_i64().expect("a number");
    assert_eq!(Some(rows), report["rows"].as_i64().map(|rows| rows - 1));
    let output = database.run(&["audit", "remove", "--before", &now()]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.code() == Some(1) && said.contains("and stay"),
        "{said}"
    );
    // What is before it may go; it does not.
    let left = damage(&database, &[]);
    assert_eq!(left["damage"][0]["what"], "missing");
    assert_eq!(left["head"], report["head"]);
    assert!(left["rows"].as_i64() < Some(rows), "{left}");
}

/// Events of long ago, sealed long ago.
fn aged(database: &Database) {
    const LONG_AGO: i64 = 1_600_000_000_000_000;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let store = database.store();
        for at in [LONG_AGO, LONG_AGO + 10_000_000] {
            let event = Event {
                at,
                action: "read".into(),
                status: 200,
                on: Some("Patient".into()),
                id: Some("old".into()),
                ..Event::default()
            };
            let rows = store
                .write(move |tx| tx.record(std::slice::from_ref(&event)))
                .await;
            assert_eq!(rows.expect("recorded").len(), 1);
            sealed_at(&store, at + 1_000_000).await;
        }
    });
}

/// On PostgreSQL a row is settled when every transaction that was open then is done, whosever it is.
async fn sealed_at(store: &Store, at: i64) {
    for _ in 0..600 {
        store.seal_audit("somebody", at).await.expect("sealed");
        let mut head = Head::default();
        while let Some(seal) = store.verify(head.clone()).await.expect("verified") {
            head = seal.head;
        }
        if store.unsealed(head).await.expect("counted") == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not sealed in half a minute");
}

fn a_server_removes_what_is_older_than_it_keeps(database: Database) {
    let database = Arc::new(database);
    aged(&database);
    let baton = Baton::on(database.clone(), &settings(&database, "[audit]\nkeep_days = 1\n"));
    patient(&baton.partner(), "fred");
    let began = Instant::now();
    let report = loop {
        let report = whole(&database);
        if report["removed"] != Value::Null {
            break report;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{report}");
    };
    let number = |head: &Value| {
        head.as_str()
            .and_then(|head| head.split_once(':'))
            .map(|(number, _)| number.to_owned())
    };
    assert_eq!(
        number(&report["removed"]["head"]).as_deref(),
        Some("2"),
        "{report}"
    );
    let events = baton.partner().find("AuditEvent?_count=100");
    let told = |what: &str| events.iter().any(|event| event.to_string().contains(what));
    assert!(told("Patient/fred") && !told("Patient/old"));
}
