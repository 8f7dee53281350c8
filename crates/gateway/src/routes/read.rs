//! read and vread: the stored bytes as they are. <https://hl7.org/fhir/R4/http.html#read>
use super::conditional::unchanged;
use super::{Call, Instance, Reply, query, view, visible};
use crate::audit::{self, recorded};
use crate::auth::{Access, Caller};
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use fhir::search::reach::Reach;
use fhir::view::View;
use fhir::{IssueCode, TypeId};
use store::{StoreError, Stored, Tx};

/// `GET /fhir/{type}/{id}`
pub async fn read(
    caller: Caller,
    call: Call,
    instance: Instance,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<Reply, ApiError> {
    one(&state, &caller, &call, instance, &request).await
}

/// The same for who has found out already what is asked.
pub async fn one(
    state: &AppState,
    caller: &Caller,
    call: &Call,
    instance: Instance,
    request: &HttpRequest,
) -> Result<Reply, ApiError> {
    let view = view_of(request.query_string(), instance.type_id, call.lenient)?;
    let stored = current(state, caller, instance.type_id, instance.id).await?;
    Ok(answer(request, stored, &view))
}

/// `GET /fhir/{type}/{id}/_history/{version}`
pub async fn vread(
    caller: Caller,
    call: Call,
    instance: Instance,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<Reply, ApiError> {
    let view = view_of(request.query_string(), instance.type_id, call.lenient)?;
    let Ok(number) = request.match_info().query("version").parse() else {
        return Err(ApiError::not_found(
            "Versions are whole numbers; the history of the resource lists them",
        ));
    };
    let stored = version(&state, &caller, instance.type_id, instance.id, number).await?;
    Ok(answer(&request, stored, &view))
}

/// The current version, if there is one and the caller may read it.
pub async fn current(
    state: &AppState,
    caller: &Caller,
    type_id: TypeId,
    id: String,
) -> Result<Stored, ApiError> {
    let reach = caller.reach(type_id, Access::Read)?;
    if !reach.is_all() {
        let found = state.store.fetch(type_id, id).await?;
        return existing(type_id, visible::current(state, &reach, found).await?);
    }
    match recorded::read(state, caller, type_id, &id).await {
        Some(found) => existing(type_id, found?),
        None => existing(type_id, state.store.fetch(type_id, id).await?),
    }
}

/// That version, if there is one and the caller may read it.
pub async fn version(
    state: &AppState,
    caller: &Caller,
    type_id: TypeId,
    id: String,
    version: i64,
) -> Result<Stored, ApiError> {
    let reach = caller.reach(type_id, Access::Read)?;
    let (base, caller) = (state.config.fhir_base(), caller.clone());
    let work = move |tx: &mut Tx| version_in(tx, &caller, &reach, (type_id, &id, version), &base);
    existing(type_id, state.store.read(work).await?)
}

/// The current version as far as the reach goes, inside a transaction. What is recorded of others'
/// doings is for those alone who see everything.
pub fn current_in(
    tx: &mut Tx,
    caller: &Caller,
    reach: &Reach,
    (type_id, id): (TypeId, &str),
    base: &str,
) -> Result<Stored, StoreError> {
    let found = match reach.is_all() {
        true => recorded::get(tx, caller, type_id, id, base)?,
        false => {
            let found = tx.get(type_id, id)?;
            visible::current_in(tx, reach, found)?
        }
    };
    Ok(existing(type_id, found)?)
}

/// That version as far as the reach goes.
pub fn version_in(
    tx: &mut Tx,
    caller: &Caller,
    reach: &Reach,
    (type_id, id, version): (TypeId, &str, i64),
    base: &str,
) -> Result<Option<Stored>, StoreError> {
    if reach.is_all() {
        return recorded::version(tx, caller, type_id, id, version, base);
    }
    let current = tx.get(type_id, id)?;
    visible::version(tx, reach, current, version)
}

/// 404 for what never was, 410 for what was deleted.
pub fn existing(type_id: TypeId, found: Option<Stored>) -> Result<Stored, ApiError> {
    match found {
        Some(stored) if !stored.deleted => Ok(stored),
        Some(stored) => Err(ApiError::new(
            StatusCode::GONE,
            IssueCode::Deleted,
            format!(
                "This {} was deleted; its history has the earlier versions",
                type_id.name()
            ),
        )
        .header("ETag", super::reply::etag(stored.version))),
        None => Err(ApiError::not_found(format!(
            "There is no {} with this id or version",
            type_id.name()
        ))),
    }
}

fn answer(request: &HttpRequest, stored: Stored, view: &View) -> Reply {
    let patients = audit::patients([&stored]);
    let reply = match unchanged(request.headers(), &stored) {
        true => Reply::not_modified(&stored),
        false => Reply::stored(shown(stored, view)),
    };
    reply.about(patients)
}

/// As much of it as was asked for.
pub fn shown(mut stored: Stored, view: &View) -> Stored {
    if *view != View::Full {
        stored.body = view.show(&stored.body);
    }
    stored
}

/// Nothing asked for is ignored in silence.
pub fn view_of(query: &str, on: TypeId, lenient: bool) -> Result<View, ApiError> {
    let pairs = query::only(query, &["_summary", "_elements"], lenient)?;
    view::of_shown(Some(on), &pairs)
}
