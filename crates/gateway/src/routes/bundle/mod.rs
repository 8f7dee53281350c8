//! batch and transaction. <https://hl7.org/fhir/R4/http.html#transaction>
//!
//! A batch re-enters the functions of the single interactions (`batch`). A transaction is planned
//! outside the database (`plan`), then done in one store transaction (`transaction`), where
//! criteria are looked up together (`lookup`).
mod batch;
mod identity;
mod look;
mod lookup;
mod plan;
mod refusal;
mod response;
mod transaction;
mod what;

use super::call::Return;
use super::{Call, FhirBody, Reply};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data};
use fhir::bundle::{Bundle, Kind, read};
use fhir::{Issue, IssueCode};

/// Larger bodies are read beside the workers, so that they do not hold up small requests.
const LARGE: usize = 64 * 1024;

/// `POST /fhir`
pub async fn submit(
    caller: Caller,
    call: Call,
    state: Data<AppState>,
    body: FhirBody,
) -> Result<Reply, ApiError> {
    process(
        &state,
        &caller,
        &call.request_id,
        body.0,
        call.prefer.unwrap_or(Return::Minimal),
    )
    .await
}

/// Works off the Bundle in `bytes`; the reply's body is the response Bundle.
pub async fn process(
    state: &AppState,
    caller: &Caller,
    request_id: &str,
    bytes: Bytes,
    prefer: Return,
) -> Result<Reply, ApiError> {
    let call = Call {
        request_id: request_id.to_owned(),
        prefer: Some(prefer),
        lenient: false,
    };
    let bundle = opened(state, bytes).await?;
    match bundle.kind {
        Kind::Batch => Ok(batch::run(state, caller, &call, bundle.entries).await),
        Kind::Transaction => transaction::run(state, caller, &call, bundle.entries).await,
    }
}

async fn opened(state: &AppState, bytes: Bytes) -> Result<Bundle, ApiError> {
    let (base, limit) = (state.config.fhir_base(), state.config.limits.bundle_entries);
    let large = bytes.len() > LARGE;
    let work = move || read(&bytes, &base, limit);
    let opened = if large {
        web::block(work).await.map_err(|_| overloaded())?
    } else {
        work()
    };
    opened.map_err(refused)
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
