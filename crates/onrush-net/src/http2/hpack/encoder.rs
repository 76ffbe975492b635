//! The head of a request, made ready once and sent many times.
//!
//! What requests repeat goes into the table of a connection when it is first sent there, and is a byte from then
//! on: as real clients do it, and for the service the cheapest to read. Everything else is bytes to copy.

use std::rc::Rc;

use super::table::{Entry, MAX_SIZE, STATIC, Table};
use crate::http2::huffman;

/// Fields whose values nobody on the way may put into a table (RFC 7541 §7.1.3).
const SECRETS: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];
/// Fields that differ from request to request: in a table they would only push others out.
const FLEETING: [&str; 2] = [":path", "content-length"];

/// The kinds of fields, and how many bits of their first byte are a number (RFC 7541 §6).
const INDEXED: (u8, u32) = (0x80, 7);
const ADDED: (u8, u32) = (0x40, 6);
const NOT_ADDED: (u8, u32) = (0x00, 4);
const NEVER_ADDED: (u8, u32) = (0x10, 4);
const RESIZE: (u8, u32) = (0x20, 5);

/// A head that may be sent on any connection.
#[derive(Debug, Default)]
pub(crate) struct Block(Vec<Part>);

#[derive(Debug)]
enum Part {
    /// Means the same everywhere.
    Fixed(Vec<u8>),
    /// A field that enters the table with these bytes.
    Added(Rc<Entry>, Box<[u8]>),
}

/// What one connection has of the heads that were sent on it.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    table: Table,
    /// The peer has to be told of a smaller size.
    is_resized: bool,
}

impl Block {
    /// Appends a field; `name` is in lower case.
    pub(crate) fn field(&mut self, name: &str, value: &[u8]) {
        let is_it = |(known, default): &(&str, &str)| *known == name && default.as_bytes() == value;
        if let Some(place) = STATIC.iter().position(is_it).filter(|_| !value.is_empty()) {
            integer(self.fixed(), INDEXED, place + 1);
        } else if SECRETS.contains(&name) {
            literal(self.fixed(), NEVER_ADDED, name, value);
        } else if FLEETING.contains(&name) {
            literal(self.fixed(), NOT_ADDED, name, value);
        } else {
            let mut bytes = Vec::new();
            literal(&mut bytes, ADDED, name, value);
            let entry = Entry::new(&[name.as_bytes(), value].concat(), name.len());
            self.0.push(Part::Added(Rc::new(entry), bytes.into()));
        }
    }

    fn fixed(&mut self) -> &mut Vec<u8> {
        if !matches!(self.0.last(), Some(Part::Fixed(_))) {
            self.0.push(Part::Fixed(Vec::new()));
        }
        match self.0.last_mut() {
            Some(Part::Fixed(bytes)) => bytes,
            _ => unreachable!("it was pushed just now"),
        }
    }
}

impl Encoder {
    /// Appends a head's bytes.
    pub(crate) fn encode(&mut self, block: &Block, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.is_resized) {
            integer(out, RESIZE, self.table.max());
        }
        for part in &block.0 {
            match part {
                Part::Fixed(bytes) => out.extend_from_slice(bytes),
                Part::Added(entry, bytes) => match self.table.find(entry) {
                    Some(number) => integer(out, INDEXED, number),
                    None => {
                        out.extend_from_slice(bytes);
                        self.table.add(Rc::clone(entry));
                    }
                },
            }
        }
    }

    /// The peer allows a table of so many bytes. Ours does not grow again.
    pub(crate) fn allow(&mut self, size: u32) {
        let size = (size as usize).min(MAX_SIZE);
        if size < self.table.max() {
            self.table.resize(size);
            self.is_resized = true;
        }
    }
}

fn literal(out: &mut Vec<u8>, kind: (u8, u32), name: &str, value: &[u8]) {
    match STATIC.iter().position(|(known, _)| *known == name) {
        Some(place) => integer(out, kind, place + 1),
        None => {
            integer(out, kind, 0);
            string(out, name.as_bytes());
        }
    }
    string(out, value);
}

fn string(out: &mut Vec<u8>, text: &[u8]) {
    let coded = huffman::coded_length(text);
    if coded < text.len() {
        integer(out, (0x80, 7), coded);
        huffman::encode(text, out);
    } else {
        integer(out, (0, 7), text.len());
        out.extend_from_slice(text);
    }
}

