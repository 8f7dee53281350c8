//! What all criteria of a transaction find, in few queries: criteria that ask the same parameter
//! for one token each (`identifier=system|value`, nearly always) are asked together.
use super::tokens::ByToken;
use crate::routes::criteria::Criteria;
use fhir::search::{Filter, Query, Test, Token};
use fhir::{Resource, TypeId};
use std::collections::BTreeMap;
use store::{StoreError, Stored, Tx};

/// Tokens in one query.
const TOGETHER: usize = 200;

/// Per criteria of `places`, what was found: none, one, or two for "several".
pub fn find(
    tx: &mut Tx,
    criteria: &[Criteria],
    places: impl Iterator<Item = usize>,
) -> Result<BTreeMap<usize, Vec<Stored>>, StoreError> {
    let mut found: BTreeMap<usize, Vec<Stored>> = BTreeMap::new();
    let mut groups: BTreeMap<(TypeId, &str), Vec<usize>> = BTreeMap::new();
    let mut singly: Vec<usize> = Vec::new();
    for place in places {
        found.insert(place, Vec::new());
        match single_token(&criteria[place].query) {
            Some((code, _)) => groups
                .entry((criteria[place].query.on, code))
                .or_default()
                .push(place),
            None => singly.push(place),
        }
    }
    for places in groups.values().flat_map(|places| places.chunks(TOGETHER)) {
        match together(tx, criteria, places)? {
            Some(matches) => {
                for (place, stored) in matches {
                    found.entry(place).or_default().push(stored);
                }
            }
            None => singly.extend(places),
        }
    }
    for place in singly {
        found.insert(place, tx.search(&criteria[place].query)?.matches);
    }
    Ok(found)
}

/// One query for all. None when its answer cannot be told apart again.
fn together(
    tx: &mut Tx,
    criteria: &[Criteria],
    places: &[usize],
) -> Result<Option<Vec<(usize, Stored)>>, StoreError> {
    if places.len() < 2 {
        return Ok(None);
    }
    let mut query = criteria[places[0]].query.clone();
    let tokens: Vec<Token> = places
        .iter()
        .filter_map(|place| single_token(&criteria[*place].query))
        .map(|(_, token)| token.clone())
        .collect();
    if let Some(Filter::Param { test, .. }) = query.filters.first_mut() {
        *test = Test::Token(tokens);
    }
    query.count = places.len() * 2;
    let matches = tx.search(&query)?.matches;
    if matches.len() >= query.count {
        return Ok(None);
    }
    let by_token = ByToken::new(criteria, places.iter().copied());
    let mut found = Vec::new();
    for stored in matches {
        let Ok(resource) = Resource::parse(stored.body.as_bytes()) else {
            return Ok(None);
        };
        let mine = by_token.matching(&resource);
        if mine.is_empty() {
            return Ok(None);
        }
        found.extend(mine.into_iter().map(|place| (place, stored.clone())));
    }
    Ok(Some(found))
}

/// The parameter and token of a query that asks for nothing else.
fn single_token(query: &Query) -> Option<(&'static str, &Token)> {
    match query.filters.as_slice() {
        [
            Filter::Param {
                param,
                test: Test::Token(tokens),
            },
        ] if tokens.len() == 1 && param.same_as.is_empty() => Some((param.code, &tokens[0])),
        _ => None,
    }
}
