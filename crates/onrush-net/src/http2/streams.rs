//! The streams of a connection: where each is kept, and how it is found by its number.

use std::collections::VecDeque;
use std::rc::Rc;

use super::answer::Head;
use super::outcome::{Answer, Broken, Traffic};
use super::wire::Wire;
use crate::clock::Instant;

/// A request's place on its connection, from its beginning until its outcome is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(u32);

impl Key {
    /// Its place among the requests of its connection: small, and taken by another when this one has ended.
    pub fn place(self) -> usize {
        self.0 as usize
    }
}

/// One request and its answer.
#[derive(Debug)]
pub(super) struct Stream {
    /// 0 while it waits for its turn.
    pub(super) id: u32,
    pub(super) wire: Rc<Wire>,
    /// When its first frame was queued.
    pub(super) opened: Option<Instant>,
    /// Where its first frame begins in everything that was ever queued on the connection.
    pub(super) from: u64,
    /// Bytes of the request's body that have been queued.
    pub(super) body_sent: usize,
    /// What the peer lets us send; a change of settings may make it negative.
    pub(super) window: i64,
    /// Bytes that came since we last made the peer's window larger.
    pub(super) used: u32,
    pub(super) first_byte: Option<Instant>,
    pub(super) interim: u8,
    pub(super) head: Option<Head>,
    /// Bytes of the answer's body.
    pub(super) seen: u64,
    pub(super) traffic: Traffic,
    pub(super) result: Option<Result<Answer, Broken>>,
}

impl Stream {
    pub(super) fn new(wire: Rc<Wire>) -> Self {
        Self {
            id: 0,
            wire,
            opened: None,
            from: 0,
            body_sent: 0,
            window: 0,
            used: 0,
            first_byte: None,
            interim: 0,
            head: None,
            seen: 0,
            traffic: Traffic::default(),
            result: None,
        }
    }

    pub(super) fn is_sent(&self) -> bool {
        self.id > 0 && self.body_sent == self.wire.body.len()
    }
}

/// All streams of a connection.
#[derive(Debug, Default)]
pub(super) struct Streams {
    slots: Vec<Option<Stream>>,
    free: Vec<u32>,
    /// Number and place of those that are open, in the order of their numbers: answers mostly come in that
    /// order, too, so that what is looked for is found, and taken out, at the front.
    open: VecDeque<(u32, Key)>,
}

impl Streams {
    pub(super) fn add(&mut self, stream: Stream) -> Key {
        if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = Some(stream);
            return Key(slot);
        }
        self.slots.push(Some(stream));
        Key(self.slots.len() as u32 - 1)
    }

    pub(super) fn get(&mut self, key: Key) -> Option<&mut Stream> {
        self.slots.get_mut(key.0 as usize)?.as_mut()
    }

    pub(super) fn remove(&mut self, key: Key) -> Option<Stream> {
        let stream = self.slots.get_mut(key.0 as usize)?.take()?;
        self.free.push(key.0);
        Some(stream)
    }

    /// A stream gets its number, which is larger than all before.
    pub(super) fn opened(&mut self, id: u32, key: Key) {
        self.open.push_back((id, key));
    }

    pub(super) fn closed(&mut self, id: u32) {
        if let Some(place) = self.place(id) {
            self.open.remove(place);
        }
    }

    #[inline]
    pub(super) fn find(&self, id: u32) -> Option<Key> {
        self.place(id).map(|place| self.open[place].1)
    }

    /// How many are open on the wire.
    pub(super) fn open(&self) -> usize {
        self.open.len()
    }

    /// Those that are open from a number on.
    pub(super) fn open_from(&self, id: u32) -> Vec<Key> {
        self.open.iter().filter(|(number, _)| *number >= id).map(|(_, key)| *key).collect()
    }

    /// Every stream, those that wait and those that have ended included.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Stream> {
        self.slots.iter_mut().flatten()
    }

    #[inline]
    fn place(&self, id: u32) -> Option<usize> {
        if self.open.front()?.0 == id {
            return Some(0);
        }
        self.open.binary_search_by_key(&id, |(number, _)| *number).ok()
    }
}

/// Streams that we have given up, on which something may still come. Of those long ago it is only known which
/// was the last of them.
#[derive(Debug, Default)]
pub(super) struct GivenUp {
    ids: VecDeque<u32>,
    long_ago: u32,
}

impl GivenUp {
    const REMEMBERED: usize = 100;

    pub(super) fn add(&mut self, id: u32) {
        self.ids.push_back(id);
        if self.ids.len() > Self::REMEMBERED {
            self.long_ago = self.long_ago.max(self.ids.pop_front().unwrap_or(0));
        }
    }

    /// Whether a closed stream is one of them, or may be.
    pub(super) fn has(&self, id: u32) -> bool {
        id <= self.long_ago || self.ids.contains(&id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_streams_are_found_by_their_numbers() {
        let mut streams = Streams::default();
        for id in [1, 3, 7, 9] {
            streams.opened(id, Key(id * 10));
        }
        streams.closed(3);
        streams.closed(5);
        let found = [1, 2, 3, 7, 9, 11].map(|id| streams.find(id).map(|key| key.0));
        assert_eq!(found, [Some(10), None, None, Some(70), Some(90), None]);
        assert_eq!((streams.open(), streams.open_from(7)), (3, vec![Key(70), Key(90)]));
    }

    #[test]
    fn what_was_given_up_long_ago_is_not_forgotten_altogether() {
        let mut given_up = GivenUp::default();
        for number in 0..1000 {
            given_up.add(4 * number + 1);
        }
        assert_eq!(given_up.ids.len(), GivenUp::REMEMBERED);
        assert_eq!([1, 3, 3997, 3995].map(|id| given_up.has(id)), [true, true, true, false]);
    }
}
