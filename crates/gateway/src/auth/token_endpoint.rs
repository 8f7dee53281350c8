//! POST /oauth/token, for clients that act for themselves and for apps of people.
//! <https://www.rfc-editor.org/rfc/rfc6749#section-3.2>
use super::Authority;
use super::client::GRANT_TYPES;
use super::error::OAuthError;
use super::form::{Body, Form};
use super::holder::Holder;
use super::launch;
use super::scope::Scopes;
use crate::edge;
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, PRAGMA};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};
use store::admin::Client;

pub async fn token(
    request: HttpRequest,
    body: Body,
    state: web::Data<AppState>,
) -> Result<HttpResponse, OAuthError> {
    let form = Form::read(&request, body)?;
    let grant_type = form.need("grant_type")?;
    if !GRANT_TYPES.contains(&grant_type) {
        let text = format!("grant_type must be one of {}", GRANT_TYPES.join(", "));
        return Err(OAuthError::new(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            text,
        ));
    }
    let (now, authority) = (edge::now(), &state.auth);
    let client = form.any_client(authority, now).await?;
    if !client.may_use(grant_type) {
        let text = format!("the client is not registered for grant_type={grant_type}");
        return Err(OAuthError::new(
            StatusCode::BAD_REQUEST,
            "unauthorized_client",
            text,
        ));
    }
    let answer = match grant_type {
        "authorization_code" => launch::by_code(&form, &client, authority, now).await?,
        "refresh_token" => launch::by_refresh(&form, &client, authority, now).await?,
        _ => for_itself(&form, &client, authority, now)?,
    };
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((PRAGMA, "no-cache"))
        .json(answer))
}

/// client_credentials. <https://www.rfc-editor.org/rfc/rfc6749#section-4.4>
fn for_itself(form: &Form, client: &Client, authority: &Authority, now: i64) -> Result<Value, OAuthError> {
    if client.public {
        let text = "a client that proves nothing cannot act for itself";
        return Err(OAuthError::new(
            StatusCode::BAD_REQUEST,
            "unauthorized_client",
            text,
        ));
    }
    let granted = grant(client, form.get("scope"))?;
    let holder = Holder {
        organization: client.organization.clone(),
        ..Holder::default()
    };
    let issued = authority.issue_to(&client.id, &client.id, &granted, holder, now);
    let token = issued.ok_or_else(|| {
        let text = "the server has no key to sign with";
        OAuthError::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", text)
    })?;
    tracing::info!(
        client = client.id,
        scope = granted.without_queries(),
        "access token issued"
    );
    Ok(json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": authority.lifetime,
        "scope": granted.to_string(),
    }))
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
