//! Tokens of other issuers: what they open, what is wrong with them, and servers of keys that fail.
//! Issue's section "Trusting an external issuer".
use super::partner::*;
use crate::on_both_databases;
use crate::support::provider::{OK, Provider};
use crate::support::{Baton, Client, Database, Reply};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

on_both_databases!(
    claims_open_what_the_operator_maps_them_to,
    each_fault_is_refused_by_name,
    keys_are_fetched_once_and_again_for_a_new_kid,
    key_servers_that_fail_are_no_reason_to_throw_a_token_away,
    an_issuer_is_trusted_where_it_is_named_alone,
    who_another_issuer_speaks_of_is_recorded_as_it_calls_them
);

fn keys() -> Value {
    json!({ "keys": [KEYS.jwk(Algorithm::RS256), KEYS.jwk(Algorithm::ES384)] })
}

fn trusting(provider: &Provider, more: &str) -> String {
    format!(
        "[limits]\nlogin_failures = 0\n[[issuers]]\nissuer = \"{}\"\nallow_private = true\nalgorithms = [\"RS256\"]\n{more}",
        provider.base
    )
}

const MAPPED: &str = r#"at_most = "system/*.rs user/*.rs patient/*.rs"
claims = { client = "cid", patient = "launch.patient" }
[[issuers.scopes]]
claim = "realm_access.roles"
value = "reader"
gives = "system/Patient.rs"
[[issuers.scopes]]
claim = "role"
value = "nurse"
gives = "user/*.rs"
"#;

/// Right in every respect, with `more` over it.
fn claims(provider: &Provider, baton: &Baton, more: Value) -> Value {
    let now = seconds();
    let mut claims = json!({
        "iss": provider.base, "aud": format!("{}/fhir", baton.base), "sub": "subject-4711", "cid": "their-app",
        "iat": now, "exp": now + 300, "jti": crate::support::messages::unique("foreign"),
    });
    for (name, value) in more.as_object().expect("claims") {
        claims[name] = value.clone();
    }
    claims
}

fn holding(baton: &Baton, token: String) -> Client {
    let mut client = baton.anonymous();
    client.token = Some(token);
    client
}

fn with(provider: &Provider, baton: &Baton, more: Value) -> Client {
    let claims = claims(provider, baton, more);
    holding(baton, KEYS.sign(Algorithm::RS256, "RS256", &claims))
}

