//! Chains to very many: the other filters find candidates, and where these lead is looked at.
//! <https://hl7.org/fhir/R4/search.html#chaining>
//!
//! Half of all patients are female; all that refers to them is half of everything, and would be put
//! together for each page. What candidates refer to is in their bodies, which are at hand.
use super::condition::{Subject, holds};
use super::family::type_bind;
use super::matches::{Course, cursor_at, window_of};
use super::page::Window;
use super::sql::{Sql, Statement};
use super::{Found, engine};
use crate::StoreError;
use crate::conn::{Conn, on_each};
use diesel::prelude::*;
use diesel::sql_types::Text;
use fhir::TypeId;
use fhir::base::Bases;
use fhir::registry::SearchParam;
use fhir::search::index::references;
use fhir::search::{Filter, Query};
use serde_json::Value;
use std::collections::HashSet;

/// Candidates that are looked at before the chain is followed from its other end after all (`named.rs`).
const MOST: usize = 1_000;
/// Candidates of the first look for each that is wanted; of the next one as many again.
const FOR_EACH: i64 = 3;

/// The window, where the search has such a chain and candidates fill it, or end.
pub fn window(
    conn: &mut Conn,
    query: &Query,
    window: &Window,
    course: &Course,
) -> Result<Option<Vec<Found>>, StoreError> {
    let Some((rest, chains)) = parted(query) else {
        return Ok(None);
    };
    let order = course.order.clone();
    let course = Course {
        order,
        ..Course::of(conn, &rest)?
    };
    candidates(conn, &rest, window, &course, &chains)
}

/// What finds candidates, and the chains that are followed from these. Those that led to few are not there
/// any more (`few.rs`).
fn parted(query: &Query) -> Option<(Query, Chains<'_>)> {
    if !query.filters.iter().any(|filter| links(filter).is_some()) {
        return None;
    }
    let (mut chains, mut others) = (Vec::new(), Vec::new());
    for filter in &query.filters {
        match links(filter) {
            Some(links) => chains.push(links),
            _ => others.push(filter.clone()),
        }
    }
    let rest = Query {
        filters: others,
        ..query.clone()
    };
    Some((rest, chains))
}

/// The search that finds candidates, where there is one.
pub fn rest(query: &Query) -> Option<Query> {
    parted(query).map(|(rest, _)| rest)
}

/// Of each chain the types that it may lead to.
type Chains<'q> = Vec<Vec<Link<'q>>>;

fn candidates(
    conn: &mut Conn,
    rest: &Query,
    window: &Window,
    course: &Course,
    chains: &[Vec<Link>],
) -> Result<Option<Vec<Found>>, StoreError> {
    let (mut found, mut looked) = (Vec::new(), 0);
    let mut next = Window::new(window.cursor.clone(), window.limit.saturating_mul(FOR_EACH));
    let wanted = usize::try_from(window.limit).unwrap_or(usize::MAX);
    while looked < MOST {
        let rows = window_of(conn, rest, &next, course)?;
        looked += rows.len();
        let short = i64::try_from(rows.len()).is_ok_and(|read| read < next.limit);
        next.limit = next.limit.saturating_mul(2);
        if let Some(last) = rows.last() {
            next.cursor = Some(cursor_at(rest, &course.order, last, window.backwards())?);
        }
        found.extend(led(conn, rows, chains, &rest.bases)?);
        if found.len() >= wanted || short {
            found.truncate(wanted);
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// One type that a chain may lead to, and what holds there.
pub struct Link<'a> {
    pub param: &'static SearchParam,
    pub on: TypeId,
    pub inner: &'a Filter,
}

pub fn links(filter: &Filter) -> Option<Vec<Link<'_>>> {
    match filter {
        Filter::Chain { param, target, inner } => Some(
            target
                .iter()
                .map(|on| Link {
                    param,
                    on: *on,
                    inner,
                })
                .collect(),
        ),
        Filter::Or(parts) if !parts.is_empty() => {
            let parts: Option<Vec<_>> = parts.iter().map(links).collect();
            Some(parts?.into_iter().flatten().collect())
        }
        _ => None,
    }
}

/// Those of the rows from which every chain leads where it should.
fn led(
    conn: &mut Conn,
    rows: Vec<Found>,
    chains: &[Vec<Link>],
    bases: &Bases,
) -> Result<Vec<Found>, StoreError> {
    let mut left = Vec::new();
    for row in rows {
        let body: Value = serde_json::from_str(&row.stored.body)
            .map_err(|_| StoreError::Database("a stored resource does not parse".to_string()))?;
        left.push((row, body));
    }
    for links in chains {
        let mut passing = HashSet::new();
        for link in links {
            let targets: HashSet<String> = left
                .iter()
                .flat_map(|(_, body)| targets(body, link, bases))
                .collect();
            let passed = those_that_pass(conn, link, targets)?;
            passing.extend(passed.into_iter().map(|id| (link.on, id)));
        }
        left.retain(|(_, body)| {
            links.iter().any(|link| {
                targets(body, link, bases)
                    .into_iter()
                    .any(|id| passing.contains(&(link.on, id)))
            })
        });
    }
    Ok(left.into_iter().map(|(row, _)| row).collect())
}

fn targets(body: &Value, link: &Link, bases: &Bases) -> Vec<String> {
    let all = references(body, link.param, bases).into_iter();
    all.filter(|(on, _)| *on == link.on).map(|(_, id)| id).collect()
}

fn those_that_pass(
    conn: &mut Conn,
    link: &Link,
    targets: HashSet<String>,
) -> Result<Vec<String>, StoreError> {
    if targets.is_empty() {
        return Ok(Vec::new());
    }
    let (mut sql, engine) = (Sql::for_a_page(), engine(conn));
    sql.push("SELECT r.id FROM resource r WHERE r.type_id = ")
        .bind(type_bind(link.on))
        .push(" AND r.deleted = FALSE AND ")
        .among_texts("r.id", targets.iter().map(String::as_str))
        .push(" AND ");
    let subject = Subject {
        on: link.on,
        key: "r.key",
        engine,
    };
    holds(&mut sql, link.inner, subject)?;
    let statement: Statement<(Text,)> = sql.returning();
    let rows = on_each!(conn, |c| statement.load::<(String,)>(c))?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
