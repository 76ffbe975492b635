//! Blocks of compressed fields become names and values.

use std::rc::Rc;

use super::table::{Entry, MAX_SIZE, Table};
use crate::http2::huffman;

/// A number in a block has at most this many bytes after its first: 28 bits are more than anything here needs.
const MOST_DIGITS: usize = 4;
/// Room that is kept from one block to the next.
const KEPT: usize = 1024;

/// What is wrong with a block. The state of the compression is lost with it, and so is the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// Decodes the blocks of one connection in their order.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    table: Table,
    /// The literal field at hand: its name, then its value.
    text: Vec<u8>,
    changes: u64,
}

/// What is done with a literal field once it is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Index {
    Add,
    Leave,
}

impl Decoder {
    /// Hands the fields of a whole block to `on_field` as names and values.
    pub(crate) fn decode(&mut self, block: &[u8], mut on_field: impl FnMut(&[u8], &[u8])) -> Result<(), Malformed> {
        let mut rest = block;
        let mut may_resize = true;
        while let Some(first) = rest.first() {
            let is_resize = first & 0xe0 == 0x20;
            match first {
                0x80.. => {
                    let number = integer(&mut rest, 7)?;
                    let (name, value) = self.table.get(number).ok_or(BAD_INDEX)?;
                    on_field(name, value);
                }
                0x40.. => self.literal(&mut rest, 6, Index::Add, &mut on_field)?,
                _ if is_resize => self.resize(&mut rest, may_resize)?,
                _ => self.literal(&mut rest, 4, Index::Leave, &mut on_field)?,
            }
            may_resize &= is_resize;
        }
        self.text.clear();
        self.text.shrink_to(KEPT);
        Ok(())
    }

    /// How often the table was changed: while it is not, equal blocks mean equal fields.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    fn literal(
        &mut self,
        rest: &mut &[u8],
        prefix: u32,
        index: Index,
        on_field: &mut impl FnMut(&[u8], &[u8]),
    ) -> Result<(), Malformed> {
        self.text.clear();
        match integer(rest, prefix)? {
            0 => string(rest, &mut self.text)?,
            number => self.text.extend_from_slice(self.table.get(number).ok_or(BAD_INDEX)?.0),
        }
        let name = self.text.len();
        string(rest, &mut self.text)?;
        on_field(&self.text[..name], &self.text[name..]);
        if index == Index::Add {
            self.table.add(Rc::new(Entry::new(&self.text, name)));
            self.changes += 1;
        }
        Ok(())
    }

    fn resize(&mut self, rest: &mut &[u8], is_allowed: bool) -> Result<(), Malformed> {
        let size = integer(rest, 5)?;
        match (is_allowed, size <= MAX_SIZE) {
            (true, true) => self.table.resize(size),
            (false, _) => return Err(Malformed("a table size update is not at the beginning of its block")),
            (true, false) => return Err(Malformed("a table size update is larger than was allowed")),
        }
        self.changes += 1;
        Ok(())
    }
}

const BAD_INDEX: Malformed = Malformed("a field's index is beyond the table");
const CUT_SHORT: Malformed = Malformed("a header block ends inside of a field");

/// An integer whose first byte has `prefix` bits of it (RFC 7541 §5.1).
fn integer(rest: &mut &[u8], prefix: u32) -> Result<usize, Malformed> {
    let (first, mut tail) = rest.split_first().ok_or(CUT_SHORT)?;
    let most = (1 << prefix) - 1;
    let mut value = usize::from(*first) & most;
    if value == most {
        for digit in 0..=MOST_DIGITS {
            if digit == MOST_DIGITS {
                return Err(Malformed("a number in a header block is too large"));
            }
            let byte;
            (byte, tail) = tail.split_first().ok_or(CUT_SHORT)?;
            value += usize::from(byte & 0x7f) << (7 * digit);
            if byte & 0x80 == 0 {
                break;
            }
        }
    }
    *rest = tail;
    Ok(value)
}

/// Appends a string literal to `text`.
fn string(rest: &mut &[u8], text: &mut Vec<u8>) -> Result<(), Malformed> {
    let is_coded = rest.first().ok_or(CUT_SHORT)? & 0x80 != 0;
    let length = integer(rest, 7)?;
    let (string, tail) = rest.split_at_checked(length).ok_or(CUT_SHORT)?;
    *rest = tail;
    if is_coded {
        huffman::decode(string, text).map_err(|huffman::Malformed| Malformed("a string's Huffman code is malformed"))
    } else {
        text.extend_from_slice(string);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
