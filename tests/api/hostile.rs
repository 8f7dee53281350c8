//! Hostile requests, written and generated: each is answered with a reason or correctly, never
//! with a 500, within bounds, and the server is well afterwards.
//! <https://hl7.org/fhir/R4/http.html#Status-Codes>
//!
//! `queries.rs`, `bodies.rs` and `wire.rs` say what is sent; this file says what an answer may be.
//! `BATON_HOSTILE_SEED` and `BATON_HOSTILE_CASES` choose other mutations and more of them.
mod bodies;
mod queries;
mod wire;

use crate::on_both;
use crate::parameters::resources;
use crate::support::{Baton, Client, Reply};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::time::Duration;

on_both!(hostile_requests_are_refused_and_leave_the_server_well);

/// What none of these requests may take, in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// What the server may have grown by, in kilobytes.
const MOST_KILOBYTES: u64 = 400_000;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

fn hostile_requests_are_refused_and_leave_the_server_well(baton: &Baton) {
    let partner = baton.partner();
    stock(&partner);
    let before = baton.peak_kilobytes();
    let mut rng = StdRng::seed_from_u64(setting("BATON_HOSTILE_SEED", 1));
    let cases = setting("BATON_HOSTILE_CASES", 300) as usize;
    let searches = queries::written()
        .into_iter()
        .chain(queries::mutated(&mut rng, cases));
    let writes = bodies::written()
        .into_iter()
        .chain(bodies::mutated(&mut rng, cases));
    let mut failures: Vec<String> = Vec::new();
    failures.extend(searches.filter_map(|query| wrong(&query.ask(&partner), &query.shown())));
    failures.extend(writes.filter_map(|body| wrong(&body.send(&partner), &body.shown())));
    let raw = wire::written(partner.token.as_deref());
    failures.extend(raw.iter().filter_map(|raw| raw.wrong(baton)));
    assert!(
        failures.is_empty(),
        "{} wrong:\n{}",
        failures.len(),
        failures.join("\n")
    );
    well(baton, &partner);
    let grown = baton.peak_kilobytes().saturating_sub(before);
    assert!(grown < MOST_KILOBYTES, "grown by {grown} kB");
}

/// A ring of organizations, and the world of the parameters.
fn stock(partner: &Client) {
    let ring = (0..20).map(|at| json!({"resourceType": "Organization", "id": format!("ring-{at}"), "name": "Ring", "partOf": {"reference": format!("Organization/ring-{}", (at + 1) % 20)}}));
    let entry = |resource: Value| {
        let url = format!(
            "{}/{}",
            resource["resourceType"].as_str().expect("a type"),
            resource["id"].as_str().expect("an id")
        );
        json!({"resource": resource, "request": {"method": "PUT", "url": url}})
    };
    let entries: Vec<_> = resources("world").into_iter().chain(ring).map(entry).collect();
    partner
        .post(
            "",
            &json!({"resourceType": "Bundle", "type": "transaction", "entry": entries}),
        )
        .ok();
}

/// Why this is no answer to give.
fn wrong(answer: &Result<Reply, String>, asked: &str) -> Option<String> {
    let short: String = asked.chars().take(300).collect();
    let reply = match answer {
        Ok(reply) => reply,
        Err(error) => return Some(format!("{short}: {error}")),
    };
    let said = serde_json::from_str::<Value>(&reply.text).unwrap_or_default();
    let reasoned = said["resourceType"] == "OperationOutcome" && said["issue"][0]["diagnostics"].is_string();
    match reply.status {
        200 | 201 => None,
        400..500 if reasoned && reply.text.len() < 200_000 => None,
        status => Some(format!(
            "{short}: {status} {}",
            reply.text.chars().take(300).collect::<String>()
        )),
    }
}

/// The reply, or that it took too long.
fn answer(request: reqwest::blocking::RequestBuilder) -> Result<Reply, String> {
    let response = request
        .timeout(PATIENCE)
        .send()
        .map_err(|error| error.to_string())?;
    Ok(Reply {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().map_err(|error| error.to_string())?,
    })
}

fn well(baton: &Baton, partner: &Client) {
    for path in ["/healthz", "/readyz", "metadata"] {
        assert_eq!(partner.get(path).status, 200, "{path}");
    }
    let found = partner.only("Patient?identifier=urn:general:mrn|A-1001");
    assert_eq!(found["id"], "ann", "what was there still is");
    assert_eq!(partner.find("Organization?name=ring&_count=7").len(), 20);
    assert_eq!(
        partner
            .post(
                "Basic",
                &json!({"resourceType": "Basic", "code": {"text": "well"}})
            )
            .status,
        201
    );
    assert!(!baton.log().contains("panicked"), "{}", baton.log());
}
