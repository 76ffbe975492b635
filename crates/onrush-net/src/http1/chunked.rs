//! The chunked coding, byte by byte where it is syntax and in strides where it is data.

use super::ReadError;

/// Bytes of chunk extensions allowed in one body: they carry nothing anybody uses.
const MAX_EXTENSIONS: u32 = 16 * 1024;
/// Bytes of trailers allowed in one body.
const MAX_TRAILERS: u32 = 16 * 1024;

/// Where in the coding the reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunked {
    /// The first digit of a size.
    Size,
    /// Further digits.
    MoreSize(u64),
    /// Blanks after the size.
    Blank(u64),
    Extension(u64),
    SizeLf(u64),
    /// Bytes left in the chunk.
    Data(u64),
    DataCr,
    DataLf,
    /// At the start of a trailer line, or of the empty line that ends the body.
    LineStart,
    Trailer,
    TrailerLf,
    EndLf,
    End,
}

/// What the syntax may still use up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spent {
    extensions: u32,
    trailers: u32,
}

impl Chunked {
    /// Takes as much of `input` as belongs to the body, hands its data to `sink`, and returns how many
    /// bytes that was.
    pub(super) fn feed(
        &mut self,
        spent: &mut Spent,
        input: &[u8],
        mut sink: impl FnMut(&[u8]),
    ) -> Result<usize, ReadError> {
        let mut at = 0;
        while at < input.len() && *self != Self::End {
            if let Self::Data(left) = *self {
                let stride = usize::try_from(left).unwrap_or(usize::MAX).min(input.len() - at);
                sink(&input[at..at + stride]);
                at += stride;
                *self = if stride as u64 == left { Self::DataCr } else { Self::Data(left - stride as u64) };
            } else {
                *self = self.step(spent, input[at])?;
                at += 1;
            }
        }
        Ok(at)
    }

    fn step(self, spent: &mut Spent, byte: u8) -> Result<Self, ReadError> {
        Ok(match (self, byte) {
            (Self::Size, _) => Self::MoreSize(hex(byte).ok_or(ReadError::ChunkSize)?),
            (Self::MoreSize(size) | Self::Blank(size), b' ' | b'\t') => Self::Blank(size),
            (Self::MoreSize(size) | Self::Blank(size), b';') => Self::Extension(size),
            (Self::MoreSize(size) | Self::Blank(size) | Self::Extension(size), b'\r') => Self::SizeLf(size),
            (Self::MoreSize(size), _) => Self::MoreSize(longer(size, byte)?),
            (Self::Extension(size), byte) if byte != b'\n' => {
                spend(&mut spent.extensions, MAX_EXTENSIONS, ReadError::ChunkExtensions)?;
                Self::Extension(size)
            }
            (Self::SizeLf(0) | Self::TrailerLf, b'\n') => Self::LineStart,
            (Self::SizeLf(size), b'\n') => Self::Data(size),
            (Self::DataCr, b'\r') => Self::DataLf,
            (Self::DataLf, b'\n') => Self::Size,
            (Self::LineStart, b'\r') => Self::EndLf,
            (Self::EndLf, b'\n') => Self::End,
            (Self::Trailer, b'\r') => Self::TrailerLf,
            (Self::LineStart | Self::Trailer, _) => {
                spend(&mut spent.trailers, MAX_TRAILERS, ReadError::Trailers)?;
                Self::Trailer
            }
            (Self::DataCr | Self::DataLf, _) => return Err(ReadError::ChunkEnd),
            (Self::TrailerLf | Self::EndLf, _) => return Err(ReadError::TrailerLine),
            _ => return Err(ReadError::ChunkSize),
        })
    }
}

fn hex(byte: u8) -> Option<u64> {
    char::from(byte).to_digit(16).map(u64::from)
}

fn longer(size: u64, byte: u8) -> Result<u64, ReadError> {
    let digit = hex(byte).ok_or(ReadError::ChunkSize)?;
    size.checked_mul(16).map(|size| size + digit).ok_or(ReadError::ChunkSize)
}

fn spend(spent: &mut u32, limit: u32, error: ReadError) -> Result<(), ReadError> {
    *spent += 1;
    if *spent >= limit { Err(error) } else { Ok(()) }
}
