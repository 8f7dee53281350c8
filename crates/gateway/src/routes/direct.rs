//! Reads by id, answered before a route is looked for: most requests are such, and finding the one
//! route that they have would cost more than all that is done for them there.
//! <https://hl7.org/fhir/R4/http.html#read>
use super::path::{Instance, is_id};
use super::{Call, Reply, read};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::{self, AppState};
use actix_web::http::Method;
use actix_web::http::header::ACCEPT_ENCODING;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, Responder};
use fhir::TypeId;

/// The pattern of the route that was not looked for, for logs and metrics.
pub struct Route(pub String);

/// A read whose handler is known.
pub struct Direct<'a> {
    state: &'a AppState,
    request: &'a HttpRequest,
    instance: Instance,
}

/// What is read, where the address is plainly that of one resource. What has parameters or may be
/// compressed, and whatever could be refused for its form, goes by its route.
pub fn of(request: &HttpRequest) -> Option<Direct<'_>> {
    let plain = *request.method() == Method::GET && request.uri().query().is_none();
    if !plain || request.headers().contains_key(ACCEPT_ENCODING) {
        return None;
    }
    let (name, id) = state::path(request).strip_prefix("/fhir/")?.split_once('/')?;
    let (state, type_id) = (state::asked(request)?, TypeId::of(name)?);
    is_id(id).then(|| Direct {
        state,
        request,
        instance: Instance {
            type_id,
            id: id.to_owned(),
        },
    })
}

impl Direct<'_> {
    /// As the route would answer.
    pub async fn answer(self) -> HttpResponse {
        let request = self.request;
        let route = Route(format!("{}/fhir/{{type}}/{{id}}", self.state.config.path));
        request.extensions_mut().insert(route);
        match self.reply().await {
            Ok(reply) => reply.respond_to(request),
            Err(error) => HttpResponse::from_error(error),
        }
    }

    async fn reply(self) -> Result<Reply, ApiError> {
        let caller = Caller::of_request(self.state, self.request)?;
        let call = Call::of_read(self.request)?;
        read::one(self.state, &caller, &call, self.instance, self.request).await
    }
}
