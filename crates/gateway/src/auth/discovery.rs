//! What a client can find out without a token: SMART configuration and public keys.
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html>
use super::{client, jwks, launch};
use crate::state::AppState;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

/// Says what works now; `code_challenge_methods_supported` is required of every server.
pub async fn smart_configuration(state: web::Data<AppState>) -> HttpResponse {
    let mut said = endpoints(&state);
    said["capabilities"] = json!([
        "launch-ehr",
        "launch-standalone",
        "authorize-post",
        "client-public",
        "client-confidential-asymmetric",
        "client-confidential-symmetric",
        "sso-openid-connect",
        "context-ehr-patient",
        "context-ehr-encounter",
        "context-banner",
        "context-standalone-patient",
        "context-standalone-encounter",
        "permission-offline",
        "permission-online",
        "permission-patient",
        "permission-user",
        "permission-v1",
        "permission-v2",
    ]);
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=300"))
        .json(said)
}

/// What SMART and OpenID Connect both want to know.
pub fn endpoints(state: &AppState) -> Value {
    let base = &state.config.public_url;
    let mut said = json!({
        "issuer": base,
        "jwks_uri": format!("{base}/oauth/jwks"),
        "authorization_endpoint": state.config.authorize_url(),
        "token_endpoint": state.config.token_url(),
        "introspection_endpoint": format!("{base}/oauth/introspect"),
        "revocation_endpoint": format!("{base}/oauth/revoke"),
        "management_endpoint": format!("{base}{}", launch::own::PATH),
        "grant_types_supported": client::GRANT_TYPES,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "token_endpoint_auth_methods_supported": PROOFS,
        "token_endpoint_auth_signing_alg_values_supported": jwks::ALGORITHMS,
        // Where these are not said, clients take it that only client_secret_basic will do (RFC 8414).
        "revocation_endpoint_auth_methods_supported": PROOFS,
        "revocation_endpoint_auth_signing_alg_values_supported": jwks::ALGORITHMS,
        "introspection_endpoint_auth_methods_supported": PROOFS[..3],
        "introspection_endpoint_auth_signing_alg_values_supported": jwks::ALGORITHMS,
        "scopes_supported": SCOPES,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    });
    if let Some(url) = state.config.registration_url() {
        said["registration_endpoint"] = url.into();
    }
    said
}

/// How clients prove themselves; the last is that of public ones, who prove nothing.
const PROOFS: [&str; 4] = [
    "private_key_jwt",
    "client_secret_basic",
    "client_secret_post",
    "none",
];

/// Types and letters in place of `*` and `cruds` are supported too.
const SCOPES: [&str; 16] = [
    "openid",
    "fhirUser",
    "launch",
    "launch/patient",
    "launch/encounter",
    "offline_access",
    "online_access",
    "patient/*.cruds",
    "patient/*.rs",
    "user/*.cruds",
    "user/*.rs",
    "system/*.cruds",
    "system/*.rs",
    "admin/Client.cruds",
    "admin/Account.crus",
    "admin/Sender.crus",
];

/// Short-lived in caches: a new key is published only seconds before it signs.
pub async fn jwks(state: web::Data<AppState>) -> HttpResponse {
    let keys = state.auth.standing().keys.public();
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=5"))
        .json(keys)
}
