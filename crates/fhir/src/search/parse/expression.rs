//! `_filter`: conditions joined by and, or, not. <https://hl7.org/fhir/R4/search_filter.html>
//!
//! `given eq "peter" and birthdate ge 2014-10-10`; names are those of search parameters, chains
//! included. A condition becomes what the same parameter would be by itself, with the operator
//! in place of a prefix or modifier (`operator.rs`).
use super::context::{Context, too_costly};
use super::filter::{self, Wanted};
use super::invalid;
use super::operator::Operator;
use crate::search::Filter;
use crate::{Issue, TypeId};

/// Parentheses in parentheses.
const MAX_DEPTH: usize = 20;
const RULE: &str = "is written name operator value, joined by and, or, not and parentheses, such as \
                    given eq \"peter\" and birthdate ge 2014-10-10";

#[derive(Clone, Debug, PartialEq)]
enum Lexeme {
    Open,
    Close,
    Word(String),
    /// In quotes.
    Text(String),
}

pub fn filter(on: TypeId, value: &str, cx: &Context) -> Result<Filter, Issue> {
    let wrong = || invalid("_filter", RULE);
    let mut reader = Reader {
        on,
        lexemes: lexemes(value).ok_or_else(wrong)?,
        at: 0,
        cx,
    };
    let filter = reader.any(MAX_DEPTH)?;
    if reader.at < reader.lexemes.len() {
        return Err(wrong());
    }
    Ok(filter)
}

fn lexemes(text: &str) -> Option<Vec<Lexeme>> {
    let (mut found, mut rest) = (Vec::new(), text.trim_start());
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '(' | ')' => {
                found.push(if first == '(' { Lexeme::Open } else { Lexeme::Close });
                1
            }
            '"' => {
                let (text, end) = quoted(rest)?;
                found.push(Lexeme::Text(text));
                end
            }
            _ => {
                let end = rest
                    .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')'))
                    .unwrap_or(rest.len());
                found.push(Lexeme::Word(rest[..end].to_string()));
                end
            }
        };
        rest = rest[end..].trim_start();
    }
    Some(found)
}

/// The text between quotes, with JSON's escapes, and where it ends.
fn quoted(text: &str) -> Option<(String, usize)> {
    let mut escaped = false;
    let close = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    })?;
    let end = close.0 + 1;
    Some((serde_json::from_str(&text[..end]).ok()?, end))
}

struct Reader<'a> {
    on: TypeId,
    lexemes: Vec<Lexeme>,
    at: usize,
    cx: &'a Context<'a>,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<Lexeme> {
        let lexeme = self.lexemes.get(self.at).cloned();
        self.at += 1;
        lexeme
    }

    fn takes(&mut self, word: &str) -> bool {
        let here = matches!(self.lexemes.get(self.at), Some(Lexeme::Word(w)) if w == word);
        self.at += usize::from(here);
        here
    }

    fn any(&mut self, depth: usize) -> Result<Filter, Issue> {
        let mut parts = vec![self.all(depth)?];
        while self.takes("or") {
            parts.push(self.all(depth)?);
        }
        Ok(single_or(parts, Filter::Or))
    }

    fn all(&mut self, depth: usize) -> Result<Filter, Issue> {
        let mut parts = vec![self.one(depth)?];
        while self.takes("and") {
            parts.push(self.one(depth)?);
        }
        Ok(single_or(parts, Filter::And))
    }

    fn one(&mut self, depth: usize) -> Result<Filter, Issue> {
        if depth == 0 {
            return Err(too_costly(
                "_filter",
                "nests parentheses deeper than this server allows",
            ));
        }
        let negated = matches!(self.lexemes.get(self.at + 1), Some(Lexeme::Open)) && self.takes("not");
        match self.next() {
            Some(Lexeme::Open) => {
                let inner = self.any(depth - 1)?;
                match self.next() {
                    Some(Lexeme::Close) if negated => Ok(Filter::Not(Box::new(inner))),
                    Some(Lexeme::Close) => Ok(inner),
                    _ => Err(invalid("_filter", RULE)),
                }
            }
            Some(Lexeme::Word(name)) => self.condition(&name),
            _ => Err(invalid("_filter", RULE)),
        }
    }

    fn condition(&mut self, name: &str) -> Result<Filter, Issue> {
        let operator = match self.next() {
            Some(Lexeme::Word(word)) => Operator::of(&word),
            _ => None,
        };
        let (Some(operator), Some(Lexeme::Word(text) | Lexeme::Text(text))) = (operator, self.next()) else {
            return Err(invalid("_filter", RULE));
        };
        let wanted = Wanted {
            value: &text,
            operator: Some(operator),
        };
        filter::wanted(self.on, name, wanted, self.cx)
    }
}

fn single_or(mut parts: Vec<Filter>, join: fn(Vec<Filter>) -> Filter) -> Filter {
    match (parts.pop(), parts.is_empty()) {
        (Some(one), true) => one,
        (one, _) => {
            parts.extend(one);
            join(parts)
        }
    }
}
