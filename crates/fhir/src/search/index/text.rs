//! How texts are folded, bounded and hashed, the same when indexing and when searching.
use sha2::{Digest, Sha256};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A row of a PostgreSQL B-tree holds at most 2,704 bytes, and a string row holds two texts.
/// What is longer is indexed, and compared, by its beginning.
const MAX_BYTES: usize = 1_000;

/// Case and accents folded, white space collapsed: how strings are compared.
/// <https://hl7.org/fhir/R4/search.html#string>
pub fn normalise(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let before = folded.len();
        if before > 0 {
            folded.push(' ');
        }
        let start = folded.len();
        if word.is_ascii() {
            folded.extend(word.chars().map(|c| c.to_ascii_lowercase()));
        } else {
            folded.extend(
                word.nfd()
                    .filter(|c| !is_combining_mark(*c))
                    .flat_map(char::to_lowercase),
            );
        }
        // Nothing but accents is no word.
        if folded.len() == start {
            folded.truncate(before);
        }
    }
    folded.truncate(clip(&folded).trim_end().len());
    folded
}

/// The beginning that fits an index row.
pub fn clip(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_BYTES)]
}

/// Systems and unit codes as the index holds them; 0 is none.
pub fn hash(text: Option<&str>) -> i64 {
    let Some(text) = text.filter(|t| !t.is_empty()) else {
        return 0;
    };
    let digest = Sha256::digest(text.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first)
}