/// An integer beside the bits of its kind (RFC 7541 §5.1).
fn integer(out: &mut Vec<u8>, (kind, prefix): (u8, u32), mut value: usize) {
    let most = (1 << prefix) - 1;
    if value < most {
        return out.push(kind | value as u8);
    }
    out.push(kind | most as u8);
    value -= most;
    while value >= 0x80 {
        out.push(0x80 | (value & 0x7f) as u8);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Decoder;
    use super::*;

    type Fields = Vec<(String, Vec<u8>)>;

    fn block(fields: &[(&str, &[u8])]) -> Block {
        let mut block = Block::default();
        fields.iter().for_each(|(name, value)| block.field(name, value));
        block
    }

    fn encoded(encoder: &mut Encoder, block: &Block) -> Vec<u8> {
        let mut bytes = Vec::new();
        encoder.encode(block, &mut bytes);
        bytes
    }

    /// A field, its bytes on a new connection, and its bytes after that.
    #[test]
    fn fields_take_the_least_room() {
        for (name, value, first, again) in [
            (":method", "GET", &b"\x82"[..], &b"\x82"[..]),
            (":path", "/", b"\x84", b"\x84"),
            (":path", "/!", b"\x04\x02/!", b"\x04\x02/!"),
            (":authority", "", b"\x41\x00", b"\xbe"),
            ("accept", "*/*", b"\x53\x03*/*", b"\xbe"),
            ("x", "0000", b"\x40\x01x\x83\x00\x00\x0f", b"\xbe"),
            ("content-length", "5", b"\x0f\x0d\x015", b"\x0f\x0d\x015"),
            ("cookie", "!", b"\x1f\x11\x01!", b"\x1f\x11\x01!"),
            ("authorization", "!", b"\x1f\x08\x01!", b"\x1f\x08\x01!"),
        ] {
            let (block, mut encoder) = (block(&[(name, value.as_bytes())]), Encoder::default());
            assert_eq!(encoded(&mut encoder, &block), first, "{name}: {value}");
            assert_eq!(encoded(&mut encoder, &block), again, "{name}: {value}");
        }
    }

    #[test]
    fn a_peer_that_wants_a_smaller_table_is_told_of_it_once() {
        let block = block(&[("a", b"b")]);
        for (sizes, expected) in [
            (&[4096, 5000][..], [&b"\x40\x01a\x01b"[..], b"\xbe"]),
            (&[100, 33], [b"\x3f\x02\x40\x01a\x01b", b"\x40\x01a\x01b"]),
            (&[0, 4096], [b"\x20\x40\x01a\x01b", b"\x40\x01a\x01b"]),
        ] {
            let mut encoder = Encoder::default();
            sizes.iter().for_each(|size| encoder.allow(*size));
            assert_eq!([encoded(&mut encoder, &block), encoded(&mut encoder, &block)], expected, "{sizes:?}");
        }
    }

    proptest! {
        /// Whatever is sent in whatever order, a decoder gets it, while entries come and go.
        #[test]
        fn heads_arrive(
            heads in prop::collection::vec(prop::collection::vec(("[a-c]{1,2}|cookie|:path", "[a-z]{0,2}|[a-z]{700}"), 0..8), 1..8),
            order in prop::collection::vec((any::<prop::sample::Index>(), prop::option::weighted(0.2, 0..5000_u32)), 0..40),
        ) {
            let owned = |head: &Vec<(String, String)>| head.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
            let heads: Vec<Fields> = heads.iter().map(owned).collect();
            let blocks = heads.iter().map(|head| {
                block(&head.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect::<Vec<_>>())
            });
            let blocks: Vec<Block> = blocks.collect();
            let (mut encoder, mut decoder) = (Encoder::default(), Decoder::default());
            for (index, size) in order {
                size.into_iter().for_each(|size| encoder.allow(size));
                let mut got = Fields::new();
                let take = |name: &[u8], value: &[u8]| got.push((String::from_utf8(name.to_vec()).unwrap(), value.to_vec()));
                decoder.decode(&encoded(&mut encoder, index.get(&blocks)), take).unwrap();
                prop_assert_eq!(&got, index.get(&heads));
            }
        }
    }
}
