//! Every error a client can see: one table from error to status and OperationOutcome.
//! <https://hl7.org/fhir/R4/http.html#Status-Codes>
//!
//! Handlers return [`ApiError`]; work inside a transaction returns [`StoreError::Rejected`], which
//! carries the same findings through the store and back.
use crate::auth::{Access, Caller};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use fhir::outcome::operation_outcome;
use fhir::{Issue, IssueCode};
use store::{StoreError, Transient};

/// What every FHIR body is sent as.
pub const FHIR_JSON: &str = "application/fhir+json";

/// Such as WWW-Authenticate or Retry-After.
pub type Headers = Vec<(&'static str, String)>;

/// An HTTP status with its findings.
#[derive(Debug)]
pub struct ApiError {
    pub status: StatusCode,
    pub issues: Vec<Issue>,
    pub headers: Headers,
}

impl ApiError {
    pub fn new(status: StatusCode, code: IssueCode, text: impl Into<String>) -> Self {
        ApiError::with(status, vec![Issue::error(code, text)])
    }

    pub fn with(status: StatusCode, issues: Vec<Issue>) -> Self {
        ApiError {
            status,
            issues,
            headers: Vec::new(),
        }
    }

    /// What was sent cannot be read: 400.
    pub fn bad_request(code: IssueCode, text: impl Into<String>) -> Self {
        ApiError::new(StatusCode::BAD_REQUEST, code, text)
    }

    /// What was sent can be read but breaks R4's rules: 422.
    pub fn invalid(issues: Vec<Issue>) -> Self {
        ApiError::with(StatusCode::UNPROCESSABLE_ENTITY, issues)
    }

    /// A search that cannot be done: as it is written, 400, or yet, 503.
    pub fn search(issues: Vec<Issue>) -> Self {
        if issues.iter().all(|issue| issue.code == IssueCode::Transient) {
            return ApiError::with(StatusCode::SERVICE_UNAVAILABLE, issues).header("Retry-After", "5");
        }
        ApiError::with(StatusCode::BAD_REQUEST, issues)
    }

    pub fn not_found(text: impl Into<String>) -> Self {
        ApiError::new(StatusCode::NOT_FOUND, IssueCode::NotFound, text)
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The findings as a resource.
    pub fn outcome(&self) -> String {
        operation_outcome(&self.issues).to_string()
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.status)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Precondition { type_id, current, .. } => ApiError::new(
                StatusCode::PRECONDITION_FAILED,
                IssueCode::Conflict,
                precondition(type_id.name(), current),
            ),
            StoreError::MultipleMatches { count, .. } => ApiError::new(
                StatusCode::PRECONDITION_FAILED,
                IssueCode::MultipleMatches,
                format!("The criteria match {count} resources or more where one is needed; narrow them"),
            ),
            StoreError::Dangling { expressions, .. } => {
                ApiError::invalid(expressions.into_iter().map(dangling).collect())
            }
            StoreError::Referenced { type_id, .. } => referenced(type_id.name(), &[]),
            StoreError::Refused { status, issues, .. } | StoreError::Rejected { status, issues } => {
                rejected(status, issues)
            }
            StoreError::BadCursor => ApiError::bad_request(
                IssueCode::Value,
                "_cursor is not from a paging link of this search; follow the links of the Bundle as they are",
            ),
            StoreError::Busy => unavailable(
                "The server is at its limit or shutting down; send the request again after a second",
            ),
            StoreError::Transient(Transient::Locked, text) => {
                tracing::warn!(error = %text, "a lock was not free in time");
                unavailable(
                    "Others work on the same data for longer than one may wait for it here, so nothing was done; send the request again after a second",
                )
            }
            StoreError::Transient(kind, text) => {
                tracing::warn!(?kind, error = %text, "given up after several tries");
                unavailable(
                    "The database is not reachable, or others changed the same data; send the request again after a second",
                )
            }
            StoreError::Database(text) => {
                tracing::error!(error = %text, "database failure");
                ApiError::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    IssueCode::Exception,
                    "The database failed; the log has the reason under this X-Request-Id",
                )
            }
        }
    }
}

fn dangling(expression: String) -> Issue {
    let rule = "This reference leads to no resource here, which this server requires of the type; send what it refers to first, or in the same transaction";
    Issue::error(IssueCode::BusinessRule, rule).at(expression)
}

/// <https://hl7.org/fhir/R4/http.html#delete>
fn referenced(type_name: &str, by: &[String]) -> ApiError {
    let by = match by {
        [] => "other resources".to_owned(),
        by => by.join(", "),
    };
    let text = format!(
        "This {type_name} is referred to by {by}, which this server requires to lead somewhere; change or delete these first, or in the same transaction"
    );
    ApiError::new(StatusCode::CONFLICT, IssueCode::Conflict, text)
}

/// Names in a refusal what the caller may read, some of it, and nothing else.
pub fn shown_to(caller: &Caller, error: StoreError) -> StoreError {
    let StoreError::Referenced { type_id, by, .. } = error else {
        return error;
    };
    let seen = by.iter().filter(|(on, _)| caller.may(*on, Access::Read));
    let names: Vec<String> = seen
        .take(NAMED)
        .map(|(on, id)| format!("{}/{id}", on.name()))
        .collect();
    referenced(type_id.name(), &names).into()
}

/// Referrers told of at once.
const NAMED: usize = 5;

/// Headers do not pass through the store; the one that RFC 6750 wants with a 403 is given back.
fn rejected(status: u16, issues: Vec<Issue>) -> ApiError {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
    let error = ApiError::with(status, issues);
    match status {
        StatusCode::FORBIDDEN => error.header(
            "WWW-Authenticate",
            "Bearer realm=\"baton\", error=\"insufficient_scope\"",
        ),
        _ => error,
    }
}

/// Later it may well be possible.
pub fn unavailable(text: &str) -> ApiError {
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, IssueCode::Transient, text).header("Retry-After", "1")
}

fn precondition(type_name: &str, current: Option<i64>) -> String {
    match current {
        Some(version) => format!(
            "This {type_name} is at version {version}, which is not what the request expects; read it again and repeat the change"
        ),
        None => format!("This {type_name} does not exist, but the request expects a version of it"),
    }
}

impl From<ApiError> for StoreError {
    fn from(error: ApiError) -> Self {
        StoreError::Rejected {
            status: error.status.as_u16(),
            issues: error.issues,
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status).set_body(self.outcome());
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(FHIR_JSON));
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(*name), HeaderValue::try_from(value)) {
                response.headers_mut().append(name, value);
            }
        }
        response.map_into_boxed_body()
    }
}

/// A handler that only ever refuses may return the refusal itself.
impl actix_web::Responder for ApiError {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &actix_web::HttpRequest) -> HttpResponse {
        self.error_response()
    }
}
