//! Regular expressions, bounded: a pattern is compiled once and cannot be large.
//! <http://hl7.org/fhirpath/N1/#matchesregex-string-boolean>
use regex_lite::{Regex, RegexBuilder};

/// Longer than any pattern in R4, in bytes; and what it may compile to.
const MAX_PATTERN: usize = 2_000;
const MAX_PROGRAM: usize = 64 * 1024;

#[derive(Clone, Debug)]
pub(super) struct Pattern {
    regex: Regex,
    length: usize,
}

impl Pattern {
    /// `.` also matches line ends. `whole` is for the entire text instead of a part of it.
    pub(super) fn new(text: &str, whole: bool) -> Result<Pattern, String> {
        if text.len() > MAX_PATTERN {
            return Err("the regular expression is too long".to_owned());
        }
        let anchored = || format!("^(?:{text})$");
        let source = if whole { anchored() } else { text.to_owned() };
        let built = RegexBuilder::new(&source)
            .dot_matches_new_line(true)
            .size_limit(MAX_PROGRAM)
            .build();
        built
            .map(|regex| Pattern {
                regex,
                length: source.len(),
            })
            .map_err(|_| "not a regular expression".to_owned())
    }

    /// What a match against a text of that length costs at most, in units of work.
    pub(super) fn cost(&self, text: &str) -> u64 {
        text.len() as u64 * (16 + self.length as u64) / 4
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// An empty pattern replaces nothing.
    pub(super) fn replace(&self, text: &str, with: &str) -> String {
        if self.length == 0 {
            return text.to_owned();
        }
        self.regex.replace_all(text, with).into_owned()
    }
}
