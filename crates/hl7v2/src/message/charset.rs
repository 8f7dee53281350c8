//! Bytes to text by MSH-18 (HL7 table 0211), never by guessing in silence.
use crate::{Fault, Place};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// The text and, when the declaration did not hold, what was assumed instead.
pub(super) fn decode(bytes: &[u8]) -> (String, Option<Fault>) {
    // A byte order mark says more than MSH-18, which cannot be read before it.
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let (text, broken) = encoding.decode_without_bom_handling(&bytes[mark..]);
        return (
            text.into_owned(),
            broken.then(|| fault("charset-invalid", "bytes do not fit the byte order mark")),
        );
    }
    let declared = declared(bytes);
    let name = declared.trim();
    match encoding(name) {
        Some(encoding) => match encoding.decode_without_bom_handling_and_without_replacement(bytes) {
            Some(text) => (text.into_owned(), None),
            None => assume(
                bytes,
                "charset-invalid",
                "bytes do not fit the character set MSH-18 declares",
            ),
        },
        None if bytes.is_ascii() => assume_ascii(bytes, name),
        None if plain(name) => assume(
            bytes,
            "charset-undeclared",
            "text is not ASCII and MSH-18 declares no character set",
        ),
        None => assume(
            bytes,
            "charset-unknown",
            "MSH-18 names a character set Baton does not know",
        ),
    }
}

fn fault(code: &'static str, text: &str) -> Fault {
    Fault::new(code, Place::field("MSH", 18), text)
}

fn plain(name: &str) -> bool {
    matches!(name.to_ascii_uppercase().as_str(), "" | "ASCII" | "\"\"")
}

fn assume_ascii(bytes: &[u8], name: &str) -> (String, Option<Fault>) {
    let unknown = (!plain(name)).then(|| {
        fault(
            "charset-unknown",
            "MSH-18 names an unknown character set; read as ASCII",
        )
    });
    (String::from_utf8_lossy(bytes).into_owned(), unknown)
}

/// UTF-8 hardly ever validates by accident; windows-1252 is what is left in practice.
fn assume(bytes: &[u8], code: &'static str, why: &str) -> (String, Option<Fault>) {
    let encoding = if std::str::from_utf8(bytes).is_ok() {
        UTF_8
    } else {
        WINDOWS_1252
    };
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    (
        text.into_owned(),
        Some(fault(code, &format!("{why}; read as {}", encoding.name()))),
    )
}

/// MSH-18.1 before decoding. All supported sets but UTF-16 agree with ASCII on the header.
fn declared(bytes: &[u8]) -> String {
    let Some(separator) = bytes.get(3) else {
        return String::new();
    };
    let line = bytes
        .split(|b| matches!(b, b'\r' | b'\n'))
        .next()
        .unwrap_or_default();
    let field = line.split(|b| b == separator).nth(17).unwrap_or_default();
    // Further repetitions are alternates switched to by escape sequences.
    let first = field
        .split(|b| matches!(b, b'~' | b'^'))
        .next()
        .unwrap_or_default();
    String::from_utf8_lossy(first).into_owned()
}

fn encoding(name: &str) -> Option<&'static Encoding> {
    let label = match name.to_ascii_uppercase().as_str() {
        "UNICODE UTF-8" | "UNICODE" => "utf-8",
        "GB 18030-2000" => "gb18030",
        "KS X 1001" => "euc-kr",
        "BIG-5" => "big5",
        "ISO IR14" | "ISO IR87" | "ISO IR159" => "iso-2022-jp",
        "ASCII" => return None,
        other => match other.strip_prefix("8859/") {
            Some(part) => &format!("iso-8859-{part}"),
            None => &other.to_owned(),
        },
    };
    Encoding::for_label(label.as_bytes())
}
