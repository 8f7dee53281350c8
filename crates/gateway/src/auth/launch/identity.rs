//! Who signed in: the id_token, the userinfo endpoint, and where a relying party finds them.
//! <https://openid.net/specs/openid-connect-core-1_0.html>
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#scopes-for-requesting-identity-data>
use super::grant::{SECOND, Standing};
use crate::auth::Authority;
use crate::auth::discovery;
use crate::auth::error::OAuthError;
use crate::auth::scope::{Scopes, Session};
use crate::auth::{bearer, keys};
use crate::edge;
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

/// In seconds; it says who signed in, it opens nothing.
const LIFETIME: i64 = 300;

pub fn token(
    authority: &Authority,
    client: &str,
    standing: &Standing,
    now: i64,
) -> Result<String, OAuthError> {
    let (grant, seconds) = (&standing.grant, now / SECOND);
    let mut claims = about(
        authority,
        &standing.account,
        Some(&grant.fhir_user),
        &grant.scopes(),
    );
    let said = [
        ("iss", json!(authority.issuer)),
        ("aud", json!(client)),
        ("iat", json!(seconds)),
        ("exp", json!(seconds + LIFETIME)),
        ("auth_time", json!(grant.auth_time)),
    ];
    for (name, value) in said {
        claims[name] = value;
    }
    if let Some(nonce) = &grant.nonce {
        claims["nonce"] = nonce.as_str().into();
    }
    keys::sign_identity(&authority.standing().keys, &claims, now).ok_or_else(|| {
        let text = "the server has no key to sign an id_token with";
        OAuthError::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", text)
    })
}

/// The person as the scopes allow it to be told.
fn about(authority: &Authority, account: &str, person: Option<&str>, scopes: &Scopes) -> Value {
    let mut claims = json!({ "sub": account });
    if let Some(person) = person.filter(|_| scopes.has(Session::FhirUser)) {
        claims["fhirUser"] = format!("{}/{person}", authority.audience).into();
    }
    claims
}

pub async fn userinfo(request: HttpRequest, state: web::Data<AppState>) -> Result<HttpResponse, ApiError> {
    let authority = &state.auth;
    let token = bearer::verified(authority, &request, edge::now())?;
    if !token.scopes.has(Session::OpenId) {
        return Err(bearer::insufficient("openid"));
    }
    let person = token.holder.fhir_user.as_deref();
    let claims = about(authority, &token.claims.sub, person, &token.scopes);
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(claims))
}

/// <https://openid.net/specs/openid-connect-discovery-1_0.html>
pub async fn openid_configuration(state: web::Data<AppState>) -> HttpResponse {
    let mut said = discovery::endpoints(&state);
    said["userinfo_endpoint"] = format!("{}/oauth/userinfo", state.config.public_url).into();
    said["subject_types_supported"] = json!(["public"]);
    said["id_token_signing_alg_values_supported"] = json!(["RS256"]);
    said["claims_supported"] = json!([
        "sub",
        "iss",
        "aud",
        "iat",
        "exp",
        "auth_time",
        "nonce",
        "fhirUser"
    ]);
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=300"))
        .json(said)
}
