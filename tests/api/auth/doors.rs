//! Every door asks for a token, and says how to get it right.
use super::partner::*;
use crate::support::{Baton, Client, Database, Options, Reply};
use crate::{on_both, on_both_databases};
use serde_json::json;

on_both!(
    what_is_public_stays_public,
    a_token_in_the_address_is_refused,
    sending_needs_its_own_right
);
on_both_databases!(
    no_door_opens_without_a_good_token,
    without_tokens_only_loopback_is_served
);

/// Method, path and media type of one of each kind of door.
const DOORS: &[(&str, &str, &str)] = &[
    ("GET", "Patient", "application/fhir+json"),
    ("GET", "Patient/x", "application/fhir+json"),
    ("GET", "Patient/x/_history/1", "application/fhir+json"),
    ("GET", "Patient/x/_history", "application/fhir+json"),
    ("GET", "_history", "application/fhir+json"),
    ("POST", "Patient", "application/fhir+json"),
    ("PUT", "Patient/x", "application/fhir+json"),
    ("DELETE", "Patient/x", "application/fhir+json"),
    ("POST", "Patient/_search", "application/x-www-form-urlencoded"),
    ("POST", "", "application/fhir+json"),
    ("POST", "$process-message", "application/fhir+json"),
    ("POST", "Task/x/$reprocess", "application/hl7-v2"),
    ("GET", "Task/x/$message", "application/fhir+json"),
    ("POST", "/hl7v2", "application/hl7-v2"),
];

fn knock(client: &Client, (method, path, media): (&str, &str, &str), authorization: Option<&str>) -> Reply {
    let request = client
        .request(method, path)
        .header("content-type", media)
        .body("{}");
    Reply::of(match authorization {
        Some(value) => request.header("authorization", value),
        None => request,
    })
}

fn no_door_opens_without_a_good_token(database: Database) {
    // More failures than an address has in a minute.
    let options = settings(&database, "[limits]\nlogin_failures = 0\n");
    let baton = Baton::start(database, options);
    let anyone = baton.anonymous();
    let token = baton.partner().token.expect("a token");
    let (head, signature) = token.rsplit_once('.').expect("a JWT");
    let flip = |text: &str| text.replacen(|c: char| c.is_ascii_alphanumeric(), "-", 1);
    let (start, claims) = head.split_once('.').expect("a JWT");
    let bad = [
        "Bearer garbage".to_string(),
        "Bearer ".to_string(),
        format!("Bearer {head}."),
        format!("Bearer {head}.{}", flip(signature)),
        format!("Bearer {start}.{}.{signature}", flip(claims)),
    ];
    for door in DOORS {
        let missing = knock(&anyone, *door, None);
        missing.refused(401, "access token is needed");
        assert_eq!(
            missing.header("www-authenticate"),
            "Bearer realm=\"baton\"",
            "{door:?}"
        );
        let basic = knock(&anyone, *door, Some("Basic eDp5"));
        assert_eq!(
            basic.header("www-authenticate"),
            "Bearer realm=\"baton\"",
            "{door:?}"
        );
        for authorization in &bad {
            let reply = knock(&anyone, *door, Some(authorization));
            reply.refused(401, "access token");
            assert!(
                reply
                    .header("www-authenticate")
                    .contains("error=\"invalid_token\""),
                "{door:?}"
            );
        }
    }
    assert!(!baton.log().contains(signature));
}

fn what_is_public_stays_public(baton: &Baton) {
    let anyone = baton.anonymous();
    for path in [
        "metadata",
        ".well-known/smart-configuration",
        "/oauth/jwks",
        "/openapi.json",
        "/healthz",
    ] {
        assert_eq!(anyone.get(path).status, 200, "{path}");
    }
    let smart = anyone.get(".well-known/smart-configuration").ok();
    assert_eq!(smart["token_endpoint"], format!("{}/oauth/token", baton.base));
    assert_eq!(
        smart["token_endpoint_auth_signing_alg_values_supported"],
        json!(["RS384", "ES384"])
    );
}

fn a_token_in_the_address_is_refused(baton: &Baton) {
    let token = baton.partner().token.expect("a token");
    for client in [baton.anonymous(), baton.partner()] {
        let reply = client.get(&format!("Patient?access_token={token}"));
        reply.refused(400, "Authorization header");
        assert!(reply.header("www-authenticate").contains("invalid_request"));
        assert!(!reply.text.contains(&token));
    }
    assert!(!baton.log().contains(&token));
}

fn sending_needs_its_own_right(baton: &Baton) {
    baton.sender();
    let registered = register_secret(&baton.database, "system/*.cruds");
    let visit = crate::support::messages::unique("V");
    let message = crate::support::messages::Adt::new("A01", "P-SCOPE", &visit).text();
    let reader = narrowed(baton, &registered, "system/*.ruds system/Encounter.c");
    let refused = reader.hl7(&message);
    refused.refused(403, "system/MessageHeader.c");
    assert!(
        refused
            .header("www-authenticate")
            .contains("scope=\"system/MessageHeader.c\"")
    );
    let notification = json!({"resourceType": "Bundle", "type": "message"});
    reader
        .post("$process-message", &notification)
        .refused(403, "system/MessageHeader.c");
    assert!(reader.find(&format!("Encounter?identifier={visit}")).is_empty());

    let sender = narrowed(baton, &registered, "system/MessageHeader.c");
    assert!(sender.hl7(&message).text.contains("MSA|AA|"));
    assert_eq!(
        sender.post("$process-message", &notification).status,
        422,
        "understood as far as it goes"
    );
    sender.get("Encounter").refused(403, "system/Encounter.s");
    assert_eq!(reader.find(&format!("Encounter?identifier={visit}")).len(), 1);

    sender.get("Task/x/$message").refused(403, "system/Task.r");
    reader
        .get("Task/x/$message")
        .refused(403, "system/MessageHeader.c");
    let again = |client: &Client| client.send_text("POST", "Task/x/$reprocess", "application/hl7-v2", "");
    again(&sender).refused(403, "system/Task.u");
    again(&reader).refused(403, "system/MessageHeader.c");
}

fn without_tokens_only_loopback_is_served(database: Database) {
    let open: [&[&str]; 2] = [
        &["serve", "--auth", "disabled", "--listen", "0.0.0.0:0"],
        &[
            "serve",
            "--auth",
            "disabled",
            "--listen",
            "127.0.0.1:0",
            "--mllp",
            "0.0.0.0:0",
        ],
    ];
    for args in open {
        let refused = database.run(args);
        let said = String::from_utf8_lossy(&refused.stderr).to_string();
        assert_eq!(refused.status.code(), Some(2), "{said}");
        assert!(said.contains("loopback"), "{said}");
    }
    let args = ["--auth", "disabled"].map(String::from).to_vec();
    let baton = Baton::start(
        database,
        Options {
            args,
            ..Options::default()
        },
    );
    assert_eq!(baton.anonymous().get("Patient").status, 200);
    assert!(
        baton.log().contains("WARN"),
        "it says what it does: {}",
        baton.log()
    );
}
