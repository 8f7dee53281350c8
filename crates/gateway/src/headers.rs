//! What every answer tells browsers and caches: keep nothing, guess nothing, frame nothing, run nothing.
//! <https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers>
//!
//! Every value is static and actix keeps the maps of earlier answers, so a request pays five inserts and
//! no allocation. A handler that sets one of them itself is not overruled.
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};

/// Nothing is kept by a browser or a proxy on the way: answers hold health data. A client that kept its
/// copy itself still gets its 304.
const KEEP_NOTHING: HeaderValue = HeaderValue::from_static("no-store");
/// The documentation holds none, and changes with the release only.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");
/// Data, should a browser ever be made to show it as a page.
const DATA: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
/// Baton's own pages: forms and styles, no script. Where a form may lead is the page's to say.
const PAGE: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'",
);
/// Swagger UI: everything from here, styles set by its scripts.
const DOCUMENTATION: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);
const NO_SNIFFING: HeaderValue = HeaderValue::from_static("nosniff");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
/// A year, for this host alone: what else is served under the domain is not ours to decide.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Which kind of answers a path has.
#[derive(Clone, Copy)]
pub enum Surface {
    Fhir,
    Documentation,
    /// OAuth, HL7 v2, health: JSON mostly, and pages for people.
    Other,
}

impl Surface {
    pub fn of(path: &str) -> Surface {
        match path {
            path if path.starts_with("/fhir") => Surface::Fhir,
            path if path.starts_with("/docs") || path.starts_with("/openapi") => Surface::Documentation,
            _ => Surface::Other,
        }
    }

    fn policy(self, headers: &HeaderMap) -> HeaderValue {
        match self {
            Surface::Documentation => DOCUMENTATION,
            Surface::Other if is_page(headers) => PAGE,
            _ => DATA,
        }
    }

    fn keeping(self) -> HeaderValue {
        match self {
            Surface::Documentation => ASK_AGAIN,
            _ => KEEP_NOTHING,
        }
    }
}

/// `https` is whether clients reach us by it; over plain HTTP browsers ignore its header.
pub fn protect(surface: Surface, https: bool, headers: &mut HeaderMap) {
    unless_set(headers, CACHE_CONTROL, surface.keeping());
    let policy = surface.policy(headers);
    unless_set(headers, CONTENT_SECURITY_POLICY, policy);
    unless_set(headers, REFERRER_POLICY, NO_REFERRER);
    headers.insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFFING);
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
    }
}

fn unless_set(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    if !headers.contains_key(&name) {
        headers.insert(name, value);
    }
}

fn is_page(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE);
    media.is_some_and(|media| media.as_bytes().starts_with(b"text/html"))
}
