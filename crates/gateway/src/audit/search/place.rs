//! Where a page of both streams ended, as an opaque token.
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fhir::search::Query;
use fhir::search::index::hash;
use serde::{Deserialize, Serialize};
use store::StoreError;
use store::audit::Place;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reached {
    query: i64,
    /// The store's own token.
    #[serde(default)]
    pub stored: Option<String>,
    /// All stored ones were told.
    #[serde(default)]
    pub is_over: bool,
    /// The last recorded one that was told, or looked at.
    #[serde(default)]
    pub recorded: Option<(i64, i64, u32)>,
}

impl Reached {
    pub fn of(query: &Query) -> Result<Reached, StoreError> {
        let start = Reached {
            query: fingerprint(query),
            ..Reached::default()
        };
        let Some(token) = &query.cursor else {
            return Ok(start);
        };
        let json = URL_SAFE_NO_PAD.decode(token).map_err(|_| StoreError::BadCursor)?;
        let reached: Reached = serde_json::from_slice(&json).map_err(|_| StoreError::BadCursor)?;
        match reached.query == start.query {
            true => Ok(reached),
            false => Err(StoreError::BadCursor),
        }
    }

    pub fn token(&self) -> Result<String, StoreError> {
        let json = serde_json::to_vec(self).map_err(|error| StoreError::Database(error.to_string()))?;
        Ok(URL_SAFE_NO_PAD.encode(json))
    }

    pub fn place(&self) -> Option<Place> {
        self.recorded.map(|(at, row, nth)| Place { at, row, nth })
    }

    pub fn at(mut self, place: Option<Place>) -> Reached {
        if let Some(Place { at, row, nth }) = place {
            self.recorded = Some((at, row, nth));
        }
        self
    }
}

/// A token belongs to one search; how many fit on a page is no part of it.
fn fingerprint(query: &Query) -> i64 {
    let mut text = query.on.name().to_owned();
    for (name, value) in query.echo.iter().filter(|(name, _)| name != "_count") {
        text.extend(["\u{0}", name, "\u{0}", value]);
    }
    hash(Some(&text))
}
