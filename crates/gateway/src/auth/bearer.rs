//! The token of a request. <https://www.rfc-editor.org/rfc/rfc6750>
use super::authority::Authority;
use super::caller::Caller;
use super::privacy;
use super::token::{Refusal, Verified};
use super::trust::Seen;
use crate::error::ApiError;
use crate::rates::{self, Wait, address_of};
use actix_web::http::StatusCode;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpMessage, HttpRequest};
use fhir::IssueCode;
use std::sync::Arc;

const MAX_LENGTH: usize = 8 << 10;

/// Who calls, by the Authorization header alone.
pub fn caller(authority: &Authority, request: &HttpRequest, now: i64) -> Result<Caller, ApiError> {
    if !authority.required {
        return Ok(Caller::internal("anonymous"));
    }
    let token = verified(authority, request, now)?;
    let outsider = privacy::outsider(authority, request, &token, now)?;
    Ok(Caller::of(&token, outsider))
}

/// The token of a request that must have one.
pub fn verified(authority: &Authority, request: &HttpRequest, now: i64) -> Result<Arc<Verified>, ApiError> {
    refuse_query_token(request.query_string())?;
    let token = header_token(request)?;
    let verified = checked(authority, request, token, now)?;
    if verified.scopes.is_empty() {
        let text = "The access token is good, and its issuer's claims stand for no scope here; `baton token explain` shows why";
        return Err(forbidden("system/*.rs", text));
    }
    if let Some(pace) = &verified.pace {
        pace.take(now).map_err(|wait| {
            rates::count("client");
            throttled(
                wait,
                "This client sends more requests than this server takes; wait, then go on slower",
            )
        })?;
    }
    Ok(verified)
}

pub fn insufficient(scope: &str) -> ApiError {
    let text = format!("The access token does not cover this: it needs the scope `{scope}`");
    forbidden(scope, &text)
}

/// The same in other words.
pub fn forbidden(scope: &str, text: &str) -> ApiError {
    let error = ApiError::new(StatusCode::FORBIDDEN, IssueCode::Forbidden, text);
    let challenge = format!("Bearer realm=\"baton\", error=\"insufficient_scope\", scope=\"{scope}\"");
    error.header("WWW-Authenticate", challenge)
}

/// Whatever the scopes are.
pub fn denied(text: &str) -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, IssueCode::Forbidden, text)
}

/// Whether the request has a token that was good before and is not over.
pub fn is_known(authority: &Authority, request: &HttpRequest, now: i64) -> bool {
    header_token(request).is_ok_and(|token| authority.knows(token, now))
}

/// Only a token that was never seen asks how its sender has done so far.
fn checked(
    authority: &Authority,
    request: &HttpRequest,
    token: &str,
    now: i64,
) -> Result<Arc<Verified>, ApiError> {
    let rates = &authority.rates;
    let may_try = || {
        rates
            .may_try(address_of(request), now)
            .map_err(Refusal::Throttled)
    };
    let seen = request.extensions().get::<Seen>().cloned();
    let judged = match seen {
        Some(Seen(judged)) => judged,
        None => authority.check_if(token, now, may_try),
    };
    judged.map_err(|refusal| {
        if refusal.is_failure() {
            rates.failed(address_of(request), now);
        }
        match refusal {
            Refusal::Throttled(wait) => throttled(wait, refusal.text()),
            Refusal::Unreachable => unreachable(refusal.text()),
            _ => invalid(refusal.text()),
        }
    })
}

/// 429, and when to come again. <https://www.rfc-editor.org/rfc/rfc6585#section-4>
pub fn throttled(wait: Wait, text: &str) -> ApiError {
    ApiError::new(StatusCode::TOO_MANY_REQUESTS, IssueCode::Throttled, text)
        .header("Retry-After", wait.0.to_string())
}

/// The token may be good: it must not be thrown away.
fn unreachable(text: &str) -> ApiError {
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, IssueCode::Transient, text).header("Retry-After", "10")
}

/// URLs end up in logs and histories, so a token there is already lost.
fn refuse_query_token(query: &str) -> Result<(), ApiError> {
    let mut names = query
        .split('&')
        .map(|pair| pair.split('=').next().unwrap_or_default());
    match names.any(|name| name == "access_token") {
        false => Ok(()),
        true => {
            let text = "Send the access token in the Authorization header, never in the URL";
            Err(challenge(
                StatusCode::BAD_REQUEST,
                "invalid_request",
                IssueCode::Security,
                text,
            ))
        }
    }
}

pub(super) fn header_token(request: &HttpRequest) -> Result<&str, ApiError> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let Some(header) = headers.next() else {
        return Err(missing());
    };
    if headers.next().is_some() {
        let text = "The request has more than one Authorization header";
        return Err(challenge(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            IssueCode::Security,
            text,
        ));
    }
    let text =
        std::str::from_utf8(header.as_bytes()).map_err(|_| invalid("The access token is malformed"))?;
    match text.split_once(' ') {
        Some((scheme, _)) if !scheme.eq_ignore_ascii_case("bearer") => Err(missing()),
        Some((_, token)) if !token.is_empty() && token.len() <= MAX_LENGTH => Ok(token),
        _ => Err(invalid("The access token is malformed")),
    }
}

/// No error code when the client did not try (RFC 6750 §3.1).
fn missing() -> ApiError {
    let text =
        "An access token is needed: get one at the token endpoint and send it as `Authorization: Bearer …`";
    let mut error = ApiError::new(StatusCode::UNAUTHORIZED, IssueCode::Login, text);
    error
        .headers
        .push(("WWW-Authenticate", "Bearer realm=\"baton\"".into()));
    error
}

fn invalid(why: &str) -> ApiError {
    challenge(StatusCode::UNAUTHORIZED, "invalid_token", IssueCode::Login, why)
}

fn challenge(status: StatusCode, error: &str, code: IssueCode, text: &str) -> ApiError {
    let mut api = ApiError::new(status, code, text);
    let value = format!("Bearer realm=\"baton\", error=\"{error}\", error_description=\"{text}\"");
    api.headers.push(("WWW-Authenticate", value));
    api
}
