//! What a client can find out without a token: SMART configuration and public keys.
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html>
use super::error::OAuthError;
use super::jwks;
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, ResponseError, web};
use serde_json::json;

/// Says what works now; `code_challenge_methods_supported` is required of every server.
pub async fn smart_configuration(state: web::Data<AppState>) -> HttpResponse {
    let base = &state.config.public_url;
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=300"))
        .json(json!({
            "issuer": base,
            "jwks_uri": format!("{base}/oauth/jwks"),
            "token_endpoint": state.config.token_url(),
            "introspection_endpoint": format!("{base}/oauth/introspect"),
            "revocation_endpoint": format!("{base}/oauth/revoke"),
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported":
                ["private_key_jwt", "client_secret_basic", "client_secret_post"],
            "token_endpoint_auth_signing_alg_values_supported": jwks::ALGORITHMS,
            "scopes_supported": ["system/*.cruds", "system/*.rs", "system/MessageHeader.c"],
            "code_challenge_methods_supported": ["S256"],
            "capabilities": [
                "client-confidential-asymmetric", "client-confidential-symmetric",
                "permission-v1", "permission-v2",
            ],
        }))
}

/// Short-lived in caches: a new key is published only seconds before it signs.
pub async fn jwks(state: web::Data<AppState>) -> HttpResponse {
    let keys = state.auth.standing().keys.public();
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=5"))
        .json(keys)
}

pub async fn authorize() -> HttpResponse {
    let text =
        "signing in users is not supported; backend services use client_credentials at the token endpoint";
    OAuthError::new(StatusCode::BAD_REQUEST, "unsupported_response_type", text).error_response()
}

pub async fn register() -> HttpResponse {
    let text = "clients are registered by the operator of this server, with `baton client add`";
    OAuthError::new(StatusCode::FORBIDDEN, "access_denied", text).error_response()
}
