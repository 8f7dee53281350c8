//! Opaque paging tokens: the sort values and key of a row, so that a page starts where the last
//! one ended whatever was written meanwhile.
use crate::StoreError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fhir::search::Query;
use fhir::search::index::hash;
use serde::{Deserialize, Serialize};

/// A sort value; numbers travel as bits, since their decimal form may not come back the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    Missing,
    Big(i64),
    Bits(u64),
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    query: i64,
    pub backwards: bool,
    pub key: i64,
    pub values: Vec<Value>,
}

/// Parameters that change the page but not the order of what is found.
const PRESENTATION: [&str; 11] = [
    "_explain",
    "_elements",
    "_summary",
    "_count",
    "_format",
    "_pretty",
    "_total",
    "_include",
    "_include:iterate",
    "_revinclude",
    "_revinclude:iterate",
];

impl Cursor {
    pub fn new(query: &Query, backwards: bool, key: i64, values: Vec<Value>) -> Cursor {
        Cursor {
            query: fingerprint(query),
            backwards,
            key,
            values,
        }
    }

    pub fn encode(&self) -> Result<String, StoreError> {
        let json = serde_json::to_vec(self).map_err(|error| StoreError::Database(error.to_string()))?;
        Ok(URL_SAFE_NO_PAD.encode(json))
    }

    /// The cursor of a query, if it has one; one of another query is refused.
    pub fn of(query: &Query) -> Result<Option<Cursor>, StoreError> {
        let Some(token) = &query.cursor else {
            return Ok(None);
        };
        let json = URL_SAFE_NO_PAD.decode(token).map_err(|_| StoreError::BadCursor)?;
        let cursor: Cursor = serde_json::from_slice(&json).map_err(|_| StoreError::BadCursor)?;
        let ours = cursor.query == fingerprint(query) && cursor.values.len() == query.sort.len();
        if ours {
            Ok(Some(cursor))
        } else {
            Err(StoreError::BadCursor)
        }
    }
}

fn fingerprint(query: &Query) -> i64 {
    let mut text = query.on.name().to_string();
    for (name, value) in query
        .echo
        .iter()
        .filter(|(name, _)| !PRESENTATION.contains(&name.as_str()))
    {
        text.extend(["\u{0}", name, "\u{0}", value]);
    }
    hash(Some(&text))
}
