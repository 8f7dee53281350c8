//! Around every request: an id, a log line, metrics, CORS, security headers, and OperationOutcomes for
//! what actix refuses by itself. One layer of actix's, in which each function calls the next: every layer
//! would pay for boxes of its own.
//!
//! Logs and labels name the route pattern, never the address: ids and queries can be patient data.
use crate::audit::around;
use crate::auth::Caller;
use crate::edge;
use crate::error::{ApiError, FHIR_JSON};
use crate::headers::{Surface, protect};
use crate::oversize;
use crate::routes::direct::Route;
use crate::state;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};
use fhir::IssueCode;
use metrics::{Counter, Histogram};
use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// `X-Request-Id`: the client's if it is sane, else a new one.
pub struct RequestId(pub String);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Request id in and out, one structured log line, count and latency by route pattern, and the headers
/// that every answer has.
pub async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let id = given_id(request.headers()).unwrap_or_else(edge::new_id);
    request.extensions_mut().insert(RequestId(id.clone()));
    let (surface, https) = (
        Surface::of(state::path(request.request())),
        is_https(request.request()),
    );
    let mut response = around::record(request, async |request| cors(request, next).await).await?;
    record(&response, &id, started);
    protect(surface, https, response.headers_mut());
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    Ok(response)
}

/// By the address that clients use: TLS may end before us.
fn is_https(request: &HttpRequest) -> bool {
    state::asked(request).is_some_and(|state| state.config.public_url.starts_with("https:"))
}

fn given_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let sane = (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    sane.then(|| id.to_owned())
}

fn record<B>(response: &ServiceResponse<B>, request_id: &str, started: Instant) {
    let request = response.request();
    let elapsed = started.elapsed();
    let route = route(request);
    let method = method_label(request.method());
    let status = response.status().as_u16();
    tracing::info!(
        target: "baton::access",
        method,
        route,
        status,
        ms = elapsed.as_micros() as f64 / 1000.0,
        client = request.extensions().get::<Caller>().map(|caller| caller.client_id.as_str()),
        request_id
    );
    count((method, status, route), elapsed);
}

/// The pattern of the address, never the address.
fn route(request: &HttpRequest) -> String {
    if let Some(Route(pattern)) = request.extensions_mut().remove() {
        return pattern;
    }
    request.match_pattern().unwrap_or_else(|| "unmatched".to_owned())
}

/// What is counted apart: method, status, route pattern.
type Labels = (&'static str, u16, String);

thread_local! {
    /// Looking a metric up by its labels costs more than counting, so each worker keeps its handles.
    static METERS: RefCell<HashMap<Labels, (Counter, Histogram)>> = RefCell::default();
}

fn count(labels: Labels, elapsed: Duration) {
    METERS.with_borrow_mut(|meters| {
        let (requests, seconds) = meters.entry(labels).or_insert_with_key(|(method, status, route)| {
            let (method, status, route) = (*method, status.to_string(), route.clone());
            (
                metrics::counter!("baton_http_requests_total", "method" => method, "route" => route.clone(), "status" => status),
                metrics::histogram!("baton_http_request_seconds", "method" => method, "route" => route),
            )
        });
        requests.increment(1);
        seconds.record(elapsed.as_secs_f64());
    });
}

/// A client may invent methods; a label may not grow without bound.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// On FHIR paths, what actix refused in plain text becomes an OperationOutcome.
async fn outcomes(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let fhir = state::path(request.request()).starts_with("/fhir");
    let response = oversize::refuse(request, next).await?;
    let status = response.status();
    let ours = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|value| value == FHIR_JSON);
    if !fhir || ours || !(status.is_client_error() || status.is_server_error()) {
        return Ok(response);
    }
    let (request, refused) = response.into_parts();
    let error = ApiError::new(status, code_of(status), explain(status));
    let mut replaced = actix_web::ResponseError::error_response(&error);
    for (name, value) in refused.headers().iter().filter(|(name, _)| kept(name)) {
        replaced.headers_mut().append(name.clone(), value.clone());
    }
    Ok(ServiceResponse::new(request, replaced))
}

