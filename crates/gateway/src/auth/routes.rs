//! The routes of the authorization server, as one list.
use super::error::OAuthError;
use super::{discovery, launch, register, token_endpoint, token_status};
use actix_web::http::header::ALLOW;
use actix_web::http::{Method, StatusCode};
use actix_web::{Resource, ResponseError, web};

/// An assertion with a certificate chain fits well; anything larger is not an OAuth request.
const MAX_BODY: usize = 64 << 10;

pub fn configure(cfg: &mut web::ServiceConfig) {
    cfg.service(
        on("/fhir/.well-known/smart-configuration", "GET")
            .route(web::get().to(discovery::smart_configuration)),
    )
    .service(on("/oauth/token", "POST").route(web::post().to(token_endpoint::token)))
    .service(on("/oauth/introspect", "POST").route(web::post().to(token_status::introspect)))
    .service(on("/oauth/revoke", "POST").route(web::post().to(token_status::revoke)))
    .service(on("/oauth/jwks", "GET").route(web::get().to(discovery::jwks)))
    .service(on("/oauth/register", "POST").route(web::post().to(register::register)))
    .configure(launch::configure);
}

/// A path whose other methods are refused by name.
pub(super) fn on(path: &str, allowed: &'static str) -> Resource {
    let limits = web::PayloadConfig::new(MAX_BODY);
    web::resource(path)
        .app_data(limits)
        .default_service(web::route().to(move |method: Method| async move {
            let text = format!("{method} is not possible here; use {allowed}");
            let mut response =
                OAuthError::new(StatusCode::METHOD_NOT_ALLOWED, "invalid_request", text).error_response();
            response
                .headers_mut()
                .insert(ALLOW, actix_web::http::header::HeaderValue::from_static(allowed));
            response
        }))
}
