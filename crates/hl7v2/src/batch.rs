//! Batches: messages between BHS and BTS, in a file between FHS and FTS. Each message is a message
//! like any other; the answers come back as a batch.
//! <https://www.hl7.eu/HL7v2x/v28/std28/ch02.html#Heading83>
use crate::message::unframed;
use crate::time;

/// The parts of a batch, as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch<'a> {
    pub messages: Vec<&'a [u8]>,
    /// Whether it came in a file.
    file: bool,
    /// BHS, or FHS where there is no BHS.
    header: &'a [u8],
    /// BTS-1 of all batches in the file: how many messages the sender says there are.
    announced: Option<usize>,
}

impl<'a> Batch<'a> {
    /// None when the bytes are no batch, or one without a message.
    pub fn split(bytes: &'a [u8]) -> Option<Batch<'a>> {
        let bytes = unframed(bytes);
        if !matches!(bytes.get(..3)?, b"FHS" | b"BHS") {
            return None;
        }
        let mut batch = Batch {
            messages: Vec::new(),
            file: bytes.starts_with(b"FHS"),
            header: line(bytes),
            announced: Some(0),
        };
        let (mut open, mut closed) = (None, false);
        for start in lines(bytes) {
            let name = bytes.get(start..start + 3).unwrap_or_default();
            if !matches!(name, b"MSH" | b"FHS" | b"BHS" | b"BTS" | b"FTS") {
                // What no header precedes is a message that cannot be read.
                if open.is_none() && !line(&bytes[start..]).trim_ascii().is_empty() {
                    open = Some(start);
                }
                continue;
            }
            batch
                .messages
                .extend(open.take().map(|from: usize| &bytes[from..start]));
            match name {
                b"MSH" => open = Some(start),
                b"BHS" => batch.header = line(&bytes[start..]),
                b"BTS" => {
                    let counted = count(line(&bytes[start..]));
                    batch.announced = batch.announced.zip(counted).map(|(sum, one)| sum + one);
                    closed = true;
                }
                _ => {}
            }
        }
        batch.messages.extend(open.map(|from| &bytes[from..]));
        batch.announced = batch.announced.filter(|_| closed);
        (!batch.messages.is_empty()).then_some(batch)
    }

    /// The acknowledgements as a batch, its sender and receiver in each other's place. `at` is in
    /// microseconds.
    pub fn answer(&self, acks: &[Vec<u8>], control_id: &str, at: i64) -> Vec<u8> {
        let separator = char::from(*self.header.get(3).unwrap_or(&b'|'));
        let header = String::from_utf8_lossy(self.header);
        let fields: Vec<&str> = header.split(separator).collect();
        let field = |number: usize| fields.get(number - 1).copied().unwrap_or_default();
        let stamp = time::stamp(at);
        // BHS-3 to BHS-6, BHS-7, BHS-11, and BHS-12: the batch that is answered.
        let head = [
            field(2),
            field(5),
            field(6),
            field(3),
            field(4),
            &stamp,
            "",
            "",
            "",
            control_id,
            field(11),
        ];
        let head = head.join(&separator.to_string());
        let told = match self.announced.filter(|count| *count != self.messages.len()) {
            Some(count) => format!("{separator}{count} were announced, {} came", self.messages.len()),
            None => String::new(),
        };
        let mut answer = Vec::new();
        if self.file {
            answer.extend(format!("FHS{separator}{head}\r").into_bytes());
        }
        answer.extend(format!("BHS{separator}{head}\r").into_bytes());
        answer.extend(acks.iter().flatten());
        answer.extend(format!("BTS{separator}{}{told}\r", acks.len()).into_bytes());
        if self.file {
            answer.extend(format!("FTS{separator}1\r").into_bytes());
        }
        answer
    }
}

/// Where lines begin.
fn lines(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let ends = bytes.iter().enumerate();
    let after = ends.filter(|(_, byte)| matches!(byte, b'\r' | b'\n'));
    std::iter::once(0).chain(after.map(|(at, _)| at + 1))
}

/// The line at the start, without what ends it.
fn line(bytes: &[u8]) -> &[u8] {
    bytes
        .split(|byte| matches!(byte, b'\r' | b'\n'))
        .next()
        .unwrap_or_default()
}

fn count(trailer: &[u8]) -> Option<usize> {
    let separator = trailer.get(3)?;
    let count = trailer.split(|byte| byte == separator).nth(1)?;
    std::str::from_utf8(count).ok()?.trim().parse().ok()
}
