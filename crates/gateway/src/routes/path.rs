//! What the path says: a resource type R4 knows, and an id of the right form.
use crate::error::ApiError;
use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::{FromRequest, HttpRequest};
use fhir::{IssueCode, TypeId};
use std::future::{Ready, ready};

/// `/{type}`
#[derive(Clone, Copy, Debug)]
pub struct OfType(pub TypeId);

/// `/{type}/{id}`
#[derive(Clone, Debug)]
pub struct Instance {
    pub type_id: TypeId,
    pub id: String,
}

/// The type of that name, or 404 with what to do.
pub fn type_named(name: &str) -> Result<TypeId, ApiError> {
    TypeId::of(name).ok_or_else(|| {
        ApiError::not_found(
            "The address names no R4 resource type; types are written as in the specification, such as Patient",
        )
    })
}

/// <https://hl7.org/fhir/R4/datatypes.html#id>
pub fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}

impl FromRequest for OfType {
    type Error = ApiError;
    type Future = Ready<Result<OfType, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(type_named(request.match_info().query("type")).map(OfType))
    }
}

impl FromRequest for Instance {
    type Error = ApiError;
    type Future = Ready<Result<Instance, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(instance(request))
    }
}

fn instance(request: &HttpRequest) -> Result<Instance, ApiError> {
    let type_id = type_named(request.match_info().query("type"))?;
    let id = request.match_info().query("id");
    if is_id(id) {
        return Ok(Instance {
            type_id,
            id: id.to_owned(),
        });
    }
    if request.method() == Method::PUT {
        return Err(ApiError::bad_request(IssueCode::Value, ID_FORM));
    }
    Err(ApiError::not_found(ID_FORM))
}

const ID_FORM: &str = "An id is 1 to 64 letters, digits, hyphens and dots";
