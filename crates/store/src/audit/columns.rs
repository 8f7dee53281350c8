//! A block of events as it is stored: member after member, not event after event, in
//! [postcard's form](https://postcard.jamesmunns.com/wire-format). What all of them say stands there
//! once, UUIDs in binary: of a read hardly more is left than its time, what was read, and the request.
use super::block::{Block, Texts};
use super::{Event, Origin};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::net::IpAddr;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// Before all else, and not what JSON begins with, as blocks from before do.
const FORM: u8 = 1;

#[derive(Serialize, Deserialize)]
struct Columns<'a> {
    form: u8,
    /// From one to the next.
    at: Vec<i64>,
    actor: Column<Value<'a>>,
    person: Column<Value<'a>>,
    subject: Column<Value<'a>>,
    peer: Column<Option<IpAddr>>,
    purpose: Column<Value<'a>>,
    request: Column<Value<'a>>,
    action: Column<Value<'a>>,
    status: Column<u16>,
    on: Column<Value<'a>>,
    id: Column<Value<'a>>,
    version: Column<Option<i64>>,
    /// How many each event has.
    patients: Column<usize>,
    patient: Column<Value<'a>>,
    query: Column<Value<'a>>,
}

#[derive(Serialize, Deserialize)]
enum Column<T> {
    Same(T),
    Each(Vec<T>),
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
enum Value<'a> {
    None,
    Id([u8; 16]),
    Text(Cow<'a, str>),
}

pub(super) fn write(block: &Block) -> Result<Vec<u8>, postcard::Error> {
    let mut before = 0;
    let since = |at: &i64| at - std::mem::replace(&mut before, *at);
    let columns = Columns {
        form: FORM,
        at: block.at.iter().map(since).collect(),
        actor: texts(&block.actor),
        person: texts(&block.person),
        subject: texts(&block.subject),
        peer: column(|| block.peer.iter().copied()),
        purpose: texts(&block.purpose),
        request: texts(&block.request),
        action: texts(&block.action),
        status: column(|| block.status.iter().copied()),
        on: texts(&block.on),
        id: texts(&block.id),
        version: column(|| block.version.iter().copied()),
        patients: column(|| block.patients.iter().copied()),
        patient: texts(&block.patient),
        query: texts(&block.query),
    };
    postcard::to_extend(&columns, Vec::new())
}

fn texts(texts: &Texts) -> Column<Value<'_>> {
    match texts.one() {
        Some(text) => Column::Same(Value::of(text)),
        None => Column::Each(texts.iter().map(Value::of).collect()),
    }
}

fn column<T: PartialEq + Default, I: Iterator<Item = T>>(values: impl Fn() -> I) -> Column<T> {
    let mut all = values();
    let first = all.next().unwrap_or_default();
    match all.all(|other| other == first) {
        true => Column::Same(first),
        false => Column::Each(values().collect()),
    }
}

/// None of what is no such block.
pub(super) fn read(bytes: &[u8]) -> Option<Vec<Event>> {
    let columns: Columns = postcard::from_bytes(bytes).ok()?;
    if columns.form != FORM {
        return None;
    }
    let (mut events, mut at, mut patients) = (Vec::new(), 0_i64, 0..0_usize);
    for (nth, since) in columns.at.iter().enumerate() {
        at = at.checked_add(*since)?;
        patients = patients.end..patients.end.checked_add(*columns.patients.get(nth)?)?;
        let whose = patients.clone().map(|nth| columns.patient.get(nth)?.text());
        let patients = whose.collect::<Option<_>>()?;
        events.push(Event {
            at,
            patients,
            ..columns.event(nth)?
        });
    }
    Some(events)
}

impl Columns<'_> {
    fn event(&self, nth: usize) -> Option<Event> {
        Some(Event {
            actor: self.actor.text(nth)?,
            origin: Origin {
                person: self.person.text(nth)?,
                subject: self.subject.text(nth)?,
                peer: *self.peer.get(nth)?,
                purpose: self.purpose.text(nth)?,
            },
            request: self.request.text(nth)?,
            action: self.action.text(nth)?.into(),
            status: *self.status.get(nth)?,
            on: self.on.get(nth)?.text().map(Cow::Owned),
            id: self.id.get(nth)?.text(),
            version: *self.version.get(nth)?,
            query: self.query.get(nth)?.text(),
            ..Event::default()
        })
    }
}

