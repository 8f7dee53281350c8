//! Who signed in: the id_token and userinfo, as a relying party reads them.
use super::app::*;
use super::browser::Browser;
use crate::auth::partner::{seconds, text};
use crate::on_both;
use crate::support::Baton;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;

on_both!(
    the_id_token_says_who_signed_in,
    identity_is_told_as_far_as_it_is_granted,
    keys_rotate_under_id_tokens
);

/// Checked by a key that the server publishes.
fn read(baton: &Baton, app: &App, token: &str) -> Value {
    let header = decode_header(token).expect("a JWT");
    assert_eq!(header.alg, Algorithm::RS256);
    let keys: JwkSet = serde_json::from_value(baton.anonymous().get("/oauth/jwks").ok()).expect("a key set");
    let key = keys.find(&header.kid.expect("a kid")).expect("a published key");
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[&app.id]);
    validation.set_issuer(&[&baton.base]);
    decode::<Value>(token, &DecodingKey::from_jwk(key).expect("sound"), &validation)
        .expect("verified")
        .claims
}

fn the_id_token_says_who_signed_in(baton: &Baton) {
    patient(baton, "ada");
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    let granted = app.tokens(&browser, SCOPE, "ada");
    let claims = read(baton, &app, &text(&granted, "id_token"));
    assert_eq!(claims["fhirUser"], format!("{}/fhir/Patient/ada", baton.base));
    assert_eq!(claims["nonce"], "n-0S6_WzA2Mj");
    let signed_in = claims["auth_time"].as_i64().expect("auth_time");
    assert!((0..60).contains(&(seconds() - signed_in)));
    assert!(claims["exp"].as_i64().expect("exp") <= seconds() + 3_600);
    let person = app.userinfo(&text(&granted, "access_token")).ok();
    assert_eq!(
        (&person["sub"], &person["fhirUser"]),
        (&claims["sub"], &claims["fhirUser"])
    );
    // It says who, it opens nothing.
    let refused = app.userinfo(&text(&granted, "id_token"));
    assert_eq!(refused.status, 401);
}

fn identity_is_told_as_far_as_it_is_granted(baton: &Baton) {
    patient(baton, "ada");
    let scope = "openid launch/patient patient/Task.rs";
    let app = App::public(baton, "openid fhirUser launch/patient patient/Task.rs");
    let browser = Browser::new(baton);
    let granted = app.tokens(&browser, scope, "ada");
    let claims = read(baton, &app, &text(&granted, "id_token"));
    assert!(claims.get("fhirUser").is_none());
    assert_eq!(
        app.userinfo(&text(&granted, "access_token")).ok().get("fhirUser"),
        None
    );
    let granted = app.tokens(&browser, "launch/patient patient/Task.rs", "ada");
    assert!(granted.get("id_token").is_none() && granted.get("refresh_token").is_none());
    let refused = app.userinfo(&text(&granted, "access_token"));
    assert_eq!(refused.status, 403);
    assert!(refused.header("www-authenticate").contains("scope=\"openid\""));
    assert_eq!(baton.anonymous().get("/oauth/userinfo").status, 401);
}

fn keys_rotate_under_id_tokens(baton: &Baton) {
    patient(baton, "ada");
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    let first = text(&app.tokens(&browser, SCOPE, "ada"), "id_token");
    baton.database.run_json(&["keys", "rotate"]);
    read(baton, &app, &first);
    let listed = baton.database.run_json(&["keys", "list"]);
    let algorithms: Vec<&str> = listed
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|key| key["algorithm"].as_str())
        .collect();
    assert_eq!(
        algorithms.iter().filter(|name| **name == "RS256").count(),
        2,
        "{algorithms:?}"
    );
    let second = text(&app.tokens(&browser, SCOPE, "ada"), "id_token");
    read(baton, &app, &second);
}
