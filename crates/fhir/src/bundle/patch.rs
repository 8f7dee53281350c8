//! The patch of an entry: Parameters, or JSON inside a Binary.
//! <https://hl7.org/fhir/R4/http.html#patch>
use super::target::Target;
use super::{place, within};
use crate::patch::Patch;
use crate::validate::validate;
use crate::{Issue, IssueCode, Resource};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

const JSON_PATCH: &str = "application/json-patch+json";
const MERGE_PATCH: &str = "application/merge-patch+json";

pub(super) fn read(index: usize, target: &Target, raw: Option<&RawValue>) -> Result<Patch, Vec<Issue>> {
    let refuse = |element: &str, rule: &str| {
        vec![Issue::error(IssueCode::Invalid, rule).at(format!("{}.{element}", place(index)))]
    };
    if !matches!(target, Target::Instance(..) | Target::Type(..)) {
        return Err(refuse("request.url", "PATCH goes to Type/id or Type?criteria"));
    }
    let raw = raw.ok_or_else(|| refuse("resource", "PATCH needs a Parameters or Binary resource"))?;
    of(raw).map_err(|issues| issues.into_iter().map(|issue| within(index, issue)).collect())
}

fn of(raw: &RawValue) -> Result<Patch, Vec<Issue>> {
    let resource = Resource::parse(raw.get().as_bytes())?;
    let issues = validate(&resource);
    if issues.iter().any(Issue::is_error) {
        return Err(issues);
    }
    let member = |name: &str| resource.value.get(name).and_then(|value| value.as_str());
    let Some(media_type) = member("contentType") else {
        return Patch::parameters(&resource);
    };
    let form = match media_type {
        JSON_PATCH => Patch::json,
        MERGE_PATCH => Patch::merge,
        _ => {
            let rule = format!("A Binary that patches has the contentType {JSON_PATCH} or {MERGE_PATCH}");
            return Err(vec![
                Issue::error(IssueCode::NotSupported, rule).at("Binary.contentType"),
            ]);
        }
    };
    let text = member("data")
        .and_then(|data| STANDARD.decode(data).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let rule = "The data must be the patch in UTF-8, as base64";
    form(&text.ok_or_else(|| vec![Issue::error(IssueCode::Structure, rule).at("Binary.data")])?)
}
