//! Searches over several types read as one: type by type, a page at a time, on one state of the
//! database. <https://hl7.org/fhir/R4/http.html#search>
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fhir::TypeId;
use fhir::search::{Query, Summary, Total};
use store::{StoreError, Stored, Tx};

/// Queries of different types, in the order of the answer.
#[derive(Clone)]
pub struct Walk {
    pub parts: Vec<Query>,
    pub count: usize,
    /// A page's `next`.
    pub cursor: Option<String>,
}

#[derive(Default)]
pub struct Found {
    pub matches: Vec<Stored>,
    pub included: Vec<Stored>,
    pub truncated: bool,
    pub cut: bool,
    pub total: Option<i64>,
    pub next: Option<String>,
}

impl Walk {
    pub fn page(&self, tx: &mut Tx) -> Result<Found, StoreError> {
        let mut found = Found {
            total: self.total(tx)?,
            ..Found::default()
        };
        if self.parts.iter().any(|part| part.summary == Summary::Count) {
            return Ok(found);
        }
        let (start, mut inner) = self.start()?;
        for part in &self.parts[start..] {
            let left = self.count - found.matches.len();
            if left == 0 {
                // Only a page that has something is linked to.
                let ahead = one(tx, part, 1, None)?;
                if !ahead.matches.is_empty() || ahead.next.is_some() {
                    found.next = Some(encode(part.on, None));
                    break;
                }
                continue;
            }
            let page = one(tx, part, left, inner.take())?;
            found.matches.extend(page.matches);
            found.included.extend(page.included);
            found.truncated |= page.truncated;
            found.cut |= page.cut;
            if page.next.is_some() {
                found.next = Some(encode(part.on, page.next));
                break;
            }
        }
        Ok(found)
    }

    fn start(&self) -> Result<(usize, Option<String>), StoreError> {
        let Some(cursor) = &self.cursor else {
            return Ok((0, None));
        };
        let (on, inner) = decode(cursor).ok_or(StoreError::BadCursor)?;
        let start = self.parts.iter().position(|part| part.on == on);
        Ok((start.ok_or(StoreError::BadCursor)?, inner))
    }

    fn total(&self, tx: &mut Tx) -> Result<Option<i64>, StoreError> {
        let wanted = |part: &Query| part.total != Total::None || part.summary == Summary::Count;
        if !self.parts.iter().any(wanted) {
            return Ok(None);
        }
        let mut total = 0;
        for part in &self.parts {
            let count = Query {
                summary: Summary::Count,
                cursor: None,
                ..part.clone()
            };
            total += tx.search(&count)?.total.unwrap_or_default();
        }
        Ok(Some(total))
    }
}

fn one(tx: &mut Tx, part: &Query, count: usize, cursor: Option<String>) -> Result<store::Page, StoreError> {
    tx.search(&Query {
        count,
        cursor,
        total: Total::None,
        ..part.clone()
    })
}

fn encode(on: TypeId, inner: Option<String>) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}|{}", on.name(), inner.unwrap_or_default()))
}

fn decode(cursor: &str) -> Option<(TypeId, Option<String>)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (name, inner) = text.split_once('|')?;
    Some((
        TypeId::of(name)?,
        Some(inner.to_owned()).filter(|inner| !inner.is_empty()),
    ))
}
