//! The tables are complete: whatever the registry offers for these types has a line, and every
//! modifier and prefix is used somewhere.
use super::TYPES;
use super::table::{Row, rows, rows_of};
use fhir::TypeId;
use fhir::registry::registry;
use std::collections::BTreeSet;

/// The parameter a query asks about: the name before its modifier and chain.
fn subject(query: &str) -> &str {
    let (name, _) = query.split_once('=').unwrap_or((query, ""));
    name.split([':', '.']).next().unwrap_or(name)
}

fn all() -> impl Iterator<Item = (&'static str, Row)> {
    TYPES.into_iter().flat_map(|on| {
        let own = rows(on).into_iter().chain(rows_of("every"));
        own.map(move |row| (on, row))
    })
}

#[test]
fn every_parameter_has_a_match_and_a_near_miss() {
    let covered: BTreeSet<_> = all()
        .map(|(on, row)| format!("{on}.{}", subject(&row.query)))
        .collect();
    let on = |name: &str| TypeId::of(name).expect("a resource type");
    let offered = TYPES.iter().flat_map(|name| {
        registry()
            .params(on(name))
            .iter()
            .map(move |param| format!("{name}.{}", param.code))
    });
    let missing: Vec<_> = offered.filter(|param| !covered.contains(param)).collect();
    assert!(missing.is_empty(), "no row: {missing:#?}");
}

#[test]
fn a_near_miss_asks_the_same_parameter() {
    for (_, row) in all() {
        assert!(row.query != row.near, "{}: the near miss is the query", row.at);
        assert_eq!(subject(&row.query), subject(&row.near), "{}", row.at);
    }
}

#[test]
fn every_modifier_and_prefix_is_used() {
    let queries: Vec<_> = all().map(|(_, row)| row.query).collect();
    let used = |what: &str| queries.iter().any(|query| query.contains(what));
    let modifiers = [
        ":exact",
        ":contains",
        ":text",
        ":not=",
        ":above",
        ":below",
        ":in=",
        ":not-in",
        ":of-type",
        ":missing",
        ":identifier",
        ":Patient=",
    ];
    let prefixes = ["=eq", "=ne", "=gt", "=lt", "=ge", "=le", "=sa", "=eb", "=ap"];
    let shapes = ["_has:", ":_has:", "$", ",", "\\,"];
    for what in [&modifiers[..], &prefixes, &shapes].concat() {
        assert!(used(what), "no row uses {what}");
    }
}
