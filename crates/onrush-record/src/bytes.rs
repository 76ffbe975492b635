//! Numbers and texts as bytes: seven bits a byte, the lowest first, as protocol buffers have them.

/// What was to be read is not there or makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// A number of any size.
pub(crate) fn put(to: &mut Vec<u8>, mut number: u128) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

/// A text and how long it is.
pub(crate) fn put_text(to: &mut Vec<u8>, text: &str) {
    put(to, text.len() as u128);
    to.extend_from_slice(text.as_bytes());
}

/// Bytes that are read from the front.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl<'a> Bytes<'a> {
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn big(&mut self) -> Result<u128, Malformed> {
        let mut number = 0;
        for shift in (0..128).step_by(7) {
            let (first, rest) = self.0.split_first().ok_or(Malformed("a number is cut off"))?;
            self.0 = rest;
            number |= u128::from(first & 0x7f) << shift;
            if first & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Malformed("a number has no end"))
    }

    pub(crate) fn number(&mut self) -> Result<u64, Malformed> {
        u64::try_from(self.big()?).map_err(|_| Malformed("a number is too large"))
    }

    /// How many of something follow, each of which needs at least a byte.
    pub(crate) fn count(&mut self) -> Result<usize, Malformed> {
        let count = self.number()?;
        usize::try_from(count)
            .ok()
            .filter(|count| *count <= self.0.len())
            .ok_or(Malformed("there is less than it says"))
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Malformed> {
        let length = self.count()?;
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        std::str::from_utf8(text).map_err(|_| Malformed("a text is not UTF-8"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_and_texts_come_back(number in any::<u128>(), text in any::<String>()) {
            let mut bytes = Vec::new();
            put(&mut bytes, number);
            put_text(&mut bytes, &text);
            let mut read = Bytes(&bytes);
            prop_assert_eq!(read.big(), Ok(number));
            prop_assert_eq!(read.text(), Ok(&*text));
            prop_assert!(read.is_empty());
        }

        #[test]
        fn anything_may_be_read_and_nothing_panics(bytes in any::<Vec<u8>>()) {
            let _ = Bytes(&bytes).big();
            let _ = Bytes(&bytes).number();
            let _ = Bytes(&bytes).count();
            let _ = Bytes(&bytes).text();
        }
    }
}
