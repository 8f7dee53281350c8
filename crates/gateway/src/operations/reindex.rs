//! `$reindex` and `$reindex-status` of SearchParameter: how far the index of what a definition
//! finds is, and doing it again.
use super::Invocation;
use crate::auth::Access;
use crate::error::ApiError;
use crate::routes::{Reply, read};
use actix_web::http::StatusCode;
use fhir::datetime::instant;
use fhir::{Issue, IssueCode};
use serde_json::{Value, json};
use store::{ParamJob, State};

/// Those of one definition, or of all.
pub async fn status(invocation: Invocation) -> Result<Reply, ApiError> {
    invocation.caller.require(invocation.on, Access::Read)?;
    let id = invocation.id.clone();
    let jobs = jobs(&invocation).await?;
    if let (true, Some(id)) = (jobs.is_empty(), id) {
        // 404 and 410 as a read has them.
        read::current(&invocation.state, &invocation.caller, invocation.on, id).await?;
    }
    Ok(Reply::resource(told(&jobs).to_string()))
}

pub async fn again(invocation: Invocation) -> Result<Reply, ApiError> {
    invocation.caller.require(invocation.on, Access::Update)?;
    let (id, now) = (invocation.id()?, invocation.call.context(&invocation.caller).now);
    read::existing(
        invocation.on,
        invocation.state.store.fetch(invocation.on, id.clone()).await?,
    )?;
    if !invocation
        .state
        .store
        .write(move |tx| tx.reindex(&id, now))
        .await?
    {
        let rule = "This definition has no index of its own: it is not active, a composite, or R4's parameter serves it";
        let issue = Issue::error(IssueCode::BusinessRule, rule).at("SearchParameter.status");
        return Err(ApiError::with(StatusCode::UNPROCESSABLE_ENTITY, vec![issue]));
    }
    Ok(Reply::resource(told(&jobs(&invocation).await?).to_string()))
}

async fn jobs(invocation: &Invocation) -> Result<Vec<ParamJob>, ApiError> {
    let id = invocation.id.clone();
    let jobs = invocation
        .state
        .store
        .read(move |tx| tx.param_jobs(id.as_deref()))
        .await?;
    Ok(jobs)
}

/// The whole first: its state is that of the part that is least far.
fn told(jobs: &[ParamJob]) -> Value {
    let sum = |count: fn(&ParamJob) -> i64| -> i64 {
        let building = jobs
            .iter()
            .filter(|job| job.state().is_some_and(State::is_wanted));
        building.map(count).sum()
    };
    let mut parameters = vec![
        json!({"name": "state", "valueCode": state(jobs)}),
        json!({"name": "done", "valueInteger": sum(|job| job.done)}),
        json!({"name": "total", "valueInteger": sum(|job| job.total)}),
        json!({"name": "failed", "valueInteger": sum(|job| job.failed)}),
    ];
    parameters.extend(jobs.iter().map(part));
    json!({"resourceType": "Parameters", "parameter": parameters})
}

fn state(jobs: &[ParamJob]) -> &'static str {
    const ORDER: [State; 5] = [
        State::Waiting,
        State::Indexing,
        State::Leaving,
        State::Removing,
        State::Serving,
    ];
    let has = |state: &&State| jobs.iter().any(|job| job.state() == Some(**state));
    ORDER.iter().find(has).map_or("inactive", |state| state.code())
}

fn part(job: &ParamJob) -> Value {
    let text = |name: &str, value: &str| json!({"name": name, "valueCode": value});
    let number = |name: &str, value: i64| json!({"name": name, "valueInteger": value});
    let mut parts = vec![
        json!({"name": "definition", "valueReference": {"reference": format!("SearchParameter/{}", job.resource_id)}}),
        text("base", job.on().map_or("", |on| on.name())),
        text("code", &job.code),
        text("state", job.state().map_or("", State::code)),
        number("done", job.done),
        number("total", job.total),
        number("failed", job.failed),
        json!({"name": "defined", "valueInstant": instant(job.created)}),
        json!({"name": "changed", "valueInstant": instant(job.changed)}),
    ];
    if let Some(error) = &job.error {
        parts.push(json!({"name": "error", "valueString": error}));
    }
    json!({"name": "parameter", "part": parts})
}
