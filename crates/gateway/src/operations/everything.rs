//! `Patient/$everything` and `Encounter/$everything`: the compartment and what it refers to.
//! <https://hl7.org/fhir/R4/patient-operation-everything.html>
use super::Invocation;
use crate::audit;
use crate::auth::{Access, Caller};
use crate::error::ApiError;
use crate::routes::searchset::{Entry, bundle, mode};
use crate::routes::walk::{Found, Walk};
use crate::routes::{Reply, query, read};
use actix_web::http::StatusCode;
use fhir::search::compartment;
use fhir::search::parse::{Limits, parse, parse_filter};
use fhir::search::{Filter, Include, Query};
use fhir::{Issue, IssueCode, TypeId, registry};
use store::Stored;

/// When care took place, by the names search parameters have for it; the first a type has counts.
const CARE_DATES: [&str; 22] = [
    "date",
    "period",
    "onset-date",
    "onset",
    "authoredon",
    "authored",
    "authored-on",
    "occurrence",
    "effective",
    "effective-time",
    "issued",
    "started",
    "start-date",
    "sent",
    "collected",
    "identified",
    "datewritten",
    "datetime",
    "whenhandedover",
    "recorded",
    "recorded-date",
    "created",
];

pub async fn run(invocation: Invocation) -> Result<Reply, ApiError> {
    let (caller, on, id) = (&invocation.caller, invocation.on, invocation.id()?);
    let reach = caller.reach(on, Access::Read)?;
    let walk = walk(&invocation, &id)?;
    let (asked, focus) = (walk.clone(), id.clone());
    let (base, who) = (invocation.state.config.fhir_base(), caller.clone());
    let work = move |tx: &mut store::Tx| {
        read::current_in(tx, &who, &reach, (on, &focus), &base)?;
        asked.page(tx)
    };
    let found = invocation.state.store.read(work).await?;
    Ok(answer(&invocation, &id, walk, found))
}

fn walk(invocation: &Invocation, id: &str) -> Result<Walk, ApiError> {
    let types = types(invocation)?;
    let parts = types.iter().map(|on| part(invocation, id, *on));
    let limits = &invocation.state.config.limits;
    let count = invocation.input.number("_count")?.unwrap_or(limits.default_count);
    Ok(Walk {
        parts: parts.collect::<Result<_, _>>()?,
        count: count.min(limits.max_count),
        cursor: invocation.input.first("_cursor").map(str::to_owned),
    })
}

/// The type itself, then those of its compartment: as asked for, or all the caller may see.
fn types(invocation: &Invocation) -> Result<Vec<TypeId>, ApiError> {
    let (caller, focus) = (&invocation.caller, invocation.on);
    let all: Vec<TypeId> = compartment::types(focus).collect();
    let inside = |on: &TypeId| all.contains(on);
    let Some(names) = invocation.input.first("_type") else {
        let mut seen = all;
        seen.retain(|on| *on == focus || may(caller, *on));
        return Ok(seen);
    };
    let outside = || {
        let rule = format!(
            "_type takes types of the compartment of {}, separated by commas",
            focus.name()
        );
        ApiError::bad_request(IssueCode::Value, rule)
    };
    let each = names.split(',').map(|name| {
        let on = TypeId::of(name.trim()).filter(inside).ok_or_else(outside)?;
        caller.reach(on, Access::Search)?;
        caller.reach(on, Access::Read).map(|_| on)
    });
    let mut types: Vec<TypeId> = each.collect::<Result<_, _>>()?;
    types.sort_by_key(|on| (*on != focus, *on));
    types.dedup();
    Ok(types)
}

fn may(caller: &Caller, on: TypeId) -> bool {
    caller.sees_some(on, Access::Search) && caller.sees_some(on, Access::Read)
}

