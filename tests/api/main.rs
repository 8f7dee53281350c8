//! The black-box suite: scenes over HTTP and MLLP against the real binary, on both databases.
//!
//! A scene is a function taking a [`Baton`]; `on_both!` makes a test of it per database.
//! `support/` starts the server and speaks to it.
mod support;

mod examples;
mod metadata;
mod operations;
mod smoke;
