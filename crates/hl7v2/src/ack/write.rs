//! The text of an ACK message, in the separators of the message it answers.
use super::{Answer, Header, Remark};
use crate::message::{Delimiters, escape};
use crate::time;

/// MSA-2 repeats MSH-10, sender and receiver change places.
pub(super) fn ack(header: &Header, answer: &Answer, code: &str, control_id: &str, at: i64) -> String {
    let d = &header.delimiters;
    let mut msa = vec!["MSA".to_owned(), code.to_owned(), header.control_id.clone()];
    if header.before_2_5() {
        msa.extend(answer.remarks.first().map(|remark| escape(&remark.text, d)));
    }
    let errors = answer.remarks.iter().map(|remark| match header.before_2_5() {
        true => old_error(remark, d),
        false => error(remark, d),
    });
    let mut body = vec![line(msa, d)];
    body.extend(errors);
    // Senders read an answer in their own character set; say so when it matters.
    let ascii = body.iter().all(|line| line.is_ascii());
    let head = head(header, control_id, at, ascii);
    [line(head, d)]
        .into_iter()
        .chain(body)
        .map(|line| line + "\r")
        .collect()
}

fn head(header: &Header, control_id: &str, at: i64, ascii: bool) -> Vec<String> {
    let d = &header.delimiters;
    let kind = ["ACK", header.event.as_str(), "ACK"];
    let kind = if header.event.is_empty() {
        "ACK".into()
    } else {
        components(&kind, d)
    };
    let echoed = [
        header.receiving_application.clone(),
        header.receiving_facility.clone(),
        header.sending_application.clone(),
        header.sending_facility.clone(),
    ];
    let ascii = ascii && header.version.is_ascii() && echoed.iter().all(|field| field.is_ascii());
    let mut fields = vec!["MSH".to_owned(), d.encoding_characters()];
    fields.extend(echoed);
    fields.extend([time::stamp(at), String::new(), kind, escape(control_id, d)]);
    fields.extend([or(&header.processing_id, "P"), or(&header.version, "2.5.1")]);
    if !ascii {
        fields.extend(std::iter::repeat_n(String::new(), 5));
        fields.push("UNICODE UTF-8".into());
    }
    fields
}

fn or(text: &str, default: &str) -> String {
    if text.is_empty() {
        default.to_owned()
    } else {
        text.to_owned()
    }
}

/// ERR-2 location, ERR-3 code, ERR-4 severity, ERR-7 text for a person.
fn error(remark: &Remark, d: &Delimiters) -> String {
    let place = &remark.location;
    let number = |n: usize| if n == 0 { String::new() } else { n.to_string() };
    let location = [
        place.segment.as_str(),
        &place.sequence.to_string(),
        &number(place.field),
        if place.component > 0 { "1" } else { "" },
        &number(place.component),
    ];
    let location = components(&location, d);
    let location = location.trim_end_matches(|c| Some(c) == d.component).to_owned();
    let code = components(&[&remark.error.to_string(), meaning(remark.error), "HL70357"], d);
    let severity = remark.severity.code().to_owned();
    let text = escape(&remark.text, d);
    line(
        vec![
            "ERR".into(),
            String::new(),
            location,
            code,
            severity,
            String::new(),
            String::new(),
            text,
        ],
        d,
    )
}

/// ERR-1 of version 2.4 and older: segment, sequence, field, code.
fn old_error(remark: &Remark, d: &Delimiters) -> String {
    let place = &remark.location;
    let subcomponents = d.subcomponent.map_or(" ".into(), String::from);
    let code = [
        remark.error.to_string(),
        meaning(remark.error).to_owned(),
        "HL70357".to_owned(),
    ];
    let code = code.join(&subcomponents);
    let field = if place.field == 0 {
        String::new()
    } else {
        place.field.to_string()
    };
    let parts = [place.segment.as_str(), &place.sequence.to_string(), &field, &code];
    line(vec!["ERR".into(), components(&parts, d)], d)
}

fn components(parts: &[&str], d: &Delimiters) -> String {
    parts.join(&d.component.map_or(" ".into(), String::from))
}

fn line(fields: Vec<String>, d: &Delimiters) -> String {
    fields.join(&String::from(d.field))
}

fn meaning(error: u16) -> &'static str {
    match error {
        0 => "Message accepted",
        100 => "Segment sequence error",
        101 => "Required field missing",
        102 => "Data type error",
        103 => "Table value not found",
        104 => "Value too long",
        200 => "Unsupported message type",
        201 => "Unsupported event code",
        202 => "Unsupported processing id",
        203 => "Unsupported version id",
        204 => "Unknown key identifier",
        205 => "Duplicate key identifier",
        206 => "Application record locked",
        _ => "Application error",
    }
}
