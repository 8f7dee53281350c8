//! Plans: the searches that care coordination lives on must not read what they do not need.
use super::page::Window;
use super::sql::{Sql, Statement};
use super::{by_key, order, sorted};
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
    let (mut sql, window) = (
        Sql::default(),
        Window {
            cursor: None,
            limit: 21,
        },
    );
    sql.push(if engine == Engine::Sqlite {
        "EXPLAIN QUERY PLAN "
    } else {
        "EXPLAIN (ANALYZE, COSTS OFF) "
    });
    let keys = order::keys(&mut sql, &query.sort).expect("sortable");
    if keys.is_empty() {
        by_key(&mut sql, &query, engine, &window).expect("compiles");
    } else {
        sorted(&mut sql, &query, engine, &window, &keys).expect("compiles");
    }
    sql
}

fn plan(conn: &mut SqliteConnection, text: &str) -> Vec<String> {
    let statement: Statement<(Integer, Integer, Integer, Text)> = compile(text, Engine::Sqlite).returning();
    let rows: Vec<(i32, i32, i32, String)> = statement.load(conn).expect("a plan");
    rows.into_iter().map(|row| row.3).collect()
}

#[test]
fn worklists_and_charts_are_seeks_on_sqlite() {
    let file = std::env::temp_dir().join(format!("baton-plans-{}.db", std::process::id()));
    let url = format!("sqlite://{}", file.display());
    let mut conn = Engine::Sqlite.connect(&url, Role::Writer).expect("opens");
    migrate(&mut conn, |_| Ok(())).expect("migrated");
    let Conn::Sqlite(mut conn) = conn else { panic!() };
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
    ] {
        let steps = plan(&mut conn, text);
        let scanned = steps.iter().filter_map(|step| step.strip_prefix("SCAN "));
        // What this statement itself has found may be scanned; no table may.
        let own = |name: &str| steps.iter().any(|step| step == &format!("CO-ROUTINE {name}"));
        let tables: Vec<_> = scanned.filter(|name| !own(name)).collect();
        assert!(tables.is_empty(), "{text}: {steps:#?}");
    }
}
