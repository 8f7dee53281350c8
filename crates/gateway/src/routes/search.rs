//! search by GET and by POST. <https://hl7.org/fhir/R4/http.html#search>
use super::searchset::{Entry, bundle};
use super::{Call, Instance, OfType, Reply, body, call, query, searchset, view};
use crate::audit::{self, Posted};
use crate::auth::bearer::forbidden;
use crate::auth::{Access, Caller};
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Data, Payload};
use actix_web::{HttpMessage, HttpRequest};
use fhir::outcome::operation_outcome;
use fhir::registry::registry;
use fhir::search::compartment;
use fhir::search::parse::{Limits, parse_with};
use fhir::search::{Filter, Include, Query};
use fhir::view::View;
use fhir::{Issue, IssueCode, TypeId};
use std::borrow::Cow;
use store::{Page, StoreError, Stored, Transient};

/// `GET /fhir/{type}?…`
pub async fn by_get(
    caller: Caller,
    call: Call,
    of: OfType,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<Reply, ApiError> {
    let pairs = query::pairs(request.query_string())?;
    run(&state, &caller, &Of::all(of.0), &pairs, call.lenient).await
}

/// `POST /fhir/{type}/_search`: parameters in the form, in the address, or in both.
pub async fn by_post(
    caller: Caller,
    call: Call,
    of: OfType,
    state: Data<AppState>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Reply, ApiError> {
    let pairs = posted(&request, payload).await?;
    run(&state, &caller, &Of::all(of.0), &pairs, call.lenient).await
}

/// The parameters of a search by POST. What they say of the answer's form must be possible too.
pub(super) async fn posted(
    request: &HttpRequest,
    payload: Payload,
) -> Result<Vec<(String, String)>, ApiError> {
    let mut pairs = query::pairs(request.query_string())?;
    let form = form(request, payload).await?;
    call::answerable(&form)?;
    let asked = query::encode(&form);
    request
        .extensions_mut()
        .insert(Posted(asked.trim_start_matches('?').to_owned()));
    pairs.extend(form);
    Ok(pairs)
}

async fn form(request: &HttpRequest, payload: Payload) -> Result<Vec<(String, String)>, ApiError> {
    let declared = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let bytes = body::read(request, &mut payload.into_inner()).await?;
    let is_form = declared.is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    if !is_form && !bytes.is_empty() {
        return Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            IssueCode::NotSupported,
            "_search takes its parameters as application/x-www-form-urlencoded",
        ));
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => query::pairs(text.trim_end()),
        Err(_) => Err(ApiError::bad_request(
            IssueCode::Invalid,
            "The form is not UTF-8; percent-encode it",
        )),
    }
}

/// What is searched: a type, or what of it is in a compartment.
#[derive(Clone, Debug)]
pub struct Of {
    pub on: TypeId,
    pub within: Option<Instance>,
}

impl Of {
    pub fn all(on: TypeId) -> Of {
        Of { on, within: None }
    }

    /// The address below the base.
    fn path(&self) -> String {
        match &self.within {
            None => self.on.name().to_owned(),
            Some(Instance { type_id, id }) => format!("{}/{id}/{}", type_id.name(), self.on.name()),
        }
    }

    /// Adds what the address says to what the parameters say.
    fn narrow(&self, query: &mut Query, base: &str) -> Result<(), ApiError> {
        if let Some(Instance { type_id, id }) = &self.within {
            let members = compartment::members(*type_id, id, self.on, base);
            query
                .filters
                .push(members.ok_or_else(|| no_member(*type_id, self.on))?);
            // A cursor belongs to one compartment.
            query
                .echo
                .push((COMPARTMENT.to_owned(), format!("{}/{id}", type_id.name())));
        }
        Ok(())
    }
}

/// No client can send it: it is no parameter.
pub(super) const COMPARTMENT: &str = "_compartment";

