//! The authorization server at its front door: HTTP in, HTTP out, on a SQLite store.
mod assertions;
mod bearer;
mod gateways;
mod remote;
mod secrets;
mod support;
mod tokens;
