//! POST /oauth/token: client_credentials. <https://www.rfc-editor.org/rfc/rfc6749#section-4.4>
use super::error::OAuthError;
use super::form::{Body, Form};
use super::scope::Scopes;
use crate::edge;
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, PRAGMA};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;
use store::admin::Client;

pub async fn token(
    request: HttpRequest,
    body: Body,
    state: web::Data<AppState>,
) -> Result<HttpResponse, OAuthError> {
    let form = Form::read(&request, body)?;
    if form.need("grant_type")? != "client_credentials" {
        let text = "only grant_type=client_credentials is supported";
        return Err(OAuthError::new(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            text,
        ));
    }
    let now = edge::now();
    let authority = &state.auth;
    let client = form.client(authority, now).await?;
    let granted = grant(&client, form.get("scope"))?;
    let token = authority.issue(&client.id, &granted, now).ok_or_else(|| {
        let text = "the server has no key to sign with";
        OAuthError::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", text)
    })?;
    tracing::info!(
        client = client.id,
        scope = granted.without_queries(),
        "access token issued"
    );
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((PRAGMA, "no-cache"))
        .json(json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": authority.lifetime,
            "scope": granted.to_string(),
        })))
}

/// What is asked for, all of it or nothing; what is registered when nothing is asked for.
fn grant(client: &Client, requested: Option<&str>) -> Result<Scopes, OAuthError> {
    const NEEDS_USER: &str = "needs a user; client_credentials are given system/ scopes only";
    let registered = Scopes::parse(&client.scope).map_err(OAuthError::scope)?;
    let Some(text) = requested else {
        let of_system = registered.of_system();
        return match of_system.is_empty() {
            true => Err(OAuthError::scope(format!(
                "each scope of the client {NEEDS_USER}"
            ))),
            false => Ok(of_system),
        };
    };
    let asked = Scopes::parse(text).map_err(OAuthError::scope)?;
    if let Some(scope) = asked.only(|scope| !scope.is_of_system()).iter().next() {
        return Err(OAuthError::scope(format!("scope `{scope}` {NEEDS_USER}")));
    }
    match asked.within(&registered) {
        Ok(()) => Ok(asked),
        Err(scope) => {
            let text = format!("scope `{scope}` goes beyond what the client is registered for");
            Err(OAuthError::scope(text))
        }
    }
}
