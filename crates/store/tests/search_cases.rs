//! Searches with known answers over the official R4 examples, where the corpus is there.
mod support;

use fhir::search::parse::{Limits, parse};
use fhir::{Resource, TypeId};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use store::{Change, Context, Expect, Op, Store};
use support::Database;

/// What is left: versioned references counted as references (AuditEvent), `:missing` where an
/// element is there but holds no date or quantity, and an escaped bar taken literally.
const EXPECTED_PERCENT: usize = 99;
const BASE: &str = "http://baton.example/fhir";
const LIMITS: Limits = Limits {
    default_count: 50,
    max_count: 50,
};

fn corpus() -> Option<PathBuf> {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = || {
        std::env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(home)
    };
    let given = std::env::var_os("BATON_CORPUS").map(PathBuf::from);
    let root = given.or_else(|| cache().map(|cache| cache.join("baton-corpus")))?;
    root.join("r4-search-cases.json").exists().then_some(root)
}

fn change(bytes: &[u8]) -> Option<Change> {
    let resource = Resource::parse(bytes).ok()?;
    let id = resource.id()?.to_string();
    Some(Change {
        type_id: resource.type_id,
        id,
        op: Op::Put(Box::new(resource)),
        expect: Expect::Any,
    })
}

async fn load(store: &Store, corpus: &Path) -> usize {
    let mut by_identity = BTreeMap::new();
    for file in std::fs::read_dir(corpus.join("r4-examples/resources")).expect("examples") {
        let bytes = std::fs::read(file.expect("a file").path()).expect("readable");
        if let Some(change) = change(&bytes) {
            by_identity.insert((change.type_id, change.id.clone()), change);
        }
    }
    let changes: Vec<_> = by_identity.into_values().collect();
    let ctx = Context {
        now: 1_795_341_600_000_000,
        actor: "test".into(),
        request_id: "load".into(),
        origin: None,
        provenance: None,
        within: None,
    };
    for some in changes.chunks(100) {
        store.commit(some.to_vec(), ctx.clone()).await.expect("stored");
    }
    changes.len()
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        percent_decode_str(text)
            .decode_utf8()
            .expect("utf-8")
            .into_owned()
    };
    let pair = |pair: &str| {
        pair.split_once('=')
            .map(|(name, value)| (decode(name), decode(value)))
    };
    query.split('&').filter_map(pair).collect()
}

/// All matches over all pages, none twice.
async fn matches(store: &Store, path: &str) -> Result<usize, String> {
    let (name, query) = path.split_once('?').ok_or("no query")?;
    let on = TypeId::of(name).ok_or("no such type")?;
    let (mut query, _) =
        parse(on, &pairs(query), BASE, LIMITS, false).map_err(|issues| format!("{issues:?}"))?;
    let mut seen = BTreeSet::new();
    loop {
        let page = store
            .search(query.clone())
            .await
            .map_err(|error| error.to_string())?;
        if !page.matches.iter().all(|found| seen.insert(found.id.clone())) {
            return Err("the same match on two pages".to_string());
        }
        let Some(next) = page.next else {
            return Ok(seen.len());
        };
        query.cursor = Some(next);
    }
}

#[tokio::test]
async fn official_examples_answer_as_known() {
    let Some(corpus) = corpus() else {
        println!("skipped: no corpus");
        return;
    };
    let database = Database::sqlite();
    let store = database.open();
    let loaded = load(&store, &corpus).await;
    let text = std::fs::read_to_string(corpus.join("r4-search-cases.json")).expect("cases");
    let cases: Vec<Value> = serde_json::from_str(&text).expect("json");
    let (mut passed, mut failed) = (0, Vec::new());
    for case in &cases {
        let path = case["path"].as_str().expect("a path");
        match matches(&store, path).await {
            Ok(found) if case["matches"].as_u64().is_none_or(|known| known == found as u64) => passed += 1,
            Ok(found) => failed.push(format!("{path}: {found}, known {}", case["matches"])),
            Err(error) => failed.push(format!("{path}: {error}")),
        }
    }
    store.close();
    println!("{loaded} resources, {passed} of {} cases pass", cases.len());
    failed.iter().for_each(|line| println!("  {line}"));
    assert!(
        passed * 100 >= cases.len() * EXPECTED_PERCENT,
        "{passed} of {}",
        cases.len()
    );
}