/// The resources of one type in the compartment.
fn part(invocation: &Invocation, id: &str, on: TypeId) -> Result<Query, ApiError> {
    let base = invocation.state.config.fhir_base();
    let refused = |issues| ApiError::with(StatusCode::BAD_REQUEST, issues);
    let since = invocation
        .input
        .first("_since")
        .map(|since| since.replace(' ', "+"));
    let mut pairs: Vec<(String, String)> = Vec::new();
    pairs.extend(since.map(|since| ("_lastUpdated".to_owned(), format!("ge{since}"))));
    let limits = Limits {
        default_count: 1,
        max_count: 1,
    };
    let (mut query, _) = parse(on, &pairs, &base, limits, false).map_err(refused)?;
    let focus = format!("{}/{id}", invocation.on.name());
    query
        .filters
        .extend(compartment::members(invocation.on, id, on, &base));
    if on != invocation.on {
        query
            .filters
            .extend(care_date(invocation, on, &base).map_err(|issue| refused(vec![issue]))?);
    }
    // A cursor belongs to one patient and one choice of dates.
    query.echo.push(("_compartment".into(), focus));
    query.echo.extend(
        invocation
            .input
            .pairs
            .iter()
            .filter(|(name, _)| name != "_cursor")
            .cloned(),
    );
    if invocation.input.first("_type").is_none() {
        query.includes.push(Include {
            reverse: false,
            from: on,
            by: None,
            target: None,
            iterate: false,
        });
    }
    invocation.caller.restrict_read(&mut query)?;
    Ok(query)
}

/// Within `start` and `end`, or without a date.
fn care_date(invocation: &Invocation, on: TypeId, base: &str) -> Result<Option<Filter>, Issue> {
    let Some(param) = CARE_DATES.iter().find_map(|code| registry().param(on, code)) else {
        return Ok(None);
    };
    let bounds = [
        ("ge", invocation.input.first("start")),
        ("le", invocation.input.first("end")),
    ];
    let within = bounds
        .into_iter()
        .filter_map(|(prefix, date)| Some(format!("{prefix}{}", date?.replace(' ', "+"))))
        .map(|value| parse_filter(on, param.code, &value, base))
        .collect::<Result<Vec<_>, _>>()?;
    let undated = Filter::Missing { param, missing: true };
    Ok((!within.is_empty()).then(|| Filter::Or(vec![undated, Filter::And(within)])))
}

fn answer(invocation: &Invocation, id: &str, walk: Walk, found: Found) -> Reply {
    let base = invocation.state.config.fhir_base();
    let link = |cursor: Option<&String>| {
        let mut pairs = invocation.input.pairs.clone();
        pairs.retain(|(name, _)| name != "_cursor");
        pairs.extend(cursor.map(|cursor| ("_cursor".to_owned(), cursor.clone())));
        format!(
            "{base}/{}/{id}/$everything{}",
            invocation.on.name(),
            query::encode(&pairs)
        )
    };
    let mut links = vec![("self", link(walk.cursor.as_ref()))];
    links.extend(walk.cursor.as_ref().map(|_| ("first", link(None))));
    links.extend(found.next.as_ref().map(|next| ("next", link(Some(next)))));
    let supporting = |stored: &&Stored| {
        registry().compartment(invocation.on, stored.type_id).is_empty()
            && invocation.caller.sees_some(stored.type_id, Access::Read)
    };
    let entry = |stored: &'_ Stored, how: &str| Entry {
        full_url: Some(format!("{base}/{}/{}", stored.type_id.name(), stored.id)),
        resource: stored.body.clone().into(),
        rest: mode(how),
    };
    let mut entries: Vec<Entry> = found
        .matches
        .iter()
        .map(|stored| entry(stored, "match"))
        .collect();
    let mut told: Vec<(TypeId, &str)> = Vec::new();
    for stored in found.included.iter().filter(supporting) {
        if !told.contains(&(stored.type_id, &stored.id)) {
            told.push((stored.type_id, &stored.id));
            entries.push(entry(stored, "include"));
        }
    }
    let patients = audit::patients(&found.matches);
    Reply::resource(bundle("searchset", None, &links, &entries)).about(patients)
}
