//! The Huffman code of header strings: RFC 7541, Appendix B.
//!
//! The code is canonical: codes of one length follow each other in the order of their symbols, and shorter
//! codes come first. The lengths are therefore the whole table, and everything else is made from them when
//! this is compiled.

/// The length in bits of each byte's code, and last that of the end of the string (EOS).
#[rustfmt::skip]
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];
const EOS: u16 = 256;
const LONGEST: usize = 30;
/// Bits that are looked at first: nearly every byte of a header has a code no longer than this.
const STEP: u32 = 8;

static CODES: Codes = Codes::new();

/// Everything that follows from the lengths.
struct Codes {
    /// The code of each symbol, in its lowest bits.
    of: [u32; 257],
    /// The symbols in the order of their codes.
    symbols: [u16; 257],
    /// For each length: the first code of it, how many there are, and where their symbols begin.
    first: [u32; LONGEST + 1],
    count: [u16; LONGEST + 1],
    start: [u16; LONGEST + 1],
    /// For each value of the next eight bits: the symbol and the length of its code, 0 if it is longer.
    short: [(u8, u8); 1 << STEP],
}

impl Codes {
    const fn new() -> Self {
        let mut codes = Self {
            of: [0; 257],
            symbols: [0; 257],
            first: [0; LONGEST + 1],
            count: [0; LONGEST + 1],
            start: [0; LONGEST + 1],
            short: [(0, 0); 1 << STEP],
        };
        let (mut length, mut code, mut place) = (1, 0, 0);
        while length <= LONGEST {
            codes.first[length] = code;
            codes.start[length] = place;
            let mut symbol = 0;
            while symbol < LENGTHS.len() {
                if LENGTHS[symbol] as usize == length {
                    codes.of[symbol] = code;
                    codes.symbols[place as usize] = symbol as u16;
                    codes.note_short(symbol as u8, code, length as u32);
                    code += 1;
                    place += 1;
                }
                symbol += 1;
            }
            codes.count[length] = place - codes.start[length];
            code <<= 1;
            length += 1;
        }
        codes
    }

    /// Enters a code no longer than a step for every value that begins with it.
    const fn note_short(&mut self, symbol: u8, code: u32, length: u32) {
        if length > STEP {
            return;
        }
        let mut value = code << (STEP - length);
        let end = (code + 1) << (STEP - length);
        while value < end {
            self.short[value as usize] = (symbol, length as u8);
            value += 1;
        }
    }

    /// The symbol that `bits` begins with, its highest bit first, and the length of its code.
    #[inline]
    fn next(&self, bits: u64) -> (u16, u32) {
        let (symbol, length) = self.short[(bits >> (64 - STEP)) as usize];
        if length > 0 { (u16::from(symbol), u32::from(length)) } else { self.next_long(bits) }
    }

    fn next_long(&self, bits: u64) -> (u16, u32) {
        let mut lengths = STEP as usize + 1..=LONGEST;
        let found = lengths.find_map(|length| {
            let place = ((bits >> (64 - length)) as u32).wrapping_sub(self.first[length]);
            let is_there = place < u32::from(self.count[length]);
            is_there.then(|| (self.symbols[usize::from(self.start[length]) + place as usize], length as u32))
        });
        // The code is complete, so there is always one.
        found.unwrap_or((EOS, LONGEST as u32))
    }
}

/// What is not the Huffman code of any string: the end of string inside of it, or a padding that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Appends what `coded` stands for to `text`.
pub(super) fn decode(coded: &[u8], text: &mut Vec<u8>) -> Result<(), Malformed> {
    // The next `held` bits are the highest of `bits`; below them are ones, as in the padding.
    let (mut bits, mut held) = (u64::MAX, 0);
    let mut coded = coded.iter();
    loop {
        while held <= 56 {
            let Some(byte) = coded.next() else { break };
            bits ^= u64::from(!byte) << (56 - held);
            held += 8;
        }
        if held == 0 {
            return Ok(());
        }
        let (symbol, length) = CODES.next(bits);
        if length > held {
            // What is left begins a longer code. The padding is the beginning of the longest, which is all ones.
            return if held < 8 && bits == u64::MAX { Ok(()) } else { Err(Malformed) };
        }
        if symbol == EOS {
            return Err(Malformed);
        }
        text.push(symbol as u8);
        bits = (bits << length) | ((1 << length) - 1);
        held -= length;
    }
}

