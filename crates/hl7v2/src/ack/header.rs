//! What an answer echoes of the message it answers.
use crate::Message;
use crate::message::{Delimiters, Segment};

/// How much of a broken message is searched for its header.
const FAR: usize = 4096;

/// Parts of MSH, fields as they stood (still escaped), so that they can be written back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    pub delimiters: Delimiters,
    pub sending_application: String,
    pub sending_facility: String,
    pub receiving_application: String,
    pub receiving_facility: String,
    /// MSH-9.2
    pub event: String,
    /// MSH-10
    pub control_id: String,
    pub processing_id: String,
    pub version: String,
    /// MSH-15: AL, NE, ER, SU
    pub accept_condition: String,
    /// MSH-16
    pub application_condition: String,
}

impl Header {
    pub fn of(message: &Message) -> Header {
        match message.segment("MSH") {
            Some(header) => Header {
                event: message.event().unwrap_or_default(),
                ..Header::read(header)
            },
            None => Header::default(),
        }
    }

    /// The best that can be read of a message that does not parse: its first line from `MSH` on,
    /// if need be with the standard's separators in place of what MSH-2 says. Blank fields where
    /// not even that is there.
    pub fn salvage(bytes: &[u8]) -> Header {
        let start = bytes.windows(3).take(FAR).position(|window| window == b"MSH");
        let from = start.map_or(&[][..], |start| &bytes[start..]);
        let line = from
            .split(|b| matches!(b, b'\r' | b'\n' | 0x1c))
            .next()
            .unwrap_or_default();
        let line = &line[..line.len().min(FAR)];
        let message = Message::parse(line).or_else(|_| Message::parse(&repaired(line)));
        message.map_or_else(|_| Header::default(), |message| Header::of(&message))
    }

    /// Enhanced mode: the sender says which answers it wants.
    pub fn enhanced(&self) -> bool {
        !self.accept_condition.is_empty() || !self.application_condition.is_empty()
    }

    fn read(header: Segment<'_>) -> Header {
        let raw = |field| one_line(header.field(field).raw());
        let code = |field: usize| {
            header
                .field(field)
                .text()
                .unwrap_or_default()
                .to_ascii_uppercase()
        };
        Header {
            delimiters: header.delimiters().clone(),
            sending_application: raw(3),
            sending_facility: raw(4),
            receiving_application: raw(5),
            receiving_facility: raw(6),
            event: String::new(),
            control_id: raw(10),
            processing_id: raw(11),
            version: raw(12),
            accept_condition: code(15),
            application_condition: code(16),
        }
    }

    /// ERR changed its shape with 2.5.
    pub(super) fn before_2_5(&self) -> bool {
        matches!(self.version.get(..3), Some("2.1" | "2.2" | "2.3" | "2.4"))
    }
}

fn repaired(line: &[u8]) -> Vec<u8> {
    let separator = line.get(3).copied().unwrap_or(b'|');
    let mut fields: Vec<&[u8]> = line.split(|b| *b == separator).collect();
    if let Some(encoding) = fields.get_mut(1) {
        *encoding = br"^~\&";
    }
    fields.join(&separator)
}

fn one_line(raw: &str) -> String {
    raw.chars().filter(|c| !c.is_control()).collect()
}
