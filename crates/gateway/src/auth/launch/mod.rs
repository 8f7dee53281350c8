//! People, their browsers and their apps: SMART App Launch.
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html>
//!
//! A launch goes `asked.rs` (is the request sound), `flow.rs` (where it stands), `turn.rs` (one request about
//! it), `steps.rs` (the pages) and `entry.rs` (signing in), `finish.rs` (the code), `exchange.rs` (the tokens).
//! What is kept is in `handles.rs` and `grant.rs`; people look at it, and take it back, by `own.rs`.
mod asked;
#[cfg(test)]
mod asked_tests;
mod authorize;
mod entry;
mod exchange;
mod finish;
mod flow;
mod grant;
mod handles;
mod identity;
mod initial;
mod launching;
pub mod own;
mod pages;
mod people;
pub mod provider;
mod session;
mod signin;
mod silent;
mod steps;
mod turn;

pub use exchange::{by_code, by_refresh, client_of_refresh};
pub use grant::{end_all_of, end_all_to, end_by_refresh, withdraw};
pub use identity::{openid_configuration, userinfo};
pub use initial::{InitialToken, is_unused, make_initial, use_up};
pub use launching::bearer_error;
pub use signin::name_hash;

use super::routes::on;
use actix_web::web;

pub fn configure(cfg: &mut web::ServiceConfig) {
    cfg.service(
        on("/oauth/authorize", "GET, POST")
            .route(web::get().to(authorize::by_get))
            .route(web::post().to(authorize::by_post)),
    )
    .service(
        on("/oauth/authorize/{name}", "GET, POST")
            .route(web::get().to(steps::show))
            .route(web::post().to(steps::act)),
    )
    .service(on(provider::CALLBACK, "GET").route(web::get().to(provider::callback)))
    .service(
        on(own::PATH, "GET, POST")
            .route(web::get().to(own::show))
            .route(web::post().to(own::act)),
    )
    .service(on("/oauth/pages.css", "GET").route(web::get().to(pages::style)))
    .service(on("/oauth/launch", "POST").route(web::post().to(launching::launch)))
    .service(
        on("/oauth/userinfo", "GET, POST")
            .route(web::get().to(identity::userinfo))
            .route(web::post().to(identity::userinfo)),
    )
    .service(on("/.well-known/openid-configuration", "GET").route(web::get().to(openid_configuration)));
}
