//! Stored resources as parsed JSON, inside a transaction.
use fhir::TypeId;
use fhir::search::parse::{Limits, parse};
use serde_json::Value;
use store::{StoreError, Stored, Tx};

/// More matches than these are not looked at.
const MOST: usize = 1_000;

pub(super) fn type_id(name: &str) -> Result<TypeId, StoreError> {
    TypeId::of(name).ok_or_else(|| StoreError::Database(format!("{name} is not an R4 type")))
}

pub(super) fn search(tx: &mut Tx, kind: &str, pairs: &[(&str, &str)]) -> Result<Vec<Value>, StoreError> {
    let pairs: Vec<(String, String)> = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let limits = Limits {
        default_count: MOST,
        max_count: MOST,
    };
    let (query, _) = parse(type_id(kind)?, &pairs, "", limits, false)
        .map_err(|issues| StoreError::Rejected { status: 500, issues })?;
    tx.search(&query)?.matches.iter().map(parsed).collect()
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
