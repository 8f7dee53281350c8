//! delete and conditional delete. <https://hl7.org/fhir/R4/http.html#delete>
use super::conditional::expectation;
use super::create::only;
use super::criteria::Criteria;
use super::{Call, Instance, OfType, Reply};
use crate::auth::{Access, Caller};
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::HttpRequest;
use actix_web::web::Data;
use fhir::TypeId;
use store::{Applied, Change, Expect, Op};

/// `DELETE /fhir/{type}/{id}`: 204, also for what is not there.
pub async fn delete(
    caller: Caller,
    call: Call,
    instance: Instance,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<Reply, ApiError> {
    let expect = expectation(request.headers())?;
    run(&state, &caller, &call, instance.type_id, instance.id, expect).await
}

pub async fn run(
    state: &AppState,
    caller: &Caller,
    call: &Call,
    type_id: TypeId,
    id: String,
    expect: Expect,
) -> Result<Reply, ApiError> {
    caller.require(type_id, Access::Delete)?;
    let change = Change {
        type_id,
        id,
        op: Op::Delete,
        expect,
    };
    let applied = only(
        state
            .store
            .commit(vec![change], call.context(&caller.client_id))
            .await?,
    )?;
    Ok(done(applied))
}

/// `DELETE /fhir/{type}?criteria`: at most one resource. <https://hl7.org/fhir/R4/http.html#3.1.0.7.1>
pub async fn conditional(
    caller: Caller,
    call: Call,
    of: OfType,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<Reply, ApiError> {
    let expect = expectation(request.headers())?;
    by_criteria(&state, &caller, &call, of.0, request.query_string(), expect).await
}

pub async fn by_criteria(
    state: &AppState,
    caller: &Caller,
    call: &Call,
    type_id: TypeId,
    criteria: &str,
    expect: Expect,
) -> Result<Reply, ApiError> {
    caller.require(type_id, Access::Delete)?;
    let criteria = Criteria::read(state, caller, type_id, criteria)?;
    let ctx = call.context(&caller.client_id);
    let work = move |tx: &mut store::Tx| match criteria.claim(tx)? {
        None => Ok(None),
        Some(found) => {
            let change = Change {
                type_id,
                id: found.id,
                op: Op::Delete,
                expect,
            };
            only(tx.apply(vec![change], &ctx)?).map(Some)
        }
    };
    Ok(state.store.write(work).await?.map_or_else(nothing, done))
}

fn done(applied: Applied) -> Reply {
    Reply::applied(applied, None, "")
}

fn nothing() -> Reply {
    Reply {
        status: actix_web::http::StatusCode::NO_CONTENT,
        ..Reply::resource(String::new())
    }
}
