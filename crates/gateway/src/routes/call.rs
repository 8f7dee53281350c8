//! What a client wants besides the interaction itself: format, `Prefer`, request id.
//! <https://hl7.org/fhir/R4/http.html#mime-type> <https://hl7.org/fhir/R4/http.html#ops>
use super::{pretty, query, said};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::{audit, edge, middleware::RequestId};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::ACCEPT;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use fhir::IssueCode;
use std::future::{Ready, ready};
use std::sync::Arc;
use store::audit::Origin;
use store::{Bounds, Context, Said};

/// `Prefer: return=…`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Return {
    Minimal,
    Representation,
    Outcome,
}

/// A request as far as every interaction cares. Extracting it refuses what Baton cannot answer in.
#[derive(Clone, Debug)]
pub struct Call {
    pub request_id: String,
    /// None where nobody asked over HTTP, or where nothing is written.
    pub origin: Option<Arc<Origin>>,
    /// `X-Provenance`: where what is written comes from.
    pub provenance: Option<Arc<Said>>,
    /// None: the client did not say.
    pub prefer: Option<Return>,
    /// `Prefer: handling=lenient`
    pub lenient: bool,
}

impl Call {
    pub(super) fn of_request(request: &HttpRequest) -> Result<Call, ApiError> {
        Ok(Call {
            origin: Some(Arc::new(audit::origin(request))),
            ..Call::of_read(request)?
        })
    }

    /// The same for what writes nothing, neither itself nor in entries.
    pub(super) fn of_read(request: &HttpRequest) -> Result<Call, ApiError> {
        negotiate(request)
    }

    /// For a commit made now by this caller, as far as they may.
    pub fn context(&self, caller: &Caller) -> Context {
        let bounds = caller.bounds();
        Context {
            within: bounds.map(|bounds| Arc::new(bounds) as Arc<dyn Bounds>),
            now: edge::now(),
            actor: caller.client_id.clone(),
            request_id: self.request_id.clone(),
            origin: self.origin.clone(),
            provenance: self.provenance.clone(),
        }
    }
}

impl FromRequest for Call {
    type Error = ApiError;
    type Future = Ready<Result<Call, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Call::of_request(request))
    }
}

fn negotiate(request: &HttpRequest) -> Result<Call, ApiError> {
    acceptable(request)?;
    pretty::readable(request)?;
    let preferences = preferences(request);
    let prefer = preferences.iter().find_map(|p| match p.as_str() {
        "return=minimal" => Some(Return::Minimal),
        "return=representation" => Some(Return::Representation),
        "return=operationoutcome" => Some(Return::Outcome),
        _ => None,
    });
    let request_id = match request.extensions().get::<RequestId>() {
        Some(RequestId(id)) => id.clone(),
        None => edge::new_id(),
    };
    Ok(Call {
        origin: None,
        provenance: said::read(request)?,
        request_id,
        prefer,
        lenient: preferences.iter().any(|p| p == "handling=lenient"),
    })
}

/// What was made of the preferences, for `Preference-Applied`. What is not named there, such as
/// `respond-async`, was not followed. <https://www.rfc-editor.org/rfc/rfc7240#section-3>
pub fn followed(request: &HttpRequest, prefer: Option<Return>) -> Option<String> {
    let mut followed: Vec<&str> = prefer.iter().map(|prefer| prefer.told()).collect();
    if request.headers().contains_key("prefer") {
        let asked = preferences(request);
        let handling = ["handling=strict", "handling=lenient"].into_iter();
        followed.extend(handling.filter(|one| asked.iter().any(|other| other == one)));
    }
    (!followed.is_empty()).then(|| followed.join(", "))
}

impl Return {
    fn told(self) -> &'static str {
        match self {
            Return::Minimal => "return=minimal",
            Return::Representation => "return=representation",
            Return::Outcome => "return=OperationOutcome",
        }
    }
}

/// All preferences in lower case without spaces or quotes.
fn preferences(request: &HttpRequest) -> Vec<String> {
    let values = request
        .headers()
        .get_all("prefer")
        .filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split([',', ';']))
        .map(|part| {
            part.chars()
                .filter(|c| !c.is_whitespace() && *c != '"')
                .collect::<String>()
                .to_ascii_lowercase()
        })
        .collect()
}

/// `_format` wins over Accept.
fn acceptable(request: &HttpRequest) -> Result<(), ApiError> {
    if request.query_string().contains("_format=") {
        let pairs = query::pairs(request.query_string())?;
        if query::first(&pairs, "_format").is_some() {
            return answerable(&pairs);
        }
    }
    let mut accepts = request.headers().get_all(ACCEPT).peekable();
    if accepts.peek().is_none() {
        return Ok(());
    }
    let any = accepts
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(is_json);
    if any { Ok(()) } else { Err(not_acceptable()) }
}

/// 406 unless `_format`, where it is among the parameters, is one Baton writes.
pub(super) fn answerable(pairs: &[(String, String)]) -> Result<(), ApiError> {
    // A `+` in an unencoded media type was read as a space.
    match query::first(pairs, "_format") {
        Some(format) if !is_json(&format.replace(' ', "+")) => Err(not_acceptable()),
        _ => Ok(()),
    }
}

/// Whether a media range of Accept, or a value of `_format`, lets Baton answer in FHIR JSON of R4.
fn is_json(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let json = matches!(
        essence.as_str(),
        "*/*" | "application/*" | "application/fhir+json" | "application/json" | "text/json" | "json"
    );
    json && parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("fhirVersion") => is_r4(value),
        Some((name, value)) if name.trim() == "q" => value.trim().parse::<f32>().is_ok_and(|q| q > 0.0),
        _ => true,
    })
}

/// <https://hl7.org/fhir/R4/http.html#version-parameter>
pub fn is_r4(value: &str) -> bool {
    matches!(value.trim().trim_matches('"'), "4.0" | "4.0.1")
}

fn not_acceptable() -> ApiError {
    ApiError::new(
        StatusCode::NOT_ACCEPTABLE,
        IssueCode::NotSupported,
        "Baton answers in application/fhir+json of FHIR 4.0; ask for that in Accept or _format",
    )
}
