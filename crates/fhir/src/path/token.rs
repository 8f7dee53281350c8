//! Characters to tokens. <http://hl7.org/fhirpath/N1/#lexical-elements>
use super::PathError;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    /// A name in backticks: never a keyword.
    Quoted(String),
    String(String),
    Number(String),
    Temporal(String),
    Symbol(&'static str),
}

const SYMBOLS: [&str; 24] = [
    "!=", "!~", "<=", ">=", "(", ")", "[", "]", "{", "}", ".", ",", "*", "/", "+", "-", "&", "|", ">", "<",
    "=", "~", "%", "$",
];

/// Each token with its place, for errors.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, PathError> {
    let (mut at, mut tokens) = (0, Vec::new());
    loop {
        at += blank(&text[at..]).ok_or(PathError::at(at, "a comment that does not end"))?;
        let rest = &text[at..];
        if rest.is_empty() {
            return Ok(tokens);
        }
        let (token, length) = next(rest).ok_or(PathError::at(at, "not a FHIRPath token"))?;
        tokens.push((at, token));
        at += length;
    }
}

/// Length of white space and comments; None for a comment without end.
fn blank(text: &str) -> Option<usize> {
    let mut rest = text.trim_start();
    loop {
        rest = if rest.starts_with("//") {
            rest.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/")?.1
        } else {
            return Some(text.len() - rest.len());
        };
        rest = rest.trim_start();
    }
}

fn next(text: &str) -> Option<(Token, usize)> {
    let first = text.chars().next()?;
    match first {
        '\'' => quoted(text, '\'').map(|(value, length)| (Token::String(value), length)),
        '`' => quoted(text, '`').map(|(value, length)| (Token::Quoted(value), length)),
        '@' => Some(temporal(&text[1..])),
        c if c.is_ascii_digit() => Some(number(text)),
        c if c.is_ascii_alphabetic() || c == '_' => {
            let length = span(text, |c| c.is_ascii_alphanumeric() || c == '_');
            Some((Token::Name(text[..length].to_owned()), length))
        }
        _ => {
            let symbol = SYMBOLS.iter().find(|symbol| text.starts_with(**symbol))?;
            Some((Token::Symbol(symbol), symbol.len()))
        }
    }
}

fn span(text: &str, within: impl Fn(char) -> bool) -> usize {
    text.find(|c| !within(c)).unwrap_or(text.len())
}

/// `1`, `1.5`; the dot of `1.toString()` is not part of it.
fn number(text: &str) -> (Token, usize) {
    let whole = span(text, |c| c.is_ascii_digit());
    let fraction = text[whole..]
        .strip_prefix('.')
        .map_or(0, |rest| span(rest, |c| c.is_ascii_digit()));
    let length = if fraction == 0 {
        whole
    } else {
        whole + 1 + fraction
    };
    (Token::Number(text[..length].to_owned()), length)
}

/// After the `@`: `2024-01-31`, `2024-01-31T10:00:00Z`, `T10:00`.
fn temporal(text: &str) -> (Token, usize) {
    let date = span(text, |c| c.is_ascii_digit() || c == '-');
    let time = if text[date..].starts_with('T') {
        span(&text[date..], |c| {
            c.is_ascii_digit() || matches!(c, 'T' | ':' | '.' | 'Z' | '+' | '-')
        })
    } else {
        0
    };
    let written = text[..date + time].trim_end_matches('.');
    (Token::Temporal(written.to_owned()), 1 + written.len())
}

/// The unescaped content between quotes and the length with them.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return Some((out, at + 1)),
            '\\' => out.push(escape(&mut chars)?),
            c => out.push(c),
        }
    }
    None
}

fn escape(chars: &mut impl Iterator<Item = (usize, char)>) -> Option<char> {
    let (_, c) = chars.next()?;
    match c {
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'f' => Some('\u{c}'),
        'u' => {
            let digits: String = chars.take(4).map(|(_, digit)| digit).collect();
            u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)
        }
        '\\' | '/' | '\'' | '"' | '`' => Some(c),
        _ => None,
    }
}
