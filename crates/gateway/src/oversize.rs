//! Addresses and headers that are too long are refused with a reason. Beyond twice of these limits
//! the HTTP parser closes the connection, with an empty 400 or 431.
use crate::error::ApiError;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError};
use fhir::IssueCode;

const ADDRESS: usize = 60 * 1024;
const HEADERS: usize = 64 * 1024;

pub async fn refuse(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match refusal(&request) {
        Some(error) => Ok(request.into_response(error.error_response())),
        None => next.call(request).await.map(ServiceResponse::map_into_boxed_body),
    }
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
