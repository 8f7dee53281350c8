//! Bodies on disk: compressed with a dictionary of what FHIR JSON repeats, and back byte for byte.
//!
//! Most resources are about a kilobyte and alike: alone such a text halves, with the dictionary a
//! quarter is left, in less time. Rows from before, and texts that would not shrink, are plain:
//! JSON never begins like a frame of [zstd](https://www.rfc-editor.org/rfc/rfc8878). A frame names
//! its dictionary, so that another one can be added some day; this one must stay as it is.
//! `data/bodies.zdict` was trained (`zstd --train --dictID=1`) on resources shaped like Synthea's and
//! the specification's examples, with names, texts, ids, dates and numbers replaced; `zstd -d -D`
//! reads a body without Baton.
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::sql_types::Binary;
use std::cell::RefCell;
use std::sync::LazyLock;
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe::get_frame_content_size;

const DICTIONARY: &[u8] = include_bytes!("../data/bodies.zdict");
const FRAME: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The fastest: more effort gains a few percent on short texts.
const LEVEL: i32 = 1;

static TO: LazyLock<EncoderDictionary<'static>> =
    LazyLock::new(|| EncoderDictionary::copy(DICTIONARY, LEVEL));
static FROM: LazyLock<DecoderDictionary<'static>> = LazyLock::new(|| DecoderDictionary::copy(DICTIONARY));

thread_local! {
    static PACKER: RefCell<Option<Compressor<'static>>> = RefCell::new(Compressor::with_prepared_dictionary(&TO).ok());
    static UNPACKER: RefCell<Option<Decompressor<'static>>> =
        RefCell::new(Decompressor::with_prepared_dictionary(&FROM).ok());
}

/// As it is stored.
pub(crate) fn pack(text: &str) -> Vec<u8> {
    pack_bytes(text.as_bytes())
}

/// The same of what does not begin like a frame.
pub(crate) fn pack_bytes(bytes: &[u8]) -> Vec<u8> {
    let packed = PACKER.with_borrow_mut(|packer| packer.as_mut()?.compress(bytes).ok());
    packed
        .filter(|packed| packed.len() < bytes.len())
        .unwrap_or_else(|| bytes.to_vec())
}

/// What was stored.
pub(crate) fn unpack(stored: &[u8]) -> Result<String, Broken> {
    Ok(String::from_utf8(unpack_bytes(stored)?)?)
}

type Broken = Box<dyn std::error::Error + Send + Sync>;

pub(crate) fn unpack_bytes(stored: &[u8]) -> Result<Vec<u8>, Broken> {
    if !stored.starts_with(&FRAME) {
        return Ok(stored.to_vec());
    }
    let size = framed(stored).ok_or("a stored body without its size")?;
    UNPACKER.with_borrow_mut(|unpacker| {
        let unpacker = unpacker
            .as_mut()
            .ok_or_else(|| std::io::Error::other("no memory to read bodies"))?;
        Ok(unpacker.decompress(stored, size)?)
    })
}

/// How long the text is.
pub(crate) fn size(stored: &[u8]) -> usize {
    match stored.starts_with(&FRAME) {
        true => framed(stored).unwrap_or_default(),
        false => stored.len(),
    }
}

fn framed(stored: &[u8]) -> Option<usize> {
    let size = get_frame_content_size(stored).ok().flatten()?;
    usize::try_from(size).ok()
}

/// A `body` column, read.
#[derive(Debug, FromSqlRow)]
pub(crate) struct Body(pub(crate) String);

impl<DB: Backend> FromSql<Binary, DB> for Body
where
    Vec<u8>: FromSql<Binary, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        unpack(&Vec::from_sql(bytes)?).map(Body)
    }
}

#[cfg(test)]
mod tests {
    use super::{FRAME, pack, size, unpack};
    use proptest::prelude::*;

    #[test]
    fn resources_shrink_and_rows_from_before_are_read() {
        let text = r#"{"resourceType":"Observation","id":"1","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]}}"#;
        let packed = pack(text);
        assert!(packed.starts_with(&FRAME) && packed.len() < text.len() / 2);
        assert_eq!(unpack(&packed).expect("read"), text);
        assert_eq!((size(&packed), size(text.as_bytes())), (text.len(), text.len()));
        assert_eq!(unpack(text.as_bytes()).expect("read"), text);
        assert_eq!(unpack(&[]).expect("read"), "");
    }

    #[test]
    fn what_is_broken_is_an_error() {
        let mut packed = pack(&"abc".repeat(200));
        packed.truncate(packed.len() - 3);
        assert!(unpack(&packed).is_err());
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in any::<String>(), times in 0..40usize) {
            let text = text.repeat(times);
            prop_assert_eq!(unpack(&pack(&text)).expect("read"), text);
        }
    }
}
