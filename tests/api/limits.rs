//! Bad input and bad clients: refused within limits while the others are served.
//!
//! Some servers here have small limits, so that the scenes need neither megabytes nor minutes.
mod bodies;
mod clients;
mod gzip;
mod locks;
mod searches;

use crate::on_both;
use crate::support::{Baton, Client, Database, Options};
use serde_json::{Value, json};

on_both!(hostile_json_is_refused, numbers_keep_their_digits);

/// A server whose settings file has these lines.
fn limited(database: Database, settings: &str) -> Baton {
    let file = database.folder().join("baton.toml");
    std::fs::write(&file, settings).expect("a settings file");
    let args = vec!["--config".to_string(), file.display().to_string()];
    Baton::start(
        database,
        Options {
            args,
            ..Options::default()
        },
    )
}

const JSON: &str = "application/fhir+json";

fn basic(text: &str) -> Value {
    json!({"resourceType": "Basic", "code": {"text": text}})
}

fn alive(partner: &Client) {
    assert_eq!(partner.post("Basic", &basic("alive")).status, 201);
}

fn hostile_json_is_refused(baton: &Baton) {
    let partner = baton.partner();
    let nested = |depth: usize| {
        let (open, close) = ("{\"extension\":[".repeat(depth), "]}".repeat(depth));
        format!("{{\"resourceType\":\"Basic\",\"code\":{{\"text\":\"x\"}},\"extension\":[{open}{close}]}}")
    };
    for depth in [1_000, 100_000] {
        partner
            .send_text("POST", "Basic", JSON, nested(depth))
            .refused(400, "nested deeper");
    }
    partner
        .send_text("POST", "Basic", JSON, "[".repeat(200_000))
        .refused(400, "issue");
    partner
        .send_text(
            "POST",
            "",
            JSON,
            format!(
                "{{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":{}",
                "[".repeat(200_000)
            ),
        )
        .refused(400, "issue");
    partner
        .send_text(
            "POST",
            "Basic",
            JSON,
            &b"{\"resourceType\":\"Basic\",\"code\":{\"text\":\"\xc3\x28\"}}"[..],
        )
        .refused(400, "UTF-8");
    let twice = "{\"resourceType\":\"Basic\",\"code\":{\"text\":\"a\",\"text\":\"b\"}}";
    partner
        .send_text("POST", "Basic", JSON, twice)
        .refused(400, "twice");
    let nul = "{\"resourceType\":\"Basic\",\"code\":{\"text\":\"a\\u0000b\"}}";
    let outcome = partner
        .send_text("POST", "Basic", JSON, nul)
        .refused(422, "Basic.code.text");
    assert_eq!(outcome["issue"][0]["expression"][0], "Basic.code.text");
    partner
        .send_text(
            "POST",
            "Basic",
            JSON,
            "{\"resourceType\":\"Basic\",\"code\":{\"text\":\"a\0b\"}}",
        )
        .refused(400, "issue");
    alive(&partner);
}

fn numbers_keep_their_digits(baton: &Baton) {
    let partner = baton.partner();
    let observation = |value: &str| {
        format!(
            "{{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{{\"text\":\"x\"}},\"valueQuantity\":{{\"value\":{value}}}}}"
        )
    };
    for value in [
        "99999999999999999999999999999999999999.99",
        "1E400",
        "-1e-400",
        "0.00000000000000000000000000000001",
    ] {
        let reply = partner.send_text("POST", "Observation", JSON, observation(value));
        match reply.status {
            201 => assert!(
                reply.text.contains(&format!("\"value\":{value}}}")),
                "{}",
                reply.text
            ),
            _ => drop(reply.refused(400, "issue")),
        }
    }
    for value in ["01", "+1", ".5", "5.", "NaN", "Infinity", "0x10"] {
        partner
            .send_text("POST", "Observation", JSON, observation(value))
            .refused(400, "issue");
    }
    partner
        .get("Observation?value-quantity=1e999999999999")
        .refused(400, "value-quantity");
    partner
        .get("Observation?_count=99999999999999999999999")
        .refused(400, "_count");
    alive(&partner);
}
