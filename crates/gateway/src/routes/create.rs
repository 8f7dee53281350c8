//! create and conditional create. <https://hl7.org/fhir/R4/http.html#create>
use super::conditional::if_none_exist;
use super::criteria::{Criteria, no_conditional_references};
use super::{Call, FhirBody, OfType, Reply, query};
use crate::auth::{Access, Caller};
use crate::edge;
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::HttpRequest;
use actix_web::web::Data;
use fhir::Resource;
use store::{Applied, Change, Context, Expect, Op, Outcome, StoreError, Stored};

/// `POST /fhir/{type}`
pub async fn create(
    caller: Caller,
    call: Call,
    of: OfType,
    state: Data<AppState>,
    request: HttpRequest,
    body: FhirBody,
) -> Result<Reply, ApiError> {
    caller.writes(of.0, Access::Create)?;
    query::only(request.query_string(), &[], call.lenient)?;
    let criteria = if_none_exist(request.headers())?;
    let resource = body.resource(of.0)?;
    run(&state, &caller, &call, resource, criteria).await
}

/// Creates a valid resource under a new id, unless the criteria find one.
pub async fn run(
    state: &AppState,
    caller: &Caller,
    call: &Call,
    resource: Resource,
    if_none_exist: Option<&str>,
) -> Result<Reply, ApiError> {
    caller.writes(resource.type_id, Access::Create)?;
    no_conditional_references(&resource)?;
    let ctx = call.context(caller);
    let base = state.config.fhir_base();
    let applied = match if_none_exist {
        None => only(state.store.commit(vec![fresh(resource)], ctx).await?)?,
        Some(text) => {
            let criteria = Criteria::read(state, caller, resource.type_id, text)?;
            unless_found(state, criteria, fresh(resource), ctx).await?
        }
    };
    Ok(Reply::applied(applied, call.prefer, &base))
}

/// A change that makes a new resource.
pub fn fresh(resource: Resource) -> Change {
    Change {
        type_id: resource.type_id,
        id: edge::new_id(),
        op: Op::Put(Box::new(resource)),
        expect: Expect::Fresh,
    }
}

async fn unless_found(
    state: &AppState,
    criteria: Criteria,
    change: Change,
    ctx: Context,
) -> Result<Applied, ApiError> {
    let work = move |tx: &mut store::Tx| match criteria.claim(tx)? {
        Some(found) => Ok(kept(found)),
        None => only(tx.apply(vec![change.clone()], &ctx)?),
    };
    Ok(state.store.write(work).await?)
}

/// What is there already stands in for what was to be created.
pub fn kept(found: Stored) -> Applied {
    Applied {
        type_id: found.type_id,
        id: found.id,
        version: found.version,
        updated: found.updated,
        outcome: Outcome::Unchanged,
        body: found.body,
    }
}

/// One change in, one result out.
pub fn only(applied: Vec<Applied>) -> Result<Applied, StoreError> {
    applied
        .into_iter()
        .next()
        .ok_or_else(|| StoreError::Database("a commit of one change returned no result".into()))
}
