//! Cuts text into segments and fields.
use super::{Delimiters, MAX_BYTES, MAX_FIELDS, MAX_REPETITIONS, MAX_SEGMENTS, Message, Span, charset};
use crate::{Fault, Place, Reject};
use std::collections::HashMap;
use std::ops::Range;

pub(super) fn parse(bytes: &[u8]) -> Result<Message, Reject> {
    let bytes = unframed(bytes);
    if bytes.len() > MAX_BYTES {
        return Err(Reject::refuse(
            207,
            Place::segment("MSH"),
            format!("message exceeds {MAX_BYTES} bytes"),
        ));
    }
    let (text, doubt) = charset::decode(bytes);
    // UTF-16 shows its leading blanks only now.
    let text = text
        .trim_start_matches(['\u{feff}', '\r', '\n', ' ', '\t'])
        .to_owned();
    starts_with_header(&text)?;
    let delimiters = Delimiters::read(&text)?;
    let mut message = Message {
        text,
        delimiters,
        fields: Vec::new(),
        segments: Vec::new(),
        faults: Vec::from_iter(doubt),
    };
    let lines = lines(&message.text, message.delimiters.field);
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (number, line) in lines.segments.into_iter().enumerate() {
        let name: String = message.text[line.clone()].chars().take(3).collect();
        admit(&name, number + 1)?;
        let sequence = seen.entry(name).or_default();
        *sequence += 1;
        add_segment(&mut message, *sequence, line)?;
    }
    report(&mut message, lines.continued);
    Ok(message)
}

/// What was read with goodwill.
fn report(message: &mut Message, continued: usize) {
    if message.field("MSH", 2).raw() != message.delimiters.encoding_characters() {
        let text = "MSH-2 repeats a separator; taken once";
        message
            .faults
            .push(Fault::new("separator-repeated", Place::field("MSH", 2), text));
    }
    if continued > 0 {
        let text = format!("{continued} line breaks inside fields; escape them as \\.br\\");
        message
            .faults
            .push(Fault::new("line-break", Place::segment("MSH"), text));
    }
}

/// Without MLLP's frame and blank lines around the message.
pub(crate) fn unframed(bytes: &[u8]) -> &[u8] {
    let frame = |b: &u8| matches!(b, 0x0b | 0x1c | b'\r' | b'\n' | b' ' | b'\t');
    let start = bytes.iter().position(|b| !frame(b)).unwrap_or(bytes.len());
    let end = bytes
        .iter()
        .rposition(|b| !matches!(b, 0x0b | 0x1c | b'\r' | b'\n'))
        .map_or(start, |last| last + 1);
    &bytes[start..end.max(start)]
}

fn starts_with_header(text: &str) -> Result<(), Reject> {
    let batch = text.starts_with("FHS") || text.starts_with("BHS");
    match text.starts_with("MSH") {
        true => Ok(()),
        false if batch => Err(Reject::refuse(
            100,
            Place::segment("MSH"),
            "the batch holds no message",
        )),
        false => Err(Reject::refuse(
            100,
            Place::segment("MSH"),
            "a message starts with an MSH segment",
        )),
    }
}

struct Lines {
    segments: Vec<Range<usize>>,
    continued: usize,
}

/// Segments end at CR, LF or both. A line that does not start like a segment belongs to the field
/// before it: senders do forget to escape the line breaks of a note.
fn lines(text: &str, separator: char) -> Lines {
    let mut lines = Lines {
        segments: Vec::new(),
        continued: 0,
    };
    let mut start = 0;
    for line in text.split(['\r', '\n']) {
        let range = start..start + line.len();
        start = range.end + 1;
        if line.trim().is_empty() {
            continue;
        }
        match lines.segments.last_mut() {
            Some(last) if !starts_segment(line, separator) => {
                last.end = range.end;
                lines.continued += 1;
            }
            _ => lines.segments.push(range),
        }
    }
    lines
}

fn starts_segment(line: &str, separator: char) -> bool {
    let name = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    let bytes = line.as_bytes();
    bytes.len() >= 3
        && bytes[0].is_ascii_uppercase()
        && bytes[..3].iter().all(name)
        && line[3..].chars().next().is_none_or(|c| c == separator)
}

/// The bounds of a message: its length, and that it is one.
fn admit(name: &str, number: usize) -> Result<(), Reject> {
    if number > MAX_SEGMENTS {
        let why = format!("more than {MAX_SEGMENTS} segments");
        return Err(Reject::refuse(207, Place::segment(name), why));
    }
    if number > 1 && name == "MSH" {
        let why = format!("segment {number} starts a second message; send one at a time");
        return Err(Reject::refuse(100, Place::segment("MSH").nth(2), why));
    }
    Ok(())
}

fn add_segment(message: &mut Message, sequence: usize, line: Range<usize>) -> Result<(), Reject> {
    let header = message.text[line.clone()].starts_with("MSH");
    let first = message.fields.len();
    let separator = message.delimiters.field;
    let mut start = line.start;
    if header {
        // MSH-1 is the separator itself, so MSH counts one further than other segments.
        start += 3 + separator.len_utf8();
        message
            .fields
            .extend([line.start..line.start + 3, line.start + 3..start]);
    }
    for field in message.text[start..line.end].split(separator) {
        message.fields.push(start..start + field.len());
        start += field.len() + separator.len_utf8();
    }
    let fields = first..message.fields.len();
    let place = || Place::segment(&message.text[line.start..line.start + 3]).nth(sequence);
    let too_many = |place: Place, why: String| Err(Reject::refuse(207, place, why));
    if fields.len() > MAX_FIELDS {
        return too_many(place(), format!("more than {MAX_FIELDS} fields"));
    }
    let repeats = |field: &Range<usize>| {
        let text = &message.text[field.clone()];
        let separators = text.chars().filter(|c| Some(*c) == message.delimiters.repetition);
        separators.count() >= MAX_REPETITIONS
    };
    if let Some(at) = message.fields[first..].iter().position(repeats) {
        let place = Place { field: at, ..place() };
        return too_many(
            place,
            format!("more than {MAX_REPETITIONS} repetitions of a field"),
        );
    }
    message.segments.push(Span {
        text: line,
        sequence,
        fields,
    });
    Ok(())
}
