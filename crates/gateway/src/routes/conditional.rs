//! Versions in headers: optimistic locking and cached reads.
//! <https://hl7.org/fhir/R4/http.html#concurrency> <https://hl7.org/fhir/R4/http.html#cread>
use crate::error::ApiError;
use actix_web::http::header::{HeaderMap, HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use chrono::DateTime;
use fhir::IssueCode;
use store::{Expect, Stored};

/// What a write expects of the current version.
pub fn expectation(headers: &HeaderMap) -> Result<Expect, ApiError> {
    let if_match = text(headers, &IF_MATCH);
    let if_none_match = text(headers, &IF_NONE_MATCH);
    match (if_match, if_none_match) {
        (None, None) => Ok(Expect::Any),
        (Some(tag), None) => version_of(tag).map(Expect::Version).ok_or_else(|| {
            ApiError::bad_request(
                IssueCode::Value,
                "If-Match must be one ETag as a read gives it, such as W/\"3\"",
            )
        }),
        (None, Some("*")) => Ok(Expect::Absent),
        _ => Err(ApiError::bad_request(
            IssueCode::Value,
            "A write takes either If-Match: W/\"3\" or If-None-Match: *",
        )),
    }
}

/// Whether the client already has this version: If-None-Match wins over If-Modified-Since.
pub fn unchanged(headers: &HeaderMap, stored: &Stored) -> bool {
    if let Some(tags) = text(headers, &IF_NONE_MATCH) {
        return tags
            .split(',')
            .any(|tag| tag.trim() == "*" || version_of(tag.trim()) == Some(stored.version));
    }
    text(headers, &IF_MODIFIED_SINCE)
        .and_then(|date| DateTime::parse_from_rfc2822(date).ok())
        .is_some_and(|since| stored.updated.div_euclid(1_000_000) <= since.timestamp())
}

/// The version of `W/"3"` or `"3"`.
pub fn version_of(tag: &str) -> Option<i64> {
    let quoted = tag.strip_prefix("W/").unwrap_or(tag);
    quoted.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

/// The criteria of `If-None-Exist`, without a leading `?`.
pub fn if_none_exist(headers: &HeaderMap) -> Option<&str> {
    text(headers, &HeaderName::from_static("if-none-exist")).map(|criteria| criteria.trim_start_matches('?'))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn with(name: HeaderName, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn writes_expect_what_the_headers_say() {
        assert_eq!(
            expectation(&with(IF_MATCH, "W/\"7\"")).unwrap(),
            Expect::Version(7)
        );
        assert_eq!(expectation(&with(IF_NONE_MATCH, "*")).unwrap(), Expect::Absent);
        assert_eq!(expectation(&HeaderMap::new()).unwrap(), Expect::Any);
        for wrong in ["7", "W/\"seven\"", "*", "\"1\", \"2\""] {
            assert!(expectation(&with(IF_MATCH, wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_known_version_is_not_sent_again() {
        let stored = Stored {
            type_id: fhir::TypeId(0),
            id: "1".into(),
            version: 2,
            updated: 1_795_355_538_400_000,
            deleted: false,
            body: String::new(),
        };
        assert!(unchanged(&with(IF_NONE_MATCH, "W/\"1\", W/\"2\""), &stored));
        assert!(!unchanged(&with(IF_NONE_MATCH, "W/\"1\""), &stored));
        assert!(unchanged(
            &with(IF_MODIFIED_SINCE, "Sun, 22 Nov 2026 13:52:18 GMT"),
            &stored
        ));
        assert!(!unchanged(
            &with(IF_MODIFIED_SINCE, "Sun, 22 Nov 2026 13:52:17 GMT"),
            &stored
        ));
    }
}
