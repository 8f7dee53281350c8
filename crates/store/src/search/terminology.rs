//! Codes from stored ValueSets and CodeSystems. <https://hl7.org/fhir/R4/search.html#token>
use super::run;
use crate::StoreError;
use crate::conn::Conn;
use fhir::registry::{SearchParam, registry};
use fhir::search::terminology::{Lookup, Needed};
use fhir::search::{Filter, Query, Sort, SortBy, Test, UriMode, implicit};
use fhir::{Issue, TypeId};
use serde_json::Value;

impl From<Issue> for StoreError {
    fn from(issue: Issue) -> Self {
        StoreError::Rejected {
            status: 400,
            issues: vec![issue],
        }
    }
}

/// The codes as a test on the parameter.
pub fn tokens(conn: &mut Conn, param: &'static SearchParam, lookup: &Lookup) -> Result<Filter, StoreError> {
    let codes = lookup.codes(&mut |needed| fetch(conn, needed))?;
    let tokens: Vec<_> = codes
        .into_iter()
        .map(|code| implicit::stored(param, code))
        .collect();
    Ok(if tokens.is_empty() {
        Filter::Nothing
    } else {
        Filter::Param {
            param,
            test: Test::Token(tokens),
        }
    })
}

/// The definition of that URL, the one written last where there are several.
fn fetch(conn: &mut Conn, needed: Needed) -> Result<Option<Value>, StoreError> {
    let Some(on) = TypeId::of(needed.resource) else {
        return Ok(None);
    };
    let mut query = Query::new(on, filters(on, needed.url), 1);
    query.sort.push(Sort {
        by: SortBy::LastUpdated,
        descending: true,
    });
    let found = run(conn, &query)?.matches.pop();
    Ok(found.and_then(|stored| serde_json::from_str(&stored.body).ok()))
}

/// `ValueSet/id`, a URL, or `url|version`.
fn filters(on: TypeId, url: &str) -> Vec<Filter> {
    if let Some((_, id)) = url
        .split_once('/')
        .filter(|(name, _)| TypeId::of(name) == Some(on))
    {
        return vec![Filter::Id(vec![id.to_string()])];
    }
    let (url, version) = match url.split_once('|') {
        Some((url, version)) => (url, Some(version)),
        None => (url, None),
    };
    let by = |code: &str, test| {
        let param = registry().param(on, code)?;
        Some(Filter::Param { param, test })
    };
    let url = by("url", Test::Uri(UriMode::Exact, vec![url.to_string()]));
    let version = version.and_then(|version| {
        let token = fhir::search::Token::Code(version.to_string());
        by("version", Test::Token(vec![token]))
    });
    url.into_iter().chain(version).collect()
}
