//! A message as sent: bytes cut into segments and fields, nothing interpreted, nothing dropped.
//!
//! Separators are the ones MSH-1 and MSH-2 declare; text is split first and unescaped when it is
//! read. Unknown and Z segments are kept like any other.
//! <https://www.hl7.eu/HL7v2x/v28/std28/ch02.html#Heading14>
mod charset;
mod delimiters;
mod escape;
mod split;
mod view;

pub(crate) use split::unframed;

pub use delimiters::Delimiters;
pub use escape::{escape, unescape};
pub use view::{Component, Field, Rep, Segment};

use crate::{Fault, Reject};
use std::ops::Range;

/// Larger messages are refused before they are read. A full ADT is some 10 kB.
pub const MAX_BYTES: usize = 8 << 20;
pub const MAX_SEGMENTS: usize = 5_000;
/// Of one segment. The longest standard segment has under 100.
pub const MAX_FIELDS: usize = 1_000;
/// Of one field. Nobody has so many numbers, names or addresses.
pub const MAX_REPETITIONS: usize = 500;

/// A parsed message. Fields are positions in `text`, so that access costs no copies.
#[derive(Clone, Debug)]
pub struct Message {
    text: String,
    delimiters: Delimiters,
    fields: Vec<Range<usize>>,
    segments: Vec<Span>,
    faults: Vec<Fault>,
}

/// Where a segment stands in the text, and which of the message's fields are its own.
#[derive(Clone, Debug)]
struct Span {
    text: Range<usize>,
    /// Which of the segments of its name, from 1.
    sequence: usize,
    fields: Range<usize>,
}

impl Message {
    /// Reads one message. MLLP framing bytes and a byte order mark around it are ignored.
    pub fn parse(bytes: &[u8]) -> Result<Message, Reject> {
        split::parse(bytes)
    }

    /// The decoded text, segments ending as they came.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn delimiters(&self) -> &Delimiters {
        &self.delimiters
    }

    /// Doubts about encoding and line structure.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    pub fn segments(&self) -> impl DoubleEndedIterator<Item = Segment<'_>> + Clone {
        self.segments.iter().map(|span| Segment { message: self, span })
    }

    /// The first segment of that name.
    pub fn segment(&self, name: &str) -> Option<Segment<'_>> {
        self.segments().find(|segment| segment.name() == name)
    }

    pub fn segments_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Segment<'a>> {
        self.segments().filter(move |segment| segment.name() == name)
    }

    /// A field of the first segment of that name; empty when there is none.
    pub fn field(&self, segment: &str, field: usize) -> Field<'_> {
        match self.segment(segment) {
            Some(segment) => segment.field(field),
            None => Field::empty(&self.delimiters),
        }
    }

    /// MSH-9.2, or what older and careless senders put in its place: MSH-9.3 (`ADT_A03`), EVN-1.
    pub fn event(&self) -> Option<String> {
        let kind = self.field("MSH", 9);
        let structure = || {
            kind.component(3)
                .text()?
                .split_once('_')
                .map(|(_, event)| event.to_owned())
        };
        kind.component(2)
            .text()
            .or_else(structure)
            .or_else(|| self.field("EVN", 1).text())
    }
}
