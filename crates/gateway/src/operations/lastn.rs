//! `Observation/$lastn`: the latest of each code.
//! <https://hl7.org/fhir/R4/observation-operation-lastn.html>
use super::Invocation;
use crate::error::ApiError;
use crate::routes::Reply;
use crate::routes::search::authorize;
use crate::routes::searchset::{Entry, bundle, mode};
use actix_web::http::StatusCode;
use fhir::search::Query;
use fhir::search::parse::{Limits, parse_with};
use fhir::{Issue, IssueCode, Resource};
use serde_json::Value;
use std::collections::HashMap;
use store::{StoreError, Stored, Tx};

/// Observations read at a time, and at most: more are nobody's patient.
const PAGE: usize = 1000;
const MOST: usize = 50_000;

pub async fn run(invocation: Invocation) -> Result<Reply, ApiError> {
    let max = invocation.input.number("max")?.unwrap_or(1);
    let query = query(&invocation)?;
    let found = invocation
        .state
        .store
        .read(move |tx| latest(tx, query, max))
        .await?;
    let base = invocation.state.config.fhir_base();
    let entries: Vec<Entry> = found
        .iter()
        .map(|stored| Entry {
            full_url: Some(format!("{base}/{}/{}", stored.type_id.name(), stored.id)),
            resource: stored.body.as_str().into(),
            rest: mode("match"),
        })
        .collect();
    let total = i64::try_from(found.len()).ok();
    let used = crate::routes::query::encode(&invocation.input.pairs);
    let link = format!("{base}/{}/$lastn{used}", invocation.on.name());
    Ok(Reply::resource(bundle(
        "searchset",
        total,
        &[("self", link)],
        &entries,
    )))
}

fn query(invocation: &Invocation) -> Result<Query, ApiError> {
    let mut pairs = invocation.input.pairs.clone();
    pairs.retain(|(name, _)| name != "max");
    let has = |codes: [&str; 2]| {
        let code = |name: &str| name.split([':', '.']).next().unwrap_or_default().to_owned();
        pairs.iter().any(|(name, _)| codes.contains(&code(name).as_str()))
    };
    if !has(["patient", "subject"]) || !has(["category", "code"]) {
        let rule = "$lastn needs whose observations (patient or subject) and which (category or code)";
        return Err(ApiError::bad_request(IssueCode::Required, rule));
    }
    pairs.push(("_sort".into(), "-date".into()));
    let limits = Limits {
        default_count: PAGE,
        max_count: PAGE,
    };
    let base = invocation.state.config.fhir_base();
    let (mut query, _) = parse_with(
        invocation.on,
        &pairs,
        &base,
        limits,
        false,
        &invocation.state.store.custom(),
    )
    .map_err(ApiError::search)?;
    authorize(&invocation.caller, &query)?;
    invocation.caller.restrict(&mut query);
    Ok(query)
}

/// Newest first within each group; groups in the order of their newest.
fn latest(tx: &mut Tx, mut query: Query, max: usize) -> Result<Vec<Stored>, StoreError> {
    let mut groups = Groups::default();
    let mut read = 0;
    loop {
        let page = tx.search(&query)?;
        read += page.matches.len();
        page.matches
            .into_iter()
            .for_each(|stored| groups.add(stored, max));
        match page.next {
            None => return Ok(groups.groups.into_iter().flatten().collect()),
            Some(_) if read >= MOST => return Err(too_many().into()),
            next => query.cursor = next,
        }
    }
}

fn too_many() -> ApiError {
    let rule = format!("More than {MOST} observations to look through; narrow them by code or date");
    ApiError::with(
        StatusCode::UNPROCESSABLE_ENTITY,
        vec![Issue::error(IssueCode::TooCostly, rule)],
    )
}

/// Observations that share a coding are of one kind; without codings the text decides.
#[derive(Default)]
struct Groups {
    groups: Vec<Vec<Stored>>,
    of: HashMap<String, usize>,
}

impl Groups {
    fn add(&mut self, stored: Stored, max: usize) {
        let keys = keys(&stored);
        let known = keys.iter().find_map(|key| self.of.get(key)).copied();
        let group = known.unwrap_or_else(|| {
            self.groups.push(Vec::new());
            self.groups.len() - 1
        });
        for key in keys {
            self.of.entry(key).or_insert(group);
        }
        if self.groups[group].len() < max {
            self.groups[group].push(stored);
        }
    }
}

fn keys(stored: &Stored) -> Vec<String> {
    let resource = Resource::parse(stored.body.as_bytes()).map(|resource| resource.value);
    let code = resource.map(|value| value["code"].clone()).unwrap_or_default();
    let codings = code["coding"].as_array().map_or(&[][..], Vec::as_slice);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match codings {
        [] => vec![text(&code["text"])],
        codings => codings
            .iter()
            .map(|coding| format!("{}|{}", text(&coding["system"]), text(&coding["code"])))
            .collect(),
    }
}
