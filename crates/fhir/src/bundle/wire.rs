//! Reading the envelope: resources stay exact text until each is parsed once for itself.
use super::target::{Method, Target};
use super::{Bundle, Entry, Kind, patch, place, within};
use crate::validate::validate;
use crate::{Issue, IssueCode, Resource, TypeId};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::ops::Range;

/// The members R4 gives a Bundle; any other is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(rename = "resourceType")]
    _resource_type: IsBundle,
    r#type: String,
    #[serde(borrow, default)]
    entry: Vec<WireEntry<'a>>,
    #[serde(rename = "id")]
    _id: Option<String>,
    #[serde(rename = "meta")]
    _meta: Option<IgnoredAny>,
    #[serde(rename = "implicitRules")]
    _implicit_rules: Option<String>,
    #[serde(rename = "language")]
    _language: Option<String>,
    #[serde(rename = "identifier")]
    _identifier: Option<IgnoredAny>,
    #[serde(rename = "timestamp")]
    _timestamp: Option<String>,
    #[serde(rename = "link")]
    _link: Option<IgnoredAny>,
    #[serde(rename = "signature")]
    _signature: Option<IgnoredAny>,
}

#[derive(Deserialize)]
enum IsBundle {
    Bundle,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WireEntry<'a> {
    full_url: Option<String>,
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
    request: Option<WireRequest>,
    #[serde(rename = "id")]
    _id: Option<String>,
    #[serde(rename = "extension")]
    _extension: Option<IgnoredAny>,
    #[serde(rename = "link")]
    _link: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WireRequest {
    method: String,
    url: String,
    if_none_exist: Option<String>,
    if_match: Option<String>,
    if_none_match: Option<String>,
    if_modified_since: Option<String>,
    #[serde(rename = "id")]
    _id: Option<String>,
    #[serde(rename = "extension")]
    _extension: Option<IgnoredAny>,
}

/// Reads a batch or transaction of at most `limit` entries. Their resources are not looked into
/// yet, which is for [`resource`]; the errors here are those of the envelope.
pub fn read(bytes: &[u8], base: &str, limit: usize) -> Result<Bundle, Vec<Issue>> {
    let wire: Wire = match serde_json::from_slice(bytes) {
        Ok(wire) => wire,
        Err(error) => return Err(explain(bytes, &error)),
    };
    let kind = match wire.r#type.as_str() {
        "batch" => Kind::Batch,
        "transaction" => Kind::Transaction,
        _ => {
            let rule = "Only a Bundle of type batch or transaction can be posted to the base; post others to /Bundle";
            return Err(vec![Issue::error(IssueCode::Value, rule).at("Bundle.type")]);
        }
    };
    if wire.entry.len() > limit {
        let rule = format!(
            "A Bundle may have {limit} entries here, this one has {}; split it into several, or raise limits.bundle_entries",
            wire.entry.len()
        );
        return Err(vec![Issue::error(IssueCode::TooCostly, rule).at("Bundle.entry")]);
    }
    let numbered = wire.entry.into_iter().enumerate();
    let entries = numbered
        .map(|(index, wire)| entry(index, wire, bytes, base))
        .collect();
    Ok(Bundle { kind, entries })
}

/// The full validation says best what is wrong with an envelope.
fn explain(bytes: &[u8], error: &serde_json::Error) -> Vec<Issue> {
    let resource = match Resource::parse(bytes) {
        Ok(resource) => resource,
        Err(issues) => return issues,
    };
    let name = resource.type_id.name();
    if name != "Bundle" {
        let rule = format!("The base takes a Bundle, not a {name}; post it to /{name}");
        return vec![Issue::error(IssueCode::Invalid, rule).at(name)];
    }
    let issues = validate(&resource);
    if issues.iter().any(Issue::is_error) {
        return issues;
    }
    // The text of the error can quote values, its place cannot.
    let rule = format!(
        "The Bundle cannot be worked off as it is written at line {}",
        error.line()
    );
    vec![Issue::error(IssueCode::Structure, rule).at("Bundle")]
}

