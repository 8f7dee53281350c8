//! From an address such as `/Patient/1/$everything` to the operation.
use super::input::Input;
use super::{Invocation, Kind, Level, Operation, TABLE};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::routes::path::type_named;
use crate::routes::{Call, FhirBody, Instance, Reply, body, query, resource};
use crate::state::AppState;
use actix_web::FromRequest;
use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Payload, ServiceConfig};
use fhir::{IssueCode, TypeId};

pub fn configure(cfg: &mut ServiceConfig) {
    for path in [
        r"/{type}/{operation:\$[a-z-]+}",
        r"/{type}/{id}/{operation:\$[a-z-]+}",
    ] {
        cfg.service(resource(path).get(by_get).post(by_post).build());
    }
}

async fn by_get(
    caller: Caller,
    call: Call,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<Reply, ApiError> {
    run(caller, call, state, request, Bytes::new()).await
}

/// Without a body the parameters of the address are all there are.
async fn by_post(
    caller: Caller,
    call: Call,
    state: Data<AppState>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Reply, ApiError> {
    let mut payload = payload.into_inner();
    let bytes = if request.headers().contains_key("content-type") {
        FhirBody::from_request(&request, &mut payload).await?.0
    } else {
        body::read(&request, &mut payload).await?
    };
    run(caller, call, state, request, bytes).await
}

async fn run(
    caller: Caller,
    call: Call,
    state: Data<AppState>,
    request: HttpRequest,
    body: Bytes,
) -> Result<Reply, ApiError> {
    let on = type_named(request.match_info().query("type"))?;
    let id = match request.match_info().get("id") {
        None => None,
        Some(_) => Some(Instance::extract(&request).await?.id),
    };
    let level = if id.is_some() {
        Level::Instance
    } else {
        Level::Type
    };
    let operation = named(request.match_info().query("operation"), on, level)?;
    if operation.affects_state && request.method() != actix_web::http::Method::POST {
        return Err(post_only(operation));
    }
    let pairs = query::pairs(request.query_string())?;
    let input = Input::read(operation, on, pairs, &body)?;
    let invocation = Invocation {
        state,
        caller,
        call,
        on,
        id,
        input,
    };
    (operation.run)(invocation).await
}

fn named(name: &str, on: TypeId, level: Level) -> Result<&'static Operation, ApiError> {
    let code = name.trim_start_matches('$');
    let here = |operation: &&Operation| operation.is_on(on) && operation.levels.contains(&level);
    let mut offered = TABLE.iter().filter(here);
    offered
        .clone()
        .find(|operation| operation.code == code)
        .ok_or_else(|| {
            let codes: Vec<String> = offered
                .by_ref()
                .map(|operation| format!("${}", operation.code))
                .collect();
            ApiError::not_found(format!(
                "There is no such operation here; there are {}",
                codes.join(", ")
            ))
        })
}

fn post_only(operation: &Operation) -> ApiError {
    let body = operation
        .parameters
        .iter()
        .any(|parameter| parameter.kind != Kind::Primitive);
    let hint = if body { " with Parameters" } else { "" };
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        IssueCode::NotSupported,
        format!("${} changes resources; send it by POST{hint}", operation.code),
    )
    .header("Allow", "POST")
}
