//! `Patient/$match`: who this may be. <https://hl7.org/fhir/R4/patient-operation-match.html>
//!
//! Certain is only who has an identifier of the patient asked for, and no other has it. Names,
//! dates and phone numbers make likely, never certain: a person decides.
mod grade;

use super::Invocation;
use crate::auth::Access;
use crate::error::ApiError;
use crate::routes::Reply;
use crate::routes::searchset::{Entry, bundle};
use actix_web::http::StatusCode;
use fhir::search::Query;
use fhir::search::parse::{Limits, parse};
use fhir::{IssueCode, Resource};
use grade::{Grade, Graded, Person};
use serde_json::Value;
use store::{StoreError, Stored, Tx};

/// Candidates of each kind that are looked at.
const CANDIDATES: usize = 200;

pub async fn run(invocation: Invocation) -> Result<Reply, ApiError> {
    invocation.caller.reach(invocation.on, Access::Search)?;
    let asked = asked(&invocation)?;
    let certain = match invocation.input.first("onlyCertainMatches") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            return Err(ApiError::bad_request(
                IssueCode::Value,
                "onlyCertainMatches takes true or false",
            ));
        }
    };
    let limits = &invocation.state.config.limits;
    let count = invocation.input.number("count")?.unwrap_or(limits.default_count);
    let queries = queries(&invocation, &asked, certain)?;
    let candidates = invocation
        .state
        .store
        .read(move |tx| candidates(tx, &queries))
        .await?;
    let mut graded = grade::grade(&asked, candidates);
    graded.retain(|one| !certain || one.grade == Grade::Certain);
    graded.truncate(count.min(limits.max_count));
    Ok(answer(&invocation.state.config.fhir_base(), &graded))
}

fn asked(invocation: &Invocation) -> Result<Person, ApiError> {
    let refused = |rule: &str| ApiError::bad_request(IssueCode::Required, rule);
    let text = invocation.input.resource.as_deref();
    let text =
        text.ok_or_else(|| refused("Send the Patient to look for, alone or as the parameter `resource`"))?;
    let resource =
        Resource::parse(text.as_bytes()).map_err(|issues| ApiError::with(StatusCode::BAD_REQUEST, issues))?;
    if resource.type_id != invocation.on {
        return Err(refused("What is looked for is a Patient"));
    }
    let person = Person::of(&resource.value);
    if person.says_nothing() {
        return Err(refused(
            "Give identifiers, or a family name with given name, birth date or phone",
        ));
    }
    Ok(person)
}

/// By identifier; by family name with another trait; by phone. Each is an index's work.
fn queries(invocation: &Invocation, asked: &Person, certain: bool) -> Result<Vec<Query>, ApiError> {
    let mut searches: Vec<Vec<(&str, String)>> = Vec::new();
    if !asked.identifiers.is_empty() {
        let tokens: Vec<String> = asked
            .identifiers
            .iter()
            .map(|(system, value)| format!("{}|{}", escaped(system), escaped(value)))
            .collect();
        searches.push(vec![("identifier", tokens.join(","))]);
    }
    if !certain {
        searches.extend(asked.traits());
    }
    searches
        .into_iter()
        .map(|pairs| {
            let pairs: Vec<(String, String)> = pairs
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect();
            let limits = Limits {
                default_count: CANDIDATES,
                max_count: CANDIDATES,
            };
            let base = invocation.state.config.fhir_base();
            let parsed = parse(invocation.on, &pairs, &base, limits, false);
            let (mut query, _) = parsed.map_err(|issues| ApiError::with(StatusCode::BAD_REQUEST, issues))?;
            invocation.caller.restrict(&mut query);
            Ok(query)
        })
        .collect()
}

/// <https://hl7.org/fhir/R4/search.html#escaping>
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '|' | ',' | '$') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Each once. Records merged into another answer through it.
fn candidates(tx: &mut Tx, queries: &[Query]) -> Result<Vec<(Stored, Person)>, StoreError> {
    let mut found: Vec<(Stored, Person)> = Vec::new();
    for query in queries {
        for stored in tx.search(query)?.matches {
            if found.iter().any(|(known, _)| known.id == stored.id) {
                continue;
            }
            let person = Resource::parse(stored.body.as_bytes()).map(|resource| resource.value);
            if let Ok(value) = person
                && !is_replaced(&value)
            {
                found.push((stored, Person::of(&value)));
            }
        }
    }
    Ok(found)
}

fn is_replaced(patient: &Value) -> bool {
    let links = patient["link"].as_array().map_or(&[][..], Vec::as_slice);
    links.iter().any(|link| link["type"] == "replaced-by")
}

fn answer(base: &str, graded: &[Graded]) -> Reply {
    let entries: Vec<Entry> = graded
        .iter()
        .map(|one| Entry {
            full_url: Some(format!("{base}/{}/{}", one.stored.type_id.name(), one.stored.id)),
            resource: one.stored.body.as_str().into(),
            rest: format!(
                r#""search":{{"extension":[{{"url":"http://hl7.org/fhir/StructureDefinition/match-grade","valueCode":"{}"}}],"mode":"match","score":{:.2}}}"#,
                one.grade.code(),
                one.score
            ),
        })
        .collect();
    Reply::resource(bundle(
        "searchset",
        i64::try_from(graded.len()).ok(),
        &[],
        &entries,
    ))
}
