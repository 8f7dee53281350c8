//! The search index after any sequence of writes is the one a rebuild would make.
mod support;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use proptest::prelude::*;
use serde_json::{Value, json};
use store::{Change, Expect};
use support::{Database, at, delete, lines, put, run};

const TABLES: [(&str, &str); 7] = [
    ("idx_token", "param || '|' || code || '|' || key || '|' || system"),
    (
        "idx_reference",
        "param || '|' || target || '|' || key || '|' || target_type",
    ),
    ("idx_date", "param || '|' || low || '|' || high || '|' || key"),
    ("idx_string", "param || '|' || norm || '|' || exact || '|' || key"),
    ("idx_number", "param || '|' || key || '|' || low || '|' || high"),
    (
        "idx_quantity",
        "param || '|' || key || '|' || value || '|' || code || '|' || system",
    ),
    (
        "idx_coded",
        "param || '|' || code || '|' || key || '|' || nth || '|' || system || '|' || coalesce(value, -1) \
         || '|' || coalesce(unit, 0) || '|' || coalesce(unit_system, 0)",
    ),
];

/// All index rows, sorted, table by table.
fn dump(database: &Database) -> Vec<Vec<String>> {
    let table = |(name, columns): (&str, &str)| {
        let mut rows = lines(database, &format!("SELECT {columns} AS line FROM {name}"));
        rows.sort();
        rows
    };
    TABLES.into_iter().map(table).collect()
}

/// Which codes have met, and which texts are there.
fn lasting(database: &Database) -> Vec<String> {
    let sql = "SELECT param || '|' || code || '|' || other || '|' || other_code AS line FROM idx_met \
               UNION ALL SELECT param || '|' || norm FROM idx_norm";
    lines(database, sql)
}

/// Makes the next start believe that another release wrote the index, and spoils it.
fn outdate(database: &Database) {
    let sql = "UPDATE setting SET value = 'old' WHERE name = 'index_version'; DELETE FROM idx_token; \
               INSERT INTO idx_date (param, low, high, key) VALUES (1, 1, 1, 1);";
    match database {
        Database::Sqlite { file } => SqliteConnection::establish(&file.display().to_string())
            .expect("the file")
            .batch_execute(sql),
        Database::Postgres { .. } => PgConnection::establish(&database.url())
            .expect("the database")
            .batch_execute(sql),
    }
    .expect("outdated");
}

fn observation(id: usize, code: &str, value: f64, day: u8) -> Value {
    json!({
        "resourceType": "Observation", "id": format!("o{id}"),
        "status": if day.is_multiple_of(5) { "amended" } else { "final" },
        "code": {"coding": [{"system": "http://loinc.org", "code": code}], "text": code},
        "category": [{"coding": [{"code": if day.is_multiple_of(2) { "laboratory" } else { "vital-signs" }}]}],
        "subject": {"reference": format!("Patient/p{}", day % 3)},
        "effectiveDateTime": format!("2026-01-{day:02}"),
        "valueQuantity": {"value": value, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"},
        "component": [component(code, Some(value)), component(code, Some(f64::from(day))), component("c", None)],
    })
}

fn component(code: &str, value: Option<f64>) -> Value {
    let mut component = json!({"code": {"coding": [{"system": "http://loinc.org", "code": code}]}});
    if let Some(value) = value {
        component["valueQuantity"] = json!({"value": value, "code": "mg"});
    }
    component
}

fn patient(id: usize, family: &str, day: u8) -> Value {
    json!({
        "resourceType": "Patient", "id": format!("p{id}"), "birthDate": format!("1950-01-{day:02}"),
        "name": [{"family": family, "given": [family, "Ann"]}],
        "identifier": [{"system": "urn:mrn", "value": family}],
        "generalPractitioner": [{"identifier": {"system": "urn:npi", "value": family}}],
    })
}

fn change() -> impl Strategy<Value = Change> {
    let text = prop_oneof![Just("Ünal"), Just("8867-4"), Just("a b"), Just("")].prop_map(|t| format!("x{t}"));
    (0..3usize, 0..5u8, text, 1..28u8, -2..3i32).prop_map(|(id, kind, text, day, value)| match kind {
        0 => delete("Observation", &format!("o{id}"), Expect::Any),
        1 => delete("Patient", &format!("p{id}"), Expect::Any),
        2 => put(patient(id, &text, day), Expect::Any),
        _ => put(observation(id, &text, f64::from(value) / 4.0, day), Expect::Any),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn kept_row_by_row_it_equals_a_rebuild(changes in prop::collection::vec(change(), 1..30)) {
        for database in Database::each() {
            let store = database.open();
            run(async {
                for (second, change) in (0..).zip(changes.clone()) {
                    store.commit(vec![change], at(second)).await.expect("stored");
                }
            });
            store.close();
            let (kept, ever) = (dump(&database), lasting(&database));
            outdate(&database);
            database.open().close();
            prop_assert_eq!(&kept, &dump(&database));
            // A rebuild finds of what lasts what is there now.
            let now = lasting(&database);
            prop_assert!(now.iter().all(|row| ever.contains(row)), "{:?} {:?}", now, ever);
        }
    }
}

#[test]
fn text_no_btree_could_hold_is_stored_all_the_same() {
    for database in Database::each() {
        let store = database.open();
        let long = "ü\u{0}x".repeat(20_000);
        run(async {
            store
                .commit(vec![put(patient(1, &long, 1), Expect::Any)], at(0))
                .await
                .expect("stored");
            store
                .commit(vec![put(patient(1, "short", 1), Expect::Any)], at(1))
                .await
                .expect("replaced");
        });
        store.close();
        let rows = dump(&database).concat();
        assert!(
            !rows.is_empty() && rows.iter().all(|row| row.len() < 200),
            "{rows:?}"
        );
    }
}
