//! A path with its methods, so that any other method is refused with `Allow` and an
//! OperationOutcome, and HEAD goes wherever GET goes.
use super::patch::MEDIA_TYPES;
use crate::error::ApiError;
use actix_web::http::header::ALLOW;
use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest, Handler, HttpResponse, Resource, Responder, ResponseError, guard, web};
use fhir::IssueCode;

/// Starts the list of methods of a path.
pub fn resource(path: &str) -> Methods {
    Methods {
        resource: web::resource(path),
        allowed: Vec::new(),
    }
}

pub struct Methods {
    resource: Resource,
    allowed: Vec<&'static str>,
}

impl Methods {
    pub fn get<F, Args>(mut self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let read = guard::Any(guard::Get()).or(guard::Head());
        self.resource = self.resource.route(web::route().guard(read).to(handler));
        self.allowed.extend(["GET", "HEAD"]);
        self
    }

    pub fn post<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::POST, "POST", handler)
    }

    pub fn put<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::PUT, "PUT", handler)
    }

    pub fn patch<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::PATCH, "PATCH", handler)
    }

    pub fn delete<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::DELETE, "DELETE", handler)
    }

    /// The last step: what was not named is refused.
    pub fn build(self) -> Resource {
        let allowed = self.allowed.join(", ");
        self.resource.default_service(web::to(move |asked: Method| {
            let allowed = allowed.clone();
            async move { other(&asked, allowed) }
        }))
    }

    fn on<F, Args>(mut self, method: Method, name: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.resource = self.resource.route(web::method(method).to(handler));
        self.allowed.push(name);
        self
    }
}

/// OPTIONS asks what there is; anything else asks for what there is not.
fn other(asked: &Method, allowed: String) -> HttpResponse {
    if *asked != Method::OPTIONS {
        return method_not_allowed(allowed).error_response();
    }
    let mut response = HttpResponse::NoContent();
    if allowed.contains("PATCH") {
        response.insert_header(("Accept-Patch", MEDIA_TYPES));
    }
    response
        .insert_header((ALLOW, format!("{allowed}, OPTIONS")))
        .finish()
}

fn method_not_allowed(allowed: String) -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        IssueCode::NotSupported,
        format!("This address does not take the method; it takes {allowed}"),
    )
    .header("Allow", allowed)
}
