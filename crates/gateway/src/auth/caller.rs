//! The extractor every protected handler takes: the signature says that a token is needed.
use super::bearer;
use super::holder::Holder;
use super::scope::Scopes;
use super::token::Verified;
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web};
use fhir::{IssueCode, TypeId};
use std::future::{Ready, ready};
use std::sync::Arc;

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
    scopes: Arc<Scopes>,
    holder: Arc<Holder>,
}

impl Caller {
    pub(super) fn of(token: &Verified) -> Caller {
        Caller {
            client_id: token.claims.client_id.clone(),
            scopes: token.scopes.clone(),
            holder: token.holder.clone(),
        }
    }

    /// Baton's own work on behalf of the operator, such as `baton import`.
    pub fn internal(name: &str) -> Caller {
        Caller {
            client_id: name.to_owned(),
            scopes: Arc::new(Scopes::everything()),
            holder: Arc::default(),
        }
    }

    /// A person at a page of our own, who sees there what the scopes would show in an app.
    pub(super) fn for_person(name: &str, scopes: Scopes, holder: Holder) -> Caller {
        Caller {
            client_id: name.to_owned(),
            scopes: Arc::new(scopes),
            holder: Arc::new(holder),
        }
    }

    /// The person who uses the client, and the patient they chose.
    pub fn holder(&self) -> &Holder {
        &self.holder
    }

    /// 403 with an OperationOutcome and `WWW-Authenticate: … insufficient_scope` when not covered.
    pub fn require(&self, type_id: TypeId, access: Access) -> Result<(), ApiError> {
        match self.may(type_id, access) {
            true => Ok(()),
            false => Err(insufficient(type_id, access)),
        }
    }

    pub fn may(&self, type_id: TypeId, access: Access) -> bool {
        self.scopes.allows(type_id, access)
    }
}

fn insufficient(type_id: TypeId, access: Access) -> ApiError {
    bearer::insufficient(&format!("system/{}.{}", type_id.name(), access.letter()))
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Caller, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(identify(request))
    }
}

fn identify(request: &HttpRequest) -> Result<Caller, ApiError> {
    // Batch entries and nested extractors ask again: the first answer stands for the request.
    if let Some(known) = request.extensions().get::<Caller>() {
        return Ok(known.clone());
    }
    let Some(state) = request.app_data::<web::Data<AppState>>() else {
        let text = "The server is not set up to check tokens";
        return Err(ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            IssueCode::Exception,
            text,
        ));
    };
    let caller = bearer::caller(&state.auth, request, crate::edge::now())?;
    request.extensions_mut().insert(caller.clone());
    Ok(caller)
}
