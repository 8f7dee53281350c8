//! read and vread: the stored bytes as they are. <https://hl7.org/fhir/R4/http.html#read>
use super::conditional::unchanged;
use super::{Call, Instance, Reply, query, view};
use crate::auth::{Access, Caller};
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use fhir::view::View;
use fhir::{IssueCode, TypeId};
use store::Stored;

/// `GET /fhir/{type}/{id}`
pub async fn read(
    caller: Caller,
    _call: Call,
    instance: Instance,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<Reply, ApiError> {
    let view = view_of(&request, instance.type_id)?;
    let stored = current(&state, &caller, instance.type_id, instance.id).await?;
    Ok(answer(&request, stored, &view))
}

/// `GET /fhir/{type}/{id}/_history/{version}`
pub async fn vread(
    caller: Caller,
    _call: Call,
    instance: Instance,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<Reply, ApiError> {
    let view = view_of(&request, instance.type_id)?;
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
    caller.require(type_id, Access::Read)?;
    existing(type_id, state.store.fetch(type_id, id).await?)
}

/// That version, if there is one and the caller may read it.
pub async fn version(
    state: &AppState,
    caller: &Caller,
    type_id: TypeId,
    id: String,
    version: i64,
) -> Result<Stored, ApiError> {
    caller.require(type_id, Access::Read)?;
    existing(
        type_id,
        state
            .store
            .read(move |tx| tx.version(type_id, &id, version))
            .await?,
    )
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

fn answer(request: &HttpRequest, mut stored: Stored, view: &View) -> Reply {
    if unchanged(request.headers(), &stored) {
        return Reply::not_modified(&stored);
    }
    if *view != View::Full {
        stored.body = view.show(&stored.body);
    }
    Reply::stored(stored)
}

/// Nothing asked for is ignored in silence.
fn view_of(request: &HttpRequest, on: TypeId) -> Result<View, ApiError> {
    if request.query_string().is_empty() {
        return Ok(View::Full);
    }
    let pairs = query::pairs(request.query_string())?;
    query::only(&pairs, &["_summary", "_elements", "_format", "_pretty"])?;
    view::of_shown(Some(on), &pairs)
}