pub(super) fn no_member(focus: TypeId, on: TypeId) -> ApiError {
    let types: Vec<&str> = compartment::types(focus).map(|on| on.name()).collect();
    let text = match types.is_empty() {
        true => format!("{} has no compartment; search the type itself", focus.name()),
        false => format!(
            "The compartment of {} holds no {}; it holds {}",
            focus.name(),
            on.name(),
            types.join(", ")
        ),
    };
    ApiError::not_found(text)
}
/// Times a search is understood anew when the parameters it uses change under it.
const TRIES: usize = 4;

/// The searchset of what the caller may see.
pub async fn run(
    state: &AppState,
    caller: &Caller,
    of: &Of,
    pairs: &[(String, String)],
    lenient: bool,
) -> Result<Reply, ApiError> {
    let mut tries = 1;
    loop {
        let asked = Asked::read(state, caller, of, pairs, lenient)?;
        match audit::search::page(state, caller, &asked.query).await {
            Err(StoreError::Transient(Transient::Outdated, _)) if tries < TRIES => {
                tries += 1;
                state.store.refresh().await?;
            }
            page => return Ok(asked.answer(page?, caller)),
        }
    }
}

/// A search that was understood and is allowed.
#[derive(Clone)]
pub struct Asked {
    pub query: Query,
    view: View,
    warnings: Vec<Issue>,
    base: String,
    path: String,
}

impl Asked {
    pub fn read(
        state: &AppState,
        caller: &Caller,
        of: &Of,
        pairs: &[(String, String)],
        lenient: bool,
    ) -> Result<Asked, ApiError> {
        let on = of.on;
        caller.reach(on, Access::Search)?;
        query::once(pairs)?;
        let base = state.config.fhir_base();
        let limits = Limits {
            default_count: state.config.limits.default_count,
            max_count: state.config.limits.max_count,
        };
        let (mut query, mut warnings) =
            parse_with(on, pairs, &base, limits, lenient, &state.store.custom()).map_err(ApiError::search)?;
        of.narrow(&mut query, &base)?;
        authorize(caller, &query)?;
        warnings.extend(audit::search::remark(caller, &query));
        caller.restrict(&mut query);
        if query.explain {
            may_explain(caller)?;
        }
        let view = view::of(Some(on), pairs)?;
        if view == View::Text && !query.includes.is_empty() {
            return Err(ApiError::bad_request(
                IssueCode::Invalid,
                "_summary=text cannot be combined with _include and _revinclude",
            ));
        }
        Ok(Asked {
            query,
            view,
            warnings,
            path: of.path(),
            base,
        })
    }

    /// The Bundle for what the store found.
    pub fn answer(&self, page: Page, caller: &Caller) -> Reply {
        let links = self.links(&page);
        let included = page
            .included
            .iter()
            .filter(|found| caller.sees_some(found.type_id, Access::Read));
        let patients = audit::patients(page.matches.iter().chain(included.clone()));
        let mut warnings = self.warnings(page.truncated, page.cut);
        if !page.plan.is_empty() {
            warnings.push(Issue::information(page.plan.join("\n")));
        }
        let warnings = (!warnings.is_empty()).then(|| operation_outcome(&warnings).to_string());
        let mut entries: Vec<Entry> = page
            .matches
            .iter()
            .map(|found| self.entry(found, "match"))
            .collect();
        entries.extend(included.map(|found| self.entry(found, "include")));
        entries.extend(warnings.as_deref().map(Entry::outcome));
        Reply::resource(bundle("searchset", page.total, &links, &entries)).about(patients)
    }

    /// What is to be said beside the matches.
    pub(super) fn warnings(&self, is_truncated: bool, is_cut: bool) -> Vec<Issue> {
        let mut warnings = self.warnings.clone();
        warnings.extend(is_truncated.then(truncated));
        warnings.extend(is_cut.then(cut));
        warnings
    }

