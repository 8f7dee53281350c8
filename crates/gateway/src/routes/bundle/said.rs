//! What `X-Provenance` says of a transaction: it calls entries as they call each other, and its targets are entries.
//! <https://hl7.org/fhir/R4/provenance.html#header>
use super::identity::{Found, identity};
use super::plan::Plan;
use crate::error::ApiError;
use fhir::bundle::Links;
use fhir::{Issue, IssueCode, TypeId};
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;
use store::{Context, Said, StoreError};

/// The context of the writes, with what is said put in terms of what entries become.
pub fn context<'a>(plan: &'a Plan, known: &Found, links: &Links) -> Result<Cow<'a, Context>, StoreError> {
    let Some(said) = &plan.context.provenance else {
        return Ok(Cow::Borrowed(&plan.context));
    };
    let mut resource = linked(&said.resource, links)?;
    let targets = resource
        .as_object_mut()
        .and_then(|members| members.remove("target"));
    let about = targets.map(|targets| about(plan, known, &targets)).transpose()?;
    Ok(Cow::Owned(Context {
        provenance: Some(Arc::new(Said {
            id: said.id.clone(),
            resource,
            about,
        })),
        ..plan.context.clone()
    }))
}

fn linked(said: &Value, links: &Links) -> Result<Value, StoreError> {
    let Some(text) = links.relink(&said.to_string(), None) else {
        return Ok(said.clone());
    };
    serde_json::from_str(&text).map_err(|error| StoreError::Database(error.to_string()))
}

/// The resources that these targets are.
fn about(plan: &Plan, known: &Found, targets: &Value) -> Result<Vec<(TypeId, String)>, StoreError> {
    let targets = targets.as_array().into_iter().flatten().enumerate();
    let named = targets.map(|(index, target)| {
        let reference = target["reference"].as_str().unwrap_or_default();
        let found = entry(plan, known, reference);
        found.ok_or_else(|| no_entry(index).into())
    });
    named.collect()
}

fn entry(plan: &Plan, known: &Found, reference: &str) -> Option<(TypeId, String)> {
    let (type_id, id) = reference.split_once('/')?;
    let type_id = TypeId::of(type_id)?;
    let identities = plan.steps.iter().filter_map(|step| identity(step, known));
    let mut same = identities.filter(|identity| identity.type_id == type_id && identity.id == id);
    same.next().map(|identity| (type_id, identity.id.to_owned()))
}

fn no_entry(index: usize) -> ApiError {
    let rule =
        "A target in X-Provenance is what an entry of the transaction is about, by its fullUrl or as Type/id";
    let issue = Issue::error(IssueCode::Invalid, rule).at(format!("Provenance.target[{index}].reference"));
    ApiError::with(actix_web::http::StatusCode::BAD_REQUEST, vec![issue])
}
