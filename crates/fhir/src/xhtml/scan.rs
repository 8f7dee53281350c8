//! Markup to pieces: tags with their attributes, text, comments. <https://www.w3.org/TR/xml/>
use super::Fault;

pub(super) enum Piece<'a> {
    Text(&'a str),
    Open {
        name: &'a str,
        attributes: Vec<(&'a str, &'a str)>,
        /// `<br/>`
        closed: bool,
    },
    Close(&'a str),
    Comment,
}

pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Scanner<'a> {
        Scanner { text, at: 0 }
    }

    /// The next piece and where it begins.
    pub(super) fn next(&mut self) -> Result<Option<(usize, Piece<'a>)>, Fault> {
        let (at, rest) = (self.at, &self.text[self.at..]);
        if rest.is_empty() {
            return Ok(None);
        }
        let piece = if !rest.starts_with('<') {
            self.text()?
        } else if let Some(comment) = rest.strip_prefix("<!--") {
            let length = comment
                .find("--")
                .filter(|end| comment[*end..].starts_with("-->"));
            self.at +=
                7 + length.ok_or(Fault::at(at, "a comment must end with --> and have no -- inside"))?;
            Piece::Comment
        } else if rest.starts_with("<!") || rest.starts_with("<?") {
            return Err(Fault::at(
                at,
                "no declarations, CDATA sections or processing instructions",
            ));
        } else if rest.starts_with("</") {
            self.close()?
        } else {
            self.open()?
        };
        Ok(Some((at, piece)))
    }

    fn text(&mut self) -> Result<Piece<'a>, Fault> {
        let (at, rest) = (self.at, &self.text[self.at..]);
        let text = &rest[..rest.find('<').unwrap_or(rest.len())];
        characters(text).map_err(|(offset, rule)| Fault::at(at + offset, rule))?;
        self.at += text.len();
        Ok(Piece::Text(text))
    }

    fn close(&mut self) -> Result<Piece<'a>, Fault> {
        self.at += 2;
        let name = self.name()?;
        self.space();
        self.expect(">")?;
        Ok(Piece::Close(name))
    }

    fn open(&mut self) -> Result<Piece<'a>, Fault> {
        self.at += 1;
        let name = self.name()?;
        let mut attributes = Vec::new();
        loop {
            let spaced = self.space();
            if self.accept("/>") {
                return Ok(Piece::Open {
                    name,
                    attributes,
                    closed: true,
                });
            }
            if self.accept(">") {
                return Ok(Piece::Open {
                    name,
                    attributes,
                    closed: false,
                });
            }
            if !spaced || attributes.len() >= MAX_ATTRIBUTES {
                return Err(Fault::at(self.at, "a tag that is not well-formed"));
            }
            attributes.push(self.attribute()?);
        }
    }

    fn attribute(&mut self) -> Result<(&'a str, &'a str), Fault> {
        let name = self.name()?;
        self.space();
        self.expect("=")?;
        self.space();
        let rest = &self.text[self.at..];
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let value = quote.and_then(|quote| rest[1..].split_once(quote));
        let (value, _) = value.ok_or(Fault::at(self.at, "an attribute needs a value in quotes"))?;
        if value.contains('<') {
            return Err(Fault::at(self.at, "no < in the value of an attribute"));
        }
        characters(value).map_err(|(offset, rule)| Fault::at(self.at + 1 + offset, rule))?;
        self.at += value.len() + 2;
        Ok((name, value))
    }

    fn name(&mut self) -> Result<&'a str, Fault> {
        let rest = &self.text[self.at..];
        let within = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-' | '.');
        let name = &rest[..rest.find(|c| !within(c)).unwrap_or(rest.len())];
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(Fault::at(
                self.at,
                "a name was expected here; write &lt; for a plain <",
            ));
        }
        self.at += name.len();
        Ok(name)
    }

    fn space(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        self.at += rest.len() - trimmed.len();
        rest.len() > trimmed.len()
    }

    fn accept(&mut self, token: &str) -> bool {
        let found = self.text[self.at..].starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn expect(&mut self, token: &str) -> Result<(), Fault> {
        if self.accept(token) {
            return Ok(());
        }
        Err(Fault::at(self.at, "a tag that is not well-formed"))
    }
}

/// More than any element has, so that looking for twins stays cheap.
const MAX_ATTRIBUTES: usize = 32;

/// Characters XML allows, and `&` only as the beginning of an entity.
fn characters(text: &str) -> Result<(), (usize, &'static str)> {
    let control = |c: char| c < ' ' && !matches!(c, '\t' | '\r' | '\n');
    if let Some(at) = text.find(|c| control(c) || matches!(c, '\u{fffe}' | '\u{ffff}')) {
        return Err((at, "no control characters"));
    }
    for (at, _) in text.match_indices('&') {
        if !entity(&text[at + 1..]) {
            return Err((at, "a plain & is written &amp;"));
        }
    }
    Ok(())
}

/// `amp;`, `nbsp;`, `#160;`, `#xA0;`
fn entity(text: &str) -> bool {
    let Some(body) = text.as_bytes().iter().take(12).position(|b| *b == b';') else {
        return false;
    };
    let body = &text[..body];
    let code = match body.strip_prefix('#') {
        None => {
            return body.starts_with(|c: char| c.is_ascii_alphabetic())
                && body.bytes().all(|b| b.is_ascii_alphanumeric());
        }
        Some(number) => match number.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        },
    };
    code.ok()
        .and_then(char::from_u32)
        .is_some_and(|c| c >= ' ' || matches!(c, '\t' | '\r' | '\n'))
}
