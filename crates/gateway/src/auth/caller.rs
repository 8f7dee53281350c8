//! The extractor every protected handler takes: the signature says that a token is needed.
use crate::error::ApiError;
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use fhir::TypeId;
use std::future::Ready;

/// The letters of SMART v2 scopes. <https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Create,
    Read,
    Update,
    Delete,
    Search,
}

/// The holder of a valid token.
#[derive(Clone, Debug)]
pub struct Caller {
    pub client_id: String,
}

impl Caller {
    /// 403 with an OperationOutcome and `WWW-Authenticate: … insufficient_scope` when not covered.
    pub fn require(&self, _type_id: TypeId, _access: Access) -> Result<(), ApiError> {
        unimplemented!()
    }
    pub fn may(&self, _type_id: TypeId, _access: Access) -> bool {
        unimplemented!()
    }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Caller, ApiError>>;
    fn from_request(_request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        unimplemented!()
    }
}
