//! Around every request: whatever the handler does, or whoever refuses before it, is recorded.
use super::{Acting, Posted, Told, What, origin};
use crate::auth::Caller;
use crate::edge;
use crate::error::ApiError;
use crate::state;
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::ETAG;
use actix_web::{Error, HttpMessage, HttpRequest, ResponseError};
use fhir::consent::purpose;
use store::audit::Event;

/// `answer` is everything inside.
pub async fn record(
    request: ServiceRequest,
    answer: impl AsyncFnOnce(ServiceRequest) -> Result<ServiceResponse<BoxBody>, Error>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let audit = state::asked(request.request()).map(|state| state.audit.clone());
    let breaks_glass = breaks_glass(request.request());
    let Some(audit) = audit.filter(|audit| audit.is_on() || breaks_glass) else {
        return answer(request).await;
    };
    if let Err(refusal) = audit.ready()
        && What::of(request.method(), state::path(request.request()), "").is_some()
    {
        return Ok(request.into_response(refusal.error_response()));
    }
    let mut response = answer(request).await?;
    let told = response.response_mut().extensions_mut().remove();
    let noted = match event(&response, told.unwrap_or_default()) {
        Some(event) => audit.note(&event).await,
        None => Ok(()),
    };
    // What is withheld from others is not shown before it is written who saw it.
    let noted = match noted {
        Ok(()) if breaks_glass => audit.settled().await,
        noted => noted,
    };
    Ok(match noted {
        Ok(()) => response,
        Err(refusal) => instead(response, &refusal),
    })
}

fn breaks_glass(request: &HttpRequest) -> bool {
    let purpose = super::purpose(request).ok().flatten();
    purpose.is_some_and(purpose::breaks_glass)
}

/// What could not be recorded is not answered.
fn instead(response: ServiceResponse<BoxBody>, refusal: &ApiError) -> ServiceResponse<BoxBody> {
    let (request, _) = response.into_parts();
    ServiceResponse::new(request, refusal.error_response())
}

fn event(response: &ServiceResponse<BoxBody>, told: Told) -> Option<Event> {
    let request = response.request();
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
        request: super::request_id(request),
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
    let acting = extensions.get::<Acting>();
    let named = caller.map(|caller| &caller.client_id);
    named.or(acting.map(|Acting(id)| id)).cloned().unwrap_or_default()
}
