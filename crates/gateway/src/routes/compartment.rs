//! Search in a compartment: `GET /fhir/Patient/1/Task?…`, or all types of it by `*`; the same by
//! POST to `_search` below. <https://hl7.org/fhir/R4/http.html#vsearch>
use super::search::{self, Of, posted};
use super::{Call, Instance, Reply, path, query, search_system};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::HttpRequest;
use actix_web::web::{Data, Payload, ServiceConfig};
use fhir::TypeId;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(super::resource("/{type}/{id}/_search").post(by_post).build())
        .service(super::resource("/{type}/{id}/{member}").get(by_get).build())
        .service(
            super::resource("/{type}/{id}/{member}/_search")
                .post(by_post)
                .build(),
        );
}

async fn by_get(
    caller: Caller,
    call: Call,
    focus: Instance,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<Reply, ApiError> {
    let (on, pairs) = (member(&request)?, query::pairs(request.query_string())?);
    run(&state, &caller, focus, on, pairs, call.lenient).await
}

async fn by_post(
    caller: Caller,
    call: Call,
    focus: Instance,
    state: Data<AppState>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Reply, ApiError> {
    let (on, pairs) = (member(&request)?, posted(&request, payload).await?);
    run(&state, &caller, focus, on, pairs, call.lenient).await
}

/// None is every type.
fn member(request: &HttpRequest) -> Result<Option<TypeId>, ApiError> {
    match request.match_info().get("member") {
        None | Some("*") => Ok(None),
        Some(name) => path::type_named(name).map(Some),
    }
}

pub async fn run(
    state: &AppState,
    caller: &Caller,
    focus: Instance,
    on: Option<TypeId>,
    pairs: Vec<(String, String)>,
    lenient: bool,
) -> Result<Reply, ApiError> {
    let within = Some(focus);
    match on {
        None => search_system::run(state, caller, within, pairs, lenient).await,
        Some(on) => search::run(state, caller, &Of { on, within }, &pairs, lenient).await,
    }
}
