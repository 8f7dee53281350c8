//! `POST /fhir/$process-message`: Da Vinci notifications.
//! <https://hl7.org/fhir/R4/messageheader-operation-process-message.html>
use super::FhirBody;
use super::hl7v2::request_id;
use crate::auth::{Access, Caller};
use crate::error::{ApiError, FHIR_JSON};
use crate::ingest::notification;
use crate::state::AppState;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use fhir::TypeId;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(super::resource("/$process-message").post(process).build());
}

async fn process(
    caller: Caller,
    state: Data<AppState>,
    request: HttpRequest,
    body: FhirBody,
) -> Result<HttpResponse, ApiError> {
    let needed = TypeId::of("MessageHeader");
    needed.map_or(Ok(()), |type_id| caller.require(type_id, Access::Create))?;
    let answer = notification::receive(&state, &body.0, &caller.client_id, &request_id(&request)).await?;
    Ok(HttpResponse::Ok().content_type(FHIR_JSON).body(answer))
}
