//! Escape sequences in text. <https://www.hl7.eu/HL7v2x/v28/std28/ch02.html#Heading43>
use super::Delimiters;
use std::borrow::Cow;

/// Text as meant. A sequence that is not HL7's (a path like `C:\TEMP`) stays as it is.
pub fn unescape<'a>(raw: &'a str, delimiters: &Delimiters) -> Cow<'a, str> {
    let Some(mark) = delimiters.escape.filter(|mark| raw.contains(*mark)) else {
        return Cow::Borrowed(raw);
    };
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once(mark) {
        out.push_str(before);
        match after
            .split_once(mark)
            .and_then(|(body, tail)| Some((meaning(body, delimiters)?, tail)))
        {
            Some((text, tail)) => {
                out.push_str(&text);
                rest = tail;
            }
            None => {
                out.push(mark);
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Text that can stand in a field. Without a declared escape character separators become spaces.
pub fn escape(text: &str, delimiters: &Delimiters) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match (sequence(c, delimiters), delimiters.escape) {
            (None, _) => out.push(c),
            (Some(body), Some(mark)) => {
                out.push(mark);
                out.push_str(body);
                out.push(mark);
            }
            (Some(_), None) => out.push(' '),
        }
    }
    out
}

fn sequence(c: char, delimiters: &Delimiters) -> Option<&'static str> {
    let c_is = |separator: Option<char>| separator == Some(c);
    Some(match c {
        '\n' => ".br",
        '\r' => "X0D",
        _ if c == delimiters.field => "F",
        _ if c_is(delimiters.component) => "S",
        _ if c_is(delimiters.subcomponent) => "T",
        _ if c_is(delimiters.repetition) => "R",
        _ if c_is(delimiters.escape) => "E",
        _ if c_is(delimiters.truncation) => "P",
        _ => return None,
    })
}

fn meaning(body: &str, delimiters: &Delimiters) -> Option<String> {
    let separator = match body {
        "F" => Some(delimiters.field),
        "S" => delimiters.component,
        "T" => delimiters.subcomponent,
        "R" => delimiters.repetition,
        "E" => delimiters.escape,
        "P" => Some(delimiters.truncation.unwrap_or('#')),
        _ => return formatting(body),
    };
    separator.map(String::from)
}

fn formatting(body: &str) -> Option<String> {
    let hex = |digits: &str| digits.bytes().all(|b| b.is_ascii_hexdigit());
    match body.as_bytes() {
        // Highlighting and indentation carry no meaning in FHIR text.
        b"H" | b"N" | b".fi" | b".nf" => Some(String::new()),
        b".br" | b".ce" => Some("\n".into()),
        [b'.', b's', b'p', count @ ..] => Some("\n".repeat(lines(count)?)),
        [b'.', b'i' | b't', b'n' | b'i', count @ ..] | [b'.', b's', b'k', count @ ..] => {
            lines(count.strip_prefix(b"-").unwrap_or(count))?;
            Some(String::new())
        }
        [b'X', ..] if body.len() > 1 && body.len() % 2 == 1 && hex(&body[1..]) => Some(bytes(&body[1..])),
        // Switches of character set: the text around them was decoded by MSH-18 already.
        [b'C', ..] if body.len() == 5 && hex(&body[1..]) => Some(String::new()),
        [b'M', ..] if matches!(body.len(), 5 | 7) && hex(&body[1..]) => Some(String::new()),
        // Local agreements that Baton is no party to.
        [b'Z', ..] if body.len() <= 8 && body.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            Some(String::new())
        }
        _ => None,
    }
}

/// The count of `.sp+2`, at most 99; one when absent.
fn lines(count: &[u8]) -> Option<usize> {
    match count.strip_prefix(b"+").unwrap_or(count) {
        [] => Some(1),
        digits @ ([_] | [_, _]) if digits.iter().all(u8::is_ascii_digit) => Some(
            digits
                .iter()
                .fold(0, |n, digit| n * 10 + usize::from(digit - b'0')),
        ),
        _ => None,
    }
}

fn bytes(hex: &str) -> String {
    let pairs = hex.as_bytes().chunks_exact(2);
    let bytes: Vec<u8> = pairs.map(|pair| nibble(pair[0]) << 4 | nibble(pair[1])).collect();
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => encoding_rs::WINDOWS_1252
            .decode_without_bom_handling(error.as_bytes())
            .0
            .into_owned(),
    }
}

fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.saturating_sub(b'A') + 10,
    }
}
