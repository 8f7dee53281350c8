//! Where resources have a say: candidates by index, window by window, and what they say.
//!
//! `fhir::search::check` tells which searches need this. A page stops when it is full or when
//! enough was looked at; it then holds fewer matches, and its next link goes on from there.
//! Inside chains, `_has` and `:not` the matches are found first and their ids put in place.
use super::forms::{either, negation};
use super::matches::{Course, cursor_at, window_of};
use super::{Found, codes, few, met, page::Window, panel, referrers, terminology};
use crate::StoreError;
use crate::conn::Conn;
use crate::consent;
use fhir::base::Bases;
use fhir::search::check::Check;
use fhir::search::{Filter, Query};
use fhir::{Issue, IssueCode, TypeId};
use serde_json::Value;
use std::ops::ControlFlow;

/// Candidates that one window reads.
const WINDOW: i64 = 200;
/// Candidates that one page looks at.
pub const MOST_PER_PAGE: usize = 5_000;
/// Candidates that an exact total, or all chains and negations of a search together, look at.
const MOST_LOOKED: usize = 20_000;
/// Matches that may stand inside a chain.
const MOST_IDS: usize = 1_000;

pub fn of(filters: &[Filter]) -> Vec<&Check> {
    filters
        .iter()
        .filter_map(|filter| match filter {
            Filter::Checked(check) => Some(check),
            _ => None,
        })
        .collect()
}

pub fn holds(checks: &[&Check], row: &Found) -> bool {
    // A body that does not parse was never stored.
    checks.is_empty()
        || serde_json::from_str::<Value>(&row.stored.body)
            .is_ok_and(|resource| checks.iter().all(|check| check.holds(&resource)))
}

/// Visits candidates in order until told to stop; whether there was an end to them.
pub fn scan(
    conn: &mut Conn,
    query: &Query,
    course: &Course,
    mut window: Window,
    visit: &mut dyn FnMut(Found) -> Result<ControlFlow<()>, StoreError>,
) -> Result<bool, StoreError> {
    loop {
        let rows = window_of(conn, query, &window, course)?;
        let short = i64::try_from(rows.len()).is_ok_and(|read| read < window.limit);
        let last = rows.last().filter(|_| !short).cloned();
        for row in rows {
            if visit(row)?.is_break() {
                return Ok(false);
            }
        }
        match last {
            Some(row) => window.cursor = Some(cursor_at(query, &course.order, &row, window.backwards())?),
            None => return Ok(true),
        }
    }
}

/// How many rows a window reads for a page of `count`.
pub fn limit(count: usize, checks: &[&Check]) -> i64 {
    let page = i64::try_from(count).unwrap_or(i64::MAX).saturating_add(1);
    match checks.iter().all(|check| check.terms().is_some()) {
        true if checks.is_empty() => page,
        // The index of words is nearly right.
        true => page.saturating_add(page / 4),
        false => page.max(WINDOW),
    }
}

/// All that match, one by one.
pub fn count(conn: &mut Conn, query: &Query) -> Result<i64, StoreError> {
    let (checks, window) = (of(&query.filters), Window::new(None, 1_000));
    let course = in_order_of_keys(conn, query)?;
    let (mut looked, mut found) = (0, 0);
    let exhausted = scan(conn, query, &course, window, &mut |row| {
        looked += 1;
        found += i64::from(holds(&checks, &row));
        Ok(if looked < MOST_LOOKED {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        })
    })?;
    if exhausted {
        Ok(found)
    } else {
        Err(too_costly(
            "An exact total of this search would read too many resources; narrow it, or use _total=estimate",
        ))
    }
}

fn in_order_of_keys(conn: &mut Conn, query: &Query) -> Result<Course, StoreError> {
    Ok(Course {
        order: Vec::new(),
        ..Course::of(conn, query)?
    })
}

/// What one query may still look up, and where its references lead.
pub struct Settling {
    left: usize,
    bases: Bases,
}

