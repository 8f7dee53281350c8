//! What is no write and yet an access, or the refusal of one: read, search, history, operation,
//! token, message. Writes are recorded by the write door in their own transaction.
//!
//! `around` looks at every request, `what` says what it was, and [`Trail`] collects what is to be
//! recorded: a handful of times a second one row takes all there is. The access waits for a place
//! in the queue, not for the disk; whoever kills the process can take the last moment along.
pub mod around;
mod kinds;
mod provenance;
pub mod recorded;
pub mod render;
pub mod seal;
pub mod search;
mod trail;
mod what;

pub use trail::Trail;
pub use what::What;

use crate::auth::Caller;
use crate::auth::holder::Holder;
use crate::error::ApiError;
use crate::middleware::RequestId;
use crate::rates::address_of;
use crate::routes::{Call, Reply};
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::{HttpMessage, HttpRequest};
use fhir::IssueCode;
use fhir::consent::purpose;
use fhir::patient::concerned;
use store::Stored;
use store::audit::{Event, Origin};

/// Why data are asked for. <https://terminology.hl7.org/ValueSet-v3-PurposeOfUse.html>
const PURPOSE: &str = "x-purpose-of-use";

/// What a handler knows of its answer that the audit wants too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The write door wrote a version, and recorded that.
    pub wrote: bool,
    /// Whom the resources that were shown concern.
    pub patients: Vec<String>,
    /// What the address does not tell: batch or transaction.
    pub action: Option<&'static str>,
}

/// The client that a request without an access token proved to be.
pub struct Acting(pub String);

/// Parameters that came in a form.
pub struct Posted(pub String);

/// Whom these resources concern.
pub fn patients<'a>(shown: impl IntoIterator<Item = &'a Stored>) -> Vec<String> {
    let whose = shown
        .into_iter()
        .filter_map(|stored| concerned(stored.type_id, &stored.id, &stored.body));
    let mut distinct: Vec<String> = whose.collect();
    distinct.sort_unstable();
    distinct.dedup();
    distinct
}

/// Where the request came from.
pub fn origin(request: &HttpRequest) -> Origin {
    Origin {
        person: of_holder(request, |holder| holder.fhir_user.clone()),
        subject: of_holder(request, |holder| holder.subject.clone()),
        peer: Some(address_of(request)),
        purpose: purpose(request).ok().flatten().unwrap_or_default().to_owned(),
    }
}

pub fn request_id(request: &HttpRequest) -> String {
    let extensions = request.extensions();
    extensions
        .get::<RequestId>()
        .map_or_else(String::new, |id| id.0.clone())
}

/// What the request says it is for: a code of PurposeOfUse, with or without its system.
pub fn purpose(request: &HttpRequest) -> Result<Option<&'static str>, ApiError> {
    let mut given = request.headers().get_all(PURPOSE);
    let (first, more) = (given.next(), given.next());
    let Some(value) = first else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let code = match text.split_once('|') {
        Some((purpose::SYSTEM, code)) => code,
        _ => text,
    };
    match purpose::find(code).filter(|_| more.is_none()) {
        None => Err(ApiError::bad_request(IssueCode::Value, NO_PURPOSE)),
        found => Ok(found),
    }
}

const NO_PURPOSE: &str =
    "X-Purpose-Of-Use takes one code of http://terminology.hl7.org/ValueSet/v3-PurposeOfUse, such as TREAT";

/// What the token says of whom it acts for, where it does.
fn of_holder(request: &HttpRequest, what: impl Fn(&Holder) -> Option<String>) -> String {
    let extensions = request.extensions();
    let caller = extensions.get::<Caller>();
    caller
        .and_then(|caller| what(caller.holder()))
        .unwrap_or_default()
}

/// Records an entry of a Bundle, unless the write door did.
pub async fn entry(
    state: &AppState,
    caller: &Caller,
    call: &Call,
    what: What,
    result: &Result<Reply, ApiError>,
) -> Result<(), ApiError> {
    let (status, told) = match result {
        Ok(reply) => (reply.status, reply.told.clone()),
        Err(error) => (error.status, Told::default()),
    };
    if told.wrote {
        return Ok(());
    }
    let origin = call.origin.as_deref().cloned().unwrap_or_default();
    let event = Event {
        at: crate::edge::now(),
        actor: caller.client_id.clone(),
        origin,
        request: call.request_id.clone(),
        ..what.event(status, told)
    };
    state.audit.note(&event).await
}

impl What {
    /// What came of it; who, when and from where is for the caller to fill in.
    fn event(self, status: StatusCode, told: Told) -> Event {
        let mut patients = told.patients;
        if patients.is_empty() {
            patients.extend(self.patient());
        }
        Event {
            action: told.action.unwrap_or(self.action).into(),
            status: status.as_u16(),
            on: self.on.map(|on| on.name().into()),
            patients,
            id: self.id,
            version: self.version,
            query: self.query,
            ..Event::default()
        }
    }
}
