//! People, their browsers and their apps: SMART App Launch.
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html>
//!
//! A launch goes `asked.rs` (is the request sound), `flow.rs` (where it stands), `steps.rs` (the
//! pages), `finish.rs` (the code), `exchange.rs` (the tokens). What is kept is in `handles.rs` and
//! `grant.rs`.
mod asked;
#[cfg(test)]
mod asked_tests;
mod authorize;
mod exchange;
mod finish;
mod flow;
mod grant;
mod handles;
mod identity;
mod initial;
mod launching;
mod pages;
mod people;
mod session;
mod signin;
mod steps;

pub use exchange::{by_code, by_refresh};
pub use grant::{end_all_of, end_by_refresh};
pub use identity::{openid_configuration, userinfo};
pub use initial::{InitialToken, is_unused, make_initial, use_up};
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
    .service(on("/oauth/pages.css", "GET").route(web::get().to(pages::style)))
    .service(on("/oauth/launch", "POST").route(web::post().to(launching::launch)))
    .service(
        on("/oauth/userinfo", "GET, POST")
            .route(web::get().to(identity::userinfo))
            .route(web::post().to(identity::userinfo)),
    )
    .service(on("/.well-known/openid-configuration", "GET").route(web::get().to(openid_configuration)));
}
