//! Around every request: whatever the handler does, or whoever refuses before it, is recorded.
use super::{Posted, Told, Trail, What, origin};
use crate::auth::Caller;
use crate::edge;
use crate::error::ApiError;
use crate::middleware::RequestId;
use crate::state;
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::ETAG;
use actix_web::{Error, HttpMessage, HttpRequest, ResponseError};
use store::audit::Event;

/// `answer` is everything inside.
pub async fn record(
    request: ServiceRequest,
    answer: impl AsyncFnOnce(ServiceRequest) -> Result<ServiceResponse<BoxBody>, Error>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let audit = state::asked(request.request()).map(|state| state.audit.clone());
    let Some(audit) = audit.filter(Trail::is_on) else {
        return answer(request).await;
    };
    if let Err(refusal) = audit.ready()
        && What::of(request.method(), state::path(request.request()), "").is_some()
    {
        return Ok(request.into_response(refusal.error_response()));
    }
    let response = answer(request).await?;
    let Some(event) = event(&response) else {
        return Ok(response);
    };
    match audit.note(event).await {
        Ok(()) => Ok(response),
        Err(refusal) => Ok(instead(response, &refusal)),
    }
}

/// What could not be recorded is not answered.
fn instead(response: ServiceResponse<BoxBody>, refusal: &ApiError) -> ServiceResponse<BoxBody> {
    let (request, _) = response.into_parts();
    ServiceResponse::new(request, refusal.error_response())
}

fn event(response: &ServiceResponse<BoxBody>) -> Option<Event> {
    let request = response.request();
    let told = response.response().extensions().get::<Told>().cloned();
    let told = told.unwrap_or_default();
    if told.wrote {
        return None;
    }
    let mut what = match request.extensions().get::<Posted>() {
        Some(Posted(form)) => What::of(request.method(), state::path(request), form),
        None => What::of(request.method(), state::path(request), request.query_string()),
    }?;
    what.version = what.version.or_else(|| version(response));
    Some(Event {
        at: edge::now(),
        actor: actor(request),
        origin: origin(request),
        request: id(request),
        ..what.event(response.status(), told)
    })
}

/// As the answer tells it.
fn version(response: &ServiceResponse<BoxBody>) -> Option<i64> {
    let tag = response.headers().get(ETAG)?.to_str().ok()?;
    tag.strip_prefix("W/\"")?.strip_suffix('"')?.parse().ok()
}

fn actor(request: &HttpRequest) -> String {
    let extensions = request.extensions();
    let caller = extensions.get::<Caller>();
    caller.map_or_else(String::new, |caller| caller.client_id.clone())
}

fn id(request: &HttpRequest) -> String {
    let extensions = request.extensions();
    extensions
        .get::<RequestId>()
        .map_or_else(String::new, |id| id.0.clone())
}
