//! Narrative: well-formed XHTML of allowed elements and attributes, with nothing active in it.
//! <https://hl7.org/fhir/R4/narrative.html#xhtml>
//!
//! A reader of one pass that keeps only the names of the open elements: time grows with the text,
//! memory with its depth, and both are bounded.
mod allowed;
mod scan;

use allowed::{attribute, element, harmless};
use scan::{Piece, Scanner};

/// More than any narrative, in bytes and in open elements.
const MAX_LENGTH: usize = 4 * 1024 * 1024;
const MAX_DEPTH: usize = 100;

const NAMESPACE: &str = "http://www.w3.org/1999/xhtml";

/// The rule that a narrative breaks, by the key of its invariant, and the byte where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    pub key: &'static str,
    pub rule: &'static str,
    pub at: usize,
}

impl Fault {
    fn at(at: usize, rule: &'static str) -> Fault {
        Fault {
            key: "txt-1",
            rule,
            at,
        }
    }
}

/// One `<div>` in the XHTML namespace, harmless, and with something to read.
pub fn check(text: &str) -> Result<(), Fault> {
    if text.len() > MAX_LENGTH {
        return Err(Fault::at(MAX_LENGTH, "narrative is at most 4 MB"));
    }
    let mut reader = Reader {
        open: Vec::new(),
        begun: false,
        readable: false,
    };
    let mut scanner = Scanner::new(text);
    while let Some((at, piece)) = scanner.next()? {
        reader.piece(piece).map_err(|rule| Fault::at(at, rule))?;
    }
    reader.end(text.len())
}

/// What was read so far.
struct Reader<'a> {
    open: Vec<&'a str>,
    begun: bool,
    /// Text or an image.
    readable: bool,
}

impl<'a> Reader<'a> {
    fn piece(&mut self, piece: Piece<'a>) -> Result<(), &'static str> {
        match piece {
            Piece::Text(text) => self.text(text),
            Piece::Open {
                name,
                attributes,
                closed,
            } => self.opened(name, &attributes, closed),
            Piece::Close(name) if self.open.last() == Some(&name) => {
                self.open.pop();
                Ok(())
            }
            Piece::Close(_) => Err("an end tag must close the element that was opened last"),
            Piece::Comment => Ok(()),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), &'static str> {
        let blank = text.chars().all(char::is_whitespace);
        if !blank && self.open.is_empty() {
            return Err("all text stands in one <div> element");
        }
        self.readable |= !blank;
        Ok(())
    }

    fn opened(
        &mut self,
        name: &'a str,
        attributes: &[(&'a str, &'a str)],
        closed: bool,
    ) -> Result<(), &'static str> {
        if self.open.is_empty() {
            self.root(name, attributes)?;
        }
        if !element(name) {
            return Err("an element that narrative does not allow; only basic formatting is");
        }
        for (place, (attribute_name, value)) in attributes.iter().enumerate() {
            if attributes[..place]
                .iter()
                .any(|(other, _)| other == attribute_name)
            {
                return Err("the same attribute twice");
            }
            if !attribute(name, attribute_name) {
                return Err("an attribute that narrative does not allow here; event handlers never are");
            }
            harmless(attribute_name, value)?;
        }
        self.readable |= name == "img";
        match (closed, self.open.len()) {
            (true, _) => Ok(()),
            (false, MAX_DEPTH) => Err("elements are nested too deeply"),
            (false, _) => {
                self.open.push(name);
                Ok(())
            }
        }
    }

    fn root(&mut self, name: &str, attributes: &[(&str, &str)]) -> Result<(), &'static str> {
        let space = attributes.iter().find(|(name, _)| *name == "xmlns");
        if self.begun || name != "div" || space.map(|(_, value)| *value) != Some(NAMESPACE) {
            return Err("one <div xmlns=\"http://www.w3.org/1999/xhtml\"> holds the whole narrative");
        }
        self.begun = true;
        Ok(())
    }

    fn end(&self, at: usize) -> Result<(), Fault> {
        if !self.begun || !self.open.is_empty() {
            return Err(Fault::at(at, "one <div> element must be opened and closed"));
        }
        if self.readable {
            return Ok(());
        }
        Err(Fault {
            key: "txt-2",
            ..Fault::at(at, "narrative needs some text or an image")
        })
    }
}

#[cfg(test)]
mod tests;
