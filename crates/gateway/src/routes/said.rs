//! `X-Provenance`: where what is written comes from, in the words of the client.
//! <https://hl7.org/fhir/R4/provenance.html#header>
use crate::auth::{Access, Caller};
use crate::edge;
use crate::error::ApiError;
use crate::state;
use actix_web::http::Method;
use actix_web::{HttpMessage, HttpRequest};
use fhir::validate::validate;
use fhir::{Issue, IssueCode, Resource, Severity, TypeId};
use serde_json::{Value, json};
use std::sync::Arc;
use store::Said;

const HEADER: &str = "x-provenance";

/// None where the client says nothing. What it says must be a Provenance, without targets save in a transaction,
/// where these name entries. It may say it of a write only, and must be allowed to store one.
pub fn read(request: &HttpRequest) -> Result<Option<Arc<Said>>, ApiError> {
    let mut given = request.headers().get_all(HEADER);
    let Some(header) = given.next() else {
        return Ok(None);
    };
    if given.next().is_some() {
        return Err(wrong("X-Provenance may be given once"));
    }
    writes(request)?;
    let value = value(header.as_bytes())?;
    let targets = value.get("target").is_some();
    if targets && !is_bundle(request) {
        return Err(wrong(
            "The Provenance in X-Provenance has no target but entries of a transaction: the server fills it in",
        ));
    }
    let resource = checked(value)?;
    allowed(request, resource.type_id)?;
    let mut resource = resource.value;
    if let Some(members) = resource.as_object_mut().filter(|_| !targets) {
        members.remove("target");
    }
    Ok(Some(Arc::new(Said {
        id: edge::new_id(),
        resource,
        about: None,
    })))
}

fn is_bundle(request: &HttpRequest) -> bool {
    state::path(request).trim_end_matches('/') == "/fhir"
}

pub fn of_no_batch() -> ApiError {
    wrong(
        "X-Provenance is about one write, or all of a transaction; a batch has writes of their own: store a Provenance for each",
    )
}

fn wrong(rule: impl Into<String>) -> ApiError {
    ApiError::bad_request(IssueCode::Invalid, rule)
}

fn writes(request: &HttpRequest) -> Result<(), ApiError> {
    let last = request.path().rsplit('/').next().unwrap_or_default();
    let is_write = matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH);
    match is_write && !last.starts_with(['_', '$']) {
        true => Ok(()),
        false => Err(wrong(
            "X-Provenance goes with create, update, patch and transaction alone",
        )),
    }
}

fn allowed(request: &HttpRequest, on: TypeId) -> Result<(), ApiError> {
    let extensions = request.extensions();
    let caller = extensions.get::<Caller>();
    caller.map_or(Ok(()), |caller| caller.writes(on, Access::Create))
}

fn value(header: &[u8]) -> Result<Value, ApiError> {
    let text = std::str::from_utf8(header).map_err(|_| wrong("X-Provenance is not UTF-8"))?;
    let value: Value =
        serde_json::from_str(text).map_err(|_| wrong("X-Provenance is not JSON, in one line"))?;
    if value["resourceType"] != "Provenance" {
        return Err(wrong("X-Provenance holds one resource, a Provenance"));
    }
    match value.get("id") {
        Some(_) => Err(wrong(
            "The Provenance in X-Provenance has no id: the server gives it one",
        )),
        None => Ok(value),
    }
}

/// Where there is no target yet, with one in its place.
fn checked(mut value: Value) -> Result<Resource, ApiError> {
    if value.get("target").is_none() {
        value["target"] = json!([{"reference": "Basic/to-come"}]);
    }
    let resource = Resource::from_value(value).map_err(|_| wrong("X-Provenance holds no resource"))?;
    let is_error = |issue: &Issue| matches!(issue.severity, Severity::Error | Severity::Fatal);
    let errors: Vec<Issue> = validate(&resource).into_iter().filter(is_error).collect();
    match errors.is_empty() {
        true => Ok(resource),
        false => Err(ApiError::with(actix_web::http::StatusCode::BAD_REQUEST, errors)),
    }
}