/// The filters with what needs resources inside chains and negations resolved to ids.
pub fn settle_all(
    conn: &mut Conn,
    on: TypeId,
    filters: &[Filter],
    bases: &Bases,
) -> Result<Vec<Filter>, StoreError> {
    let mut settling = Settling {
        left: MOST_LOOKED,
        bases: bases.clone(),
    };
    all(conn, on, filters, &mut settling)
}

fn all(
    conn: &mut Conn,
    on: TypeId,
    filters: &[Filter],
    at: &mut Settling,
) -> Result<Vec<Filter>, StoreError> {
    let settled: Result<Vec<Filter>, _> = filters
        .iter()
        .map(|filter| match filter {
            Filter::Checked(_) => Ok(filter.clone()),
            other => settle(conn, on, other, at),
        })
        .collect();
    met::possible(conn, on, settled?)
}

pub fn settle(conn: &mut Conn, on: TypeId, filter: &Filter, at: &mut Settling) -> Result<Filter, StoreError> {
    Ok(match filter {
        Filter::Checked(_) => ids(conn, on, vec![filter.clone()], at)?,
        Filter::And(parts) => {
            let settled = all(conn, on, parts, at)?;
            if of(&settled).is_empty() {
                Filter::And(settled)
            } else {
                ids(conn, on, settled, at)?
            }
        }
        Filter::Or(parts) => {
            let parts: Result<_, _> = parts.iter().map(|part| settle(conn, on, part, at)).collect();
            Filter::Or(parts?)
        }
        Filter::Terminology { param, lookup } => terminology::tokens(conn, param, lookup)?,
        Filter::OfPatients(panel) => panel::references(conn, on, panel, at)?,
        Filter::Shown(asker) => match consent::recipient(conn, asker, &at.bases)? {
            Some(_) => filter.clone(),
            None => Filter::And(Vec::new()),
        },
        Filter::Not(inner) => negation(settle(conn, on, inner, at)?),
        Filter::Has { from, by, inner } => {
            let inner = settle(conn, *from, inner, at)?;
            match referrers::few(conn, *from, &inner)? {
                Some(few) => referrers::referred(&few, by, on, &at.bases)?,
                None => Filter::Has {
                    from: *from,
                    by,
                    inner: Box::new(inner),
                },
            }
        }
        Filter::Chain { param, target, inner } => {
            let link = |on: &TypeId| {
                let inner = settle(conn, *on, inner, at)?;
                few::link(conn, param, *on, inner, few::MOST)
            };
            let links: Result<Vec<_>, StoreError> = target.iter().map(link).collect();
            either(links?)
        }
        other => codes::named(conn, other.clone())?,
    })
}

/// What these filters find, as a filter.
fn ids(conn: &mut Conn, on: TypeId, filters: Vec<Filter>, at: &mut Settling) -> Result<Filter, StoreError> {
    let query = Query::new(on, filters, MOST_IDS);
    let (checks, mut found) = (of(&query.filters), Vec::new());
    let window = Window::new(None, 1_000);
    let course = in_order_of_keys(conn, &query)?;
    let exhausted = scan(conn, &query, &course, window, &mut |row| {
        at.left = at.left.saturating_sub(1);
        if holds(&checks, &row) {
            found.push(row.stored.id);
        }
        Ok(if at.left > 0 && found.len() <= MOST_IDS {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        })
    })?;
    match (exhausted, found.is_empty()) {
        (true, true) => Ok(Filter::Nothing),
        (true, false) => Ok(Filter::Id(found)),
        _ => Err(too_costly(
            "What stands inside the chain or negation matches too many resources; narrow it",
        )),
    }
}

fn too_costly(text: &str) -> StoreError {
    StoreError::Rejected {
        status: 400,
        issues: vec![Issue::error(IssueCode::TooCostly, text)],
    }
}
