//! A histogram in HdrHistogram's V2 encoding, compressed, as text.
//! <https://github.com/HdrHistogram/HdrHistogram/blob/master/src/main/java/org/HdrHistogram/AbstractHistogram.java>

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use onrush_metrics::Histogram;

const COOKIE: i32 = 0x1c84_9303 | 0x10;
const COMPRESSED_COOKIE: i32 = 0x1c84_9304 | 0x10;
/// In microseconds, with the digits of our own histograms.
const LOWEST: i64 = 1;
const LARGEST: i64 = 3_600_000_000;
const DIGITS: i32 = 3;
/// Slots between a value and its double, as a power of two.
const HALF_BITS: u32 = 10;

pub(super) fn encoded(times: &Histogram) -> io::Result<String> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&plain(times))?;
    let packed = packed.finish()?;
    let mut bytes = COMPRESSED_COOKIE.to_be_bytes().to_vec();
    bytes.extend_from_slice(&u32::try_from(packed.len()).map_err(io::Error::other)?.to_be_bytes());
    bytes.extend_from_slice(&packed);
    Ok(STANDARD.encode(bytes))
}

fn plain(times: &Histogram) -> Vec<u8> {
    let counts = counts(times);
    let mut bytes = Vec::with_capacity(40 + counts.len());
    let length = i32::try_from(counts.len()).expect("a histogram has some ten thousand slots");
    [COOKIE, length, 0, DIGITS].iter().for_each(|number| bytes.extend_from_slice(&number.to_be_bytes()));
    [LOWEST, LARGEST].iter().for_each(|number| bytes.extend_from_slice(&number.to_be_bytes()));
    bytes.extend_from_slice(&1.0_f64.to_be_bytes());
    bytes.extend_from_slice(&counts);
    bytes
}

/// Counts in the order of their slots; a number of empty ones is one negative number.
fn counts(times: &Histogram) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut next = 0;
    for (us, count) in times.slots() {
        let slot = slot_of(us.start);
        if slot > next {
            put(&mut bytes, -signed(slot - next));
        }
        put(&mut bytes, signed(count));
        next = slot + 1;
    }
    bytes
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// HdrHistogram's own numbering.
fn slot_of(us: u64) -> u64 {
    if us < 2 << HALF_BITS {
        return us;
    }
    let bucket = us.ilog2() - HALF_BITS;
    (u64::from(bucket) << HALF_BITS) + (us >> bucket)
}

/// Seven bits a byte, the lowest first, the sign in the lowest bit; the ninth byte has eight bits.
fn put(to: &mut Vec<u8>, number: i64) {
    let mut rest = ((number << 1) ^ (number >> 63)) as u64;
    for _ in 0..8 {
        if rest < 0x80 {
            return to.push(rest as u8);
        }
        to.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    to.push(rest as u8);
}
