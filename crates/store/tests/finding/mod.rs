//! Searches as text against a store.
#![allow(dead_code, reason = "not every test file uses all of it")]
use crate::support::{at, put};
use fhir::TypeId;
use fhir::search::Query;
use fhir::search::parse::{Limits, parse};
use serde_json::Value;
use store::{Expect, Page, Store, StoreError};

const BASE: &str = "http://baton.example/fhir";
const LIMITS: Limits = Limits {
    default_count: 100,
    max_count: 100,
};

pub async fn save(store: &Store, second: i64, values: Vec<Value>) {
    store
        .commit(
            values.into_iter().map(|value| put(value, Expect::Any)).collect(),
            at(second),
        )
        .await
        .expect("stored");
}

pub async fn search(store: &Store, text: &str, cursor: Option<String>) -> Result<Page, StoreError> {
    let mut query = query(text);
    query.cursor = cursor;
    store.search(query).await
}

pub fn query(text: &str) -> Query {
    let (name, rest) = text.split_once('?').expect("a query");
    let split = |pair: &str| {
        pair.split_once('=')
            .map(|(name, value)| (name.to_string(), value.to_string()))
    };
    let pairs: Vec<_> = rest.split('&').filter_map(split).collect();
    let parsed = parse(TypeId::of(name).expect("a type"), &pairs, BASE, LIMITS, false);
    let (query, _) = parsed.unwrap_or_else(|issues| panic!("{text:.80}: {issues:?}"));
    query
}

pub fn names(found: &[store::Stored]) -> Vec<String> {
    found.iter().map(|stored| stored.id.clone()).collect()
}

pub async fn ids(store: &Store, text: &str) -> Vec<String> {
    names(
        &search(store, text, None)
            .await
            .unwrap_or_else(|error| panic!("{text:.80}: {error}"))
            .matches,
    )
}

/// All matches page by page to the end, and then back to the beginning.
pub async fn turn(store: &Store, text: &str) -> (Vec<String>, Vec<String>) {
    let (mut forth, mut back) = (Vec::new(), Vec::new());
    let mut page = search(store, text, None).await.expect("a page");
    assert!(page.prev.is_none(), "{text}");
    forth.extend(names(&page.matches));
    while let Some(next) = page.next.clone() {
        page = search(store, text, Some(next)).await.expect("a page");
        forth.extend(names(&page.matches));
    }
    while let Some(prev) = page.prev.clone() {
        back.splice(0..0, names(&page.matches));
        page = search(store, text, Some(prev)).await.expect("a page");
    }
    back.splice(0..0, names(&page.matches));
    (forth, back)
}
