//! batch and transaction. <https://hl7.org/fhir/R4/http.html#transaction>
//!
//! A batch re-enters the functions of the single interactions (`batch`). A transaction is planned
//! outside the database (`plan`, `what`), made ready there on all cores (`ready`: links, validation,
//! index rows), then done in one store transaction (`transaction`). Criteria are looked up together
//! (`lookup`); `identity` and `references` say what entries are about and what links lead to.
//! Resources stay text in the body of the request until each is parsed once, so that 100 MB of them
//! need little more.
mod batch;
mod cores;
mod gate;
mod identity;
mod look;
mod lookup;
mod patches;
mod plan;
mod ready;
mod references;
mod refusal;
mod response;
mod said;
mod tokens;
mod transaction;
mod what;

pub use gate::Gate;
pub use response::Done;
pub use transaction::Also;

use super::call::Return;
use super::{Call, FhirBody, Reply, query};
use crate::audit::{self, What};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data};
use fhir::bundle::{Bundle, Kind, Method, read};
use fhir::{Issue, IssueCode};

/// Larger bodies are read beside the workers, so that they do not hold up small requests.
const LARGE: usize = 64 * 1024;

/// `POST /fhir`
pub async fn submit(
    caller: Caller,
    call: Call,
    state: Data<AppState>,
    request: HttpRequest,
    body: FhirBody,
) -> Result<Reply, ApiError> {
    query::only(request.query_string(), &[], call.lenient)?;
    process(
        &state,
        &caller,
        &call,
        body.0,
        call.prefer.unwrap_or(Return::Minimal),
    )
    .await
}

/// Works off the Bundle in `bytes`; the reply's body is the response Bundle.
pub async fn process(
    state: &AppState,
    caller: &Caller,
    call: &Call,
    bytes: Bytes,
    prefer: Return,
) -> Result<Reply, ApiError> {
    let call = Call {
        origin: call.origin.clone(),
        provenance: call.provenance.clone(),
        ..called(&call.request_id, prefer)
    };
    let _place = state.bundles.place(bytes.len()).await?;
    let bundle = opened(state, &bytes).await?;
    let (kind, done) = match bundle.kind {
        Kind::Batch if call.provenance.is_some() => return Err(super::said::of_no_batch()),
        Kind::Batch => {
            let done = batch::run(state, caller, &call, bytes, bundle.entries).await;
            ("batch", done)
        }
        Kind::Transaction => {
            let looks = looks(&bundle.entries);
            let done = transaction::run(state, caller, &call, bytes, bundle.entries, None).await?;
            for (index, what) in looks {
                audit::entry(state, caller, &call, what, &done[index].result).await?;
            }
            ("transaction", done)
        }
    };
    Ok(response::bundle(kind, &call, &done))
}

/// Entries that only read, for the audit.
fn looks(entries: &[Result<fhir::bundle::Entry, Vec<Issue>>]) -> Vec<(usize, What)> {
    let read = entries.iter().enumerate().filter_map(|(index, entry)| {
        let entry = entry.as_ref().ok().filter(|entry| entry.method == Method::Get)?;
        Some((index, What::of_entry(entry.method, &entry.target)))
    });
    read.collect()
}

/// All entries of a batch or transaction in one store transaction, which does `also` too.
pub async fn load(
    state: &AppState,
    caller: &Caller,
    request_id: &str,
    bytes: Bytes,
    also: Also,
) -> Result<Vec<Done>, ApiError> {
    let call = called(request_id, Return::Minimal);
    let _place = state.bundles.place(bytes.len()).await?;
    let bundle = opened(state, &bytes).await?;
    transaction::run(state, caller, &call, bytes, bundle.entries, Some(also)).await
}

/// Without a request of its own.
pub fn called(request_id: &str, prefer: Return) -> Call {
    Call {
        request_id: request_id.to_owned(),
        origin: None,
        provenance: None,
        prefer: Some(prefer),
        lenient: false,
    }
}

async fn opened(state: &AppState, bytes: &Bytes) -> Result<Bundle, ApiError> {
    let (base, limit) = (state.config.fhir_base(), state.config.limits.bundle_entries);
    let text = bytes.clone();
    let bundle = beside(bytes.len(), move || read(&text, &base, limit)).await?;
    bundle.map_err(refused)
}

/// Work on a body of that size, away from the workers if that is much.
async fn beside<T, F>(size: usize, work: F) -> Result<T, ApiError>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    match size > LARGE {
        true => web::block(work).await.map_err(|_| overloaded()),
        false => Ok(work()),
    }
}

fn refused(issues: Vec<Issue>) -> ApiError {
    let too_many = issues.iter().any(|issue| issue.code == IssueCode::TooCostly);
    ApiError::with(
        if too_many {
            StatusCode::PAYLOAD_TOO_LARGE
        } else {
            StatusCode::BAD_REQUEST
        },
        issues,
    )
}

fn overloaded() -> ApiError {
    ApiError::from(store::StoreError::Busy)
}
