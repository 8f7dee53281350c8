//! Stored resources as parsed JSON, inside a transaction.
use fhir::TypeId;
use fhir::base::Bases;
use fhir::search::Query;
use fhir::search::parse::{Limits, parse};
use serde_json::Value;
use store::{StoreError, Stored, Tx};

/// More matches than these are not looked at.
const MOST: usize = 1_000;

pub(super) fn type_id(name: &str) -> Result<TypeId, StoreError> {
    TypeId::of(name).ok_or_else(|| StoreError::Database(format!("{name} is not an R4 type")))
}

pub(super) fn search(tx: &mut Tx, kind: &str, pairs: &[(&str, &str)]) -> Result<Vec<Value>, StoreError> {
    matches(tx, &query(kind, pairs, MOST)?)
}

/// The same where one of the pairs names a patient, or stays of one.
pub(super) fn search_of_one(
    tx: &mut Tx,
    kind: &str,
    pairs: &[(&str, &str)],
) -> Result<Vec<Value>, StoreError> {
    matches(tx, &of_one(kind, pairs)?)
}

/// Several of these in one round trip.
pub(super) fn searches_of_one<const N: usize>(
    tx: &mut Tx,
    asked: [(&str, &[(&str, &str)]); N],
) -> Result<[Vec<Value>; N], StoreError> {
    let mut queries = Vec::with_capacity(N);
    for (kind, pairs) in asked {
        queries.push(of_one(kind, pairs)?);
    }
    let found = tx.search_each(&queries)?;
    let bases = &tx.custom().bases;
    let mut all = [const { Vec::new() }; N];
    for (values, found) in all.iter_mut().zip(found) {
        *values = found
            .iter()
            .map(|stored| local(stored, bases))
            .collect::<Result<_, _>>()?;
    }
    Ok(all)
}

fn of_one(kind: &str, pairs: &[(&str, &str)]) -> Result<Query, StoreError> {
    Ok(Query {
        surely_few: true,
        ..query(kind, pairs, MOST)?
    })
}

fn matches(tx: &mut Tx, query: &Query) -> Result<Vec<Value>, StoreError> {
    let found = tx.search(query)?.matches;
    let bases = &tx.custom().bases;
    found.iter().map(|stored| local(stored, bases)).collect()
}

/// One page of matches, and where the next begins.
pub(super) fn page(
    tx: &mut Tx,
    kind: &str,
    pairs: &[(&str, &str)],
    count: usize,
    after: Option<String>,
) -> Result<(Vec<Value>, Option<String>), StoreError> {
    let mut query = query(kind, pairs, count)?;
    query.cursor = after;
    let page = tx.search(&query)?;
    let bases = &tx.custom().bases;
    let found: Result<_, _> = page.matches.iter().map(|stored| local(stored, bases)).collect();
    Ok((found?, page.next))
}

fn query(kind: &str, pairs: &[(&str, &str)], count: usize) -> Result<Query, StoreError> {
    let pairs: Vec<(String, String)> = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let limits = Limits {
        default_count: count,
        max_count: count,
    };
    let parsed = parse(type_id(kind)?, &pairs, "", limits, false);
    let (query, _) = parsed.map_err(|issues| StoreError::Rejected { status: 500, issues })?;
    Ok(query)
}

pub(super) fn parsed(stored: &Stored) -> Result<Value, StoreError> {
    serde_json::from_str(&stored.body).map_err(|error| {
        let place = format!("{}/{}", stored.type_id.name(), stored.id);
        StoreError::Database(format!(
            "{place} is stored as broken JSON, at column {}",
            error.column()
        ))
    })
}

/// The same with references to our own bases as `Type/id`: for facts, not for what is written again.
pub(super) fn local(stored: &Stored, bases: &Bases) -> Result<Value, StoreError> {
    let mut resource = parsed(stored)?;
    bases.make_relative(&mut resource);
    Ok(resource)
}
