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
use crate::error::ApiError;
use crate::rates::address_of;
use crate::routes::{Call, Reply};
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::{HttpMessage, HttpRequest};
use fhir::patient::concerned;
use std::collections::BTreeSet;
use store::Stored;
use store::audit::{Event, Origin};

/// Why data are asked for. <https://terminology.hl7.org/ValueSet-v3-PurposeOfUse.html>
pub const PURPOSE: &str = "x-purpose-of-use";
const LONGEST_PURPOSE: usize = 16;

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

/// Parameters that came in a form.
pub struct Posted(pub String);

/// Whom these resources concern.
pub fn patients<'a>(shown: impl IntoIterator<Item = &'a Stored>) -> Vec<String> {
    let whose = shown
        .into_iter()
        .filter_map(|stored| concerned(stored.type_id, &stored.id, &stored.body));
    let distinct: BTreeSet<String> = whose.collect();
    distinct.into_iter().collect()
}

/// Where the request came from.
pub fn origin(request: &HttpRequest) -> Origin {
    let purpose = request
        .headers()
        .get(PURPOSE)
        .and_then(|value| value.to_str().ok());
    let is_code = |code: &&str| code.len() <= LONGEST_PURPOSE && code.bytes().all(|b| b.is_ascii_uppercase());
    Origin {
        person: person(request),
        peer: Some(address_of(request)),
        purpose: purpose.filter(is_code).unwrap_or_default().to_owned(),
    }
}

/// Who uses the client, where a person does.
fn person(request: &HttpRequest) -> String {
    let extensions = request.extensions();
    let caller = extensions.get::<Caller>();
    let person = caller.and_then(|caller| caller.holder().fhir_user.clone());
    person.unwrap_or_default()
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
    state.audit.note(event).await
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
