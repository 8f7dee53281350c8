//! Words in texts: `_text` in the narrative, `_content` anywhere, `:text` in displays.
//! <https://hl7.org/fhir/R4/search.html#content>
//!
//! The store keeps the words of each resource in the engine's full-text index; they find
//! candidates, and the resources decide about phrases and where a word stands.
mod reading;

use super::index::normalise;
use serde_json::Value;
use unicode_normalization::char::is_combining_mark;

/// Stands before the words of narratives in the index.
const NARRATIVE: char = '¶';
/// Longer words are indexed by their beginning.
const LONGEST: usize = 64;

/// What a text must contain: any of the alternatives, of one all phrases.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    pub alternatives: Vec<Vec<String>>,
}

/// A word of the index, or how it starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    pub text: String,
    pub starts: bool,
}

/// Terms of the index: any of the alternatives, of one all.
pub type Terms = Vec<Vec<Term>>;

impl Words {
    /// `text` is padded with blanks and has only words, as [`words`] leaves it.
    pub fn hold(&self, text: &str) -> bool {
        let has = |phrase: &String| text.contains(phrase.as_str());
        self.alternatives.iter().any(|phrases| phrases.iter().all(has))
    }

    /// What every resource with these words has in the index.
    pub fn terms(&self, narrative: bool) -> Terms {
        let whole = |word: &str| Term {
            text: if narrative {
                marked(word)
            } else {
                clip(word).to_string()
            },
            starts: false,
        };
        let all = |phrases: &Vec<String>| {
            phrases
                .iter()
                .flat_map(|p| p.split_whitespace())
                .map(whole)
                .collect()
        };
        self.alternatives.iter().map(all).collect()
    }
}

/// What every resource with a text that starts like one of these has in the index; none where
/// one of them has no word.
pub fn beginnings(texts: &[String]) -> Option<Terms> {
    let one = |text: &String| {
        let words = words(text);
        let mut terms: Vec<Term> = words
            .split_whitespace()
            .map(|word| Term {
                text: clip(word).to_string(),
                starts: false,
            })
            .collect();
        terms.last_mut()?.starts = true;
        Some(terms)
    };
    texts.iter().map(one).collect()
}

/// The words of a resource as the index holds them, each once.
pub fn terms(resource: &Value) -> Vec<String> {
    let (all, narrative) = (content(resource), narrative(resource));
    let told = all.split_whitespace().map(|word| clip(word).to_string());
    let mut terms: Vec<String> = told.chain(narrative.split_whitespace().map(marked)).collect();
    terms.sort_unstable();
    terms.dedup();
    terms
}

fn clip(word: &str) -> &str {
    &word[..word.floor_char_boundary(LONGEST)]
}

fn marked(word: &str) -> String {
    format!("{NARRATIVE}{}", clip(word))
}

/// Folded words between single blanks, with a blank at either end.
pub fn words(text: &str) -> String {
    let mut words = String::with_capacity(text.len() + 2);
    words.push(' ');
    for part in text
        .split(|c: char| !(c.is_alphanumeric() || is_combining_mark(c)))
        .filter(|part| !part.is_empty())
    {
        let before = words.len();
        if part.is_ascii() {
            words.extend(part.chars().map(|c| c.to_ascii_lowercase()));
        } else {
            words += &normalise(part);
        }
        if words.len() > before {
            words.push(' ');
        }
    }
    words
}

/// The words of the narrative.
pub fn narrative(resource: &Value) -> String {
    words(&reading::narrative(resource))
}

/// The words of every text of the resource, the narrative included.
pub fn content(resource: &Value) -> String {
    words(&reading::content(resource))
}

/// What a person reads of a code or identifier.
pub fn displays(element: &Value) -> impl Iterator<Item = &str> {
    let own = ["/text", "/display", "/type/text"]
        .into_iter()
        .filter_map(move |at| element.pointer(at)?.as_str());
    let codings = element
        .get("coding")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    own.chain(codings.filter_map(|coding| coding.get("display")?.as_str()))
}

#[cfg(test)]
mod tests;
