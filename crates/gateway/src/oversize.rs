//! What is refused before it is routed: addresses and headers that are too long, and nameless callers in
//! too much of a hurry. Beyond twice of the lengths the HTTP parser closes the connection, with an empty
//! 400 or 431.
use crate::auth::bearer::{self, throttled};
use crate::auth::trust::admit;
use crate::edge;
use crate::error::ApiError;
use crate::rates::{self, address_of};
use crate::routes::direct;
use crate::state;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError};
use fhir::IssueCode;

const ADDRESS: usize = 60 * 1024;
const HEADERS: usize = 64 * 1024;
/// Asked by those who decide whether we live.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

pub async fn refuse(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match refusal(&request).or_else(|| hurried(&request)) {
        Some(error) => Ok(request.into_response(error.error_response())),
        None => {
            admit(&request).await;
            within(request, next).await
        }
    }
}

/// Reads by id know where they go.
async fn within(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match direct::of(request.request()) {
        Some(read) => {
            let response = read.answer().await;
            Ok(request.into_response(response))
        }
        None => next.call(request).await.map(ServiceResponse::map_into_boxed_body),
    }
}

/// Whoever has no token that is known is counted by address, where that is limited; a known token is
/// counted by its client.
fn hurried(request: &ServiceRequest) -> Option<ApiError> {
    let authority = &state::asked(request.request())?.auth;
    let peers = authority.rates.anonymous()?;
    let now = edge::now();
    if PROBES.contains(&request.path()) || bearer::is_known(authority, request.request(), now) {
        return None;
    }
    let wait = peers.take(address_of(request.request()), now).err()?;
    rates::count("address");
    let text = "Too many requests without a token come from this address; wait, then go on slower";
    Some(throttled(wait, text))
}

fn refusal(request: &ServiceRequest) -> Option<ApiError> {
    let too_long = |status, text| Some(ApiError::new(status, IssueCode::TooLong, text));
    if request.path().len() + request.query_string().len() > ADDRESS {
        let text = format!("The address is longer than {ADDRESS} bytes; send the search by POST to _search");
        return too_long(StatusCode::URI_TOO_LONG, text);
    }
    let headers = request.headers().iter();
    let size: usize = headers
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if size > HEADERS {
        let text = format!("The headers are longer than {HEADERS} bytes together; send shorter ones");
        return too_long(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, text);
    }
    None
}
