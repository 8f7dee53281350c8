//! One file per FHIR interaction, each for all resource types.
//! <https://hl7.org/fhir/R4/http.html>
//!
//! `reply` is what a handler gives back, `call` what it wants to know about the request, `body`
//! and `path` read it, `criteria` finds what a conditional interaction means.
pub mod body;
pub mod bundle;
pub mod call;
pub mod compartment;
pub mod conditional;
pub mod create;
pub mod criteria;
pub mod delete;
pub mod direct;
pub mod health;
pub mod history;
pub mod hl7v2;
pub mod message;
pub mod metadata;
mod methods;
pub mod patch;
pub mod path;
mod pretty;
pub mod query;
pub mod read;
pub mod reply;
pub mod review;
pub mod said;
pub mod search;
pub mod search_system;
pub mod searchset;
pub mod update;
pub mod view;
pub mod visible;
pub mod walk;

pub use body::FhirBody;
pub use call::Call;
pub use methods::resource;
pub use path::{Instance, OfType};
pub use reply::Reply;

use crate::error::ApiError;

/// What no route answers.
pub async fn no_such_route() -> ApiError {
    ApiError::not_found("There is nothing at this address; /fhir/metadata lists what Baton serves")
}
