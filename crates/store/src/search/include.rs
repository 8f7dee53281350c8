//! `_include` and `_revinclude`. <https://hl7.org/fhir/R4/search.html#include>
//!
//! What a resource refers to is read from its body, which is in hand: one query per round fetches
//! all of it. What refers to a resource is one query per clause and round.
use super::condition::{Subject, several};
use super::family::{self, type_bind};
use super::sql::{Bind, Sql};
use super::{COLUMNS, checked, engine, load};
use crate::conn::Conn;
use crate::{StoreError, Stored};
use fhir::TypeId;
use fhir::base::Bases;
use fhir::registry::{ParamKind, SearchParam, registry};
use fhir::search::index::references;
use fhir::search::reach::Use;
use fhir::search::{Filter, Include, Query};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// How often `:iterate` goes on from what it found.
const ROUNDS: usize = 4;
/// Included resources per page; beyond it a page would not be a page.
const MOST: usize = 1_000;
/// What one statement reads: one more than a page holds, to know that there is more. All rows of
/// a clause may be there already, so as many again.
const MOST_ROWS: i64 = 2_001;

type Identity = (TypeId, String);

/// What belongs to the matches, and whether some of it was left out.
pub fn resolve(
    conn: &mut Conn,
    query: &Query,
    matches: &[Stored],
) -> Result<(Vec<Stored>, bool), StoreError> {
    let mut seen: HashSet<Identity> = matches.iter().map(identity).collect();
    let mut included: Vec<Stored> = Vec::new();
    let mut from = 0;
    for round in 0..ROUNDS {
        let sources = if round == 0 { matches } else { &included[from..] };
        let clauses: Vec<_> = query
            .includes
            .iter()
            .filter(|c| round == 0 || c.iterate)
            .collect();
        if sources.is_empty() || clauses.is_empty() {
            return Ok((included, false));
        }
        let fresh = one_round(conn, query, &clauses, sources, &mut seen)?;
        from = if round == 0 { 0 } else { included.len() };
        included.extend(fresh);
        if included.len() > MOST {
            included.truncate(MOST);
            return Ok((included, true));
        }
    }
    let more = from < included.len() && query.includes.iter().any(|clause| clause.iterate);
    Ok((included, more))
}

fn identity(stored: &Stored) -> Identity {
    (stored.type_id, stored.id.clone())
}

fn one_round(
    conn: &mut Conn,
    query: &Query,
    clauses: &[&Include],
    sources: &[Stored],
    seen: &mut HashSet<Identity>,
) -> Result<Vec<Stored>, StoreError> {
    let wanted = forward(clauses, sources, seen, &query.bases);
    let mut fresh = if wanted.is_empty() {
        Vec::new()
    } else {
        fetch(conn, query, &wanted)?
    };
    seen.extend(fresh.iter().map(identity));
    for clause in clauses.iter().filter(|clause| clause.reverse) {
        let found = backward(conn, query, clause, sources)?;
        fresh.extend(found.into_iter().filter(|stored| seen.insert(identity(stored))));
    }
    Ok(fresh)
}

/// What the sources refer to and nobody has fetched yet.
fn forward(
    clauses: &[&Include],
    sources: &[Stored],
    seen: &HashSet<Identity>,
    bases: &Bases,
) -> BTreeSet<Identity> {
    let forward: Vec<_> = clauses.iter().filter(|clause| !clause.reverse).collect();
    let mut wanted = BTreeSet::new();
    for source in sources {
        let own: Vec<_> = forward
            .iter()
            .filter(|clause| clause.from == source.type_id)
            .collect();
        if own.is_empty() {
            continue;
        }
        // A body that does not parse was never stored.
        let Ok(body) = serde_json::from_str::<Value>(&source.body) else {
            continue;
        };
        for clause in own {
            let targets = params(clause)
                .into_iter()
                .flat_map(|param| references(&body, param, bases));
            wanted.extend(targets.filter(|target| allowed(clause, target.0) && !seen.contains(target)));
        }
    }
    wanted
}

fn allowed(clause: &Include, target: TypeId) -> bool {
    clause.target.is_none_or(|wanted| wanted == target)
}

