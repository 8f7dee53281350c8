//! Search over several types: `GET /fhir?_type=…`, `POST /fhir/_search`.
//! <https://hl7.org/fhir/R4/http.html#search>
use super::search::{Asked, form};
use super::searchset::{Entry, bundle};
use super::walk::{Found, Walk};
use super::{Call, Reply, query};
use crate::auth::{Access, Caller};
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::HttpRequest;
use actix_web::web::{Data, Payload};
use fhir::outcome::operation_outcome;
use fhir::{IssueCode, TypeId, registry};

pub async fn by_get(
    caller: Caller,
    call: Call,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<Reply, ApiError> {
    run(
        &state,
        &caller,
        query::pairs(request.query_string())?,
        call.lenient,
    )
    .await
}

pub async fn by_post(
    caller: Caller,
    call: Call,
    state: Data<AppState>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Reply, ApiError> {
    let mut pairs = query::pairs(request.query_string())?;
    pairs.extend(form(&request, payload).await?);
    run(&state, &caller, pairs, call.lenient).await
}

async fn run(
    state: &AppState,
    caller: &Caller,
    mut pairs: Vec<(String, String)>,
    lenient: bool,
) -> Result<Reply, ApiError> {
    by_type_only(&pairs)?;
    let types = types(caller, query::first(&pairs, "_type"))?;
    let cursor = query::first(&pairs, "_cursor").map(str::to_owned);
    pairs.retain(|(name, _)| name != "_cursor");
    let mut searched = pairs.clone();
    searched.retain(|(name, _)| name != "_type");
    let each = types
        .iter()
        .map(|on| Asked::read(state, caller, *on, &searched, lenient));
    let parts: Vec<Asked> = each.collect::<Result<_, _>>()?;
    let walk = Walk {
        count: parts.first().map_or(0, |part| part.query.count),
        parts: parts.iter().map(|part| part.query.clone()).collect(),
        cursor,
    };
    let asked = walk.clone();
    let found = state.store.read(move |tx| asked.page(tx)).await?;
    Ok(answer(
        caller,
        &state.config.fhir_base(),
        &pairs,
        &parts,
        &walk,
        &found,
    ))
}

/// Matches come type by type: an order across types would need all of them first.
fn by_type_only(pairs: &[(String, String)]) -> Result<(), ApiError> {
    match query::first(pairs, "_sort") {
        None => Ok(()),
        Some(_) => Err(ApiError::bad_request(
            IssueCode::NotSupported,
            "A search over several types comes type by type; _sort works in a search of one type",
        )),
    }
}

/// Those named, or all the caller may search.
fn types(caller: &Caller, named: Option<&str>) -> Result<Vec<TypeId>, ApiError> {
    let Some(names) = named else {
        let allowed = registry()
            .types()
            .iter()
            .filter(|on| caller.may(**on, Access::Search));
        return Ok(allowed.copied().collect());
    };
    let unknown = || {
        let rule = "_type takes R4 resource types separated by commas, such as Patient,Task";
        ApiError::bad_request(IssueCode::Value, rule)
    };
    let each = names.split(',').map(|name| TypeId::of(name).ok_or_else(unknown));
    let mut types: Vec<TypeId> = each.collect::<Result<_, _>>()?;
    types.sort_unstable();
    types.dedup();
    Ok(types)
}

fn answer(
    caller: &Caller,
    base: &str,
    pairs: &[(String, String)],
    parts: &[Asked],
    walk: &Walk,
    found: &Found,
) -> Reply {
    let link = |cursor: Option<&String>| {
        let mut pairs = pairs.to_vec();
        pairs.extend(cursor.map(|cursor| ("_cursor".to_owned(), cursor.clone())));
        format!("{base}{}", query::encode(&pairs))
    };
    let mut links = vec![("self", link(walk.cursor.as_ref()))];
    links.extend(walk.cursor.as_ref().map(|_| ("first", link(None))));
    links.extend(found.next.as_ref().map(|next| ("next", link(Some(next)))));
    let warnings = parts
        .first()
        .map(|part| part.warnings(found.truncated, found.cut))
        .unwrap_or_default();
    let outcome = (!warnings.is_empty()).then(|| operation_outcome(&warnings).to_string());
    let mut entries: Vec<Entry> = Vec::with_capacity(found.matches.len());
    if let Some(any) = parts.first() {
        entries.extend(found.matches.iter().map(|stored| any.entry(stored, "match")));
        let visible = found
            .included
            .iter()
            .filter(|stored| caller.may(stored.type_id, Access::Read));
        entries.extend(visible.map(|stored| any.entry(stored, "include")));
    }
    entries.extend(outcome.as_deref().map(Entry::outcome));
    Reply::resource(bundle("searchset", found.total, &links, &entries))
}
