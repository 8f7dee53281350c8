//! Who calls and what they may do. SMART v2 scopes; tokens from `/oauth/token`.
//!
//! Open `caller.rs` for what a handler sees, `token_endpoint.rs` for how a token is earned,
//! `launch/` for people and their apps, `authority.rs` for what the gateway keeps in memory so that checking one is cheap.
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/backend-services.html>
pub mod account;
pub mod admin;
pub mod assertion;
pub mod authority;
pub mod bearer;
pub mod bounds;
pub mod caller;
pub mod client;
mod discovery;
pub mod error;
pub mod explain;
mod form;
pub mod holder;
pub mod jwks;
pub mod jwt;
pub mod keys;
pub mod launch;
mod outbound;
pub mod policy;
mod privacy;
pub mod reach;
mod register;
mod remote;
mod rights;
pub mod routes;
pub mod scope;
pub mod seal;
mod source;
#[cfg(test)]
mod tests;
pub mod token;
mod token_endpoint;
mod token_status;
pub mod totp;
pub mod trust;
mod verified;
mod whole;

pub use authority::Authority;
pub use caller::{Access, Caller};
