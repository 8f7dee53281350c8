//! The token of a request. <https://www.rfc-editor.org/rfc/rfc6750>
use super::authority::Authority;
use super::caller::Caller;
use crate::error::ApiError;
use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::AUTHORIZATION;
use fhir::IssueCode;

const MAX_LENGTH: usize = 8 << 10;

/// Who calls, by the Authorization header alone.
pub fn caller(authority: &Authority, request: &HttpRequest, now: i64) -> Result<Caller, ApiError> {
    if !authority.required {
        return Ok(Caller::internal("anonymous"));
    }
    refuse_query_token(request.query_string())?;
    let token = header_token(request)?;
    let verified = authority
        .check(token, now)
        .map_err(|refusal| invalid(refusal.text()))?;
    Ok(Caller::of(&verified))
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

fn header_token(request: &HttpRequest) -> Result<&str, ApiError> {
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
