//! Every error a client can see: one table from error to status and OperationOutcome.
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use fhir::{Issue, IssueCode};
use store::StoreError;

/// An HTTP status with its findings.
#[derive(Debug)]
pub struct ApiError {
    pub status: StatusCode,
    pub issues: Vec<Issue>,
    /// Extra headers, such as WWW-Authenticate or Retry-After.
    pub headers: Vec<(&'static str, String)>,
}

impl ApiError {
    pub fn new(status: StatusCode, code: IssueCode, text: impl Into<String>) -> Self {
        ApiError { status, issues: vec![Issue::error(code, text)], headers: Vec::new() }
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.status)
    }
}

impl From<StoreError> for ApiError {
    fn from(_error: StoreError) -> Self {
        unimplemented!()
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status
    }
    fn error_response(&self) -> HttpResponse {
        unimplemented!()
    }
}
