//! Reading access: segment, field, repetition, component. Nothing here can fail; what is not
//! there is empty.
use super::{Delimiters, Message, Span, unescape};

#[derive(Clone, Copy)]
pub struct Segment<'a> {
    pub(super) message: &'a Message,
    pub(super) span: &'a Span,
}

impl<'a> Segment<'a> {
    pub fn name(self) -> &'a str {
        let text = self.raw();
        &text[..text.len().min(3)]
    }

    pub fn raw(self) -> &'a str {
        &self.message.text[self.span.text.clone()]
    }

    /// By HL7's number: MSH-1 is the separator, PID-3 the identifiers.
    pub fn field(self, number: usize) -> Field<'a> {
        let own = &self.message.fields[self.span.fields.clone()];
        let raw = own
            .get(number)
            .map_or("", |range| &self.message.text[range.clone()]);
        Field {
            raw,
            delimiters: &self.message.delimiters,
        }
    }

    pub fn delimiters(self) -> &'a Delimiters {
        &self.message.delimiters
    }

    /// Its place among the segments of the same name, from 1.
    pub fn sequence(self) -> usize {
        self.span.sequence
    }
}

#[derive(Clone, Copy)]
pub struct Field<'a> {
    raw: &'a str,
    delimiters: &'a Delimiters,
}

impl<'a> Field<'a> {
    pub(super) fn empty(delimiters: &'a Delimiters) -> Field<'a> {
        Field { raw: "", delimiters }
    }

    pub fn raw(self) -> &'a str {
        self.raw
    }

    /// Nothing said.
    pub fn is_empty(self) -> bool {
        self.raw.trim().is_empty()
    }

    /// `""`: delete what was there.
    pub fn is_null(self) -> bool {
        self.raw.trim() == "\"\""
    }

    /// Repetitions that say something, `""` not being one.
    pub fn reps(self) -> impl Iterator<Item = Rep<'a>> {
        split(self.raw, self.delimiters.repetition)
            .map(move |raw| Rep {
                raw,
                delimiters: self.delimiters,
            })
            .filter(|rep| !rep.is_empty())
    }

    /// A repetition counted from 0.
    pub fn rep(self, index: usize) -> Rep<'a> {
        let raw = split(self.raw, self.delimiters.repetition)
            .nth(index)
            .unwrap_or("");
        Rep {
            raw,
            delimiters: self.delimiters,
        }
    }

    /// A component of the first repetition, counted from 1.
    pub fn component(self, number: usize) -> Component<'a> {
        self.rep(0).component(number)
    }

    /// The first component of the first repetition.
    pub fn text(self) -> Option<String> {
        self.component(1).text()
    }
}

#[derive(Clone, Copy)]
pub struct Rep<'a> {
    raw: &'a str,
    delimiters: &'a Delimiters,
}

impl<'a> Rep<'a> {
    pub fn raw(self) -> &'a str {
        self.raw
    }

    /// True when no component says anything.
    pub fn is_empty(self) -> bool {
        let separators = [self.delimiters.component, self.delimiters.subcomponent];
        let silent = |c: char| c.is_whitespace() || separators.contains(&Some(c));
        self.raw.trim_matches(silent).is_empty() || self.raw.trim_matches(silent) == "\"\""
    }

    pub fn component(self, number: usize) -> Component<'a> {
        let raw = split(self.raw, self.delimiters.component)
            .nth(number.wrapping_sub(1))
            .unwrap_or("");
        Component {
            raw,
            delimiters: self.delimiters,
        }
    }

    /// Its first component.
    pub fn text(self) -> Option<String> {
        self.component(1).text()
    }
}

#[derive(Clone, Copy)]
pub struct Component<'a> {
    raw: &'a str,
    delimiters: &'a Delimiters,
}

impl<'a> Component<'a> {
    pub fn raw(self) -> &'a str {
        self.raw
    }

    /// Its first subcomponent, unescaped and trimmed; None when empty or `""`.
    pub fn text(self) -> Option<String> {
        self.subcomponent(1)
    }

    /// A subcomponent counted from 1.
    pub fn subcomponent(self, number: usize) -> Option<String> {
        let raw = split(self.raw, self.delimiters.subcomponent).nth(number.wrapping_sub(1))?;
        let raw = raw.trim();
        if raw.is_empty() || raw == "\"\"" {
            return None;
        }
        let plain = |c: char| !c.is_control() && Some(c) != self.delimiters.escape;
        if raw.chars().all(plain) {
            return Some(raw.to_owned());
        }
        let text = readable(&unescape(raw, self.delimiters));
        (!text.is_empty()).then_some(text)
    }
}

/// A break is a break, however it was sent; FHIR strings have no other control characters.
fn readable(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let allowed = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    text.trim().chars().filter(allowed).collect()
}

fn split(raw: &str, separator: Option<char>) -> impl Iterator<Item = &str> {
    let mut rest = Some(raw);
    std::iter::from_fn(move || {
        let text = rest?;
        match separator.and_then(|separator| text.split_once(separator)) {
            Some((first, tail)) => {
                rest = Some(tail);
                Some(first)
            }
            None => rest.take(),
        }
    })
}