fn kept(name: &HeaderName) -> bool {
    *name != CONTENT_TYPE && *name != header::CONTENT_LENGTH && *name != header::CONTENT_ENCODING
}

fn code_of(status: StatusCode) -> IssueCode {
    match status {
        StatusCode::NOT_FOUND => IssueCode::NotFound,
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::UNSUPPORTED_MEDIA_TYPE => IssueCode::NotSupported,
        StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::URI_TOO_LONG
        | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => IssueCode::TooLong,
        StatusCode::UNAUTHORIZED => IssueCode::Login,
        StatusCode::FORBIDDEN => IssueCode::Forbidden,
        status if status.is_server_error() => IssueCode::Exception,
        _ => IssueCode::Invalid,
    }
}

fn explain(status: StatusCode) -> String {
    format!(
        "The request was refused: {}",
        status.canonical_reason().unwrap_or("see the HTTP status")
    )
}

/// Pages of other origins may call, all of them or those of the settings: access rests on the token, never
/// on cookies. Discovery and metadata are for everybody.
/// <https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#considerations-for-cross-origin-resource-sharing-cors-support>
async fn cors(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(origin) = request.headers().get(header::ORIGIN) else {
        return outcomes(request, next).await;
    };
    let shared = is_shared(state::path(request.request()));
    let allowed = shared.then(|| allowed(origin, &request)).flatten();
    let preflight = shared
        && request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if preflight {
        request.into_response(HttpResponse::NoContent().finish())
    } else {
        outcomes(request, next).await?
    };
    if let Some(origin) = allowed {
        allow(origin, response.headers_mut());
    }
    Ok(response)
}

/// Pages where people sign in are nobody else's to read. <https://www.rfc-editor.org/rfc/rfc9700#section-2.6>
fn is_shared(path: &str) -> bool {
    const SHARED: [&str; 8] = [
        "/oauth/token",
        "/oauth/introspect",
        "/oauth/revoke",
        "/oauth/register",
        "/oauth/jwks",
        "/oauth/userinfo",
        "/openapi",
        "/hl7v2",
    ];
    path.starts_with("/fhir")
        || path.starts_with("/.well-known")
        || SHARED.iter().any(|of| path.starts_with(of))
}

/// What to name in the answer.
fn allowed(origin: &HeaderValue, request: &ServiceRequest) -> Option<HeaderValue> {
    const ANY: HeaderValue = HeaderValue::from_static("*");
    const FOR_ALL: [&str; 3] = ["/fhir/metadata", "/fhir/.well-known", "/oauth/jwks"];
    let state = state::asked(request.request());
    let Some(origins) = state.and_then(|state| state.config.cors_origins.as_ref()) else {
        return Some(ANY);
    };
    let path = state::path(request.request());
    if FOR_ALL.iter().any(|of| path.starts_with(of)) {
        return Some(ANY);
    }
    let known = origins.iter().any(|known| known.as_bytes() == origin.as_bytes());
    known.then(|| origin.clone())
}

fn allow(origin: HeaderValue, headers: &mut HeaderMap) {
    const ALLOWED: [(HeaderName, &str); 4] = [
        (
            header::ACCESS_CONTROL_ALLOW_METHODS,
            "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
        ),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Accept, Authorization, Content-Encoding, Content-Type, If-Match, If-Modified-Since, If-None-Exist, If-None-Match, Prefer, X-Provenance, X-Purpose-Of-Use, X-Request-Id",
        ),
        (
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            "Accept-Patch, Allow, ETag, Last-Modified, Location, Preference-Applied, Retry-After, WWW-Authenticate, X-Request-Id",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    for (name, value) in ALLOWED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if origin != "*" {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
}
