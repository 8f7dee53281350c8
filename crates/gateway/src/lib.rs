//! The only crate that knows actix-web. Open `app.rs` for the routes, `reaction/` for what
//! follows from a change, `ingest/` for inbound messages, `auth/` for who may.
pub mod app;
pub mod audit;
pub mod auth;
pub mod cli;
pub mod config;
pub mod docs;
pub mod edge;
pub mod error;
mod headers;
pub mod ingest;
pub mod middleware;
pub mod mllp;
pub mod operations;
mod oversize;
mod rates;
pub mod reaction;
pub mod reindex;
pub mod routes;
pub mod state;
mod tls;
