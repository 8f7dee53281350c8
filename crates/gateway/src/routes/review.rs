//! The review queue's operations: `Task/{id}/$message` shows the raw message, `$reprocess` reads
//! it again, as it came or corrected.
use super::body;
use super::hl7v2::request_id;
use crate::auth::{Access, Caller};
use crate::edge;
use crate::error::{ApiError, FHIR_JSON};
use crate::ingest::reprocess;
use crate::state::AppState;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Data, Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use fhir::{IssueCode, TypeId};
use serde_json::Value;
use store::Context;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(super::resource("/Task/{id}/$reprocess").post(again).build());
    cfg.service(super::resource("/Task/{id}/$message").get(message).build());
}

/// Whoever may read the queue and send messages may see one.
async fn message(caller: Caller, state: Data<AppState>, id: Path<String>) -> Result<HttpResponse, ApiError> {
    require(&caller, "Task", Access::Read)?;
    require(&caller, "MessageHeader", Access::Create)?;
    let id = id.into_inner();
    let kept = state.store.read(move |tx| reprocess::message_of(tx, &id)).await?;
    let media_type = if kept.channel == "fhir" {
        FHIR_JSON
    } else {
        "application/hl7-v2"
    };
    Ok(HttpResponse::Ok().content_type(media_type).body(kept.raw))
}

async fn again(
    caller: Caller,
    state: Data<AppState>,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    require(&caller, "Task", Access::Update)?;
    require(&caller, "MessageHeader", Access::Create)?;
    let bytes = body::read(&request, &mut payload.into_inner()).await?;
    let corrected = corrected(&request, bytes.to_vec())?;
    let context = Context {
        now: edge::now(),
        actor: caller.client_id.clone(),
        request_id: request_id(&request),
        origin: None,
        provenance: None,
        within: None,
    };
    let task = reprocess::reprocess(&state, &id, corrected, context).await?;
    Ok(HttpResponse::Ok().content_type(FHIR_JSON).body(task))
}

fn require(caller: &Caller, kind: &str, access: Access) -> Result<(), ApiError> {
    TypeId::of(kind).map_or(Ok(()), |type_id| caller.require(type_id, access))
}

/// The text of the body, or of the parameter `message`; none when the body is empty.
fn corrected(request: &HttpRequest, bytes: Vec<u8>) -> Result<Option<Vec<u8>>, ApiError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let value = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if !value.contains("json") {
        return Ok(Some(bytes));
    }
    let parameters = body::parsed(&bytes)?;
    let parts = parameters.value["parameter"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let message = parts
        .iter()
        .find(|part| part["name"] == "message")
        .map(|part| &part["valueString"]);
    match (message, parts.is_empty()) {
        (Some(Value::String(text)), _) => Ok(Some(text.clone().into_bytes())),
        (None, true) => Ok(None),
        _ => Err(ApiError::bad_request(
            IssueCode::Invalid,
            "Send the corrected message as application/hl7-v2, or as the parameter `message` with a valueString",
        )),
    }
}
