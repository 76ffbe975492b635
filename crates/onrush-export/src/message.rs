//! Protocol buffers, as far as they are written here: fields, one after the other.
//!
//! Three small formats do not need a code generator; what is written is read back by the types that one has made, and
//! by the programs it is for, in the tests.

/// A message that is being written.
#[derive(Debug, Default)]
pub(crate) struct Message(Vec<u8>);

impl Message {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// With its length before it, as messages that follow each other are told apart.
    pub(crate) fn append_delimited(&self, to: &mut Vec<u8>) {
        put_varint(to, self.0.len() as u64);
        to.extend_from_slice(&self.0);
    }

    /// `uint32`, `uint64`, `bool`, and everything that is never negative.
    pub(crate) fn uint(mut self, field: u32, value: u64) -> Self {
        self.key(field, 0);
        put_varint(&mut self.0, value);
        self
    }

    /// `sint32` and `sint64`.
    pub(crate) fn sint(self, field: u32, value: i64) -> Self {
        self.uint(field, zigzag(value))
    }

    pub(crate) fn fixed64(mut self, field: u32, value: u64) -> Self {
        self.key(field, 1);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(crate) fn double(self, field: u32, value: f64) -> Self {
        self.fixed64(field, value.to_bits())
    }

    pub(crate) fn text(self, field: u32, value: &str) -> Self {
        self.bytes(field, value.as_bytes())
    }

    pub(crate) fn message(self, field: u32, value: &Self) -> Self {
        self.bytes(field, &value.0)
    }

    /// Numbers in one field, as `repeated uint64` has them.
    pub(crate) fn packed(self, field: u32, values: impl IntoIterator<Item = u64>) -> Self {
        let mut packed = Vec::new();
        values.into_iter().for_each(|value| put_varint(&mut packed, value));
        self.bytes(field, &packed)
    }

    pub(crate) fn bytes(mut self, field: u32, value: &[u8]) -> Self {
        self.key(field, 2);
        put_varint(&mut self.0, value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    fn key(&mut self, field: u32, wire_type: u64) {
        put_varint(&mut self.0, u64::from(field) << 3 | wire_type);
    }
}

/// Small numbers of either sign become small ones.
pub(crate) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn put_varint(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

/// The first `number` field of a message that is a number or bytes; `None` where there is none or it is no message.
pub(crate) fn find(mut message: &[u8], number: u64) -> Option<Found<'_>> {
    loop {
        let key = take_varint(&mut message)?;
        let found = match key & 7 {
            0 => Found::Number(take_varint(&mut message)?),
            1 => Found::Bytes(take(&mut message, 8)?),
            2 => {
                let length = take_varint(&mut message)?;
                Found::Bytes(take(&mut message, usize::try_from(length).ok()?)?)
            }
            5 => Found::Bytes(take(&mut message, 4)?),
            _ => return None,
        };
        if key >> 3 == number {
            return Some(found);
        }
    }
}

/// A field that was read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Found<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn take<'a>(from: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(taken)
}

fn take_varint(from: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(from, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_found() {
        let inner = Message::new().uint(1, 300).text(2, "é");
        let bytes = Message::new().sint(1, -3).double(2, 0.5).message(3, &inner).packed(4, [1, 300]).into_bytes();
        assert_eq!(find(&bytes, 1), Some(Found::Number(5)));
        assert_eq!(find(&bytes, 2), Some(Found::Bytes(&0.5_f64.to_le_bytes())));
        let Some(Found::Bytes(inner)) = find(&bytes, 3) else { panic!() };
        assert_eq!(find(inner, 1), Some(Found::Number(300)));
        assert_eq!(find(inner, 2), Some(Found::Bytes("é".as_bytes())));
        assert_eq!(find(&bytes, 4), Some(Found::Bytes(&[1, 0xac, 2])));
        for end in 0..bytes.len() {
            assert_eq!(find(&bytes[..end], 9), None, "cut off after {end}");
        }
    }
}
