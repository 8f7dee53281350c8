//! Events on their way into rows. Whoever hands one over pays for copying its texts behind those of the
//! others, and no memory travels from the thread of a request to the one that writes.
use super::{Event, SPAN};
use std::iter::repeat_n;
use std::net::IpAddr;

/// Events of one row.
const TOGETHER: usize = 4_096;

/// Events of some time, in the order in which they were handed over.
#[derive(Debug, Default)]
pub struct Blocks {
    blocks: Vec<Block>,
    count: usize,
}

/// Those that will share a row, member by member.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) at: Vec<i64>,
    pub(super) actor: Texts,
    pub(super) person: Texts,
    pub(super) subject: Texts,
    pub(super) peer: Vec<Option<IpAddr>>,
    pub(super) purpose: Texts,
    pub(super) request: Texts,
    pub(super) action: Texts,
    pub(super) status: Vec<u16>,
    pub(super) on: Texts,
    pub(super) id: Texts,
    pub(super) version: Vec<Option<i64>>,
    /// How many each has.
    pub(super) patients: Vec<usize>,
    /// All of them.
    pub(super) patient: Texts,
    pub(super) query: Texts,
    first: i64,
    pub(super) last: i64,
}

/// Texts one behind the other. The first stands there once, however many after it are the same, as most
/// members of most blocks are from end to end.
#[derive(Debug, Default)]
pub(super) struct Texts {
    text: String,
    lengths: Vec<Option<usize>>,
    /// So many are like the first.
    same: usize,
}

impl Blocks {
    pub fn add(&mut self, event: &Event) {
        match self.blocks.last_mut().filter(|block| block.takes(event.at)) {
            Some(block) => block.add(event),
            None => self.blocks.push(Block::of(event)),
        }
        self.count += 1;
    }

    /// How many events.
    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter()
    }
}

impl<'a> FromIterator<&'a Event> for Blocks {
    fn from_iter<I: IntoIterator<Item = &'a Event>>(events: I) -> Blocks {
        let mut blocks = Blocks::default();
        events.into_iter().for_each(|event| blocks.add(event));
        blocks
    }
}

impl Block {
    fn of(event: &Event) -> Block {
        let mut block = Block {
            first: event.at,
            last: event.at,
            ..Block::default()
        };
        block.add(event);
        block
    }

    /// Events of one row lie close together.
    fn takes(&self, at: i64) -> bool {
        let (first, last) = (self.first.min(at), self.last.max(at));
        self.at.len() < TOGETHER && last - first < SPAN
    }

    fn add(&mut self, event: &Event) {
        (self.first, self.last) = (self.first.min(event.at), self.last.max(event.at));
        self.at.push(event.at);
        self.actor.push(Some(&event.actor));
        self.person.push(Some(&event.origin.person));
        self.subject.push(Some(&event.origin.subject));
        self.peer.push(event.origin.peer);
        self.purpose.push(Some(&event.origin.purpose));
        self.request.push(Some(&event.request));
        self.action.push(Some(&event.action));
        self.status.push(event.status);
        self.on.push(event.on.as_deref());
        self.id.push(event.id.as_deref());
        self.version.push(event.version);
        self.patients.push(event.patients.len());
        event.patients.iter().for_each(|id| self.patient.push(Some(id)));
        self.query.push(event.query.as_deref());
    }
}

impl Texts {
    fn push(&mut self, text: Option<&str>) {
        let (length, text) = (text.map(str::len), text.unwrap_or_default());
        let is_like_the_first = self.lengths == [length] && self.text == text;
        self.same += usize::from(is_like_the_first || self.lengths.is_empty());
        if !is_like_the_first {
            self.text.push_str(text);
            self.lengths.push(length);
        }
    }

    /// What all of them are, if they are all the same.
    pub(super) fn one(&self) -> Option<Option<&str>> {
        (self.lengths.len() <= 1).then(|| self.iter().next().flatten())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        let mut rest = self.text.as_str();
        let mut texts = self.lengths.iter().map(move |length| {
            let (text, next) = rest.split_at((*length)?);
            rest = next;
            Some(text)
        });
        let first = texts.next().into_iter();
        first.flat_map(|first| repeat_n(first, self.same)).chain(texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_that_lie_apart_or_are_many_share_no_row() {
        let at = |at| Event {
            at,
            ..Event::default()
        };
        let near = [5, 3, 2 + SPAN, 4].map(at);
        let sizes = |events: &[Event]| -> Vec<usize> {
            let blocks: Blocks = events.iter().collect();
            assert_eq!(
                (blocks.len(), blocks.is_empty()),
                (events.len(), events.is_empty())
            );
            blocks.iter().map(|block| block.at.len()).collect()
        };
        assert_eq!(sizes(&near), [4]);
        assert_eq!(sizes(&[5, 3, 3 + SPAN, 2].map(at)), [2, 1, 1]);
        assert_eq!(sizes(&vec![at(1); TOGETHER + 1]), [TOGETHER, 1]);
        assert!(sizes(&[]).is_empty());
    }
}
