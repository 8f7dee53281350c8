//! The searches that US Core 6.1 to 9.0 require and recommend, and those that referral guides ask
//! of Task. <https://hl7.org/fhir/us/core/CapabilityStatement-us-core-server.html>
//!
//! Each row is asked by GET and by POST, with a further value behind a comma, and with the
//! Provenance of what it finds.
use super::table::{Row, World, held, ids, rows_of};
use crate::on_both;
use crate::support::{Baton, Client, Reply};
use fhir::TypeId;
use fhir::registry::{ParamKind, registry};
use std::collections::BTreeSet;

on_both!(us_core_searches_find_what_they_should);

fn us_core_searches_find_what_they_should(baton: &Baton) {
    let partner = baton.partner();
    World::load(&partner, "world");
    let failures: Vec<_> = rows_of("us-core")
        .iter()
        .flat_map(|row| asked(&partner, row))
        .chain(
            rows_of("us-core-includes")
                .iter()
                .flat_map(|row| included(&partner, row)),
        )
        .collect();
    assert!(
        failures.is_empty(),
        "{} wrong:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn asked(partner: &Client, row: &Row) -> Vec<String> {
    let traced = format!("{}&_revinclude=Provenance:target", row.query);
    let mut replies = vec![
        ("GET", partner.get(&row.query)),
        ("POST", post(partner, &row.query)),
        ("Provenance", partner.get(&traced)),
    ];
    replies.extend(widened(&row.query).map(|query| ("comma", partner.get(&query))));
    let found = |reply: &Reply| (reply.status == 200).then(|| ids(reply, "match"));
    let wrong = replies
        .iter()
        .filter(|(_, reply)| found(reply).as_ref() != Some(&row.finds));
    let mut failures: Vec<_> = wrong
        .map(|(how, reply)| format!("{} {how} {}: {}", row.at, row.query, reply.text))
        .collect();
    let near = partner.get(&row.near);
    if !found(&near).is_some_and(|found| found.is_disjoint(&row.finds)) {
        failures.push(format!("{} near miss {}: {}", row.at, row.near, near.text));
    }
    failures
}

fn post(partner: &Client, query: &str) -> Reply {
    let (on, parameters) = query.split_once('?').expect("Type?parameters");
    let form = "application/x-www-form-urlencoded";
    partner.send_text("POST", &format!("{on}/_search"), form, parameters)
}

/// Each code may be one of several.
fn widened(query: &str) -> Option<String> {
    let (on, parameters) = query.split_once('?').expect("Type?parameters");
    let type_id = TypeId::of(on).expect("a resource type");
    let is_token = |name: &str| {
        registry()
            .param(type_id, name)
            .is_some_and(|param| param.kind == ParamKind::Token)
    };
    let widen = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if is_token(name) => format!("{pair},another"),
        _ => pair.to_string(),
    };
    let wide: Vec<_> = parameters.split('&').map(widen).collect();
    let wide = format!("{on}?{}", wide.join("&"));
    (wide != query).then_some(wide)
}

/// What is included, and that nothing is without asking.
fn included(partner: &Client, row: &Row) -> Vec<String> {
    let (with, without) = (partner.get(&row.query), partner.get(&row.near));
    let mut failures = Vec::new();
    if with.status != 200 || held(&with, "include") != row.finds {
        failures.push(format!("{} {}: {}", row.at, row.query, with.text));
    }
    if ids(&with, "match") != ids(&without, "match") || held(&without, "include") != BTreeSet::new() {
        failures.push(format!("{} {}: {}", row.at, row.near, without.text));
    }
    failures
}
