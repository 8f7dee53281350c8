//! `POST /hl7v2`: one HL7 v2 message or a batch, answered with its acknowledgement in the same media
//! type.
//! The HTTP status speaks of the transport only; whether the message was taken in is in MSA-1. Of
//! one that is too large (413) the beginning is kept.
use super::body::{self, Body};
use crate::auth::{Access, Caller};
use crate::edge;
use crate::error::ApiError;
use crate::ingest::hl7::{self, Arrival};
use crate::middleware::RequestId;
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Data, Payload, ServiceConfig};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use fhir::{IssueCode, TypeId};

const MEDIA_TYPES: &[&str] = &["application/hl7-v2", "x-application/hl7-v2+er7", "text/plain"];

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(super::resource("/hl7v2").post(receive).build());
}

async fn receive(
    caller: Caller,
    state: Data<AppState>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let needed = TypeId::of("MessageHeader");
    needed.map_or(Ok(()), |type_id| caller.require(type_id, Access::Create))?;
    let media_type = media_type(&request)?;
    let body = body::beginning(&request, &mut payload.into_inner(), state.config.limits.message).await?;
    let arrival = Arrival {
        channel: "http",
        request_id: request_id(&request),
    };
    let (status, mut answers) = match body {
        Body::Whole(bytes) => (StatusCode::OK, hl7::receive(&state, bytes, arrival).await),
        Body::Cut(bytes) => (
            StatusCode::PAYLOAD_TOO_LARGE,
            hl7::too_large(&state, bytes, arrival).await,
        ),
    };
    Ok(match (answers.is_empty(), status) {
        (true, StatusCode::OK) => HttpResponse::NoContent().finish(),
        (true, _) => HttpResponse::build(status).finish(),
        (false, _) => HttpResponse::build(status)
            .content_type(media_type)
            .body(answers.swap_remove(0)),
    })
}

fn media_type(request: &HttpRequest) -> Result<&'static str, ApiError> {
    let value = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    let known = MEDIA_TYPES
        .iter()
        .find(|known| known.eq_ignore_ascii_case(essence));
    known.copied().ok_or_else(|| {
        ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            IssueCode::NotSupported,
            format!("Send one HL7 v2 message as {}", MEDIA_TYPES.join(", ")),
        )
    })
}

pub fn request_id(request: &HttpRequest) -> String {
    request
        .extensions()
        .get::<RequestId>()
        .map_or_else(edge::new_id, |id| id.0.clone())
}
