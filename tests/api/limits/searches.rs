//! Searches that take too long, or that nobody waits for any more.
use super::{alive, limited};
use crate::on_both_databases;
use crate::support::{Baton, Client, Database};
use serde_json::{Value, json};
use std::time::Duration;

on_both_databases!(long_searches_are_refused, who_hangs_up_stops_the_search);

/// Long names, of which each is compared with many pieces.
fn stock(baton: &Baton) -> Client {
    let partner = baton.partner();
    let name = |n: usize| json!({"family": format!("{n}{}", "abcdefghij".repeat(90))});
    for part in 0..4 {
        let entry = |n: usize| {
            let names: Vec<Value> = (0..4).map(|at| name(part * 10_000 + n * 4 + at)).collect();
            let patient = json!({"resourceType": "Patient", "name": names});
            json!({"resource": patient, "request": {"method": "POST", "url": "Patient"}})
        };
        let entries: Vec<Value> = (0..1_000).map(entry).collect();
        let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
        partner.post("", &bundle).ok();
    }
    partner
}

/// As many comparisons as one search may ask for: some ten million of long texts.
fn endless() -> String {
    let pieces = |of: usize| {
        let all: Vec<String> = (0..490).map(|n| format!("ghijx{of}x{n}")).collect();
        format!("family:contains={}", all.join(","))
    };
    (0..4).map(pieces).collect::<Vec<_>>().join("&")
}

fn long_searches_are_refused(database: Database) {
    let baton = limited(database, "connections = 2\n[limits]\nsearch_seconds = 1\n");
    let partner = stock(&baton);
    let media = "application/x-www-form-urlencoded";
    for asked in [endless(), format!("{}&_summary=count", endless())] {
        let refused = partner
            .send_text("POST", "Patient/_search", media, asked)
            .refused(400, "longer than 1 seconds");
        assert_eq!(refused["issue"][0]["code"], "too-costly");
    }
    // As a condition of a write, which then does nothing.
    let deleted = partner.delete(&format!("Patient?{}", endless()));
    deleted.refused(400, "longer than 1 seconds");
    assert_eq!(partner.get("Patient?family=1&_summary=count").status, 200);
    alive(&partner);
}

fn who_hangs_up_stops_the_search(database: Database) {
    let baton = limited(database, "connections = 1\n[limits]\nsearch_seconds = 1000\n");
    let partner = stock(&baton);
    for _ in 0..3 {
        let gone = partner
            .request("POST", "Patient/_search")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(endless())
            .timeout(Duration::from_millis(500))
            .send();
        assert!(gone.is_err(), "it should take longer");
    }
    // The only thread that searches is free again.
    assert_eq!(partner.get("Patient?_count=1").status, 200);
    alive(&partner);
}
