//! What is done to the tables behind Baton's back is found, and where.
use super::book::{A_SECOND, exported, line, patient};
use crate::on_both_databases;
use crate::support::{Baton, Client, Database, Options};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

on_both_databases!(
    a_changed_row_is_found,
    a_removed_row_is_found,
    swapped_rows_are_found,
    a_removed_seal_is_found,
    a_cut_end_does_not_meet_its_anchor,
    writers_side_by_side_make_one_chain,
);

/// Some writes and reads, sealed, and the server stopped. What verification says of them.
pub fn sealed(database: Database) -> (Database, Value) {
    let database = Arc::new(database);
    let baton = Baton::on(database.clone(), &Options::default());
    let partner = baton.partner();
    for id in ["ann", "ben", "cleo"] {
        patient(&partner, id);
        assert_eq!(partner.get(&format!("Patient/{id}")).status, 200);
        std::thread::sleep(A_SECOND);
    }
    let report = whole(&database);
    assert!(baton.terminate().success());
    drop(baton);
    (Arc::into_inner(database).expect("nobody else"), report)
}

/// Waits until all rows are sealed.
pub fn whole(database: &Database) -> Value {
    let began = Instant::now();
    loop {
        let report = database.run_json(&["audit", "verify"]);
        assert_eq!(report["damage"], json!([]), "{report}");
        if report["unsealed"] == 0 {
            return report;
        }
        assert!(began.elapsed() < Duration::from_secs(15), "{report}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// The damage that is told, with exit code 1.
pub fn damage(database: &Database, args: &[&str]) -> Value {
    let output = database.run(&[&["audit", "verify"], args].concat());
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    report
}

fn a_changed_row_is_found(database: Database) {
    let (database, report) = sealed(database);
    assert!(
        report["rows"].as_i64() > Some(6) && report["seals"].as_i64() > Some(1),
        "{report}"
    );
    database.tamper("UPDATE audit SET actor = 'somebody else' WHERE id = 3");
    assert_eq!(
        damage(&database, &[])["damage"],
        json!([{"what": "changed", "row": 3}])
    );
}

fn a_removed_row_is_found(database: Database) {
    let (database, _) = sealed(database);
    database.tamper("DELETE FROM audit WHERE id = 3");
    assert_eq!(
        damage(&database, &[])["damage"],
        json!([{"what": "missing", "rows": 1, "after": 2, "before": 4}])
    );
}

fn swapped_rows_are_found(database: Database) {
    let (database, _) = sealed(database);
    database.tamper("UPDATE audit SET id = -1 WHERE id = 2");
    database.tamper("UPDATE audit SET id = 2 WHERE id = 3");
    database.tamper("UPDATE audit SET id = 3 WHERE id = -1");
    let changed = |row: i64| json!({"what": "changed", "row": row});
    assert_eq!(damage(&database, &[])["damage"], json!([changed(2), changed(3)]));
}

fn a_removed_seal_is_found(database: Database) {
    let (database, _) = sealed(database);
    database.tamper("DELETE FROM audit_seal WHERE number = 1");
    let told = damage(&database, &[])["damage"].clone();
    assert_eq!(
        told[0],
        json!({"what": "seals missing", "first": 1, "last": 1}),
        "{told}"
    );
}

fn a_cut_end_does_not_meet_its_anchor(database: Database) {
    let (database, report) = sealed(database);
    let anchor = report["head"].as_str().expect("a head").to_owned();
    let met = database.run_json(&["audit", "verify", "--anchor", &anchor]);
    assert_eq!(met["anchor"], "met");
    database.tamper("DELETE FROM audit WHERE id >= (SELECT max(first_id) FROM audit_seal)");
    database.tamper("DELETE FROM audit_seal WHERE number = (SELECT max(number) FROM audit_seal)");
    let shorter = database.run_json(&["audit", "verify"]);
    assert_eq!(shorter["damage"], json!([]), "a shorter chain is a chain");
    assert_eq!(damage(&database, &["--anchor", &anchor])["anchor"], "not met");
}

/// On PostgreSQL two gateways; on SQLite there is only one.
fn writers_side_by_side_make_one_chain(database: Database) {
    let database = Arc::new(database);
    let count = if database.url().starts_with("sqlite") {
        1
    } else {
        2
    };
    let options = Options::default();
    let gateways: Vec<Baton> = (0..count)
        .map(|_| Baton::on(database.clone(), &options))
        .collect();
    let partners: Vec<Client> = gateways.iter().map(Baton::partner).collect();
    std::thread::scope(|scope| {
        for (gateway, partner) in partners.iter().enumerate() {
            for thread in 0..3 {
                scope.spawn(move || work(partner, &format!("p-{gateway}-{thread}")));
            }
        }
    });
    std::thread::sleep(A_SECOND);
    whole(&database);
    let events = exported(&database, &[]);
    let reads = events
        .iter()
        .filter(|event| line(event).starts_with("read 0 Patient/p-"));
    assert_eq!(reads.count(), count * 3 * 20);
    assert!(
        events
            .windows(2)
            .all(|pair| pair[0]["recorded"].as_str() <= pair[1]["recorded"].as_str())
    );
}

fn work(partner: &Client, name: &str) {
    for number in 0..20 {
        let id = format!("{name}-{number}");
        patient(partner, &id);
        assert_eq!(partner.get(&format!("Patient/{id}")).status, 200);
        // One transaction that is undone: its ids are never seen.
        let twice = json!({"resourceType": "Bundle", "type": "transaction", "entry": [
            {"request": {"method": "PUT", "url": format!("Patient/{id}")},
             "resource": {"resourceType": "Patient", "id": id, "active": true}},
            {"request": {"method": "PUT", "url": "Basic/x", "ifMatch": "W/\"99\""},
             "resource": {"resourceType": "Basic", "id": "x", "code": {"text": "x"}}},
        ]});
        assert_eq!(partner.post("", &twice).status, 412);
    }
}
