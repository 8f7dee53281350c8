//! The strings of JSON text and where they are, in one pass without building a tree.
use std::borrow::Cow;
use std::ops::Range;

/// What a quoted JSON string says.
pub(super) fn decoded(quoted: &str) -> Option<Cow<'_, str>> {
    if quoted.contains('\\') {
        return serde_json::from_str::<String>(quoted).ok().map(Cow::Owned);
    }
    quoted.get(1..quoted.len() - 1).map(Cow::Borrowed)
}

/// The string values of valid JSON text with the member each belongs to and its place, quotes
/// included. Strings of an array belong to the array's member.
pub(super) struct StringValues<'a> {
    text: &'a str,
    at: usize,
    member: &'a str,
}

impl<'a> StringValues<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        StringValues {
            text,
            at: 0,
            member: "",
        }
    }
}

impl<'a> Iterator for StringValues<'a> {
    type Item = (&'a str, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        loop {
            let start = self.at + bytes[self.at..].iter().position(|b| *b == b'"')?;
            let end = closing(bytes, start)?;
            self.at = end;
            let next = bytes[end..].iter().find(|b| !b.is_ascii_whitespace());
            if next != Some(&b':') {
                return Some((self.member, start..end));
            }
            self.member = &self.text[start + 1..end - 1];
        }
    }
}

/// Behind the quote that ends the string opened at `start`.
fn closing(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}
