//! `:in`, `:above` and `:below`: codes that stored ValueSets and CodeSystems list.
//! <https://hl7.org/fhir/R4/search.html#token>
//!
//! The store fetches what is named here and puts the codes in the filter's place. What cannot be
//! told exactly from stored definitions (filters on properties, partial expansions, code systems
//! that are not here) is refused with the reason, never guessed.
mod hierarchy;
mod value_set;

use super::Token;
use crate::{Issue, IssueCode};
use serde_json::Value;

/// More codes than this are no list a search can be made of.
const MOST_CODES: usize = 500;
/// Value sets include value sets; deeper than this they include themselves.
const MAX_DEPTH: usize = 8;
/// Definitions one search reads: those that include many that include many are cut off here.
const MOST_READ: usize = 100;

/// What is asked of terminology.
#[derive(Clone, Debug, PartialEq)]
pub enum Lookup {
    /// In any of these value sets, by canonical URL or `ValueSet/id`.
    In(Vec<String>),
    /// These codes and all that they subsume.
    Below(Vec<(String, String)>),
    /// These codes and all that subsume them.
    Above(Vec<(String, String)>),
}

/// A definition that is needed, by the name of its resource type and its URL.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Needed<'a> {
    pub resource: &'static str,
    pub url: &'a str,
}

type Fetch<'f, E> = dyn FnMut(Needed) -> Result<Option<Value>, E> + 'f;

impl Lookup {
    /// The resource types it reads.
    pub fn reads(&self) -> &'static [&'static str] {
        match self {
            Lookup::In(_) => &["ValueSet", "CodeSystem"],
            Lookup::Below(_) | Lookup::Above(_) => &["CodeSystem"],
        }
    }

    /// The codes, as tokens to search for.
    pub fn codes<E: From<Issue>>(&self, fetch: &mut Fetch<'_, E>) -> Result<Vec<Token>, E> {
        let mut left = MOST_READ;
        let fetch: &mut Fetch<'_, E> = &mut |needed| {
            left = left.checked_sub(1).ok_or_else(|| {
                E::from(too_costly("The search would read more than 100 definitions of terminology; store the value set with its expansion"))
            })?;
            fetch(needed)
        };
        let mut codes = Vec::new();
        match self {
            Lookup::In(urls) => {
                for url in urls {
                    codes.extend(value_set::named(url, fetch, MAX_DEPTH)?);
                }
            }
            Lookup::Below(starts) | Lookup::Above(starts) => {
                let down = matches!(self, Lookup::Below(_));
                for (system, code) in starts {
                    codes.extend(hierarchy::related(system, code, down, fetch)?);
                }
            }
        }
        if codes.len() > MOST_CODES {
            let text =
                "The search would look for more than 500 codes; use a smaller value set or a narrower code";
            return Err(too_costly(text).into());
        }
        Ok(codes)
    }
}

fn too_costly(text: &str) -> Issue {
    Issue::error(IssueCode::TooCostly, text)
}

fn refuse<E: From<Issue>>(rule: String) -> E {
    Issue::error(IssueCode::NotSupported, rule).into()
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests;
