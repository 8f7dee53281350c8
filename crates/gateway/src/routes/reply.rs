//! What an interaction gives back: turned into an HTTP response, or into an entry of a Bundle.
use super::call::{Return, followed};
use super::pretty;
use crate::audit::Told;
use crate::error::FHIR_JSON;
use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CONTENT_TYPE, ETAG, HeaderName, HeaderValue, HttpDate, LAST_MODIFIED, LOCATION, TryIntoHeaderValue,
};
use actix_web::{HttpRequest, HttpResponse, Responder};
use fhir::Issue;
use fhir::outcome::operation_outcome;
use fhir::patient::concerned;
use std::time::{Duration, UNIX_EPOCH};
use store::commit::Outcome;
use store::{Applied, Stored};

/// <https://hl7.org/fhir/R4/http.html#return>
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub version: Option<i64>,
    /// Microseconds.
    pub updated: Option<i64>,
    /// Relative to the FHIR base; absolute in the header.
    pub location: Option<String>,
    /// FHIR base URL, for the header.
    pub base: String,
    /// One resource as JSON text; empty for none.
    pub body: String,
    /// What the client wanted back, where it was heeded.
    pub prefer: Option<Return>,
    /// For the audit.
    pub told: Told,
}

impl Reply {
    /// A resource that has no version of its own, such as a searchset.
    pub fn resource(body: String) -> Reply {
        Reply {
            status: StatusCode::OK,
            version: None,
            updated: None,
            location: None,
            base: String::new(),
            body,
            prefer: None,
            told: Told::default(),
        }
    }

    /// A version as stored.
    pub fn stored(stored: Stored) -> Reply {
        Reply {
            version: Some(stored.version),
            updated: Some(stored.updated),
            ..Reply::resource(stored.body)
        }
    }

    pub fn not_modified(stored: &Stored) -> Reply {
        Reply {
            status: StatusCode::NOT_MODIFIED,
            version: Some(stored.version),
            updated: Some(stored.updated),
            ..Reply::resource(String::new())
        }
    }

    /// The end of a create, update or delete.
    pub fn applied(applied: Applied, prefer: Option<Return>, base: &str) -> Reply {
        let exists = !matches!(applied.outcome, Outcome::Deleted | Outcome::Absent);
        let tells = exists || prefer == Some(Return::Outcome);
        let status = match applied.outcome {
            Outcome::Created => StatusCode::CREATED,
            _ if tells => StatusCode::OK,
            _ => StatusCode::NO_CONTENT,
        };
        let location = format!(
            "{}/{}/_history/{}",
            applied.type_id.name(),
            applied.id,
            applied.version
        );
        let wrote = !matches!(applied.outcome, Outcome::Unchanged | Outcome::Absent);
        let told = Told {
            wrote,
            patients: match wrote {
                true => Vec::new(),
                false => concerned(applied.type_id, &applied.id, &applied.body)
                    .into_iter()
                    .collect(),
            },
            action: None,
        };
        let body = match prefer.unwrap_or(Return::Representation) {
            Return::Outcome => outcome(&applied),
            Return::Representation => applied.body,
            _ => String::new(),
        };
        Reply {
            status,
            version: (applied.outcome != Outcome::Absent).then_some(applied.version),
            updated: exists.then_some(applied.updated),
            location: exists.then_some(location),
            base: base.to_owned(),
            body,
            prefer: prefer.filter(|_| tells),
            told,
        }
    }

    /// Whom what is shown concerns.
    pub fn about(mut self, patients: Vec<String>) -> Reply {
        self.told.patients = patients;
        self
    }

    pub fn etag(&self) -> Option<String> {
        self.version.map(etag)
    }
}

/// <https://hl7.org/fhir/R4/http.html#versioning>
pub fn etag(version: i64) -> String {
    format!("W/\"{version}\"")
}

/// The resource's own name for what was done to it.
fn outcome(applied: &Applied) -> String {
    let done = match applied.outcome {
        Outcome::Created => "created",
        Outcome::Updated => "updated",
        Outcome::Unchanged => "already as sent; no new version was made",
        Outcome::Deleted => "deleted",
        Outcome::Absent => "not there; nothing was deleted",
    };
    let name = applied.type_id.name();
    let text = match applied.outcome {
        Outcome::Absent => format!("{name}/{} {done}", applied.id),
        _ => format!("{name}/{} {done}, version {}", applied.id, applied.version),
    };
    operation_outcome(&[Issue::information(text)]).to_string()
}

/// `Sun, 22 Nov 2026 13:52:18 GMT`
fn http_date(micros: i64) -> Option<HeaderValue> {
    let since = Duration::from_micros(u64::try_from(micros).ok()?);
    HttpDate::from(UNIX_EPOCH + since).try_into_value().ok()
}

impl Responder for Reply {
    type Body = BoxBody;

    fn respond_to(mut self, request: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::new(self.status);
        let told = std::mem::take(&mut self.told);
        if told != Told::default() {
            response.extensions_mut().insert(told);
        }
        let headers = response.headers_mut();
        if let Some(value) = self.etag().and_then(|tag| HeaderValue::try_from(tag).ok()) {
            headers.insert(ETAG, value);
        }
        if let Some(value) = self.updated.and_then(http_date) {
            headers.insert(LAST_MODIFIED, value);
        }
        if let Some(path) = &self.location
            && let Ok(value) = HeaderValue::try_from(format!("{}/{path}", self.base))
        {
            headers.insert(LOCATION, value);
        }
        if let Some(value) = followed(request, self.prefer).and_then(|text| HeaderValue::try_from(text).ok())
        {
            headers.insert(HeaderName::from_static("preference-applied"), value);
        }
        if self.body.is_empty() {
            return response;
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(FHIR_JSON));
        let body = if pretty::wanted(request) {
            pretty::indented(&self.body)
        } else {
            self.body
        };
        response.set_body(body).map_into_boxed_body()
    }
}
