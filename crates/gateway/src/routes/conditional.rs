//! Versions in headers: optimistic locking and cached reads.
//! <https://hl7.org/fhir/R4/http.html#concurrency> <https://hl7.org/fhir/R4/http.html#cread>
use crate::error::ApiError;
use actix_web::http::header::{
    HeaderMap, HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE,
};
use chrono::DateTime;
use fhir::IssueCode;
use store::{Expect, Stored};

/// What a write expects of the current version.
pub fn expectation(headers: &HeaderMap) -> Result<Expect, ApiError> {
    if headers.contains_key(IF_UNMODIFIED_SINCE) {
        return Err(ApiError::bad_request(
            IssueCode::NotSupported,
            "If-Unmodified-Since cannot tell versions of one second apart; send If-Match with the ETag instead",
        ));
    }
    let if_match = only(headers, &IF_MATCH)?;
    let if_none_match = only(headers, &IF_NONE_MATCH)?;
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
    if headers.contains_key(IF_NONE_MATCH) {
        let all = headers.get_all(IF_NONE_MATCH);
        return all
            .filter_map(|tags| tags.to_str().ok())
            .flat_map(|tags| tags.split(','))
            .any(|tag| tag.trim() == "*" || version_of(tag.trim()) == Some(stored.version));
    }
    let since = headers.get(IF_MODIFIED_SINCE);
    // What is no date asks for nothing: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.3
    since
        .and_then(|date| date.to_str().ok())
        .and_then(|date| DateTime::parse_from_rfc2822(date).ok())
        .is_some_and(|since| stored.updated.div_euclid(1_000_000) <= since.timestamp())
}

/// The version of `W/"3"` or `"3"`.
pub fn version_of(tag: &str) -> Option<i64> {
    let quoted = tag.strip_prefix("W/").unwrap_or(tag);
    quoted.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

/// The criteria of `If-None-Exist`, without a leading `?`.
pub fn if_none_exist(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let criteria = only(headers, &HeaderName::from_static("if-none-exist"))?;
    Ok(criteria.map(|criteria| criteria.trim_start_matches('?')))
}

/// A condition that cannot be read must not be taken for none: the write would go through.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, ApiError> {
    let mut values = headers.get_all(name);
    let text = values.next().map(|value| std::str::from_utf8(value.as_bytes()));
    match (text, values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(text)), None) => Ok(Some(text.trim())),
        _ => Err(ApiError::bad_request(
            IssueCode::Value,
            format!("The header {name} must be given once, as UTF-8 text"),
        )),
    }
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