/// How many bytes the code of `text` takes.
pub(super) fn coded_length(text: &[u8]) -> usize {
    let bits: usize = text.iter().map(|byte| usize::from(LENGTHS[usize::from(*byte)])).sum();
    bits.div_ceil(8)
}

/// Appends the code of `text`.
pub(super) fn encode(text: &[u8], coded: &mut Vec<u8>) {
    let (mut bits, mut held) = (0_u64, 0);
    for byte in text {
        let length = u32::from(LENGTHS[usize::from(*byte)]);
        bits = (bits << length) | u64::from(CODES.of[usize::from(*byte)]);
        held += length;
        while held >= 8 {
            held -= 8;
            coded.push((bits >> held) as u8);
        }
    }
    if held > 0 {
        let padding = 8 - held;
        coded.push((bits << padding) as u8 | ((1 << padding) - 1));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(coded: &[u8]) -> Result<Vec<u8>, Malformed> {
        let mut text = Vec::new();
        decode(coded, &mut text).map(|()| text)
    }

    fn encoded(text: &[u8]) -> Vec<u8> {
        let mut coded = Vec::new();
        encode(text, &mut coded);
        assert_eq!(coded.len(), coded_length(text));
        coded
    }

    /// Some rows of Appendix B, the longest and the last among them.
    #[test]
    fn codes_are_those_of_the_appendix() {
        for (symbol, code, length) in [
            (0, 0x1ff8, 13),
            (b' ', 0x14, 6),
            (b'0', 0x0, 5),
            (b'a', 0x3, 5),
            (b'z', 0x7b, 7),
            (b'~', 0x1ffd, 13),
            (b'\\', 0x7_fff0, 19),
            (b'\n', 0x3fff_fffc, 30),
            (22, 0x3fff_fffe, 30),
            (255, 0x3ff_ffee, 26),
        ] {
            let symbol = usize::from(symbol);
            assert_eq!((CODES.of[symbol], LENGTHS[symbol]), (code, length), "{symbol}");
        }
        assert_eq!((CODES.of[usize::from(EOS)], LENGTHS[usize::from(EOS)]), (0x3fff_ffff, 30));
        let sum: u64 = LENGTHS.iter().map(|length| 1_u64 << (LONGEST - usize::from(*length))).sum();
        assert_eq!(sum, 1 << LONGEST, "the code is complete");
    }

    #[test]
    fn every_byte_comes_back() {
        for byte in 0..=255 {
            assert_eq!(decoded(&encoded(&[byte])), Ok(vec![byte]));
        }
        assert_eq!(
            encoded(b"www.example.com"),
            [0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff]
        );
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for (coded, expected) in [
            (&[0x1f][..], Ok(&b"a"[..])),
            (&[0x1f, 0xff], Err(Malformed)),
            (&[0x18], Err(Malformed)),
            (&[0xff], Err(Malformed)),
            (&[0xff, 0xff, 0xff, 0xff], Err(Malformed)),
            (&[0x1f, 0xff, 0xff, 0xff, 0xff], Err(Malformed)),
            (&[0xff, 0xff, 0xff], Err(Malformed)),
            (&[], Ok(b"")),
        ] {
            assert_eq!(decoded(coded), expected.map(<[u8]>::to_vec), "{coded:x?}");
        }
    }

    proptest! {
        #[test]
        fn texts_come_back(text: Vec<u8>) {
            prop_assert_eq!(decoded(&encoded(&text)), Ok(text));
        }

        #[test]
        fn what_decodes_encodes_to_the_same(coded: Vec<u8>) {
            if let Ok(text) = decoded(&coded) {
                prop_assert_eq!(encoded(&text), coded);
            }
        }
    }
}
