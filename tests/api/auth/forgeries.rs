//! Access tokens that are none: each fault by itself, with everything else right, at the front door.
//! Faults behind a good signature need the server's own key, which only its operator can unseal.
use super::partner::*;
use crate::on_both_databases;
use crate::support::{Baton, Database, Options, Reply};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gateway::auth::seal::Sealer;
use gateway::config::SecretKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde_json::{Value, json};
use store::Seal;

on_both_databases!(
    each_fault_is_refused_by_name,
    clocks_may_differ_a_little,
    what_introspection_tells_and_whom
);

/// A gateway whose signing key the scene holds as well.
struct Opened {
    baton: Baton,
    kid: String,
    key: EncodingKey,
}

fn open(database: Database, toml: &str) -> Opened {
    let secret = STANDARD.encode([7; 32]);
    let options = Options {
        env: vec![("BATON_SECRET_KEY".into(), secret.clone())],
        ..settings(&database, toml)
    };
    let baton = Baton::start(database, options);
    let stored = |column: &str| {
        let database = &baton.database;
        database.peek(&format!(
            "SELECT {column} AS text FROM signing_key WHERE algorithm = 'ES256'"
        ))
    };
    let kid = stored("kid");
    let private = Sealer::new(&SecretKey::Given(secret))
        .open(&format!("the signing key {kid}"), &stored("private"))
        .expect("it opens");
    let key = EncodingKey::from_ec_der(&STANDARD.decode(private).expect("base64"));
    Opened { baton, kid, key }
}

impl Opened {
    fn header(&self) -> Header {
        Header {
            typ: Some("at+jwt".into()),
            kid: Some(self.kid.clone()),
            ..Header::new(Algorithm::ES256)
        }
    }

    /// Right in every respect.
    fn claims(&self, client_id: &str) -> Value {
        let (now, base) = (seconds(), &self.baton.base);
        json!({
            "iss": base, "sub": client_id, "client_id": client_id, "aud": format!("{base}/fhir"),
            "iat": now, "exp": now + 300, "jti": crate::support::messages::unique("forged"), "scope": "system/*.rs",
        })
    }

    fn sign(&self, header: &Header, claims: &Value) -> String {
        jsonwebtoken::encode(header, claims, &self.key).expect("a JWT")
    }

