//! update, update as create, conditional update. <https://hl7.org/fhir/R4/http.html#update>
use super::conditional::expectation;
use super::create::only;
use super::criteria::{Criteria, no_conditional_references};
use super::{Call, FhirBody, Instance, OfType, Reply, query};
use crate::auth::{Access, Caller};
use crate::edge;
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use fhir::{Issue, IssueCode, Resource};
use store::{Applied, Change, Context, Expect, Op, Outcome, StoreError, Stored};

/// `PUT /fhir/{type}/{id}`
pub async fn update(
    caller: Caller,
    call: Call,
    instance: Instance,
    state: Data<AppState>,
    request: HttpRequest,
    body: FhirBody,
) -> Result<Reply, ApiError> {
    caller.writes(instance.type_id, Access::Update)?;
    query::only(request.query_string(), &[], call.lenient)?;
    let expect = expectation(request.headers())?;
    let resource = body.resource(instance.type_id)?;
    run(&state, &caller, &call, resource, instance.id, expect).await
}

/// Puts a valid resource under that id.
pub async fn run(
    state: &AppState,
    caller: &Caller,
    call: &Call,
    resource: Resource,
    id: String,
    expect: Expect,
) -> Result<Reply, ApiError> {
    caller.writes(resource.type_id, Access::Update)?;
    same_id(&resource, &id)?;
    no_conditional_references(&resource)?;
    let ctx = call.context(caller);
    let change = Change {
        type_id: resource.type_id,
        id,
        op: Op::Put(Box::new(resource)),
        expect,
    };
    let applied = if caller.may(change.type_id, Access::Create) {
        only(state.store.commit(vec![change], ctx).await?)?
    } else {
        without_create(state, caller, change, ctx).await?
    };
    Ok(Reply::applied(applied, call.prefer, &state.config.fhir_base()))
}

/// The body of a PUT names the id of the address. <https://hl7.org/fhir/R4/http.html#update>
pub fn same_id(resource: &Resource, id: &str) -> Result<(), ApiError> {
    if resource.id() == Some(id) {
        return Ok(());
    }
    let expression = format!("{}.id", resource.type_id.name());
    let rule = match resource.id() {
        Some(_) => "The id in the body differs from the id in the address; make them the same",
        None => "An update needs the id of the address in the body; add it, or POST to create",
    };
    Err(ApiError::with(
        StatusCode::BAD_REQUEST,
        vec![Issue::error(IssueCode::Value, rule).at(expression)],
    ))
}

/// Whoever may only update must not bring a resource into being.
async fn without_create(
    state: &AppState,
    caller: &Caller,
    change: Change,
    ctx: Context,
) -> Result<Applied, ApiError> {
    let caller = caller.clone();
    let work = move |tx: &mut store::Tx| {
        let applied = only(tx.apply(vec![change.clone()], &ctx)?)?;
        if applied.outcome == Outcome::Created {
            caller.writes(change.type_id, Access::Create)?;
        }
        Ok(applied)
    };
    Ok(state.store.write(work).await?)
}

/// `PUT /fhir/{type}?criteria` <https://hl7.org/fhir/R4/http.html#cond-update>
pub async fn conditional(
    caller: Caller,
    call: Call,
    of: OfType,
    state: Data<AppState>,
    request: HttpRequest,
    body: FhirBody,
) -> Result<Reply, ApiError> {
    caller.writes(of.0, Access::Update)?;
    let expect = expectation(request.headers())?;
    let resource = body.resource(of.0)?;
    by_criteria(&state, &caller, &call, resource, request.query_string(), expect).await
}

/// Puts a valid resource where the criteria lead.
pub async fn by_criteria(
    state: &AppState,
    caller: &Caller,
    call: &Call,
    resource: Resource,
    criteria: &str,
    expect: Expect,
) -> Result<Reply, ApiError> {
    caller.writes(resource.type_id, Access::Update)?;
    no_conditional_references(&resource)?;
    let criteria = Criteria::read(state, caller, resource.type_id, criteria)?;
    let ctx = call.context(caller);
    let (caller, new_id) = (caller.clone(), edge::new_id());
    let work = move |tx: &mut store::Tx| {
        let found = criteria.claim(tx)?;
        if found.is_none() {
            caller.writes(resource.type_id, Access::Create)?;
        }
        let change = put(&resource, found, &new_id, expect)?;
        only(tx.apply(vec![change], &ctx)?)
    };
    let applied = state.store.write(work).await?;
    Ok(Reply::applied(applied, call.prefer, &state.config.fhir_base()))
}

/// The change of a conditional update, given what the criteria found.
fn put(
    resource: &Resource,
    found: Option<Stored>,
    new_id: &str,
    expect: Expect,
) -> Result<Change, StoreError> {
    let own = resource.id().unwrap_or(new_id);
    Ok(Change {
        type_id: resource.type_id,
        id: target(resource, found.as_ref(), own)?,
        op: Op::Put(Box::new(resource.clone())),
        expect: expected(resource, found.as_ref(), expect),
    })
}

/// What was not found and brings no id gets a new one, under which nothing can be.
pub fn expected(resource: &Resource, found: Option<&Stored>, expect: Expect) -> Expect {
    match (found, resource.id(), expect) {
        (None, None, Expect::Any | Expect::Absent) => Expect::Fresh,
        _ => expect,
    }
}

/// Where a conditional update goes: to what was found, or to `own`.
pub fn target(resource: &Resource, found: Option<&Stored>, own: &str) -> Result<String, ApiError> {
    let Some(found) = found else {
        return Ok(own.to_owned());
    };
    if resource.id().is_some() {
        same_id(resource, &found.id)?;
    }
    Ok(found.id.clone())
}
