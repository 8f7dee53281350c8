//! `/admin`: clients, accounts and senders kept by a program of the operator's, in the words in which clients register
//! themselves. <https://www.rfc-editor.org/rfc/rfc7591#section-2>
//!
//! Who may call has the scope `admin/Client.…`, `admin/Account.…` or `admin/Sender.…`, which only the operator's
//! command gives. What clients are given here stays within `admin.scopes_at_most`, and one that has more, such as an
//! administrator, is not touched here: who keeps clients cannot become one that may more. Accounts are those of
//! `admin.people`.
mod accounts;
pub mod answers;
mod change;
mod clients;
mod door;
mod senders;

use super::routes::on;
use actix_web::web;

pub fn configure(cfg: &mut web::ServiceConfig) {
    cfg.service(
        on("/admin/clients", "GET, POST")
            .route(web::get().to(clients::list))
            .route(web::post().to(clients::create)),
    )
    .service(
        on("/admin/clients/{id}", "GET, PATCH, DELETE")
            .route(web::get().to(clients::show))
            .route(web::patch().to(clients::update))
            .route(web::delete().to(clients::remove)),
    )
    .service(on("/admin/clients/{id}/secret", "POST").route(web::post().to(clients::rotate)))
    .service(on("/admin/clients/{id}/disable", "POST").route(web::post().to(clients::disable)))
    .service(on("/admin/clients/{id}/enable", "POST").route(web::post().to(clients::enable)))
    .service(
        on("/admin/accounts", "GET, POST")
            .route(web::get().to(accounts::list))
            .route(web::post().to(accounts::create)),
    )
    .service(on("/admin/accounts/{id}", "GET").route(web::get().to(accounts::show)))
    .service(on("/admin/accounts/{id}/password", "POST").route(web::post().to(accounts::password)))
    .service(on("/admin/accounts/{id}/disable", "POST").route(web::post().to(accounts::disable)))
    .service(on("/admin/accounts/{id}/enable", "POST").route(web::post().to(accounts::enable)))
    .service(
        on("/admin/senders", "GET, POST")
            .route(web::get().to(senders::list))
            .route(web::post().to(senders::create)),
    )
    .service(
        on("/admin/senders/{name}", "GET, PUT")
            .route(web::get().to(senders::show))
            .route(web::put().to(senders::replace)),
    )
    .service(on("/admin/senders/{name}/disable", "POST").route(web::post().to(senders::disable)))
    .service(on("/admin/senders/{name}/enable", "POST").route(web::post().to(senders::enable)));
}
