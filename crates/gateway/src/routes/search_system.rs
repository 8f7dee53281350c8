//! Search over several types: `GET /fhir?_type=…`, `POST /fhir/_search`, `GET /fhir/Patient/1/*`.
//! <https://hl7.org/fhir/R4/http.html#search>
use super::search::{self, Of, no_member, posted};
use super::searchset::{Entry, bundle};
use super::walk::{Found, Walk};
use super::{Call, Instance, Reply, query};
use crate::audit;
use crate::auth::{Access, Caller};
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::HttpRequest;
use actix_web::web::{Data, Payload};
use fhir::outcome::operation_outcome;
use fhir::search::compartment;
use fhir::{IssueCode, TypeId, registry};

pub async fn by_get(
    caller: Caller,
    call: Call,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<Reply, ApiError> {
    let pairs = query::pairs(request.query_string())?;
    run(&state, &caller, None, pairs, call.lenient).await
}

pub async fn by_post(
    caller: Caller,
    call: Call,
    state: Data<AppState>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Reply, ApiError> {
    let pairs = posted(&request, payload).await?;
    run(&state, &caller, None, pairs, call.lenient).await
}

/// Over all types, or over those of a compartment.
pub async fn run(
    state: &AppState,
    caller: &Caller,
    within: Option<Instance>,
    pairs: Vec<(String, String)>,
    lenient: bool,
) -> Result<Reply, ApiError> {
    let asked = Asked::read(state, caller, within, pairs, lenient)?;
    let work = asked.walk.clone();
    let found = state.store.read(move |tx| work.page(tx)).await?;
    Ok(asked.answer(caller, &found))
}

/// A search that was understood and is allowed.
pub struct Asked {
    pub walk: Walk,
    /// One per type.
    parts: Vec<search::Asked>,
    /// As given, without the cursor.
    pairs: Vec<(String, String)>,
    /// The address.
    url: String,
}

impl Asked {
    pub fn read(
        state: &AppState,
        caller: &Caller,
        within: Option<Instance>,
        mut pairs: Vec<(String, String)>,
        lenient: bool,
    ) -> Result<Asked, ApiError> {
        by_type_only(&pairs)?;
        query::once(&pairs)?;
        let types = types(caller, within.as_ref(), query::first(&pairs, "_type"))?;
        let cursor = query::first(&pairs, "_cursor").map(str::to_owned);
        pairs.retain(|(name, _)| name != "_cursor");
        let mut searched = pairs.clone();
        searched.retain(|(name, _)| name != "_type");
        let each = types.into_iter().map(|on| {
            let within = within.clone();
            search::Asked::read(state, caller, &Of { on, within }, &searched, lenient)
        });
        let parts: Vec<search::Asked> = each.collect::<Result<_, _>>()?;
        let base = state.config.fhir_base();
        Ok(Asked {
            walk: Walk {
                count: parts.first().map_or(0, |part| part.query.count),
                parts: parts.iter().map(|part| part.query.clone()).collect(),
                cursor,
            },
            url: match &within {
                None => base,
                Some(Instance { type_id, id }) => format!("{base}/{}/{id}/*", type_id.name()),
            },
            parts,
            pairs,
        })
    }

    pub fn answer(&self, caller: &Caller, found: &Found) -> Reply {
        let Asked {
            walk,
            parts,
            pairs,
            url,
        } = self;
        let link = |cursor: Option<&String>| {
            // The `self` link says what was used.
            let used = |pair: &&(String, String)| {
                pair.0 == "_type"
                    || parts
                        .iter()
                        .any(|part| part.query.echo.iter().any(|(name, _)| *name == pair.0))
            };
            let mut pairs: Vec<_> = pairs.iter().filter(used).cloned().collect();
            pairs.extend(cursor.map(|cursor| ("_cursor".to_owned(), cursor.clone())));
            format!("{url}{}", query::encode(&pairs))
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
                .filter(|stored| caller.sees_some(stored.type_id, Access::Read));
            entries.extend(visible.map(|stored| any.entry(stored, "include")));
        }
        entries.extend(outcome.as_deref().map(Entry::outcome));
        let patients = audit::patients(found.matches.iter().chain(&found.included));
        Reply::resource(bundle("searchset", found.total, &links, &entries)).about(patients)
    }
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
fn types(caller: &Caller, within: Option<&Instance>, named: Option<&str>) -> Result<Vec<TypeId>, ApiError> {
    let Some(names) = named else {
        let mut all = match within {
            None => registry().types().to_vec(),
            Some(focus) => compartment::types(focus.type_id).collect(),
        };
        if let (Some(focus), true) = (within, all.is_empty()) {
            return Err(no_member(focus.type_id, focus.type_id));
        }
        all.retain(|on| caller.mentions(*on, Access::Search));
        let open: Vec<TypeId> = all
            .iter()
            .copied()
            .filter(|on| caller.sees_some(*on, Access::Search))
            .collect();
        // Whoever sees nothing is answered like who finds nothing.
        return Ok(if open.is_empty() { all } else { open });
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
