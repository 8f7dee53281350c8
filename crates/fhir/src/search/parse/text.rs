//! `_text`, `_content` and `:text`: words to look for in resources.
//! <https://hl7.org/fhir/R4/search.html#content>
//!
//! The store finds candidates in its full-text index, or by what stands beside such a parameter.
use super::context::Context;
use super::escape::unescape;
use super::{invalid, values};
use crate::Issue;
use crate::registry::SearchParam;
use crate::search::Filter;
use crate::search::check::Check;
use crate::search::index::normalise;
use crate::search::words::{self, Words};

const RULE: &str = "takes words that must all be there, \"phrases\" in quotes, and OR (or a comma) \
                    between alternatives; NOT and parentheses are not offered";

pub fn words(name: &str, value: &str, cx: &Context) -> Result<Words, Issue> {
    let mut alternatives = Vec::new();
    for part in cx.alternatives(name, value)? {
        alternatives.extend(expression(&unescape(part)).ok_or_else(|| invalid(name, RULE))?);
    }
    cx.spend(name, alternatives.iter().map(Vec::len).sum())?;
    Ok(Words { alternatives })
}

/// Alternatives of phrases, each padded with blanks so that only whole words are found.
fn expression(text: &str) -> Option<Vec<Vec<String>>> {
    let (mut alternatives, mut phrases) = (Vec::new(), Vec::new());
    for (at, piece) in text.split('"').enumerate() {
        if at % 2 == 1 {
            phrases.push(phrase(piece)?);
            continue;
        }
        for word in piece.split_whitespace() {
            match word {
                "OR" | "or" => alternatives.push(std::mem::take(&mut phrases)),
                "AND" | "and" => {}
                "NOT" | "not" => return None,
                _ if word.contains(['(', ')']) => return None,
                _ => phrases.push(phrase(word)?),
            }
        }
    }
    alternatives.push(phrases);
    let balanced = text.matches('"').count().is_multiple_of(2);
    (balanced && alternatives.iter().all(|phrases| !phrases.is_empty())).then_some(alternatives)
}

fn phrase(text: &str) -> Option<String> {
    let phrase = words::words(text);
    (phrase.len() > 1).then_some(phrase)
}

/// `code:text=heart`
pub fn display(param: &'static SearchParam, name: &str, value: &str, cx: &Context) -> Result<Filter, Issue> {
    let read = |text: &str| Ok(normalise(&unescape(text)));
    let texts = values::each(&cx.alternatives(name, value)?, read).map_err(|rule| invalid(name, rule))?;
    Ok(Filter::Checked(Check::Display { param, texts }))
}