    fn present(&self, token: &str) -> Reply {
        let mut client = self.baton.anonymous();
        client.token = Some(token.to_string());
        client.get("Basic?_count=1")
    }
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn each_fault_is_refused_by_name(database: Database) {
    let opened = open(database, "[limits]\nlogin_failures = 0\n");
    let (id, _) = register_secret(&opened.baton.database, "system/*.rs");
    let claims = |name: &str, value: Value| {
        let mut claims = opened.claims(&id);
        claims[name] = value;
        claims
    };
    let good = opened.claims(&id);
    let by_claim = |name: &str, value: Value| opened.sign(&opened.header(), &claims(name, value));
    let by_header = |change: fn(&mut Header)| {
        let mut header = opened.header();
        change(&mut header);
        opened.sign(&header, &good)
    };
    let unsigned = |alg: &str| {
        let header = json!({"alg": alg, "typ": "at+jwt", "kid": opened.kid});
        format!("{}.{}.", part(&header), part(&good))
    };
    let now = seconds();
    let base = &opened.baton.base;
    let whole = opened.sign(&opened.header(), &good);
    let (head, signature) = whole.rsplit_once('.').expect("a JWT");
    let cases = [
        ("expired", by_claim("exp", json!(now - 1))),
        ("not yet valid", by_claim("iat", json!(now + 120))),
        (
            "not one for this server",
            by_claim("aud", json!("https://other.example/fhir")),
        ),
        ("malformed", by_claim("aud", json!([format!("{base}/fhir")]))),
        (
            "not one for this server",
            by_claim("iss", json!("https://other.example")),
        ),
        ("malformed", by_claim("exp", Value::Null)),
        ("malformed", by_claim("scope", json!("system/Nonsense.rs"))),
        ("malformed", by_claim("patient", json!("../x"))),
        ("malformed", by_header(|header| header.typ = Some("JWT".into()))),
        ("malformed", by_header(|header| header.kid = None)),
        (
            "no longer, in use",
            by_header(|header| header.kid = Some("unknown".into())),
        ),
        ("malformed", unsigned("none")),
        ("malformed", unsigned("None")),
        ("does not verify", unsigned("ES256")),
        ("malformed", confused(&opened, &good)),
        ("does not verify", stranger(&opened, &good)),
        (
            "does not verify",
            format!("{head}.{}", &signature[..signature.len() - 4]),
        ),
        ("malformed", head.to_string()),
        ("malformed", format!("{whole}.more")),
        ("malformed", "x".repeat(9_000)),
    ];
    for (words, token) in cases {
        let refused = opened.present(&token);
        refused.refused(401, words);
        let challenge = refused.header("www-authenticate");
        assert!(
            challenge.starts_with("Bearer realm=\"baton\", error=\"invalid_token\""),
            "{challenge}"
        );
        assert!(!refused.text.contains(&id) && !challenge.contains(&id));
    }
    assert_eq!(opened.present(&whole).status, 200, "nothing else was wrong");
}

/// HMAC with what everybody may read at /oauth/jwks.
fn confused(opened: &Opened, claims: &Value) -> String {
    let keys = opened.baton.anonymous().get("/oauth/jwks").ok();
    let header = Header {
        alg: Algorithm::HS256,
        ..opened.header()
    };
    let secret = EncodingKey::from_secret(keys["keys"][0].to_string().as_bytes());
    jsonwebtoken::encode(&header, claims, &secret).expect("a JWT")
}

/// Another key under the name of ours.
fn stranger(opened: &Opened, claims: &Value) -> String {
    let key = EncodingKey::from_ec_der(&gateway::edge::signing_key());
    jsonwebtoken::encode(&opened.header(), claims, &key).expect("a JWT")
}

fn clocks_may_differ_a_little(database: Database) {
    let opened = open(database, "");
    let (id, _) = register_secret(&opened.baton.database, "system/*.rs");
    for (ahead, status) in [(20, 200), (60, 401)] {
        let mut claims = opened.claims(&id);
        claims["iat"] = json!(seconds() + ahead);
        let token = opened.sign(&opened.header(), &claims);
        assert_eq!(opened.present(&token).status, status, "{ahead}");
    }
}

fn what_introspection_tells_and_whom(database: Database) {
    let opened = open(database, "");
    let owner = register_secret(&opened.baton.database, "system/*.rs");
    let other = register_secret(&opened.baton.database, "system/*.rs");
    let mut claims = opened.claims(&owner.0);
    claims["patient"] = json!("p1");
    claims["encounter"] = json!("e1");
    claims["fhirUser"] = json!("Practitioner/x");
    claims["sub"] = json!("somebody");
    let token = opened.sign(&opened.header(), &claims);
    let ask = |baton: &Baton, (id, secret): &(String, String), token: &str| {
        let fields = [("token", token), ("client_id", id), ("client_secret", secret)];
        baton.anonymous().form("/oauth/introspect", &fields)
    };
    let told = ask(&opened.baton, &owner, &token);
    assert_eq!(
        (told.header("cache-control"), told.header("pragma")),
        ("no-store", "no-cache")
    );
    let told = told.ok();
    for name in [
        "iss",
        "sub",
        "client_id",
        "aud",
        "exp",
        "iat",
        "jti",
        "scope",
        "patient",
        "encounter",
    ] {
        assert_eq!(told[name], claims[name], "{name}");
    }
    assert_eq!(
        (&told["active"], &told["token_type"]),
        (&json!(true), &json!("Bearer"))
    );
    assert_eq!(
        told["fhirUser"],
        format!("{}/fhir/Practitioner/x", opened.baton.base)
    );
    // To others it is as if there were none.
    let nothing = json!({"active": false});
    assert_eq!(ask(&opened.baton, &other, &token).ok(), nothing);
    let anybody = opened
        .baton
        .anonymous()
        .form("/oauth/introspect", &[("token", &token)]);
    fails(&anybody, 401, "invalid_client", "authenticate");
    let without = [("client_id", owner.0.as_str()), ("client_secret", &owner.1)];
    fails(
        &opened.baton.anonymous().form("/oauth/introspect", &without),
        400,
        "invalid_request",
        "token",
    );
    // A resource server of the house is named by the operator.
    let toml = format!("[tokens]\nintrospection_clients = ['{}']\n", other.0);
    let options = Options {
        env: vec![("BATON_SECRET_KEY".into(), STANDARD.encode([7; 32]))],
        args: [
            settings(&opened.baton.database, &toml).args,
            vec!["--public-url".into(), opened.baton.base.clone()],
        ]
        .concat(),
    };
    opened.baton.kill();
    let again = Baton::on(opened.baton.database.clone(), &options);
    assert_eq!(ask(&again, &other, &token).ok()["active"], true);
    let public = again.anonymous().get("/oauth/jwks").ok()["keys"][0].clone();
    let public: jsonwebtoken::jwk::Jwk = serde_json::from_value(public).expect("a JWK");
    assert!(DecodingKey::from_jwk(&public).is_ok());
}
