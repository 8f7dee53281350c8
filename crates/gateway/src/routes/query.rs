//! Query strings as decoded pairs, and back.
use crate::error::ApiError;
use actix_web::http::StatusCode;
use fhir::{Issue, IssueCode};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use std::borrow::Cow;

/// Names and values of a query string or a form body, in order.
pub fn pairs(text: &str) -> Result<Vec<(String, String)>, ApiError> {
    text.split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

fn decode(text: &str) -> Result<String, ApiError> {
    let spaced = match text.contains('+') {
        true => Cow::Owned(text.replace('+', " ")),
        false => Cow::Borrowed(text),
    };
    match percent_decode_str(&spaced).decode_utf8() {
        Ok(decoded) => Ok(decoded.into_owned()),
        Err(_) => Err(ApiError::bad_request(
            IssueCode::Invalid,
            "The query is not valid UTF-8 after percent-decoding; encode it as UTF-8",
        )),
    }
}

/// What must be written as %XX in a link; `|`, `:` and `,` stay readable.
const RESERVED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b'<')
    .add(b'=')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// The query string of a link, starting with `?` unless empty.
pub fn encode(pairs: &[(String, String)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        text.push(if text.is_empty() { '?' } else { '&' });
        text.extend(utf8_percent_encode(name, RESERVED));
        text.push('=');
        text.extend(utf8_percent_encode(value, RESERVED));
    }
    text
}

/// The first value of that name.
pub fn first<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

/// Parameters of an interaction that is no search: those named here and the two of every request,
/// each once. A lenient caller (`Prefer: handling=lenient`) does without the unknown ones.
pub fn only(text: &str, known: &[&str], lenient: bool) -> Result<Vec<(String, String)>, ApiError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut taken: Vec<(String, String)> = Vec::new();
    let mut issues = Vec::new();
    for (name, value) in pairs(text)? {
        if !known.contains(&name.as_str()) && !EVERYWHERE.contains(&name.as_str()) {
            issues.extend((!lenient).then(|| unsupported(&name, known)));
        } else if first(&taken, &name).is_some() {
            issues.push(twice(&name));
        } else {
            taken.push((name, value));
        }
    }
    if issues.is_empty() {
        Ok(taken)
    } else {
        Err(ApiError::with(StatusCode::BAD_REQUEST, issues))
    }
}

/// What [`super::Call`] reads of every request.
const EVERYWHERE: [&str; 2] = ["_format", "_pretty"];

/// Parameters that say one thing about the whole answer.
const ONCE: [&str; 9] = [
    "_count",
    "_cursor",
    "_elements",
    "_explain",
    "_format",
    "_pretty",
    "_sort",
    "_summary",
    "_total",
];

/// Which of two values would count is nobody's to guess.
pub fn once(pairs: &[(String, String)]) -> Result<(), ApiError> {
    let again = |name: &&&str| pairs.iter().filter(|(other, _)| other == **name).count() > 1;
    let issues: Vec<Issue> = ONCE.iter().filter(again).map(|name| twice(name)).collect();
    if issues.is_empty() {
        Ok(())
    } else {
        Err(ApiError::with(StatusCode::BAD_REQUEST, issues))
    }
}

fn twice(name: &str) -> Issue {
    Issue::error(
        IssueCode::Invalid,
        format!("The parameter `{name}` may be given once; send one value"),
    )
}

fn unsupported(name: &str, known: &[&str]) -> Issue {
    let name: String = name.chars().filter(|c| c.is_ascii_graphic()).take(40).collect();
    let known: Vec<&str> = known.iter().chain(&EVERYWHERE).copied().collect();
    let text = format!(
        "The parameter `{name}` is not supported here; supported are {}",
        known.join(", ")
    );
    Issue::error(IssueCode::NotSupported, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_decodes_to_itself() {
        let pairs_in = vec![
            ("code".to_owned(), "http://loinc.org|8867-4,a b+c&d=e%".to_owned()),
            ("name:exact".to_owned(), "Zoë \\, x".to_owned()),
        ];
        let text = encode(&pairs_in);
        assert_eq!(pairs(&text[1..]).unwrap(), pairs_in);
    }

    #[test]
    fn invalid_utf8_is_refused() {
        assert!(pairs("name=%ff").is_err());
        assert_eq!(
            pairs("a=1+2&b").unwrap(),
            [("a".into(), "1 2".into()), ("b".into(), String::new())]
        );
    }
}