fn entry(index: usize, wire: WireEntry, bytes: &[u8], base: &str) -> Result<Entry, Vec<Issue>> {
    let Some(request) = wire.request else {
        let rule = "Each entry of a batch or transaction needs a request with method and url";
        return Err(vec![
            Issue::error(IssueCode::Required, rule).at(format!("{}.request", place(index))),
        ]);
    };
    let refuse = |element: &str, rule: &str| {
        let expression = format!("{}.request.{element}", place(index));
        vec![Issue::error(IssueCode::NotSupported, rule).at(expression)]
    };
    let Some(method) = Method::of(&request.method) else {
        return Err(refuse(
            "method",
            "The method must be GET, HEAD, POST, PUT, PATCH or DELETE",
        ));
    };
    let Some(target) = Target::of(&request.url, base) else {
        let rule = "The url must be an R4 type, Type/id, Type?criteria, or a history, compartment or operation of these, relative to the base";
        return Err(refuse("url", rule));
    };
    if request.if_modified_since.is_some() {
        return Err(refuse(
            "ifModifiedSince",
            "ifModifiedSince is not supported in a Bundle; use ifNoneMatch",
        ));
    }
    let (text, patch) = match method {
        Method::Patch => (None, Some(patch::read(index, &target, wire.resource)?)),
        _ => (content(index, method, &target, wire.resource)?, None),
    };
    Ok(Entry {
        full_url: wire.full_url,
        method,
        target,
        if_none_exist: request.if_none_exist,
        if_match: request.if_match,
        if_none_match: request.if_none_match,
        text: text.map(|text| within_bytes(text, bytes)),
        patch,
    })
}

fn within_bytes(text: &str, bytes: &[u8]) -> Range<usize> {
    let start = text.as_ptr().addr() - bytes.as_ptr().addr();
    start..start + text.len()
}

/// The text of the resource a POST or PUT needs.
fn content<'a>(
    index: usize,
    method: Method,
    target: &Target,
    raw: Option<&'a RawValue>,
) -> Result<Option<&'a str>, Vec<Issue>> {
    let refuse = |element: &str, rule: &str| {
        Err(vec![
            Issue::error(IssueCode::Invalid, rule).at(format!("{}.{element}", place(index))),
        ])
    };
    match (method, target, raw) {
        // What it must be is the operation's to say.
        (Method::Post, Target::Operation(..), raw) => Ok(raw.map(RawValue::get)),
        (Method::Get | Method::Delete | Method::Patch, _, None) => Ok(None),
        (Method::Get | Method::Delete | Method::Patch, _, Some(_)) => {
            refuse("resource", "GET and DELETE take no resource")
        }
        (Method::Post, Target::Type(_, query), _) if !query.is_empty() => refuse(
            "request.url",
            "A create takes no query; put its criteria into ifNoneExist",
        ),
        (Method::Post, Target::Type(..), Some(raw))
        | (Method::Put, Target::Instance(..) | Target::Type(..), Some(raw)) => Ok(Some(raw.get())),
        (Method::Post, Target::Type(..), None) | (Method::Put, _, None) => {
            refuse("resource", "POST and PUT need a resource")
        }
        (Method::Post, ..) => refuse(
            "request.url",
            "POST goes to a type, such as Patient, or to an operation",
        ),
        (Method::Put, ..) => refuse("request.url", "PUT goes to Type/id or Type?criteria"),
    }
}

/// The resource of an entry whose request is for the type `on`: parsed, and valid.
pub fn resource(index: usize, on: TypeId, text: &str) -> Result<Resource, Vec<Issue>> {
    let told = |issues: Vec<Issue>| {
        issues
            .into_iter()
            .map(|issue| within(index, issue))
            .collect::<Vec<_>>()
    };
    let resource = Resource::parse(text.as_bytes()).map_err(told)?;
    if resource.type_id != on {
        let rule = format!(
            "request.url is for {}, the resource is a {}",
            on.name(),
            resource.type_id.name()
        );
        return Err(told(vec![Issue::error(IssueCode::Invalid, rule)]));
    }
    let issues = validate(&resource);
    if issues.iter().any(Issue::is_error) {
        Err(told(issues))
    } else {
        Ok(resource)
    }
}
