//! POST /oauth/introspect (RFC 7662) and POST /oauth/revoke (RFC 7009) for Baton's own tokens.
use super::authority::{Authority, REVOKED};
use super::error::OAuthError;
use super::form::{Body, Form};
use super::launch;
use super::token::Verified;
use crate::edge;
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, PRAGMA};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};
use store::Tx;

/// A client learns about its own tokens; about those of others only where the operator named it, as a
/// resource server of the same house (`tokens.introspection_clients`). What it may not know is not active.
pub async fn introspect(
    request: HttpRequest,
    body: Body,
    state: web::Data<AppState>,
) -> Result<HttpResponse, OAuthError> {
    let form = Form::read(&request, body)?;
    let now = edge::now();
    let client = form.client(&state.auth, now).await?;
    let all = state.config.tokens.introspection_clients.contains(&client.id);
    let verified = state.auth.check(form.need("token")?, now).ok();
    let told = verified.filter(|token| all || token.claims.client_id == client.id);
    let base = state.config.fhir_base();
    let answer = told.map_or_else(|| json!({ "active": false }), |token| describe(&token, &base));
    let mut response = HttpResponse::Ok();
    Ok(response
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((PRAGMA, "no-cache"))
        .json(answer))
}

/// With the context of the launch. <https://hl7.org/fhir/smart-app-launch/STU2.2/token-introspection.html>
fn describe(token: &Verified, base: &str) -> Value {
    let claims = &token.claims;
    let mut told = json!({
        "active": true, "scope": claims.scope, "client_id": claims.client_id, "token_type": "Bearer",
        "exp": claims.exp, "iat": claims.iat, "iss": claims.iss, "sub": claims.sub, "aud": claims.aud,
        "jti": claims.jti,
    });
    let holder = &token.holder;
    let person = holder.fhir_user.as_ref().map(|person| format!("{base}/{person}"));
    let context = [
        ("patient", holder.patient.clone()),
        ("encounter", holder.encounter.clone()),
        ("fhirUser", person),
    ];
    for (name, value) in context {
        if let Some(value) = value {
            told[name] = value.into();
        }
    }
    told
}

/// 200 for a token that is unknown or over, as there is nothing left to do. A refresh token takes all
/// that was granted with it.
pub async fn revoke(
    request: HttpRequest,
    body: Body,
    state: web::Data<AppState>,
) -> Result<HttpResponse, OAuthError> {
    let form = Form::read(&request, body)?;
    let now = edge::now();
    let client = form.any_client(&state.auth, now).await?;
    let (given, id) = (form.need("token")?.to_owned(), client.id.clone());
    let ended = move |tx: &mut Tx| launch::end_by_refresh(tx, &given, &id, now);
    if state.auth.store.write(ended).await? {
        state.auth.refresh(now).await?;
    }
    let Ok(token) = state.auth.check(form.need("token")?, now) else {
        return Ok(HttpResponse::Ok()
            .insert_header((CACHE_CONTROL, "no-store"))
            .finish());
    };
    if token.claims.client_id != client.id {
        let text = "the token was issued to another client";
        return Err(OAuthError::new(
            StatusCode::BAD_REQUEST,
            "unauthorized_client",
            text,
        ));
    }
    end(&state.auth, &token, now).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish())
}

/// Here at once, in other gateways with their next refresh.
async fn end(authority: &Authority, token: &Verified, now: i64) -> Result<(), OAuthError> {
    let (jti, expires) = (token.claims.jti.clone(), token.claims.exp);
    authority
        .store
        .write(move |tx| tx.revoke_jti(REVOKED, &jti, expires))
        .await?;
    Ok(authority.refresh(now).await?)
}
