//! history of an instance, a type, or everything, newest first.
//! <https://hl7.org/fhir/R4/http.html#history>
use super::searchset::{Entry, bundle, quoted};
use super::{Call, Instance, OfType, Reply, query, read, reply, view};
use crate::auth::{Access, Caller};
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::HttpRequest;
use actix_web::web::Data;
use fhir::view::View;
use fhir::{IssueCode, TypeId, datetime, registry};
use store::{HistoryPage, HistoryScope, Stored, Tx};

/// `GET /fhir/{type}/{id}/_history`
pub async fn of_instance(
    caller: Caller,
    _call: Call,
    instance: Instance,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<Reply, ApiError> {
    let scope = HistoryScope::Instance(instance.type_id, instance.id);
    run(&state, &caller, scope, request.query_string()).await
}

/// `GET /fhir/{type}/_history`
pub async fn of_type(
    caller: Caller,
    _call: Call,
    of: OfType,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<Reply, ApiError> {
    run(&state, &caller, HistoryScope::Type(of.0), request.query_string()).await
}

/// `GET /fhir/_history`
pub async fn of_system(
    caller: Caller,
    _call: Call,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<Reply, ApiError> {
    run(&state, &caller, HistoryScope::System, request.query_string()).await
}

/// Reading one resource's past is reading; looking through a type's or all is searching.
fn authorize(caller: &Caller, scope: &HistoryScope) -> Result<(), ApiError> {
    match scope {
        HistoryScope::Instance(type_id, _) => caller.require(*type_id, Access::Read),
        HistoryScope::Type(type_id) => caller.require(*type_id, Access::Search),
        HistoryScope::System => registry()
            .types()
            .iter()
            .try_for_each(|type_id| caller.require(*type_id, Access::Search)),
    }
}

pub async fn run(
    state: &AppState,
    caller: &Caller,
    scope: HistoryScope,
    query_string: &str,
) -> Result<Reply, ApiError> {
    let asked = Asked::read(state, caller, scope, query_string)?;
    let work = asked.clone();
    let page = state.store.read(move |tx| work.page(tx)).await?;
    Ok(asked.answer(&state.config.fhir_base(), page))
}

/// A history that was understood and is allowed.
#[derive(Clone)]
pub struct Asked {
    scope: HistoryScope,
    /// Microseconds.
    since: Option<i64>,
    count: usize,
    cursor: Option<String>,
    view: View,
    /// As given, without the cursor.
    pairs: Vec<(String, String)>,
}

impl Asked {
    pub fn read(
        state: &AppState,
        caller: &Caller,
        scope: HistoryScope,
        query_string: &str,
    ) -> Result<Asked, ApiError> {
        authorize(caller, &scope)?;
        let mut pairs = query::pairs(query_string)?;
        query::only(&pairs, &PARAMETERS)?;
        newest_first(&pairs)?;
        let limits = &state.config.limits;
        let count = match query::first(&pairs, "_count") {
            None => limits.default_count,
            Some(text) => count(text)?.clamp(1, limits.max_count),
        };
        let since = query::first(&pairs, "_since").map(instant).transpose()?;
        let cursor = query::first(&pairs, "_cursor").map(str::to_owned);
        pairs.retain(|(name, _)| name != "_cursor");
        let on = match &scope {
            HistoryScope::Instance(type_id, _) | HistoryScope::Type(type_id) => Some(*type_id),
            HistoryScope::System => None,
        };
        Ok(Asked {
            view: view::of_shown(on, &pairs)?,
            scope,
            since,
            count,
            cursor,
            pairs,
        })
    }

    pub fn page(&self, tx: &mut Tx) -> Result<HistoryPage, store::StoreError> {
        let page = tx.history(&self.scope, self.since, self.count, self.cursor.as_deref())?;
        if let (HistoryScope::Instance(type_id, id), true) = (&self.scope, page.versions.is_empty())
            && tx.get(*type_id, id)?.is_none()
        {
            read::existing(*type_id, None)?;
        }
        Ok(page)
    }

    pub fn answer(&self, base: &str, page: HistoryPage) -> Reply {
        let mut links = vec![("self", self.link(base, self.cursor.as_ref()))];
        if page.next.is_some() {
            links.push(("next", self.link(base, page.next.as_ref())));
        }
        let entries: Vec<Entry> = page
            .versions
            .iter()
            .map(|version| entry(base, version, &self.view))
            .collect();
        Reply::resource(bundle("history", None, &links, &entries))
    }

    fn link(&self, base: &str, cursor: Option<&String>) -> String {
        let mut pairs = self.pairs.clone();
        pairs.extend(cursor.map(|token| ("_cursor".to_owned(), token.clone())));
        let path = match &self.scope {
            HistoryScope::Instance(type_id, id) => format!("/{}/{id}", type_id.name()),
            HistoryScope::Type(type_id) => format!("/{}", type_id.name()),
            HistoryScope::System => String::new(),
        };
        format!("{base}{path}/_history{}", query::encode(&pairs))
    }
}

const PARAMETERS: [&str; 8] = [
    "_since",
    "_count",
    "_sort",
    "_cursor",
    "_summary",
    "_elements",
    "_format",
    "_pretty",
];

/// A history has one order. <https://hl7.org/fhir/R4/http.html#history>
fn newest_first(pairs: &[(String, String)]) -> Result<(), ApiError> {
    match query::first(pairs, "_sort") {
        None | Some("-_lastUpdated") => Ok(()),
        Some(_) => Err(ApiError::bad_request(
            IssueCode::NotSupported,
            "A history comes newest first, which is _sort=-_lastUpdated; no other order is supported",
        )),
    }
}

fn count(text: &str) -> Result<usize, ApiError> {
    text.parse()
        .map_err(|_| ApiError::bad_request(IssueCode::Value, "_count must be a whole number"))
}

fn instant(text: &str) -> Result<i64, ApiError> {
    // A `+` of an offset that was not encoded was read as a space.
    datetime::parse_range(&text.replace(' ', "+"))
        .map(|range| range.low)
        .ok_or_else(|| {
            ApiError::bad_request(
                IssueCode::Value,
                "_since must be an instant such as 2026-11-22T08:00:00Z",
            )
        })
}

fn entry<'a>(base: &str, version: &'a Stored, view: &View) -> Entry<'a> {
    let (method, url, status) = interaction(version.type_id, version);
    let rest = format!(
        "\"request\":{{\"method\":\"{method}\",\"url\":{}}},\"response\":{{\"status\":\"{status}\",\"etag\":{},\"lastModified\":\"{}\"}}",
        quoted(&url),
        quoted(&reply::etag(version.version)),
        datetime::instant(version.updated),
    );
    Entry {
        full_url: Some(format!("{base}/{}/{}", version.type_id.name(), version.id)),
        resource: view::show(view, version),
        rest,
    }
}

/// What made the version. First versions are told as POST, whoever chose the id.
fn interaction(type_id: TypeId, version: &Stored) -> (&'static str, String, &'static str) {
    let instance = || format!("{}/{}", type_id.name(), version.id);
    match (version.deleted, version.version) {
        (true, _) => ("DELETE", instance(), "204"),
        (false, 1) => ("POST", type_id.name().to_owned(), "201"),
        (false, _) => ("PUT", instance(), "200"),
    }
}
