//! The bytes of `audit.detail`: tagged values beside a write, few as most are UUIDs and addresses;
//! or, behind a zero, a packed block of events.
use super::block::Block;
use super::{Event, Origin, columns};
use crate::StoreError;
use crate::body::{pack_bytes, unpack_bytes};
use std::net::IpAddr;

const BLOCK: u8 = 0;
const PATIENT: u8 = 1;
const PERSON: u8 = 2;
const PEER: u8 = 3;
const PURPOSE: u8 = 4;
const SUBJECT: u8 = 5;
/// Added to the tag of a text that is a UUID and stands in binary.
const BINARY: u8 = 0x80;

/// What a row says beside its columns.
#[derive(Debug, Default, PartialEq)]
pub(crate) enum Detail {
    Write {
        origin: Origin,
        patient: Option<String>,
    },
    Block(Vec<Event>),
    /// A row from before there was more to say.
    #[default]
    None,
}

pub(crate) fn of_write(origin: Option<&Origin>, patient: Option<&str>) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(32);
    patient.into_iter().for_each(|id| text(&mut bytes, PATIENT, id));
    if let Some(origin) = origin {
        text(&mut bytes, PERSON, &origin.person);
        text(&mut bytes, PURPOSE, &origin.purpose);
        text(&mut bytes, SUBJECT, &origin.subject);
        match origin.peer {
            Some(IpAddr::V4(address)) => push(&mut bytes, PEER, &address.octets()),
            Some(IpAddr::V6(address)) => push(&mut bytes, PEER, &address.octets()),
            None => {}
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}

fn text(bytes: &mut Vec<u8>, tag: u8, text: &str) {
    match uuid::Uuid::try_parse(text) {
        _ if text.is_empty() => {}
        Ok(id) if id.to_string() == text => push(bytes, tag | BINARY, id.as_bytes()),
        _ => push(bytes, tag, text.as_bytes()),
    }
}

/// What is longer than any name or address is cut.
fn push(bytes: &mut Vec<u8>, tag: u8, value: &[u8]) {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    bytes.push(tag);
    bytes.extend(length.to_be_bytes());
    bytes.extend(&value[..usize::from(length)]);
}

pub(super) fn of_block(block: &Block) -> Result<Vec<u8>, StoreError> {
    let columns = columns::write(block).map_err(|error| StoreError::Database(error.to_string()))?;
    let mut bytes = vec![BLOCK];
    bytes.extend(pack_bytes(&columns));
    Ok(bytes)
}

impl Detail {
    pub(crate) fn read(bytes: Option<&[u8]>) -> Result<Detail, StoreError> {
        match bytes {
            None | Some([]) => Ok(Detail::None),
            Some([BLOCK, packed @ ..]) => block(packed).map(Detail::Block),
            Some(tagged) => Ok(write(tagged)),
        }
    }
}

fn block(packed: &[u8]) -> Result<Vec<Event>, StoreError> {
    let broken = |error: String| StoreError::Database(format!("a row of the audit cannot be read: {error}"));
    let bytes = unpack_bytes(packed).map_err(|error| broken(error.to_string()))?;
    match bytes.starts_with(b"[") {
        // From before there were columns.
        true => serde_json::from_slice(&bytes).map_err(|error| broken(format!("{:?}", error.classify()))),
        false => columns::read(&bytes).ok_or_else(|| broken("not a block".into())),
    }
}

/// A tag of a later release is passed over.
fn write(mut bytes: &[u8]) -> Detail {
    let (mut origin, mut patient) = (Origin::default(), None);
    while let [tag, high, low, rest @ ..] = bytes {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        let (value, next) = rest.split_at(length);
        match tag & !BINARY {
            PATIENT => patient = Some(told(*tag, value)),
            PERSON => origin.person = told(*tag, value),
            PURPOSE => origin.purpose = told(*tag, value),
            SUBJECT => origin.subject = told(*tag, value),
            PEER => origin.peer = address(value),
            _ => {}
        }
        bytes = next;
    }
    Detail::Write { origin, patient }
}

fn told(tag: u8, value: &[u8]) -> String {
    match uuid::Uuid::from_slice(value) {
        Ok(id) if tag & BINARY != 0 => id.to_string(),
        _ => String::from_utf8_lossy(value).into_owned(),
    }
}

fn address(value: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(value).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(value).map(IpAddr::from)).ok()
}

#[cfg(test)]
mod tests {
    use super::super::block::Blocks;
    use super::*;

    fn origin(person: &str, peer: &str, purpose: &str) -> Origin {
        Origin {
            person: person.into(),
            peer: peer.parse().ok(),
            purpose: purpose.into(),
            ..Origin::default()
        }
    }

    #[test]
    fn what_a_write_tells_comes_back() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        for (of, patient) in [
            (origin("Practitioner/1", "10.0.0.1", "TREAT"), Some(id)),
            (origin(id, "2001:db8::1", ""), Some("pat-1")),
            (origin("", "10.0.0.1", ""), None),
            (
                Origin {
                    subject: "https://login.example|7".into(),
                    ..Origin::default()
                },
                None,
            ),
        ] {
            let bytes = of_write(Some(&of), patient).expect("something");
            let patient = patient.map(str::to_owned);
            assert_eq!(
                Detail::read(Some(&bytes)).expect("read"),
                Detail::Write { origin: of, patient }
            );
        }
        assert_eq!(of_write(None, Some(id)).map(|bytes| bytes.len()), Some(19));
        assert_eq!(of_write(Some(&Origin::default()), None), None);
        assert_eq!(Detail::read(None).expect("read"), Detail::None);
    }

    #[test]
    fn a_block_comes_back_and_a_broken_one_is_an_error() {
        let event = Event {
            at: 5,
            action: "read".into(),
            status: 200,
            origin: origin("", "10.0.0.1", ""),
            ..Event::default()
        };
        let blocks: Blocks = [&event, &event].into_iter().collect();
        let bytes = blocks.iter().map(|block| of_block(block).expect("packed"));
        let bytes = bytes.collect::<Vec<_>>().concat();
        assert_eq!(
            Detail::read(Some(&bytes)).expect("read"),
            Detail::Block(vec![event.clone(), event.clone()])
        );
        assert!(Detail::read(Some(&bytes[..bytes.len() - 2])).is_err());
        let json = serde_json::to_vec(&[&event]).expect("JSON");
        for before in [json.clone(), pack_bytes(&json)] {
            let bytes = [&[BLOCK], &before[..]].concat();
            let read = Detail::read(Some(&bytes)).expect("read");
            assert_eq!(read, Detail::Block(vec![event.clone()]));
        }
    }
}
