//! `POST /fhir/$process-message`: Da Vinci notifications.
//! <https://hl7.org/fhir/R4/messageheader-operation-process-message.html>
use super::body::{self, Body};
use super::hl7v2::request_id;
use crate::auth::{Access, Caller};
use crate::error::{ApiError, FHIR_JSON};
use crate::ingest::notification;
use crate::state::AppState;
use actix_web::web::{Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use fhir::TypeId;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(super::resource("/$process-message").post(process).build());
}

async fn process(
    caller: Caller,
    state: Data<AppState>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let needed = TypeId::of("MessageHeader");
    needed.map_or(Ok(()), |type_id| caller.require(type_id, Access::Create))?;
    body::json(&request)?;
    let (client, id) = (&caller.client_id, request_id(&request));
    let answer = match body::beginning(&request, &mut payload.into_inner(), state.config.limits.body).await? {
        Body::Whole(bytes) => notification::receive(&state, &bytes, client, &id).await?,
        Body::Cut(bytes) => return Err(notification::too_large(&state, bytes, client, &id).await?),
    };
    Ok(HttpResponse::Ok().content_type(FHIR_JSON).body(answer))
}