fn explained(baton: &Baton, client: &Client) -> String {
    let config = baton.database.folder().join("baton.toml").display().to_string();
    let token = client.token.clone().expect("a token");
    let output = baton
        .database
        .run(&["token", "explain", &token, "--config", &config]);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

fn claims_open_what_the_operator_maps_them_to(database: Database) {
    let provider = Provider::start(&keys());
    let options = settings(&database, &trusting(&provider, MAPPED));
    let baton = Baton::start(database, options);
    let partner = baton.partner();
    for id in ["ann", "ben"] {
        let patient = json!({"resourceType": "Patient", "id": id,
            "generalPractitioner": [{"reference": format!("Practitioner/of-{id}")}]});
        partner.put(&format!("Patient/{id}"), &patient).ok();
    }
    let client = with(&provider, &baton, json!({"scope": "system/*.cruds openid"}));
    assert_eq!(client.find("Patient").len(), 2);
    let refused = client.put("Patient/ann", &json!({"resourceType": "Patient", "id": "ann"}));
    refused.refused(403, "scope");
    let said = explained(&baton, &client);
    assert!(
        said.contains("verdict    good") && said.contains("system/*.rs: read, search"),
        "{said}"
    );

    let reader = with(
        &provider,
        &baton,
        json!({"realm_access": {"roles": ["x", "reader"]}}),
    );
    assert_eq!(reader.find("Patient").len(), 2);
    reader.get("Observation").refused(403, "scope");
    let nurse = json!({"role": "nurse", "fhirUser": format!("{}/fhir/Practitioner/of-ben", baton.base)});
    let nurse = with(&provider, &baton, nurse);
    assert_eq!(nurse.only("Patient")["id"], "ben");
    assert_eq!(nurse.get("Patient/ann").status, 404);
    let launched = json!({"scope": "patient/*.read", "launch": {"patient": "ann"}});
    let launched = with(&provider, &baton, launched);
    assert_eq!(launched.only("Patient")["id"], "ann");
    // Good, and worth nothing: nobody is named, or nothing is mapped.
    for nothing in [
        json!({"role": "nurse", "fhirUser": "https://elsewhere.example/fhir/Practitioner/of-ben"}),
        json!({"scope": "profile"}),
        json!({}),
    ] {
        let client = with(&provider, &baton, nothing);
        let refused = client.get("Patient/ann");
        refused.refused(403, "no scope here");
        assert!(refused.header("www-authenticate").contains("insufficient_scope"));
        assert!(explained(&baton, &client).contains("stand for no scope here"));
    }
    // What is not ours is not ours to tell about, or to end.
    let (id, secret) = register_secret(&baton.database, "system/*.rs");
    let token = client.token.clone().expect("a token");
    let fields = [
        ("token", token.as_str()),
        ("client_id", &id),
        ("client_secret", &secret),
    ];
    assert_eq!(
        baton.anonymous().form("/oauth/introspect", &fields).ok(),
        json!({"active": false})
    );
    assert_eq!(baton.anonymous().form("/oauth/revoke", &fields).status, 200);
    assert_eq!(client.get("Patient/ann").status, 200);
    assert_eq!(client.get("/oauth/userinfo").status, 403);
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn each_fault_is_refused_by_name(database: Database) {
    let provider = Provider::start(&keys());
    let options = settings(&database, &trusting(&provider, MAPPED));
    let baton = Baton::start(database, options);
    let good = claims(&provider, &baton, json!({"scope": "system/*.rs"}));
    let sign = |algorithm, kid: &str, claims: &Value| KEYS.sign(algorithm, kid, claims);
    let by_claim = |name: &str, value: Value| {
        let mut claims = good.clone();
        match value {
            Value::Null => drop(claims.as_object_mut().expect("claims").remove(name)),
            value => claims[name] = value,
        }
        sign(Algorithm::RS256, "RS256", &claims)
    };
    let by_type = |typ: &str| {
        let header = Header {
            typ: Some(typ.into()),
            kid: Some("RS256".into()),
            ..Header::new(Algorithm::HS256)
        };
        (header, good.clone())
    };
    // The public key as a shared secret: whoever takes the token's word for the algorithm is fooled.
    let public = KEYS.jwk(Algorithm::RS256)["n"]
        .as_str()
        .expect("a modulus")
        .to_owned();
    let confused = |secret: &[u8]| {
        let (header, claims) = by_type("JWT");
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(secret)).expect("a JWT")
    };
    let headed = |header: Value| format!("{}.{}.AAAA", part(&header), part(&good));
    let now = seconds();
    let whole = sign(Algorithm::RS256, "RS256", &good);
    let (head, signature) = whole.rsplit_once('.').expect("a JWT");
    let other = if signature.starts_with('A') { "B" } else { "A" };
    let cases = [
        ("expired", by_claim("exp", json!(now - 1))),
        ("not yet valid", by_claim("nbf", json!(now + 120))),
        ("not yet valid", by_claim("iat", json!(now + 120))),
        (
            "not one for this server",
            by_claim("aud", json!("https://elsewhere.example")),
        ),
        ("not one for this server", by_claim("aud", Value::Null)),
        ("malformed", by_claim("iss", json!(format!("{}/", provider.base)))),
        ("malformed", by_claim("iss", json!("https://elsewhere.example"))),
        ("malformed", by_claim("exp", Value::Null)),
        ("malformed", by_claim("sub", Value::Null)),
        (
            "malformed",
            headed(json!({"alg": "RS256", "kid": "RS256", "typ": "logout+jwt"})),
        ),
        (
            "malformed",
            headed(json!({"alg": "RS256", "kid": "RS256", "crit": ["x"]})),
        ),
        ("malformed", headed(json!({"alg": "RS256"}))),
        ("algorithm", headed(json!({"alg": "none", "kid": "RS256"}))),
        ("algorithm", confused(public.as_bytes())),
        (
            "algorithm",
            confused(&URL_SAFE_NO_PAD.decode(&public).expect("base64url")),
        ),
        ("algorithm", sign(Algorithm::ES384, "ES384", &good)),
        ("key that is not", sign(Algorithm::RS256, "invented", &good)),
        ("does not verify", sign(Algorithm::RS256, "ES384", &good)),
        ("does not verify", format!("{head}.{other}{}", &signature[1..])),
        (
            "does not verify",
            Keys::generate().sign(Algorithm::RS256, "RS256", &good),
        ),
    ];
    for (words, token) in cases {
        let client = holding(&baton, token.clone());
        for _ in 0..2 {
            let refused = client.get("Patient?_count=1");
            refused.refused(401, words);
            assert!(
                refused.header("www-authenticate").contains("invalid_token"),
                "{token}"
            );
        }
        let said = explained(&baton, &client);
        assert!(
            said.contains("refused") && said.contains(words),
            "{words} in {said}"
        );
    }
    for good in [
        by_claim("iat", json!(now + 20)),
        by_claim("nbf", json!(now + 20)),
        by_claim("aud", json!(["x", format!("{}/fhir", baton.base)])),
        whole.clone(),
    ] {
        assert_eq!(holding(&baton, good).get("Patient?_count=1").status, 200);
    }
    let short = holding(&baton, by_claim("exp", json!(seconds() + 3)));
    assert_eq!(short.get("Patient").status, 200);
    std::thread::sleep(Duration::from_secs(4));
    short.get("Patient").refused(401, "expired");
}

fn keys_are_fetched_once_and_again_for_a_new_kid(database: Database) {
    let provider = Provider::start(&keys());
    let options = settings(&database, &trusting(&provider, MAPPED));
    let baton = Baton::start(database, options);
    let read = || {
        with(&provider, &baton, json!({"scope": "system/*.rs"}))
            .get("Patient")
            .status
    };
    assert_eq!((read(), read(), read()), (200, 200, 200));
    assert_eq!(provider.heard("/jwks").len(), 1);
    // The issuer has a new key. Everybody may invent a `kid`, so it is looked for now and then only.
    let fresh = Keys::generate();
    let mut jwk = fresh.jwk(Algorithm::RS256);
    jwk["kid"] = json!("new");
    provider.says(
        "/jwks",
        OK,
        json!({"keys": [KEYS.jwk(Algorithm::RS256), jwk]}).to_string(),
    );
    let claims = claims(&provider, &baton, json!({"scope": "system/*.rs"}));
    let renewed = holding(&baton, fresh.sign(Algorithm::RS256, "new", &claims));
    for _ in 0..5 {
        renewed.get("Patient").refused(401, "key that is not");
    }
    assert_eq!(provider.heard("/jwks").len(), 1);
    std::thread::sleep(Duration::from_secs(11));
    assert_eq!(renewed.get("Patient").status, 200);
    assert_eq!((read(), provider.heard("/jwks").len()), (200, 2));
    assert_eq!(provider.heard("/.well-known/openid-configuration").len(), 1);
}

fn key_servers_that_fail_are_no_reason_to_throw_a_token_away(database: Database) {
    // An issuer for each fault, since one that failed is left alone for a while.
    let huge = json!({"keys": [], "x": "x".repeat(70_000)}).to_string();
    let foreign =
        json!({"issuer": "https://elsewhere.example", "jwks_uri": "https://elsewhere.example/jwks"});
    let document = "/.well-known/openid-configuration";
    let faults = [
        ("/jwks", OK, huge),
        ("/jwks", "500 Oh dear", String::new()),
        ("/jwks", "302 Found\r\nLocation: /jwks2", String::new()),
        ("/jwks", OK, "secret words".to_string()),
        (document, OK, foreign.to_string()),
        (document, "404 Not Found", String::new()),
    ];
    let providers: Vec<Provider> = (0..=faults.len()).map(|_| Provider::start(&keys())).collect();
    for (provider, (path, head, body)) in providers.iter().zip(&faults) {
        provider.says(path, head, body.clone());
    }
    let slow = &providers[faults.len()];
    slow.drips("/jwks");
    let mut toml = trusting(&providers[0], "at_most = \"system/*.rs\"\n");
    for provider in &providers[1..] {
        let base = &provider.base;
        toml +=
            &format!("[[issuers]]\nissuer = \"{base}\"\nallow_private = true\nat_most = \"system/*.rs\"\n");
    }
    toml += "[[issuers]]\nissuer = \"http://127.0.0.1:1\"\nallow_private = true\nat_most = \"system/*.rs\"\n";
    toml += "[[issuers]]\nissuer = \"https://localhost:1\"\nat_most = \"system/*.rs\"\n";
    let options = settings(&database, &toml);
    let baton = Baton::start(database, options);
    let told = |reply: Reply| {
        reply.refused(503, "cannot be had");
        assert_eq!(reply.header("retry-after"), "10");
        assert!(
            !reply.text.contains("secret") && !reply.text.contains("127.0.0.1"),
            "{}",
            reply.text
        );
    };
    for provider in &providers[..faults.len()] {
        let client = with(provider, &baton, json!({"scope": "system/*.rs"}));
        told(client.get("Patient"));
        told(client.get("Patient"));
        let asked = provider.heard("/jwks").len() + provider.heard("/jwks2").len();
        assert!(asked <= 1, "asked once: {asked}");
    }
    for elsewhere in ["http://127.0.0.1:1", "https://localhost:1"] {
        let claims = claims(
            &providers[0],
            &baton,
            json!({"iss": elsewhere, "scope": "system/*.rs"}),
        );
        told(holding(&baton, KEYS.sign(Algorithm::RS256, "RS256", &claims)).get("Patient"));
    }
    let begun = Instant::now();
    let client = with(slow, &baton, json!({"scope": "system/*.rs"}));
    told(client.get("Patient"));
    told(client.get("Patient"));
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
    assert!(baton.log().contains("no answer within five seconds"));
    // Those of this server are not kept waiting, and it forgets the fault after a while.
    assert_eq!(baton.partner().get("Patient").status, 200);
    providers[1].says("/jwks", OK, keys().to_string());
    std::thread::sleep(Duration::from_secs(6));
    let client = with(&providers[1], &baton, json!({"scope": "system/*.rs"}));
    assert_eq!(client.get("Patient").status, 200);
}

fn an_issuer_is_trusted_where_it_is_named_alone(database: Database) {
    let (root, river) = (Provider::start(&keys()), Provider::start(&keys()));
    let tenant = |text: String| text.replace("[[issuers", "[[tenants.issuers");
    let of_river = format!(
        "[[tenants]]\nname = \"river\"\n[[issuers]]\nissuer = \"{}\"\nallow_private = true\nat_most = \"system/*.rs\"\n",
        river.base
    );
    let toml =
        trusting(&root, "at_most = \"system/*.rs\"\n") + "[[tenants]]\nname = \"lake\"\n" + &tenant(of_river);
    let options = settings(&database, &toml);
    let baton = Baton::start(database, options);
    let ask = |provider: &Provider, aud: &str, at: &str| {
        let aud = format!("{}{aud}/fhir", baton.base);
        let client = with(provider, &baton, json!({"aud": aud, "scope": "system/*.rs"}));
        client.get(&format!("{at}/fhir/Patient")).status
    };
    assert_eq!(
        (ask(&root, "", ""), ask(&river, "/t/river", "/t/river")),
        (200, 200)
    );
    for (provider, aud, at) in [
        (&root, "", "/t/river"),
        (&root, "/t/river", "/t/river"),
        (&river, "/t/river", ""),
        (&river, "", ""),
        (&river, "/t/lake", "/t/lake"),
        (&river, "", "/t/river"),
    ] {
        assert_eq!(ask(provider, aud, at), 401, "{aud} at {at}");
    }
}

fn who_another_issuer_speaks_of_is_recorded_as_it_calls_them(database: Database) {
    let provider = Provider::start(&keys());
    let mapped = MAPPED.replacen("patient/*.rs\"", "patient/*.rs system/Basic.c\"", 1);
    let options = settings(&database, &trusting(&provider, &mapped));
    let baton = Baton::start(database, options);
    let scope = "system/Basic.crs";
    let client = with(
        &provider,
        &baton,
        json!({"scope": scope, "fhirUser": "Practitioner/d"}),
    );
    let basic = json!({"resourceType": "Basic", "code": {"text": "x"}});
    client.post("Basic", &basic).ok();
    assert_eq!(client.get("Basic?code:text=x").status, 200);
    let mut over = claims(&provider, &baton, json!({"scope": scope}));
    over["exp"] = json!(seconds() - 5);
    let over = holding(&baton, KEYS.sign(Algorithm::RS256, "RS256", &over));
    assert_eq!(over.get("Basic").status, 401);
    std::thread::sleep(Duration::from_secs(1));
    let reader = baton.client("system/AuditEvent.rs");
    let events = reader.find(&format!(
        "AuditEvent?agent:identifier={}|subject-4711",
        provider.base
    ));
    let letters: Vec<_> = events
        .iter()
        .map(|event| event["action"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(letters.len(), 2, "{events:#?}");
    assert!(letters.contains(&"C") && letters.contains(&"E"), "{letters:?}");
    for event in &events {
        let of = |nth: usize| event["agent"][nth]["who"].clone();
        let identifier = |value: &str| json!({"system": provider.base, "value": value});
        assert_eq!(of(0)["identifier"], identifier("their-app"));
        assert_eq!(of(2)["identifier"], identifier("subject-4711"));
        assert_eq!(of(2)["reference"], "Practitioner/d");
    }
    assert!(!baton.log().contains("subject-4711"));
}
