//! Chains to so many that others were tried first, and in vain: whoever is led to is named after all.
//!
//! Where candidates do not fill the page (`linked.rs`), few resources are led to them, or late ones. A seek for
//! each target is much less than all that refers to any of them, which would be read and sorted.
use super::family::TARGETS;
use super::forms::either;
use super::linked::links;
use super::matches::{Course, window_of};
use super::page::Window;
use super::{Found, few};
use crate::StoreError;
use crate::conn::Conn;
use fhir::search::{Filter, Query, Test};

/// Targets of one chain that are named.
const MOST: usize = 20_000;

/// Whether names come before candidates: where a chain leads to what is asked by a list, one of very many would
/// be made for each look at candidates.
pub fn is_listed(query: &Query) -> bool {
    let mut links = query.filters.iter().filter_map(links).flatten();
    links.any(|link| is_list(link.inner))
}

fn is_list(filter: &Filter) -> bool {
    match filter {
        Filter::Chain { .. } => true,
        Filter::Param {
            test: Test::Reference(targets),
            ..
        } => targets.len() > TARGETS,
        Filter::And(parts) | Filter::Or(parts) => parts.iter().any(is_list),
        _ => false,
    }
}

/// The window of a search whose chains can be named.
pub fn window(
    conn: &mut Conn,
    query: &Query,
    window: &Window,
    course: &Course,
) -> Result<Option<Vec<Found>>, StoreError> {
    if !course.order.is_empty() {
        return Ok(None);
    }
    let Some(named) = named(conn, query)? else {
        return Ok(None);
    };
    let course = Course::of(conn, &named)?;
    window_of(conn, &named, window, &course).map(Some)
}

/// The search with names for its chains, where it has some and each can be named. Of use in the order of keys.
pub fn named(conn: &mut Conn, query: &Query) -> Result<Option<Query>, StoreError> {
    if !query.filters.iter().any(|filter| links(filter).is_some()) {
        return Ok(None);
    }
    let mut named = query.clone();
    for filter in &mut named.filters {
        match references(conn, filter)? {
            Some(references) => *filter = references,
            None => return Ok(None),
        }
    }
    Ok(Some(named))
}

/// The filter without chains, unless they lead to too many.
fn references(conn: &mut Conn, filter: &Filter) -> Result<Option<Filter>, StoreError> {
    let Some(links) = links(filter) else {
        return Ok(Some(filter.clone()));
    };
    let mut parts = Vec::new();
    for link in links {
        match few::link(conn, link.param, link.on, link.inner.clone(), MOST)? {
            Filter::Chain { .. } => return Ok(None),
            references => parts.push(references),
        }
    }
    Ok(Some(either(parts)))
}
