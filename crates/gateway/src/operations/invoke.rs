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
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Bytes, Data, Payload, ServiceConfig};
use fhir::{IssueCode, TypeId};

pub fn configure(cfg: &mut ServiceConfig) {
    for path in [
        r"/{type}/{operation:\$[a-z-]+}",
        r"/{type}/{id}/{operation:\$[a-z-]+}",
    ] {
        cfg.service(resource(path).get(by_get).post(by_post).build());
    }
    let system = resource(r"/{operation:\$[a-z-]+}");
    cfg.service(system.get(on_system).post(on_system).build());
}

async fn by_get(
    caller: Caller,
    call: Call,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<Reply, ApiError> {
    let target = target(&request, Bytes::new()).await?;
    run(&state, caller, call, target).await
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
    let target = target(&request, bytes).await?;
    run(&state, caller, call, target).await
}

/// What is called, as a request or an entry of a batch says it.
pub struct Target {
    pub on: TypeId,
    pub id: Option<String>,
    /// With its `$`.
    pub name: String,
    pub query: String,
    pub body: Bytes,
    pub is_post: bool,
}

async fn target(request: &HttpRequest, body: Bytes) -> Result<Target, ApiError> {
    Ok(Target {
        on: type_named(request.match_info().query("type"))?,
        id: match request.match_info().get("id") {
            None => None,
            Some(_) => Some(Instance::extract(request).await?.id),
        },
        name: request.match_info().query("operation").to_owned(),
        query: request.query_string().to_owned(),
        body,
        is_post: request.method() == Method::POST,
    })
}

pub async fn run(state: &AppState, caller: Caller, call: Call, target: Target) -> Result<Reply, ApiError> {
    let level = if target.id.is_some() {
        Level::Instance
    } else {
        Level::Type
    };
    let operation = named(&target.name, target.on, level)?;
    if operation.affects_state && !target.is_post {
        return Err(post_only(operation));
    }
    let pairs = query::pairs(&target.query)?;
    let custom = state.store.custom();
    let invocation = Invocation {
        state: state.clone(),
        caller,
        call,
        on: target.on,
        id: target.id,
        input: Input::read(operation, (target.on, &custom), pairs, &target.body)?,
    };
    (operation.run)(invocation).await
}

/// `/$name`: operations here are called on a type or on a resource.
async fn on_system(_caller: Caller, request: HttpRequest) -> ApiError {
    let name = request.match_info().query("operation").trim_start_matches('$');
    let mut places: Vec<String> = TABLE
        .iter()
        .filter(|one| one.code == name)
        .flat_map(places)
        .collect();
    places.dedup();
    match places.is_empty() {
        true => ApiError::not_found("There is no such operation; /fhir/metadata lists those there are"),
        false => ApiError::not_found(format!(
            "${name} is not called on the whole server, but at {}",
            places.join(", ")
        )),
    }
}

/// Where an operation can be called.
fn places(operation: &'static Operation) -> impl Iterator<Item = String> {
    let every: &'static [&'static str] = &["Type"];
    let types = if operation.types.is_empty() {
        every
    } else {
        operation.types
    };
    types.iter().flat_map(move |on| {
        operation.levels.iter().map(move |level| match level {
            Level::Type => format!("/{on}/${}", operation.code),
            Level::Instance => format!("/{on}/id/${}", operation.code),
        })
    })
}

fn named(name: &str, on: TypeId, level: Level) -> Result<&'static Operation, ApiError> {
    let code = name.trim_start_matches('$');
    let here = |operation: &&Operation| operation.is_on(on) && operation.levels.contains(&level);
    let mut offered = TABLE.iter().filter(here);
    offered
        .clone()
        .find(|operation| operation.code == code)
        .ok_or_else(|| {
            let elsewhere = TABLE.iter().filter(|one| one.code == code).flat_map(places);
            let mut elsewhere: Vec<String> = elsewhere.collect();
            elsewhere.dedup();
            let codes: Vec<String> = offered
                .by_ref()
                .map(|operation| format!("${}", operation.code))
                .collect();
            let here = format!("here there are {}", codes.join(", "));
            ApiError::not_found(match elsewhere.is_empty() {
                true => format!("There is no such operation; {here}"),
                false => format!(
                    "${code} is not called here, but at {}; {here}",
                    elsewhere.join(", ")
                ),
            })
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