/// The parameters a clause follows; all references for `*`.
fn params(clause: &Include) -> Vec<&'static SearchParam> {
    let all = || {
        registry()
            .params(clause.from)
            .iter()
            .filter(|p| p.kind == ParamKind::Reference)
            .collect()
    };
    clause.by.map_or_else(all, |param| vec![param])
}

fn fetch(conn: &mut Conn, query: &Query, wanted: &BTreeSet<Identity>) -> Result<Vec<Stored>, StoreError> {
    let (engine, key, mut sql) = (engine(conn), "r.key", Sql::default());
    sql.push(COLUMNS).push("resource r WHERE r.deleted = FALSE AND (");
    for (at, (on, ids)) in group(wanted.iter().take(most(query))).into_iter().enumerate() {
        let seen = seen(conn, query, on, &[Use::Read])?;
        sql.push(if at > 0 { " OR (" } else { "(" });
        sql.push("r.type_id = ").bind(type_bind(on)).push(" AND ");
        sql.equals("r.id", ids.into_iter().map(Bind::Text));
        and(&mut sql, &seen, Subject { on, key, engine })?;
        sql.push(")");
    }
    sql.push(") ORDER BY r.key");
    Ok(load(conn, sql)?.into_iter().map(|found| found.stored).collect())
}

fn and(sql: &mut Sql, filters: &[Filter], subject: Subject) -> Result<(), StoreError> {
    match filters {
        [] => Ok(()),
        _ => several(sql.push(" AND "), filters, " AND ", "1 = 1", subject),
    }
}

/// How many are looked for: of those that may be hidden as many as a page can name.
fn most(query: &Query) -> usize {
    match query.rights {
        None => MOST + 1,
        Some(_) => 20 * MOST,
    }
}

/// What a resource must be to be given beside the matches.
fn seen(conn: &mut Conn, query: &Query, on: TypeId, how: &[Use]) -> Result<Vec<Filter>, StoreError> {
    let Some(rights) = &query.rights else {
        return Ok(Vec::new());
    };
    let filters: Vec<Filter> = how
        .iter()
        .filter_map(|how| rights.reach(on, *how).filter(on))
        .collect();
    checked::settle_all(conn, on, &filters, &query.bases)
}

fn group<'a>(identities: impl Iterator<Item = &'a Identity>) -> BTreeMap<TypeId, Vec<String>> {
    let mut by_type: BTreeMap<TypeId, Vec<String>> = BTreeMap::new();
    for (type_id, id) in identities {
        by_type.entry(*type_id).or_default().push(id.clone());
    }
    by_type
}

/// What refers to the sources by the clause's parameter.
fn backward(
    conn: &mut Conn,
    query: &Query,
    clause: &Include,
    sources: &[Stored],
) -> Result<Vec<Stored>, StoreError> {
    let targets: BTreeSet<_> = sources
        .iter()
        .map(identity)
        .filter(|(t, _)| allowed(clause, *t))
        .collect();
    if targets.is_empty() {
        return Ok(Vec::new());
    }
    let by_type = group(targets.iter());
    let mut rows = Vec::new();
    for param in params(clause) {
        rows.extend(
            family::sources(param, None)?
                .into_iter()
                .map(|source| (param, source)),
        );
    }
    let seen = seen(conn, query, clause.from, &[Use::Find, Use::Read])?;
    let subject = Subject {
        on: clause.from,
        key: "x.key",
        engine: engine(conn),
    };
    let mut sql = Sql::default();
    sql.push(COLUMNS)
        .push("(SELECT DISTINCT x.key FROM idx_reference x WHERE (");
    sql.join(
        rows,
        " OR ",
        "1 = 0",
        |sql, (param, source): (_, family::Source)| {
            sql.push("(");
            source.scope(sql, param, "x");
            sql.push(")");
        },
    );
    sql.push(") AND (")
        .join(by_type, " OR ", "1 = 0", |sql, (type_id, ids)| {
            sql.push("x.target_type = ")
                .bind(type_bind(type_id))
                .push(" AND ");
            sql.equals("x.target", ids.into_iter().map(Bind::Text));
        });
    sql.push(")");
    and(&mut sql, &seen, subject)?;
    sql.push(&format!(" ORDER BY x.key LIMIT {MOST_ROWS}"))
        .push(") k JOIN resource r ON r.key = k.key ORDER BY r.key");
    Ok(load(conn, sql)?.into_iter().map(|found| found.stored).collect())
}
