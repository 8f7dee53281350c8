//! The extractor every protected handler takes: the signature says that a token is needed.
use super::bearer;
use super::bounds::Bounds;
use super::holder::Holder;
use super::policy::Policy;
use super::privacy::Outsider;
use super::rights::Rights;
use super::scope::{Office, Scopes};
use super::token::Verified;
use crate::audit;
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web};
use fhir::search::Query;
use fhir::search::reach::{Reach, restrict};
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

impl Access {
    pub fn is_write(self) -> bool {
        matches!(self, Access::Create | Access::Update | Access::Delete)
    }
}

/// The holder of a valid token.
#[derive(Clone, Debug)]
pub struct Caller {
    pub client_id: String,
    rights: Arc<Rights>,
    holder: Arc<Holder>,
}

impl Caller {
    /// `outsider` where consents and labels restrict what they see.
    pub(super) fn of(token: &Verified, outsider: Option<Outsider>) -> Caller {
        Caller {
            client_id: token.claims.client_id.clone(),
            rights: token.rights.for_request(outsider),
            holder: token.holder.clone(),
        }
    }

    /// Who sent this to the organisation of that state; the audit finds them with the request.
    pub fn of_request(state: &AppState, request: &HttpRequest) -> Result<Caller, ApiError> {
        audit::purpose(request)?;
        let caller = bearer::caller(&state.auth, request, crate::edge::now())?;
        request.extensions_mut().insert(caller.clone());
        Ok(caller)
    }

    /// Baton's own work on behalf of the operator, such as `baton import`.
    pub fn internal(name: &str) -> Caller {
        Caller {
            client_id: name.to_owned(),
            rights: Rights::everything(),
            holder: Arc::default(),
        }
    }

    /// A person at a page of our own, who sees there what the scopes would show in an app.
    pub(super) fn for_person(
        name: &str,
        scopes: Scopes,
        holder: Holder,
        outsider: Option<Outsider>,
        policy: &Policy,
    ) -> Caller {
        let rights = Rights::of(Arc::new(scopes), &holder, policy);
        Caller {
            client_id: name.to_owned(),
            rights: Arc::new(rights).for_request(outsider),
            holder: Arc::new(holder),
        }
    }

    /// The person who uses the client, and the patient they chose.
    pub fn holder(&self) -> &Holder {
        &self.holder
    }

    /// For what is not decided resource by resource. 403 with an OperationOutcome and
    /// `WWW-Authenticate: … insufficient_scope` unless all resources of the type are open.
    pub fn require(&self, type_id: TypeId, access: Access) -> Result<(), ApiError> {
        match self.may(type_id, access) {
            true => Ok(()),
            false if self.rights.mention(type_id, access) => Err(only_some(type_id, access)),
            false => Err(insufficient(type_id, access)),
        }
    }

    /// Whether all resources of the type are open.
    pub fn may(&self, type_id: TypeId, access: Access) -> bool {
        self.rights.reach(type_id, access).is_all()
    }

    /// Whether some can be written in this way; which, the store's door asks [`Caller::bounds`].
    /// 403 where none can, whatever is stored.
    pub fn writes(&self, type_id: TypeId, access: Access) -> Result<(), ApiError> {
        match self.sees_some(type_id, access) {
            true => Ok(()),
            false => self.require(type_id, access),
        }
    }

    /// How far they may write; None where everything of a type is open or nothing.
    pub fn bounds(&self) -> Option<Bounds> {
        let limited = !self.rights.are_plain();
        limited.then(|| Bounds::new(self.rights.clone(), &self.holder))
    }

    /// Which resources of the type are open; whoever asks must hide the others. 403 where no scope
    /// speaks of it, whatever is stored.
    pub fn reach(&self, type_id: TypeId, access: Access) -> Result<Reach, ApiError> {
        match self.rights.mention(type_id, access) {
            true => Ok(self.rights.reach(type_id, access)),
            false => Err(insufficient(type_id, access)),
        }
    }

    /// Whether it may keep this like this; nobody may where no tokens are asked for.
    pub fn administers(&self, office: Office, access: Access) -> bool {
        self.rights.administer(office, access)
    }

    /// Whether a scope speaks of this at all.
    pub fn mentions(&self, type_id: TypeId, access: Access) -> bool {
        self.rights.mention(type_id, access)
    }

    /// Whether anything of the type can be open.
    pub fn sees_some(&self, type_id: TypeId, access: Access) -> bool {
        match self.rights.reach(type_id, access) {
            Reach::All => true,
            Reach::Any(shares) => !shares.is_empty(),
        }
    }

    /// The search as this caller may ask it: of what is open at every hop. Types that it looks into
    /// must be checked before ([`Caller::reach`]).
    pub fn restrict(&self, query: &mut Query) {
        if !self.rights.are_plain() {
            restrict(query, self.rights.clone());
        }
    }

    /// The same where what is found must be readable too.
    pub fn restrict_read(&self, query: &mut Query) -> Result<(), ApiError> {
        if !self.rights.are_plain() {
            self.reach(query.on, Access::Search)?;
            let readable = self.reach(query.on, Access::Read)?.filter(query.on);
            query.filters.extend(readable);
            self.restrict(query);
        }
        Ok(())
    }
}

fn only_some(type_id: TypeId, access: Access) -> ApiError {
    let text = format!(
        "The access token opens only some {} resources, those of a patient, a person or a query; this needs `{}` for all of them",
        type_id.name(),
        access.letter()
    );
    bearer::forbidden(&needed(type_id, access), &text)
}

fn insufficient(type_id: TypeId, access: Access) -> ApiError {
    bearer::insufficient(&needed(type_id, access))
}

fn needed(type_id: TypeId, access: Access) -> String {
    format!("system/{}.{}", type_id.name(), access.letter())
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
    Caller::of_request(state, request)
}
