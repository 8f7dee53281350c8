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

/// Any registered client may ask: it must hold the token to do so, and learns what the token says.
pub async fn introspect(
    request: HttpRequest,
    body: Body,
    state: web::Data<AppState>,
) -> Result<HttpResponse, OAuthError> {
    let form = Form::read(&request, body)?;
    let now = edge::now();
    form.client(&state.auth, now).await?;
    let verified = state.auth.check(form.need("token")?, now);
    let answer = verified.map_or_else(|_| json!({ "active": false }), |token| describe(&token));
    let mut response = HttpResponse::Ok();
    Ok(response
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((PRAGMA, "no-cache"))
        .json(answer))
}

fn describe(token: &Verified) -> Value {
    let claims = &token.claims;
    json!({
        "active": true, "scope": claims.scope, "client_id": claims.client_id, "token_type": "Bearer",
        "exp": claims.exp, "iat": claims.iat, "iss": claims.iss, "sub": claims.sub, "aud": claims.aud,
        "jti": claims.jti,
    })
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
