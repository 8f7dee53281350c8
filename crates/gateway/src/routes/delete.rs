//! delete and conditional delete. <https://hl7.org/fhir/R4/http.html#delete>
use super::call::Return;
use super::conditional::expectation;
use super::create::only;
use super::criteria::Criteria;
use super::{Call, Instance, OfType, Reply, query};
use crate::auth::{Access, Caller};
use crate::error::{ApiError, shown_to};
use crate::state::AppState;
use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use fhir::outcome::operation_outcome;
use fhir::{Issue, IssueCode, TypeId};
use store::{Applied, Change, Expect, Op, Stored};

/// `DELETE /fhir/{type}/{id}`: 204, also for what is not there.
pub async fn delete(
    caller: Caller,
    call: Call,
    instance: Instance,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<Reply, ApiError> {
    query::only(request.query_string(), &[], call.lenient)?;
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
    caller.writes(type_id, Access::Delete)?;
    let change = Change {
        type_id,
        id,
        op: Op::Delete,
        expect,
    };
    let applied = only(
        state
            .store
            .commit(vec![change], call.context(caller))
            .await
            .map_err(|error| shown_to(caller, error))?,
    )?;
    Ok(done(applied, call))
}

/// `DELETE /fhir/{type}?criteria`: at most as many as `limits.conditional_delete` says.
/// <https://hl7.org/fhir/R4/http.html#3.1.0.7.1>
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
    caller.writes(type_id, Access::Delete)?;
    let criteria = Criteria::read(state, caller, type_id, criteria)?;
    let ctx = call.context(caller);
    let most = state.config.limits.conditional_delete;
    let work = move |tx: &mut store::Tx| {
        criteria.lock(tx)?;
        let found = criteria.find_all(tx, most)?;
        few(found.len(), most, expect)?;
        let delete = |found: Stored| Change {
            type_id,
            id: found.id,
            op: Op::Delete,
            expect,
        };
        tx.apply(found.into_iter().map(delete).collect(), &ctx)
    };
    let written = state.store.write(work).await;
    let mut applied = written.map_err(|error| shown_to(caller, error))?;
    Ok(match applied.len() {
        0 | 1 => applied.pop().map_or_else(|| nothing(call), |one| done(one, call)),
        count => several(count, type_id, call),
    })
}

fn few(count: usize, most: usize, expect: Expect) -> Result<(), ApiError> {
    let refused = |text| {
        let (status, code) = (StatusCode::PRECONDITION_FAILED, IssueCode::MultipleMatches);
        Err(ApiError::new(status, code, text))
    };
    match count {
        _ if count > most => refused(format!(
            "The criteria match more than {most}, which is as many as one conditional delete may remove here; narrow them"
        )),
        2.. if expect != Expect::Any => refused(format!(
            "The criteria match {count} resources, but If-Match names a version of one; narrow them"
        )),
        _ => Ok(()),
    }
}

fn done(applied: Applied, call: &Call) -> Reply {
    // There is no representation of what is gone.
    let prefer = call.prefer.filter(|prefer| *prefer != Return::Representation);
    Reply::applied(applied, prefer, "")
}

fn nothing(call: &Call) -> Reply {
    let nothing = "The criteria match nothing; nothing was deleted";
    match call.prefer {
        Some(Return::Outcome) => told(nothing.to_owned(), call),
        _ => Reply {
            status: StatusCode::NO_CONTENT,
            ..Reply::resource(String::new())
        },
    }
}

/// There is something to say: how many.
fn several(count: usize, type_id: TypeId, call: &Call) -> Reply {
    told(format!("{count} {} resources deleted", type_id.name()), call)
}

fn told(text: String, call: &Call) -> Reply {
    Reply {
        prefer: call.prefer.filter(|prefer| *prefer == Return::Outcome),
        ..Reply::resource(operation_outcome(&[Issue::information(text)]).to_string())
    }
}
