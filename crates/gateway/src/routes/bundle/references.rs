//! What conditional references lead to: something stored, or something this transaction writes.
//! <https://hl7.org/fhir/R4/http.html#trules>
use super::cores;
use super::identity::{Found, found, identity};
use super::plan::Plan;
use super::refusal::Refusals;
use super::tokens::ByToken;
use crate::error::ApiError;
use actix_web::http::StatusCode;
use fhir::bundle::{Links, Place, conditional_references};
use fhir::{Issue, IssueCode, Resource};
use std::collections::HashMap;

/// Adds where they lead to `links`; those that lead nowhere to `refusals`.
pub fn resolve(plan: &Plan, known: &Found, links: &mut Links, refusals: &mut Refusals) {
    let open: Vec<usize> = plan
        .references
        .values()
        .map(|(criteria, _)| *criteria)
        .filter(|criteria| found(known, *criteria).is_none())
        .collect();
    let written = written(plan, known, &open);
    for (text, (criteria, entry)) in &plan.references {
        let place = match found(known, *criteria) {
            Some(stored) => Some(Place {
                local: format!("{}/{}", stored.type_id.name(), stored.id),
                version: None,
            }),
            None => written.get(criteria).and_then(Clone::clone),
        };
        match place {
            Some(place) => links.insert(text.clone(), place),
            None => refusals.add(*entry, unresolved(plan, *entry, text)),
        }
    }
}

/// Per criteria, the one resource of this transaction that it would find; None for several.
fn written(plan: &Plan, known: &Found, open: &[usize]) -> HashMap<usize, Option<Place>> {
    let mut written: HashMap<usize, Option<Place>> = HashMap::new();
    if open.is_empty() {
        return written;
    }
    let by_token = ByToken::new(&plan.criteria, open.iter().copied());
    let matches = cores::each(plan.steps.len(), |index| {
        let identity = identity(&plan.steps[index], known)
            .filter(|identity| identity.changes && by_token.asks_for(identity.type_id))?;
        // What is no resource is refused when its turn comes.
        let resource = Resource::parse(plan.text(index)?.as_bytes()).ok()?;
        let local = format!("{}/{}", identity.type_id.name(), identity.id);
        Some((local, by_token.matching(&resource)))
    });
    for (local, criteria) in matches.into_iter().flatten() {
        for criteria in criteria {
            let place = Place {
                local: local.clone(),
                version: None,
            };
            let several = |first: &mut Option<Place>| *first = None;
            written.entry(criteria).and_modify(several).or_insert(Some(place));
        }
    }
    written
}

fn unresolved(plan: &Plan, entry: usize, text: &str) -> ApiError {
    let rule = "This conditional reference finds no resource, or several of this transaction; send what it refers to first";
    let mut issue = Issue::error(IssueCode::NotFound, rule);
    let resource = plan
        .text(entry)
        .and_then(|text| Resource::parse(text.as_bytes()).ok());
    let references = resource.as_ref().map(conditional_references).unwrap_or_default();
    let here = references
        .into_iter()
        .find(|reference| format!("{}?{}", reference.type_id.name(), reference.criteria) == text);
    if let Some(here) = here {
        issue = issue.at(here.expression);
    }
    ApiError::with(StatusCode::PRECONDITION_FAILED, vec![issue])
}
