//! Plans: the searches that care coordination lives on must not read what they do not need.
use super::matches::Course;
use super::page::Window;
use super::sql::{Sql, Statement};
use super::start::{Size, Start};
use super::{order, statement, walk};
use crate::conn::{Conn, Engine, Role};
use crate::migrate::migrate;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use fhir::TypeId;
use fhir::search::parse::{Limits, parse};

fn compile(text: &str, engine: Engine, size: Size) -> Sql {
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
    let window = Window::new(None, 21);
    let course = Course {
        order: order::keys(&query.sort).expect("sortable"),
        start: Start {
            size,
            ..Start::ranked(&query.filters)
        },
    };
    let walk = walk::along(&query, engine, &window, &course).expect("compiles");
    walk.unwrap_or_else(|| statement::page(&query, engine, &window, &course).expect("compiles"))
}

fn plan(conn: &mut SqliteConnection, text: &str, size: Size) -> Vec<String> {
    let explained = compile(text, Engine::Sqlite, size).after("EXPLAIN QUERY PLAN ");
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
        let steps = plan(&mut conn, text, Size::Unknown);
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
        let steps = plan(&mut conn, text, Size::Unknown);
        assert!(
            !steps.iter().any(|step| step == "USE TEMP B-TREE FOR ORDER BY"),
            "{text}: {steps:#?}"
        );
    }
}

/// What is known of its size decides how the same search goes.
#[test]
fn few_rows_are_read_by_value_and_many_are_walked_past() {
    let mut conn = database("baton-sizes");
    for (text, size, step) in [
        (
            "Observation?date=2020-01-01",
            Size::Few,
            "PRIMARY KEY (param=? AND low>? AND low<?)",
        ),
        (
            "Patient?family=m&gender=male",
            Size::Few,
            "PRIMARY KEY (param=? AND norm>? AND norm<?)",
        ),
        (
            "Observation?code=1&_sort=-date",
            Size::Many,
            "PRIMARY KEY (param=? AND low>?)",
        ),
        (
            "Task?owner=1&_sort=-_lastUpdated",
            Size::Many,
            "INDEX resource_by_updated (type_id=? AND updated>?)",
        ),
        (
            "Observation?value-quantity=gt5||mg",
            Size::Scattered,
            "PRIMARY KEY (param=? AND key=? AND value>?)",
        ),
        (
            "Observation?value-quantity=gt5||mg",
            Size::Few,
            "INDEX idx_quantity_by_unit (param=? AND code=? AND value>?)",
        ),
        (
            "Observation?value-quantity=gt5",
            Size::Few,
            "INDEX idx_quantity_by_unit (param=? AND code=? AND value>?)",
        ),
    ] {
        let steps = plan(&mut conn, text, size);
        assert!(
            steps.iter().any(|taken| taken.ends_with(step)),
            "{text}: {steps:#?}"
        );
        let sorted = steps.iter().any(|taken| taken == "USE TEMP B-TREE FOR ORDER BY");
        assert!(size == Size::Few || !sorted, "{text}: {steps:#?}");
    }
}

#[test]
fn several_codes_are_read_one_by_one_but_not_with_long_lists_beside_them() {
    let one_by_one = |values: usize, size| {
        let values: Vec<_> = (0..values).map(|n| n.to_string()).collect();
        let text = format!("Observation?code=a,b&value-quantity={}", values.join(","));
        compile(&text, Engine::Sqlite, size)
            .shown(Engine::Sqlite)
            .contains("UNION SELECT")
    };
    assert!(one_by_one(2, Size::Many) && !one_by_one(100, Size::Many));
    assert!(!one_by_one(2, Size::Few));
}

#[test]
fn a_statement_is_shown_as_its_engine_reads_it() {
    let text = "Observation?subject=Patient/1,Patient/2&performer=Practitioner/1,Practitioner/2&_sort=-date";
    let shown = |engine| compile(text, engine, Size::Few).shown(engine);
    let (sqlite, postgres) = (shown(Engine::Sqlite), shown(Engine::Postgres));
    assert!(
        sqlite.contains("json_each(?)") && !sqlite.contains("ANY("),
        "{sqlite}"
    );
    assert!(
        postgres.contains("= ANY(ARRAY(SELECT json_array_elements_text(?::json)))"),
        "{postgres}"
    );
    assert!(!postgres.contains("json_each"), "{postgres}");
}
