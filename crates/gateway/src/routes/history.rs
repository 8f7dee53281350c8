//! history of an instance, a type, or everything.
//! <https://hl7.org/fhir/R4/http.html#history>
use super::searchset::{Entry, bundle, quoted};
use super::{Call, Instance, OfType, Reply, query, read, reply, view, visible};
use crate::audit::{self, recorded};
use crate::auth::{Access, Caller};
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::HttpRequest;
use actix_web::web::Data;
use fhir::datetime::{Precision, Stamp};
use fhir::search::reach::Reach;
use fhir::view::View;
use fhir::{IssueCode, TypeId, datetime, registry};
use store::audit::is_recorded;
use store::{History, HistoryPage, HistoryScope, Stored, Tx};

/// `GET /fhir/{type}/{id}/_history`
pub async fn of_instance(
    caller: Caller,
    call: Call,
    instance: Instance,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<Reply, ApiError> {
    let scope = HistoryScope::Instance(instance.type_id, instance.id);
    run(&state, &caller, &call, scope, request.query_string()).await
}

/// `GET /fhir/{type}/_history`
pub async fn of_type(
    caller: Caller,
    call: Call,
    of: OfType,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<Reply, ApiError> {
    let scope = HistoryScope::Type(of.0);
    run(&state, &caller, &call, scope, request.query_string()).await
}

/// `GET /fhir/_history`
pub async fn of_system(
    caller: Caller,
    call: Call,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<Reply, ApiError> {
    let scope = HistoryScope::System;
    run(&state, &caller, &call, scope, request.query_string()).await
}

/// Reading one resource's past is reading; looking through a type's or all is searching.
fn authorize(caller: &Caller, scope: &HistoryScope) -> Result<Vec<(TypeId, Reach)>, ApiError> {
    let (types, access) = match scope {
        HistoryScope::Instance(type_id, _) => (std::slice::from_ref(type_id), Access::Read),
        HistoryScope::Type(type_id) => (std::slice::from_ref(type_id), Access::Search),
        HistoryScope::System | HistoryScope::Among(_) => (registry().types(), Access::Search),
    };
    let reach = |on: &TypeId| Ok((*on, caller.reach(*on, access)?));
    types.iter().map(reach).collect()
}

/// The same scope, without what is now beyond reach: deleted resources, too, are nobody's any more.
fn narrowed(scope: HistoryScope, reach: &[(TypeId, Reach)]) -> HistoryScope {
    let everything = reach.iter().all(|(_, reach)| reach.is_all());
    match scope {
        HistoryScope::Type(_) | HistoryScope::System if !everything => {
            HistoryScope::Among(reach.iter().map(|(on, reach)| (*on, reach.filter(*on))).collect())
        }
        scope => scope,
    }
}

pub async fn run(
    state: &AppState,
    caller: &Caller,
    call: &Call,
    scope: HistoryScope,
    query_string: &str,
) -> Result<Reply, ApiError> {
    let asked = Asked::read(state, caller, scope, query_string, call.lenient)?;
    let work = asked.clone();
    let page = state.store.read(move |tx| work.page(tx)).await?;
    Ok(asked.answer(&state.config.fhir_base(), page))
}

/// A history that was understood and is allowed.
#[derive(Clone)]
pub struct Asked {
    history: History,
    /// As it was asked for.
    scope: HistoryScope,
    reach: Vec<(TypeId, Reach)>,
    view: View,
    /// For recorded events, where they are open.
    recorded: Option<String>,
    /// As given, without the cursor.
    pairs: Vec<(String, String)>,
}

impl Asked {
    pub fn read(
        state: &AppState,
        caller: &Caller,
        scope: HistoryScope,
        query_string: &str,
        lenient: bool,
    ) -> Result<Asked, ApiError> {
        let reach = authorize(caller, &scope)?;
        let mut pairs = query::only(query_string, &PARAMETERS, lenient)?;
        let stamp = |name| {
            query::first(&pairs, name)
                .map(|text| stamp(name, text))
                .transpose()
        };
        let on = match &scope {
            HistoryScope::Instance(type_id, _) | HistoryScope::Type(type_id) => Some(*type_id),
            HistoryScope::System | HistoryScope::Among(_) => None,
        };
        let history = History {
            since: stamp("_since")?.map(|stamp| stamp.range.low),
            at: stamp("_at")?.map(period),
            oldest_first: oldest_first(&pairs)?,
            count: count(state, &pairs)?,
            cursor: query::first(&pairs, "_cursor").map(str::to_owned),
            scope: narrowed(scope.clone(), &reach),
        };
        pairs.retain(|(name, _)| name != "_cursor");
        Ok(Asked {
            view: view::of_shown(on, &pairs)?,
            history,
            recorded: on
                .filter(|on| caller.may(*on, Access::Read))
                .map(|_| state.config.fhir_base()),
            scope,
            reach,
            pairs,
        })
    }

    fn reach(&self, on: TypeId) -> &Reach {
        static NOTHING: Reach = Reach::NOTHING;
        let mut of_type = self.reach.iter().filter(|(of, _)| *of == on);
        of_type.next().map_or(&NOTHING, |(_, reach)| reach)
    }

    pub fn page(&self, tx: &mut Tx) -> Result<HistoryPage, store::StoreError> {
        if let HistoryScope::Instance(type_id, id) = &self.scope
            && !self.reach(*type_id).is_all()
        {
            let current = tx.get(*type_id, id)?;
            read::existing(*type_id, visible::current_in(tx, self.reach(*type_id), current)?)?;
        }
        if let HistoryScope::Instance(type_id, id) = &self.scope
            && is_recorded(*type_id, id)
            && let Some(base) = &self.recorded
        {
            return recorded::history(tx, (*type_id, id), base, self.history.since);
        }
        let mut page = tx.history(&self.history)?;
        page.versions = self.seen(tx, page.versions)?;
        if let (HistoryScope::Instance(type_id, id), true) = (&self.scope, page.versions.is_empty())
            && tx.get(*type_id, id)?.is_none()
        {
            read::existing(*type_id, None)?;
        }
        Ok(page)
    }

    /// Those of the page that are within reach; where some are not, the page is shorter.
    fn seen(&self, tx: &mut Tx, versions: Vec<Stored>) -> Result<Vec<Stored>, store::StoreError> {
        let mut seen = Vec::with_capacity(versions.len());
        for version in versions {
            match self.reach(version.type_id) {
                Reach::All => seen.push(version),
                reach => seen.extend(visible::current_in(tx, reach, Some(version))?),
            }
        }
        Ok(seen)
    }

    pub fn answer(&self, base: &str, page: HistoryPage) -> Reply {
        let cursor = self.history.cursor.as_ref();
        let mut links = vec![("self", self.link(base, cursor))];
        if page.next.is_some() || page.prev.is_some() || cursor.is_some() {
            links.push(("first", self.link(base, None)));
        }
        let others = [("next", &page.next), ("previous", &page.prev)];
        let others = others.into_iter().filter(|(_, token)| token.is_some());
        links.extend(others.map(|(relation, token)| (relation, self.link(base, token.as_ref()))));
        let entries: Vec<Entry> = page
            .versions
            .iter()
            .map(|version| entry(base, version, &self.view))
            .collect();
        let patients = audit::patients(page.versions.iter().filter(|version| !version.deleted));
        Reply::resource(bundle("history", None, &links, &entries)).about(patients)
    }

    fn link(&self, base: &str, cursor: Option<&String>) -> String {
        let mut pairs = self.pairs.clone();
        pairs.extend(cursor.map(|token| ("_cursor".to_owned(), token.clone())));
        let path = match &self.scope {
            HistoryScope::Instance(type_id, id) => format!("/{}/{id}", type_id.name()),
            HistoryScope::Type(type_id) => format!("/{}", type_id.name()),
            HistoryScope::System | HistoryScope::Among(_) => String::new(),
        };
        format!("{base}{path}/_history{}", query::encode(&pairs))
    }
}

const PARAMETERS: [&str; 7] = [
    "_since",
    "_at",
    "_count",
    "_sort",
    "_cursor",
    "_summary",
    "_elements",
];

/// Newest first unless asked otherwise. <https://hl7.org/fhir/R4/http.html#history>
fn oldest_first(pairs: &[(String, String)]) -> Result<bool, ApiError> {
    match query::first(pairs, "_sort") {
        None | Some("-_lastUpdated") => Ok(false),
        Some("_lastUpdated") => Ok(true),
        Some(_) => Err(ApiError::bad_request(
            IssueCode::NotSupported,
            "A history is sorted by time: _sort takes -_lastUpdated, newest first, or _lastUpdated",
        )),
    }
}

fn count(state: &AppState, pairs: &[(String, String)]) -> Result<usize, ApiError> {
    let limits = &state.config.limits;
    let Some(text) = query::first(pairs, "_count") else {
        return Ok(limits.default_count);
    };
    let count: usize = text
        .parse()
        .map_err(|_| ApiError::bad_request(IssueCode::Value, "_count must be a whole number"))?;
    Ok(count.clamp(1, limits.max_count))
}

/// A date is a period, a time an instant: all of it has passed, since `lastUpdated` is told in
/// milliseconds and kept in microseconds.
fn period(stamp: Stamp) -> (i64, i64) {
    match stamp.precision {
        Precision::Second => (stamp.range.high, stamp.range.high),
        _ => (stamp.range.low, stamp.range.high),
    }
}

fn stamp(name: &str, text: &str) -> Result<Stamp, ApiError> {
    // A `+` of an offset that was not encoded was read as a space.
    Stamp::parse(&text.replace(' ', "+")).ok_or_else(|| {
        ApiError::bad_request(
            IssueCode::Value,
            format!("{name} must be a date or an instant such as 2026-11-22T08:00:00Z"),
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