impl<T> Column<T> {
    fn get(&self, nth: usize) -> Option<&T> {
        match self {
            Column::Same(value) => Some(value),
            Column::Each(values) => values.get(nth),
        }
    }
}

impl Column<Value<'_>> {
    /// Of a member that always has one.
    fn text(&self, nth: usize) -> Option<String> {
        Some(self.get(nth)?.text().unwrap_or_default())
    }
}

impl<'a> Value<'a> {
    fn of(text: Option<&'a str>) -> Value<'a> {
        match text {
            None => Value::None,
            Some(text) => match Uuid::try_parse(text) {
                Ok(id) if is_written(text) => Value::Id(id.into_bytes()),
                _ => Value::Text(Cow::Borrowed(text)),
            },
        }
    }

    fn text(&self) -> Option<String> {
        match self {
            Value::None => None,
            Value::Id(id) => Some(Uuid::from_bytes(*id).to_string()),
            Value::Text(text) => Some(text.as_ref().to_owned()),
        }
    }
}

/// UUIDs have other forms, too, and every text must come back as it was: of this length is one alone, but
/// for the case of its letters.
fn is_written(text: &str) -> bool {
    text.len() == Hyphenated::LENGTH && !text.bytes().any(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::super::block::Blocks;
    use super::*;
    use proptest::prelude::*;

    fn text() -> impl Strategy<Value = String> {
        let id = any::<[u8; 16]>().prop_map(Uuid::from_bytes);
        prop_oneof![
            Just(String::new()),
            "[a-zA-Z0-9?=|\u{e4}]{0,12}",
            id.prop_map(|id| id.to_string()),
            id_in_other_form(),
        ]
    }

    fn id_in_other_form() -> impl Strategy<Value = String> {
        let id = any::<[u8; 16]>().prop_map(Uuid::from_bytes);
        prop_oneof![
            id.clone().prop_map(|id| id.simple().to_string().to_uppercase()),
            id.clone().prop_map(|id| id.to_string().to_uppercase()),
            id.prop_map(|id| id.urn().to_string()),
        ]
    }

    prop_compose! {
        fn event()(
            (at, status, version) in (any::<i32>(), any::<u16>(), any::<Option<i64>>()),
            (actor, person, subject, purpose, request, action) in (text(), text(), text(), text(), text(), text()),
            (on, id, query) in (proptest::option::of(text()), proptest::option::of(text()), proptest::option::of(text())),
            patients in proptest::collection::vec(text(), 0..4),
            peer in any::<Option<IpAddr>>(),
        ) -> Event {
            let origin = Origin { person, subject, peer, purpose };
            let (at, action, on) = (i64::from(at), action.into(), on.map(Cow::Owned));
            Event { at, actor, origin, request, action, status, on, id, version, patients, query }
        }
    }

    proptest! {
        #[test]
        fn every_block_comes_back(events in proptest::collection::vec(event(), 0..8), times in 1..3_usize) {
            let all: Vec<Event> = events.iter().flat_map(|event| std::iter::repeat_n(event, times)).cloned().collect();
            let blocks: Blocks = all.iter().collect();
            let mut back = Vec::new();
            for block in blocks.iter() {
                let bytes = write(block).expect("written");
                prop_assert_eq!(bytes[0], FORM);
                prop_assert!(read(&bytes[..bytes.len() - 1]).is_none());
                back.extend(read(&bytes).expect("read"));
            }
            prop_assert_eq!(back, all);
        }

        #[test]
        fn whatever_is_no_block_is_none(bytes in any::<Vec<u8>>()) {
            let _ = read(&bytes);
        }
    }

    #[test]
    fn a_read_takes_little_more_than_its_ids() {
        let event = |n: u128| Event {
            at: 1_795_341_600_000_000 + n as i64 * 40,
            actor: Uuid::from_u128(7).to_string(),
            request: Uuid::from_u128(n << 60).to_string(),
            action: "read".into(),
            status: 200,
            on: Some("Observation".into()),
            id: Some(Uuid::from_u128(n << 61).to_string()),
            version: Some(1),
            patients: vec!["p".into()],
            ..Event::default()
        };
        let events: Vec<Event> = (0..1_000).map(event).collect();
        let blocks: Blocks = events.iter().collect();
        let sizes = blocks.iter().map(|block| write(block).expect("written").len());
        assert!(sizes.sum::<usize>() < 45 * events.len());
    }
}
