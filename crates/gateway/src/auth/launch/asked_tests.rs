//! Every part of an authorization request is checked, and errors go only where they may.
use super::asked::{Asked, Refusal};
use crate::auth::client::{Credential, Registration, register};
use crate::auth::form::Parameters;
use crate::routes::query::encode;
use store::admin::Client;

const BASE: &str = "https://baton.example/fhir";
const BACK: &str = "https://app.example/back";
const NOW: i64 = 1_000_000_000_000;

fn client() -> Client {
    let registration = Registration {
        name: "App".into(),
        scope: "launch launch/patient patient/*.rs user/Task.rs openid offline_access".into(),
        grant_types: "authorization_code refresh_token".into(),
        redirect_uris: format!("{BACK} com.example.app:/back"),
        ..Registration::default()
    };
    register(registration, Credential::Public, 1).0
}

fn request(change: &[(&str, &str)]) -> Parameters {
    let right = [
        ("response_type", "code"),
        ("client_id", "app"),
        ("redirect_uri", BACK),
        ("scope", "launch/patient patient/Task.rs"),
        ("state", "s"),
        ("aud", BASE),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    let kept = right
        .iter()
        .filter(|(name, _)| change.iter().all(|(other, _)| other != name));
    let pairs: Vec<(String, String)> = kept
        .chain(change)
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect();
    Parameters::read(encode(&pairs).trim_start_matches('?').as_bytes()).unwrap()
}

fn sent_back(change: &[(&str, &str)], error: &str) {
    match Asked::read(&request(change), Some(&client()), BASE, NOW) {
        Err(Refusal::Sent(back)) => {
            assert_eq!(back.error, error, "{change:?} {}", back.description);
            assert_eq!(back.redirect_uri, BACK);
        }
        other => panic!("{change:?} {other:?}"),
    }
}

#[test]
fn a_right_request_is_taken_as_it_is() {
    let asked = Asked::read(&request(&[("nonce", "n")]), Some(&client()), BASE, NOW).unwrap();
    assert_eq!(
        (&*asked.redirect_uri, &*asked.state, asked.nonce.as_deref()),
        (BACK, "s", Some("n"))
    );
    assert_eq!((asked.silent, asked.since, asked.launch), (false, 0, None));
    assert!(
        Asked::read(
            &request(&[("aud", &format!("{BASE}/"))]),
            Some(&client()),
            BASE,
            NOW
        )
        .is_ok()
    );
    let old = Asked::read(&request(&[("max_age", "60")]), Some(&client()), BASE, NOW).unwrap();
    assert_eq!(old.since, NOW - 60_000_000);
    let again = Asked::read(&request(&[("prompt", "login")]), Some(&client()), BASE, NOW).unwrap();
    assert_eq!(again.since, NOW);
}

#[test]
fn a_wrong_client_or_address_is_never_followed() {
    let tricks = [
        "",
        "https://app.example/back/",
        "https://app.example/back?x=1",
        "https://app.example/back#x",
        "https://app.example/back/../evil",
        "https://app.example/bac",
        "https://app.example.evil.example/back",
        "https://app.example@evil.example/back",
        "https://APP.example/back",
        "http://app.example/back",
        "https://app.example/back https://evil.example",
        "https://app.example/back com.example.app:/back",
        "//evil.example",
        "javascript:alert(1)",
    ];
    for uri in tricks {
        let refused = Asked::read(&request(&[("redirect_uri", uri)]), Some(&client()), BASE, NOW);
        assert!(matches!(refused, Err(Refusal::Shown(_))), "{uri}");
    }
    let disabled = Client {
        disabled: Some(1),
        ..client()
    };
    for client in [None, Some(&disabled)] {
        assert!(matches!(
            Asked::read(&request(&[]), client, BASE, NOW),
            Err(Refusal::Shown(_))
        ));
    }
}

#[test]
fn what_else_is_wrong_goes_back_to_the_app() {
    let invalid: [(&str, &str); 13] = [
        ("response_type", ""),
        ("state", ""),
        ("aud", ""),
        ("aud", "https://other.example/fhir"),
        ("code_challenge", ""),
        ("code_challenge", "short"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw=cM"),
        ("code_challenge_method", ""),
        ("code_challenge_method", "plain"),
        ("response_mode", "fragment"),
        ("prompt", "none login"),
        ("max_age", "soon"),
        ("scope", "launch"),
    ];
    for change in invalid {
        sent_back(&[change], "invalid_request");
    }
    for scope in [
        "",
        "patient/*.cruds",
        "user/Patient.rs",
        "system/*.rs",
        "nonsense",
        "online_access",
    ] {
        sent_back(&[("scope", scope)], "invalid_scope");
    }
    sent_back(&[("launch", "x")], "invalid_scope");
    sent_back(&[("response_type", "token")], "unsupported_response_type");
    sent_back(&[("request", "x.y.z")], "request_not_supported");
    sent_back(
        &[("request_uri", "https://app.example/request")],
        "request_uri_not_supported",
    );
    let backend = Client {
        grant_types: "client_credentials".into(),
        ..client()
    };
    let refused = Asked::read(&request(&[]), Some(&backend), BASE, NOW);
    assert!(matches!(refused, Err(Refusal::Sent(back)) if back.error == "unauthorized_client"));
}
