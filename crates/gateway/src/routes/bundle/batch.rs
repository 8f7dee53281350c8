//! Each entry for itself, as if it had come alone. <https://hl7.org/fhir/R4/http.html#brules>
use super::response::Done;
use crate::audit::{self, What};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::operations;
use crate::routes::conditional::version_of;
use crate::routes::search::{self, Of};
use crate::routes::{
    Call, Instance, Reply, compartment, create, delete, history, patch, query, read, search_system, update,
};
use crate::state::AppState;
use actix_web::web::Bytes;
use fhir::bundle::{Entry, Method, Target, resource};
use fhir::patch::Patch;
use fhir::{Issue, IssueCode};
use futures_util::{StreamExt, stream};
use store::{Expect, HistoryScope, Stored};

/// Entries of one method at a time in the database, which share commits.
const AT_ONCE: usize = 64;

/// Writes before reads, in the order of a transaction; entries of one method side by side.
pub async fn run(
    state: &AppState,
    caller: &Caller,
    call: &Call,
    bytes: Bytes,
    entries: Vec<Result<Entry, Vec<Issue>>>,
) -> Vec<Done> {
    let bytes = &bytes;
    let mut results: Vec<(usize, Done)> = Vec::with_capacity(entries.len());
    let mut ready: Vec<(usize, Entry)> = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        match entry {
            Ok(entry) => ready.push((index, entry)),
            Err(issues) => results.push((
                index,
                Done {
                    method: None,
                    result: Err(ApiError::invalid(issues)),
                },
            )),
        }
    }
    for method in [
        Method::Delete,
        Method::Post,
        Method::Put,
        Method::Patch,
        Method::Get,
    ] {
        let now = ready
            .extract_if(.., |(_, entry)| entry.method == method)
            .collect::<Vec<_>>();
        let mut done = stream::iter(now)
            .map(|(index, entry)| async move {
                let what = What::of_entry(entry.method, &entry.target);
                let result = one(state, caller, call, bytes, index, entry).await;
                let recorded = audit::entry(state, caller, call, what, &result).await;
                (index, recorded.and(result))
            })
            .buffer_unordered(AT_ONCE);
        while let Some((index, result)) = done.next().await {
            results.push((
                index,
                Done {
                    method: Some(method),
                    result,
                },
            ));
        }
    }
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, done)| done).collect()
}

async fn one(
    state: &AppState,
    caller: &Caller,
    call: &Call,
    bytes: &Bytes,
    index: usize,
    entry: Entry,
) -> Result<Reply, ApiError> {
    let expect = expectation(&entry)?;
    let criteria = entry.if_none_exist.as_deref();
    if let Some(patch) = entry.patch {
        return patched(state, caller, call, entry.target, patch, expect).await;
    }
    let text = entry.text.map(|text| bytes.slice(text));
    let read = |(text, on)| resource(index, on, std::str::from_utf8(text).unwrap_or_default());
    let put = text.as_deref().zip(entry.target.of_body()).map(read);
    match (
        entry.method,
        entry.target,
        put.transpose().map_err(ApiError::invalid)?,
    ) {
        (Method::Post, Target::Type(..), Some(resource)) => {
            create::run(state, caller, call, resource, criteria).await
        }
        (Method::Put, Target::Instance(_, id), Some(resource)) => {
            update::run(state, caller, call, resource, id, expect).await
        }
        (Method::Put, Target::Type(_, criteria), Some(resource)) => {
            update::by_criteria(state, caller, call, resource, &criteria, expect).await
        }
        (Method::Delete, Target::Instance(type_id, id), _) => {
            delete::run(state, caller, call, type_id, id, expect).await
        }
        (Method::Delete, Target::Type(type_id, criteria), _) => {
            delete::by_criteria(state, caller, call, type_id, &criteria, expect).await
        }
        (Method::Get | Method::Post, Target::Operation(on, id, name, query), _) => {
            let target = operations::Target {
                on,
                id,
                name,
                query,
                body: text.unwrap_or_default(),
                is_post: entry.method == Method::Post,
            };
            operations::run(state, caller.clone(), call.clone(), target).await
        }
        (Method::Get, target, _) => get(state, caller, call, target, entry.if_none_match.as_deref()).await,
        _ => Err(unsupported()),
    }
}

async fn patched(
    state: &AppState,
    caller: &Caller,
    call: &Call,
    target: Target,
    patch: Patch,
    expect: Expect,
) -> Result<Reply, ApiError> {
    match target {
        Target::Instance(type_id, id) => {
            patch::run(state, caller, call, Instance { type_id, id }, patch, expect).await
        }
        Target::Type(type_id, criteria) => {
            patch::by_criteria(state, caller, call, type_id, &criteria, patch, expect).await
        }
        _ => Err(unsupported()),
    }
}

async fn get(
    state: &AppState,
    caller: &Caller,
    call: &Call,
    target: Target,
    if_none_match: Option<&str>,
) -> Result<Reply, ApiError> {
    match target {
        Target::Instance(type_id, id) => Ok(unless_known(
            read::current(state, caller, type_id, id).await?,
            if_none_match,
        )),
        Target::Version(type_id, id, version) => Ok(unless_known(
            read::version(state, caller, type_id, id, version).await?,
            None,
        )),
        Target::Shown(type_id, id, text) => {
            let view = read::view_of(&text, type_id, false)?;
            let stored = read::current(state, caller, type_id, id).await?;
            let patients = audit::patients([&stored]);
            Ok(unless_known(read::shown(stored, &view), if_none_match).about(patients))
        }
        Target::Type(type_id, text) => {
            search::run(state, caller, &Of::all(type_id), &query::pairs(&text)?, false).await
        }
        Target::System(text) => search_system::run(state, caller, None, query::pairs(&text)?, false).await,
        Target::Compartment(type_id, id, on, text) => {
            let focus = Instance { type_id, id };
            compartment::run(state, caller, focus, on, query::pairs(&text)?, false).await
        }
        Target::History(type_id, id, text) => {
            history::run(state, caller, call, scope(type_id, id), &text).await
        }
        Target::SystemHistory(text) => history::run(state, caller, call, HistoryScope::System, &text).await,
        Target::Operation(..) => Err(unsupported()),
    }
}

pub fn scope(type_id: fhir::TypeId, id: Option<String>) -> HistoryScope {
    match id {
        Some(id) => HistoryScope::Instance(type_id, id),
        None => HistoryScope::Type(type_id),
    }
}

/// 304 instead of a version the client has.
pub fn unless_known(stored: Stored, if_none_match: Option<&str>) -> Reply {
    let patients = audit::patients([&stored]);
    let reply = match if_none_match.and_then(version_of) == Some(stored.version) {
        true => Reply::not_modified(&stored),
        false => Reply::stored(stored),
    };
    reply.about(patients)
}

/// `ifMatch` and `ifNoneMatch: *` of an entry that writes.
pub fn expectation(entry: &Entry) -> Result<Expect, ApiError> {
    match (&entry.if_match, entry.if_none_match.as_deref()) {
        (Some(tag), _) => version_of(tag).map(Expect::Version).ok_or_else(|| {
            ApiError::bad_request(IssueCode::Value, "ifMatch must be an ETag such as W/\"3\"")
        }),
        (None, Some("*")) => Ok(Expect::Absent),
        (None, _) => Ok(Expect::Any),
    }
}

pub fn unsupported() -> ApiError {
    ApiError::bad_request(
        IssueCode::NotSupported,
        "This method and url do not go together; see the interactions in /fhir/metadata",
    )
}
