//! Frames: what a file is made of, each with its length and a checksum.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// How every run file begins.
pub(crate) const MAGIC: &[u8] = b"onrush run\n";
/// The version of the format. It grows when older programs can no longer read what newer ones write.
pub(crate) const VERSION: u16 = 1;
/// A frame that unpacks to more than this is damaged, or is meant to do damage.
const MOST_BYTES: u64 = 1 << 30;

/// What is in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Started = 1,
    Second = 2,
    Stopping = 3,
    Finished = 4,
    Slowest = 5,
}

impl Kind {
    /// Of a later version there may be kinds that nobody here knows; they are skipped.
    pub(crate) fn of(byte: u8) -> Option<Self> {
        let all = [Self::Started, Self::Second, Self::Stopping, Self::Finished, Self::Slowest];
        all.into_iter().find(|kind| *kind as u8 == byte)
    }
}

pub(crate) fn write_head(to: &mut impl Write) -> io::Result<()> {
    to.write_all(MAGIC)?;
    to.write_all(&VERSION.to_le_bytes())
}

pub(crate) fn write_frame(to: &mut impl Write, kind: Kind, content: &[u8]) -> io::Result<()> {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::default());
    packed.write_all(content)?;
    let packed = packed.finish()?;
    let length = u32::try_from(packed.len()).map_err(io::Error::other)?;
    to.write_all(&[kind as u8])?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(&checksum(kind as u8, &packed).to_le_bytes())?;
    to.write_all(&packed)
}

/// A frame as it was read.
#[derive(Debug)]
pub(crate) enum Frame {
    /// Its kind and what is in it.
    Whole(u8, Vec<u8>),
    /// The file ends here, or in the middle of a frame.
    End,
    /// It is not what it was.
    Damaged(&'static str),
}

pub(crate) fn read_frame(from: &mut impl Read) -> io::Result<Frame> {
    let mut head = [0; 9];
    if fill(from, &mut head)? < head.len() {
        return Ok(Frame::End);
    }
    let [kind, a, b, c, d, sum @ ..] = head;
    let length = u64::from(u32::from_le_bytes([a, b, c, d]));
    let mut packed = Vec::new();
    // Not allocated before it is there: the length may be nonsense.
    from.take(length).read_to_end(&mut packed)?;
    if (packed.len() as u64) < length {
        return Ok(Frame::End);
    }
    if checksum(kind, &packed) != u32::from_le_bytes(sum) {
        return Ok(Frame::Damaged("its checksum is wrong"));
    }
    let mut content = Vec::new();
    let unpacked = DeflateDecoder::new(&*packed).take(MOST_BYTES + 1).read_to_end(&mut content);
    if unpacked.is_err() || content.len() as u64 > MOST_BYTES {
        return Ok(Frame::Damaged("it cannot be unpacked"));
    }
    Ok(Frame::Whole(kind, content))
}

/// As many bytes as there are.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn checksum(kind: u8, packed: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&[kind]);
    sum.update(packed);
    sum.finalize()
}
