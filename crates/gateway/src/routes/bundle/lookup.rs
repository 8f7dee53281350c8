//! What all criteria of a transaction find, in few queries: criteria that ask the same parameter
//! for one token each (`identifier=system|value`, nearly always) are asked together.
use crate::routes::criteria::Criteria;
use fhir::search::index::{Entry, EntryValue, entries};
use fhir::search::{Filter, Query, Test, Token};
use fhir::{Resource, TypeId};
use std::collections::{BTreeMap, BTreeSet};
use store::{StoreError, Stored, Tx};

/// Per criteria, what was found: none, one, or two for "several".
pub fn find_all(tx: &mut Tx, criteria: &[Criteria]) -> Result<Vec<Vec<Stored>>, StoreError> {
    let mut found: Vec<Vec<Stored>> = vec![Vec::new(); criteria.len()];
    let mut groups: BTreeMap<(TypeId, &str), Vec<usize>> = BTreeMap::new();
    let mut singly: BTreeSet<usize> = BTreeSet::new();
    for (place, one) in criteria.iter().enumerate() {
        match single_token(&one.query) {
            Some((code, _)) => groups.entry((one.query.on, code)).or_default().push(place),
            None => drop(singly.insert(place)),
        }
    }
    for places in groups.into_values() {
        match together(tx, criteria, &places)? {
            Some(matches) => matches
                .into_iter()
                .for_each(|(place, stored)| found[place].push(stored)),
            None => singly.extend(places),
        }
    }
    for place in singly {
        found[place] = tx.search(&criteria[place].query)?.matches;
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
    let mut found = Vec::new();
    for stored in matches {
        let Ok(resource) = Resource::parse(stored.body.as_bytes()) else {
            return Ok(None);
        };
        let index = entries(&resource);
        let mine = places
            .iter()
            .filter(|place| holds(&criteria[**place].query, &index));
        let before = found.len();
        found.extend(mine.map(|place| (*place, stored.clone())));
        if found.len() == before {
            return Ok(None);
        }
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

/// Whether a resource that is not stored yet would be found.
pub fn would_find(criteria: &Criteria, resource: &Resource) -> bool {
    criteria.query.on == resource.type_id && holds(&criteria.query, &entries(resource))
}

/// Token criteria only: these are what identifies things.
fn holds(query: &Query, index: &[Entry]) -> bool {
    query.filters.iter().all(|filter| match filter {
        Filter::Param {
            param,
            test: Test::Token(tokens),
        } => index
            .iter()
            .filter(|entry| entry.param == param.id || param.same_as.contains(&entry.param))
            .any(|entry| tokens.iter().any(|token| is(token, &entry.value))),
        _ => false,
    })
}

fn is(token: &Token, value: &EntryValue) -> bool {
    let EntryValue::Token { system, code } = value else {
        return false;
    };
    match token {
        Token::Code(wanted) => wanted == code,
        Token::SystemCode(of, wanted) => Some(of) == system.as_ref() && wanted == code,
        Token::NoSystem(wanted) => system.is_none() && wanted == code,
        Token::System(of) => Some(of) == system.as_ref(),
    }
}
