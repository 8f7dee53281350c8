//! The routes of the authorization server, as one list.
use super::error::OAuthError;
use super::{discovery, launch, register, token_endpoint, token_status};
use actix_web::http::header::ALLOW;
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, Resource, ResponseError, web};

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
        .default_service(web::route().to(move |method: Method| async move { other(&method, allowed) }))
}

/// OPTIONS asks what there is; anything else asks for what there is not.
fn other(method: &Method, allowed: &'static str) -> HttpResponse {
    let (mut response, methods) = match *method {
        Method::OPTIONS => (HttpResponse::NoContent().finish(), format!("{allowed}, OPTIONS")),
        _ => {
            let text = format!("{method} is not possible here; use {allowed}");
            let refused = OAuthError::new(StatusCode::METHOD_NOT_ALLOWED, "invalid_request", text);
            (refused.error_response(), allowed.to_owned())
        }
    };
    if let Ok(methods) = methods.parse() {
        response.headers_mut().insert(ALLOW, methods);
    }
    response
}
