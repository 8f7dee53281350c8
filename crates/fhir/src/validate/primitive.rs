//! The form of primitive values. <https://hl7.org/fhir/R4/datatypes.html#primitive>
use crate::datetime::{Precision, Stamp, is_time};
use crate::registry::Primitive;
use serde_json::Value;

/// R4's bound on strings, in characters.
const MAX_STRING: usize = 1024 * 1024;

/// The rule that is broken, if one is.
pub(super) fn check(primitive: Primitive, value: &Value) -> Result<(), &'static str> {
    match primitive {
        Primitive::Boolean => when(value.is_boolean(), "give true or false without quotes"),
        Primitive::Integer => number(
            value,
            i64::from(i32::MIN),
            "give a whole number of 32 bits without quotes",
        ),
        Primitive::UnsignedInt => number(
            value,
            0,
            "give a whole number from 0 to 2147483647 without quotes",
        ),
        Primitive::PositiveInt => number(
            value,
            1,
            "give a whole number from 1 to 2147483647 without quotes",
        ),
        Primitive::Decimal => when(value.is_number(), "give a number without quotes"),
        _ => check_text(primitive, value.as_str().ok_or("give text in quotes")?),
    }
}

fn check_text(primitive: Primitive, text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("text must not be empty; leave the element out");
    }
    match primitive {
        Primitive::Code => when(is_code(text), "no white space around it and single spaces within"),
        Primitive::Id => when(is_id(text), "1 to 64 of the characters A-Z a-z 0-9 - ."),
        Primitive::Uri | Primitive::Url | Primitive::Canonical => when(
            !text.bytes().any(|byte| byte <= b' '),
            "no white space and no control characters",
        ),
        Primitive::Oid => when(is_oid(text), "urn:oid: and numbers separated by dots"),
        Primitive::Uuid => when(is_uuid(text), "urn:uuid: and a lower-case UUID"),
        Primitive::Base64Binary => when(is_base64(text), "base64 in groups of four characters"),
        Primitive::Date => when(is_date(text), "YYYY, YYYY-MM or YYYY-MM-DD"),
        Primitive::DateTime => when(
            is_date(text) || is_instant(text),
            "YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss+zz:zz",
        ),
        Primitive::Instant => when(
            is_instant(text),
            "YYYY-MM-DDThh:mm:ss.sss+zz:zz, with seconds and zone",
        ),
        Primitive::Time => when(is_time(text), "hh:mm:ss without a zone"),
        // Its own reader says more.
        Primitive::Xhtml => Ok(()),
        _ => check_string(text),
    }
}

fn check_string(text: &str) -> Result<(), &'static str> {
    let fits = text.len() <= MAX_STRING || text.chars().count() <= MAX_STRING;
    when(fits, "at most 1048576 characters")?;
    let control = |byte: u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
    when(
        !text.bytes().any(control),
        "no control characters but tab, line feed and carriage return",
    )
}

fn when(holds: bool, rule: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(rule) }
}

fn number(value: &Value, least: i64, rule: &'static str) -> Result<(), &'static str> {
    let within = |number| (least..=i64::from(i32::MAX)).contains(&number);
    when(value.as_i64().is_some_and(within), rule)
}

/// XML's white space: a no-break space is a character like others.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn is_code(text: &str) -> bool {
    let bytes = text.as_bytes();
    let edge = |byte: Option<&u8>| byte.is_none_or(|byte| is_space(*byte));
    let doubled = bytes
        .windows(2)
        .any(|pair| is_space(pair[0]) && is_space(pair[1]));
    !edge(bytes.first()) && !edge(bytes.last()) && !doubled && !bytes.iter().any(|byte| *byte < 0x20)
}

pub(super) fn is_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

fn is_oid(text: &str) -> bool {
    let number = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_digit())
            && (part.len() == 1 || !part.starts_with('0'))
    };
    let parts = text
        .strip_prefix("urn:oid:")
        .filter(|oid| oid.starts_with(['0', '1', '2']) && oid.contains('.'));
    parts.is_some_and(|oid| oid.split('.').all(number) && oid.as_bytes()[1] == b'.')
}

fn is_uuid(text: &str) -> bool {
    let Some(uuid) = text.strip_prefix("urn:uuid:").filter(|uuid| uuid.len() == 36) else {
        return false;
    };
    uuid.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    })
}

/// Line breaks are common in attachments and allowed anywhere.
fn is_base64(text: &str) -> bool {
    let (mut digits, mut padding) = (0, 0);
    for byte in text.bytes() {
        match byte {
            b'=' => padding += 1,
            _ if is_space(byte) => {}
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => digits += 1,
            _ => return false,
        }
    }
    digits > 0 && padding <= 2 && (digits + padding) % 4 == 0
}

fn is_date(text: &str) -> bool {
    Stamp::parse(text).is_some_and(|stamp| stamp.precision <= Precision::Day)
}

fn is_instant(text: &str) -> bool {
    Stamp::parse(text).is_some_and(|stamp| stamp.precision == Precision::Second && stamp.zoned)
}
