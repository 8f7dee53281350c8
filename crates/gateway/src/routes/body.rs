//! Request bodies: of the right media type, within the limit, in good time.
use super::call::is_r4;
use crate::config::Limits;
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::dev::{Decompress, Payload};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpRequest};
use fhir::{Issue, IssueCode, Resource, TypeId};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// A body may take this many times as long as the head of a request.
const PATIENCE: u64 = 3;
/// Bytes that a large body must make in a second beyond that.
const PACE: u64 = 1 << 20;

/// A JSON body as it came (already inflated).
pub struct FhirBody(pub Bytes);

impl FhirBody {
    /// A resource of that type that may be stored: parsed once, validated once.
    pub fn resource(&self, type_id: TypeId) -> Result<Resource, ApiError> {
        let resource = parsed(&self.0)?;
        if resource.type_id != type_id {
            let text = format!(
                "The address is for {}, the body is a {}; post it to its own type",
                type_id.name(),
                resource.type_id.name()
            );
            return Err(ApiError::with(
                StatusCode::BAD_REQUEST,
                vec![Issue::error(IssueCode::Invalid, text).at(resource.type_id.name())],
            ));
        }
        valid(&resource)?;
        Ok(resource)
    }
}

/// Parsed, or 400 with every reason.
pub fn parsed(bytes: &[u8]) -> Result<Resource, ApiError> {
    Resource::parse(bytes).map_err(|issues| ApiError::with(StatusCode::BAD_REQUEST, issues))
}

/// 422 with everything that breaks R4's rules.
pub fn valid(resource: &Resource) -> Result<(), ApiError> {
    let issues = fhir::validate::validate(resource);
    if issues.iter().any(Issue::is_error) {
        Err(ApiError::invalid(issues))
    } else {
        Ok(())
    }
}

impl FromRequest for FhirBody {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<FhirBody, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if let Err(error) = json(request) {
            return Box::pin(std::future::ready(Err(error)));
        }
        let body = read(request, payload);
        Box::pin(async move { body.await.map(FhirBody) })
    }
}

/// The whole body, inflated, within the size and time limits.
pub fn read(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<Bytes, ApiError>> + 'static {
    let encoding = known_encoding(request);
    let limits = limits(request);
    let patience = patience(request, &limits);
    let body = Bytes::from_request(request, payload);
    async move {
        encoding?;
        match tokio::time::timeout(patience, body).await {
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(error)) => Err(unreadable(error.as_response_error().status_code(), &limits)),
            Err(_) => Err(late(patience)),
        }
    }
}

/// A body of which only the beginning may be wanted.
pub enum Body {
    Whole(Vec<u8>),
    /// It went on; these are its first bytes.
    Cut(Vec<u8>),
}

/// The first `most` bytes of a body, inflated, within the time limit. What is beyond is read and
/// dropped up to the limit on bodies, so that the client comes to see its answer.
pub async fn beginning(request: &HttpRequest, payload: &mut Payload, most: usize) -> Result<Body, ApiError> {
    known_encoding(request)?;
    let limits = limits(request);
    let patience = patience(request, &limits);
    let end = Instant::now() + patience;
    let far = limits.body.max(most);
    let mut body = Decompress::from_headers(payload.take(), request.headers());
    let (mut bytes, mut seen) = (Vec::new(), 0);
    while seen <= far {
        match timeout_at(end, body.next()).await {
            Ok(None) => break,
            Ok(Some(Ok(chunk))) => {
                seen += chunk.len();
                bytes.extend_from_slice(&chunk[..chunk.len().min(most - bytes.len())]);
            }
            // Enough came to know that it is too large.
            _ if seen > most => break,
            Ok(Some(Err(_))) => return Err(unreadable(StatusCode::BAD_REQUEST, &limits)),
            Err(_) => return Err(late(patience)),
        }
    }
    Ok(match seen > most {
        true => Body::Cut(bytes),
        false => Body::Whole(bytes),
    })
}

/// How long a client may take to send a body: a large one longer.
fn patience(request: &HttpRequest, limits: &Limits) -> Duration {
    let said = request.headers().get(CONTENT_LENGTH);
    let bytes = said
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .unwrap_or(0);
    let patience = limits.client_seconds.saturating_mul(PATIENCE);
    Duration::from_secs(patience + limits.bundle.min(bytes) as u64 / PACE)
}

fn limits(request: &HttpRequest) -> Limits {
    request
        .app_data::<Data<AppState>>()
        .map_or_else(Limits::default, |state| state.config.limits.clone())
}

fn late(patience: Duration) -> ApiError {
    ApiError::new(
        StatusCode::REQUEST_TIMEOUT,
        IssueCode::Timeout,
        format!(
            "The body did not arrive within {} seconds; send it faster or in smaller parts",
            patience.as_secs()
        ),
    )
}

fn unreadable(status: StatusCode, limits: &Limits) -> ApiError {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        return ApiError::new(
            status,
            IssueCode::TooLong,
            format!(
                "The body is larger than this server takes: {} bytes of a Bundle posted to the base (limits.bundle), \
                 {} of anything else (limits.body); split it, or raise the limit",
                limits.bundle, limits.body
            ),
        );
    }
    ApiError::bad_request(
        IssueCode::Invalid,
        "The body ended early or does not decode as its Content-Encoding says; send it again",
    )
}

fn known_encoding(request: &HttpRequest) -> Result<(), ApiError> {
    match request
        .headers()
        .get(CONTENT_ENCODING)
        .map(|value| value.as_bytes().to_ascii_lowercase())
    {
        None => Ok(()),
        Some(value) if matches!(value.as_slice(), b"identity" | b"gzip" | b"deflate" | b"br") => Ok(()),
        Some(_) => Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            IssueCode::NotSupported,
            "Content-Encoding may be gzip, deflate, br or identity",
        )),
    }
}

/// 415 unless the Content-Type is FHIR JSON of R4 in UTF-8.
pub(super) fn json(request: &HttpRequest) -> Result<(), ApiError> {
    let value = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let json = matches!(
        essence.as_str(),
        "application/fhir+json" | "application/json" | "text/json"
    );
    let right = json
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
                value.trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            Some((name, value)) if name.eq_ignore_ascii_case("fhirVersion") => is_r4(value),
            _ => true,
        });
    if right { Ok(()) } else { Err(wrong_media_type()) }
}

fn wrong_media_type() -> ApiError {
    ApiError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        IssueCode::NotSupported,
        "The body must be FHIR 4.0 JSON in UTF-8; send it with Content-Type: application/fhir+json",
    )
}
