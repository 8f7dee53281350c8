//! Plans: the searches that care coordination lives on must not read what they do not need.
use super::page::Window;
use super::sql::{Sql, Statement};
use super::{order, statement};
use crate::conn::{Conn, Engine, Role};
use crate::migrate::migrate;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use fhir::TypeId;
use fhir::search::parse::{Limits, parse};

fn compile(text: &str, engine: Engine) -> Sql {
    let (name, rest) = text.split_once('?').expect("a query");
    let split = |pair: &str| {
        pair.split_once('=')
            .map(|(name, value)| (name.to_string(), value.to_string()))
    };
    let pairs: Vec<_> = rest.split('&').filter_map(split).collect();
    let limits = Limits {
        default_count: 20,
        max_count: 100,
    };
    let parsed = parse(
        TypeId::of(name).expect("a type"),
        &pairs,
        "http://x/fhir",
        limits,
        false,
    );
    let (query, _) = parsed.expect("valid");
    let window = Window {
        cursor: None,
        limit: 21,
    };
    let keys = order::keys(&query.sort).expect("sortable");
    let walk = statement::walk(&query, engine, &window, &keys).expect("compiles");
    walk.unwrap_or_else(|| statement::page(&query, engine, &window, &keys).expect("compiles"))
}

fn plan(conn: &mut SqliteConnection, text: &str) -> Vec<String> {
    let explained = compile(text, Engine::Sqlite).after("EXPLAIN QUERY PLAN ");
    let statement: Statement<(Integer, Integer, Integer, Text)> = explained.returning();
    let rows: Vec<(i32, i32, i32, String)> = statement.load(conn).expect("a plan");
    rows.into_iter().map(|row| row.3).collect()
}

fn database(name: &str) -> SqliteConnection {
    let file = std::env::temp_dir().join(format!("{name}-{}.db", std::process::id()));
    let mut conn = Engine::Sqlite
        .connect(&format!("sqlite://{}", file.display()), Role::Writer)
        .expect("opens");
    migrate(&mut conn, |_| Ok(())).expect("migrated");
    let Conn::Sqlite(conn) = conn else {
        panic!("not SQLite")
    };
    // Open files stay usable; the name is gone whatever the test does.
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", file.display()));
    }
    conn
}

#[test]
fn worklists_and_charts_are_seeks_on_sqlite() {
    let mut conn = database("baton-plans");
    for text in [
        "Observation?patient=1&code=http://loinc.org|8480-6",
        "Observation?patient=1&code=8480-6&date=ge2026&_sort=-date",
        "Task?owner=1&status=requested&due=lt2026-11-24&_sort=due",
        "Task?patient=1&status:not=completed",
        "Patient?identifier=urn:mrn|1",
        "Patient?family=m&active=true",
        "Encounter?patient.identifier=urn:mrn|1",
        "Patient?_id=1&_has:Task:patient:status=requested",
        "Task?_sort=-_lastUpdated",
        "Observation?_sort=-date",
        "Observation?value-quantity=gt200",
        "Observation?component-value-quantity=120||mm[Hg]",
        "Observation?combo-value-quantity=lt40&status=final",
    ] {
        let steps = plan(&mut conn, text);
        let scanned = steps.iter().filter_map(|step| step.strip_prefix("SCAN "));
        // What this statement itself has found may be scanned; no table may.
        let own = |name: &str| steps.iter().any(|step| step == &format!("CO-ROUTINE {name}"));
        let tables: Vec<_> = scanned.filter(|name| !own(name)).collect();
        assert!(tables.is_empty(), "{text}: {steps:#?}");
    }
}

#[test]
fn an_index_that_is_the_order_is_not_sorted_again() {
    let mut conn = database("baton-order");
    for text in [
        "Task?_sort=-_lastUpdated",
        "Observation?_sort=-date",
        "Task?status:not=completed&_sort=due",
    ] {
        let steps = plan(&mut conn, text);
        assert!(
            !steps.iter().any(|step| step == "USE TEMP B-TREE FOR ORDER BY"),
            "{text}: {steps:#?}"
        );
    }
}
