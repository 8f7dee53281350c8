//! What an app may ask, and where answers go: errors about the app itself are only shown.
use super::app::*;
use super::browser::Browser;
use crate::on_both;
use crate::support::Baton;

on_both!(
    tricks_with_addresses_lead_nowhere,
    what_else_is_wrong_goes_back,
    a_posted_request_is_the_same,
    discovery_tells_what_is_true
);

fn tricks_with_addresses_lead_nowhere(baton: &Baton) {
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    let prefix = format!("{BACK}.evil.example");
    let extra = format!("{BACK}/more");
    let fragment = format!("{BACK}#x");
    let query = format!("{BACK}?next=https://evil.example");
    let two = format!("{BACK} https://evil.example");
    let tricks = [
        ("client_id", "nobody"),
        ("client_id", ""),
        ("redirect_uri", ""),
        ("redirect_uri", &prefix),
        ("redirect_uri", &extra),
        ("redirect_uri", &fragment),
        ("redirect_uri", &query),
        ("redirect_uri", &two),
        ("redirect_uri", "https://evil.example"),
        ("redirect_uri", "javascript:alert(1)"),
    ];
    for trick in tricks {
        let shown = browser.open(&app.request(SCOPE, &[trick]));
        assert_eq!(
            (shown.reply.status, shown.title()),
            (400, "This cannot go on"),
            "{trick:?}"
        );
        assert!(
            !shown.reply.text.contains("evil") && !shown.reply.text.contains("javascript"),
            "{trick:?}"
        );
    }
    let twice = format!(
        "{}&redirect_uri=https%3A%2F%2Fevil.example",
        app.request(SCOPE, &[])
    );
    assert_eq!(browser.open(&twice).title(), "This cannot go on");
    baton.database.run_json(&["client", "disable", &app.id]);
    assert_eq!(
        browser.open(&app.request(SCOPE, &[])).title(),
        "This cannot go on"
    );
}

fn what_else_is_wrong_goes_back(baton: &Baton) {
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    let cases = [
        ("response_type", "token", "unsupported_response_type"),
        ("aud", "https://other.example/fhir", "invalid_request"),
        ("aud", "", "invalid_request"),
        ("state", "", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("scope", "patient/*.cruds", "invalid_scope"),
        ("scope", "system/*.rs", "invalid_scope"),
        ("scope", "", "invalid_scope"),
        ("launch", "made-up", "invalid_scope"),
        ("request_uri", "https://evil.example", "request_uri_not_supported"),
    ];
    for (name, value, error) in cases {
        let shown = browser.open(&app.request(SCOPE, &[(name, value)]));
        assert!(
            shown.url.starts_with(&format!("{BACK}?")),
            "{name}={value} {}",
            shown.url
        );
        let told = shown.told();
        assert_eq!(
            (told["error"].as_str(), told["iss"].as_str()),
            (error, baton.base.as_str()),
            "{name}={value}"
        );
        assert_eq!(told.contains_key("state"), name != "state");
        assert!(!told.contains_key("code"));
    }
}

fn a_posted_request_is_the_same(baton: &Baton) {
    patient(baton, "ada");
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    app.code(&browser, SCOPE, "ada");
    let url = reqwest::Url::parse(&app.request(SCOPE, &[])).expect("an address");
    let fields: Vec<(String, String)> = url
        .query_pairs()
        .map(|(k, v)| (k.into_owned(), v.into_owned()))
        .collect();
    let cookie = browser.cookie();
    // A browser sends no cookie along with a form of another site; the next page has it again.
    browser.set_cookie(None);
    let endpoint = format!("{}/oauth/authorize", baton.base);
    let reply = baton.anonymous().form(&endpoint, &pairs(&fields));
    assert_eq!((reply.status, reply.header("set-cookie")), (303, ""));
    browser.set_cookie(cookie);
    let next = reqwest::Url::parse(&endpoint)
        .and_then(|at| at.join(reply.header("location")))
        .expect("an address");
    let shown = browser.open(next.as_str());
    assert_eq!(shown.title(), "Allow Heart App?");
    app.called_back(&browser.allow(&shown));
}

fn pairs(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

fn discovery_tells_what_is_true(baton: &Baton) {
    let anyone = baton.anonymous();
    let smart = anyone.get(".well-known/smart-configuration").ok();
    let openid = anyone.get("/.well-known/openid-configuration").ok();
    for said in [&smart, &openid] {
        assert_eq!(said["issuer"], baton.base);
        assert_eq!(
            said["authorization_endpoint"],
            format!("{}/oauth/authorize", baton.base)
        );
        assert_eq!(said["token_endpoint"], format!("{}/oauth/token", baton.base));
        assert_eq!(
            said["code_challenge_methods_supported"],
            serde_json::json!(["S256"])
        );
        assert_eq!(said["response_types_supported"], serde_json::json!(["code"]));
        assert!(said.get("registration_endpoint").is_none(), "it is off");
        let grants = said["grant_types_supported"].as_array().expect("a list");
        for grant in ["authorization_code", "refresh_token", "client_credentials"] {
            assert!(grants.iter().any(|known| known == grant), "{grant}");
        }
        for name in ["jwks_uri", "introspection_endpoint", "revocation_endpoint"] {
            assert!(
                said[name]
                    .as_str()
                    .is_some_and(|url| url.starts_with(&baton.base)),
                "{name}"
            );
        }
    }
    assert_eq!(
        openid["id_token_signing_alg_values_supported"],
        serde_json::json!(["RS256"])
    );
    assert_eq!(
        openid["userinfo_endpoint"],
        format!("{}/oauth/userinfo", baton.base)
    );
    let capabilities = smart["capabilities"].as_array().expect("a list");
    for capability in [
        "launch-standalone",
        "launch-ehr",
        "client-public",
        "sso-openid-connect",
        "permission-v2",
        "authorize-post",
    ] {
        assert!(
            capabilities.iter().any(|known| known == capability),
            "{capability}"
        );
    }
}
