//! The block of a request, written once and sent many times.
//!
//! It refers to the static table alone, so that it means the same on every connection and at every time, and
//! sending it is copying it. What that costs is a few dozen bytes a request on the wire where an indexed block
//! would have a handful.

use super::table::STATIC;
use crate::http2::huffman;

/// Begins the next block after a peer has asked for a smaller table: ours has no entries anyway (RFC 7541 §4.2).
pub(crate) const TABLE_EMPTIED: u8 = 0x20;

/// Fields whose values nobody on the way may put into a table (RFC 7541 §7.1.3).
const SECRETS: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

/// A block in the making.
#[derive(Debug, Default)]
pub(crate) struct Block(Vec<u8>);

impl Block {
    /// Appends a field; `name` is in lower case.
    pub(crate) fn field(&mut self, name: &str, value: &[u8]) {
        let is_it = |(known, default): &(&str, &str)| *known == name && default.as_bytes() == value;
        if let Some(place) = STATIC.iter().position(is_it).filter(|_| !value.is_empty()) {
            self.integer(0x80, 7, place + 1);
            return;
        }
        let kind = if SECRETS.contains(&name) { 0x10 } else { 0 };
        match STATIC.iter().position(|(known, _)| *known == name) {
            Some(place) => self.integer(kind, 4, place + 1),
            None => {
                self.integer(kind, 4, 0);
                self.string(name.as_bytes());
            }
        }
        self.string(value);
    }

    pub(crate) fn finish(self) -> Box<[u8]> {
        self.0.into()
    }

    fn string(&mut self, text: &[u8]) {
        let coded = huffman::coded_length(text);
        if coded < text.len() {
            self.integer(0x80, 7, coded);
            huffman::encode(text, &mut self.0);
        } else {
            self.integer(0, 7, text.len());
            self.0.extend_from_slice(text);
        }
    }

    /// An integer beside the bits of `kind` (RFC 7541 §5.1).
    fn integer(&mut self, kind: u8, prefix: u32, mut value: usize) {
        let most = (1 << prefix) - 1;
        if value < most {
            return self.0.push(kind | value as u8);
        }
        self.0.push(kind | most as u8);
        value -= most;
        while value >= 0x80 {
            self.0.push(0x80 | (value & 0x7f) as u8);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Decoder;
    use super::*;

    fn block(fields: &[(String, Vec<u8>)]) -> Box<[u8]> {
        let mut block = Block::default();
        fields.iter().for_each(|(name, value)| block.field(name, value));
        block.finish()
    }

    #[test]
    fn fields_take_the_least_room_that_the_static_table_allows() {
        for (name, value, expected) in [
            (":method", "GET", &b"\x82"[..]),
            (":path", "/", b"\x84"),
            (":path", "/!", b"\x04\x02/!"),
            (":authority", "", b"\x01\x00"),
            ("accept", "*/*", b"\x0f\x04\x03*/*"),
            ("x", "0000", b"\x00\x01x\x83\x00\x00\x0f"),
            ("cookie", "!", b"\x1f\x11\x01!"),
            ("authorization", "!", b"\x1f\x08\x01!"),
        ] {
            assert_eq!(&*block(&[(name.to_owned(), value.into())]), expected, "{name}: {value}");
        }
    }

    proptest! {
        #[test]
        fn every_block_can_be_decoded(fields in prop::collection::vec(("[a-z-]{1,20}|cookie|:path", any::<Vec<u8>>()), 0..20)) {
            let mut decoded = Vec::new();
            let take = |name: &[u8], value: &[u8]| decoded.push((String::from_utf8(name.to_vec()).unwrap(), value.to_vec()));
            Decoder::default().decode(&block(&fields), take).unwrap();
            prop_assert_eq!(decoded, fields);
        }
    }
}