    pub(super) fn entry<'a>(&self, found: &'a Stored, how: &str) -> Entry<'a> {
        let full_url = format!("{}/{}/{}", self.base, found.type_id.name(), found.id);
        Entry {
            full_url: Some(full_url),
            resource: match &self.view {
                // Their elements are others; a summary is one of every type.
                View::Elements(_) if how == "include" => Cow::Borrowed(&found.body),
                chosen => view::show(chosen, found),
            },
            rest: searchset::mode(how),
        }
    }

    fn links(&self, page: &Page) -> Vec<(&'static str, String)> {
        let mut links = vec![("self", self.link(self.query.cursor.as_ref()))];
        if page.next.is_some() || page.prev.is_some() || self.query.cursor.is_some() {
            links.push(("first", self.link(None)));
        }
        if page.next.is_some() {
            links.push(("next", self.link(page.next.as_ref())));
        }
        if page.prev.is_some() {
            links.push(("previous", self.link(page.prev.as_ref())));
        }
        links
    }

    fn link(&self, cursor: Option<&String>) -> String {
        let shown = self.query.echo.iter().filter(|(name, _)| name != COMPARTMENT);
        let mut pairs: Vec<_> = shown.cloned().collect();
        pairs.extend(cursor.map(|token| ("_cursor".to_owned(), token.clone())));
        format!("{}/{}{}", self.base, self.path, query::encode(&pairs))
    }
}

fn truncated() -> Issue {
    let text = "There is more to include than one page holds; ask for fewer matches with _count, or search the included type itself";
    Issue::warning(IssueCode::Incomplete, text)
}

fn cut() -> Issue {
    let text = "The page ends early: texts and pairs within elements are looked up in the resources, and this page has read as many as it may. Follow the next link, or narrow the search";
    Issue::warning(IssueCode::TooCostly, text)
}

/// Plans tell of all data: who asks must be allowed to do anything.
fn may_explain(caller: &Caller) -> Result<(), ApiError> {
    use Access::{Create, Delete, Read, Search, Update};
    let all = [Create, Read, Update, Delete, Search];
    let may_all = |of: &TypeId| all.iter().all(|access| caller.may(*of, *access));
    match registry().types().iter().all(may_all) {
        true => Ok(()),
        false => Err(forbidden(
            WHOLE,
            "_explain shows how all data is searched: it needs the scope system/*.cruds",
        )),
    }
}

const WHOLE: &str = "system/*.cruds";

/// Whatever a search looks into must be open to the caller, or chains and `_has` would tell what
/// reads refuse. What a plain `_include` brings is filtered in the answer instead.
pub fn authorize(caller: &Caller, query: &Query) -> Result<(), ApiError> {
    caller.reach(query.on, Access::Search)?;
    query
        .filters
        .iter()
        .try_for_each(|filter| authorize_filter(caller, filter))?;
    query
        .includes
        .iter()
        .try_for_each(|include| authorize_include(caller, query.on, include))
}

fn authorize_filter(caller: &Caller, filter: &Filter) -> Result<(), ApiError> {
    match filter {
        Filter::Chain { target, inner, .. } => {
            target
                .iter()
                .try_for_each(|of| caller.reach(*of, Access::Search).map(drop))?;
            authorize_filter(caller, inner)
        }
        Filter::Has { from, inner, .. } => {
            caller.reach(*from, Access::Search)?;
            authorize_filter(caller, inner)
        }
        Filter::Not(inner) => authorize_filter(caller, inner),
        // Read by the store as a whole.
        Filter::Terminology { lookup, .. } => lookup
            .reads()
            .iter()
            .filter_map(|name| TypeId::of(name))
            .try_for_each(|of| caller.require(of, Access::Search)),
        Filter::Or(inner) | Filter::And(inner) => inner.iter().try_for_each(|f| authorize_filter(caller, f)),
        Filter::Id(_)
        | Filter::LastUpdated(_)
        | Filter::Param { .. }
        | Filter::Missing { .. }
        | Filter::Checked(_)
        | Filter::OfPatients(_)
        | Filter::Shown(_)
        | Filter::Nothing => Ok(()),
    }
}

/// A type that is only passed through must be open too.
fn authorize_include(caller: &Caller, on: TypeId, include: &Include) -> Result<(), ApiError> {
    if include.reverse {
        return caller.reach(include.from, Access::Search).map(drop);
    }
    if include.from != on {
        caller.reach(include.from, Access::Read)?;
    }
    include
        .target
        .map_or(Ok(()), |of| caller.reach(of, Access::Read).map(drop))
}
