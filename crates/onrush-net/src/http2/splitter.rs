//! Finds the frames in bytes that may be split anywhere.

use super::fault::Fault;
use super::frame::{Code, HEAD, Head, Kind, MAX_PAYLOAD, PADDED};
use crate::clock::Instant;

/// One frame, whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    /// Bytes of a body whose frame is not at its end yet.
    Piece { stream: u32, bytes: &'a [u8] },
    /// The end of a frame of a body: of so many bytes, so many were padding.
    Data { head: Head, padding: usize },
    /// Any other.
    Other { head: Head, payload: &'a [u8] },
}

/// Keeps bytes only while a frame other than DATA is incomplete.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    carry: Vec<u8>,
    /// When the first byte of the incomplete frame came.
    since: Option<Instant>,
    /// A DATA frame of whose payload so many bytes are still to come.
    data: Option<(Head, usize, usize)>,
}

impl Splitter {
    /// Hands each whole frame to `on_frame`, with the instant at which its first byte came.
    pub(super) fn feed(
        &mut self,
        mut input: &[u8],
        now: Instant,
        mut on_frame: impl FnMut(Frame<'_>, Instant) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        loop {
            if let Some((head, padding, left)) = &mut self.data {
                let part = input.len().min(*left);
                // Padding is at the end, but for the byte that says how much there is.
                let bytes = &input[..part.min(left.saturating_sub(padding.saturating_sub(1)))];
                input = &input[part..];
                *left -= part;
                let (head, padding, is_whole) = (*head, *padding, *left == 0);
                if !bytes.is_empty() {
                    on_frame(Frame::Piece { stream: head.stream, bytes }, self.since.unwrap_or(now))?;
                }
                if !is_whole {
                    return Ok(());
                }
                self.data = None;
                on_frame(Frame::Data { head, padding }, self.since.take().unwrap_or(now))?;
            }
            if input.is_empty() {
                return Ok(());
            }
            if self.carry.is_empty() {
                let length = enough(input)?;
                if let Some(frame) = input.get(..length) {
                    input = &input[length..];
                    self.begin(frame, now, &mut on_frame)?;
                    continue;
                }
            }
            self.top_up(&mut input, now, &mut on_frame)?;
        }
    }

    /// Adds to an incomplete frame what it lacks, as far as it is there.
    fn top_up(
        &mut self,
        input: &mut &[u8],
        now: Instant,
        on_frame: &mut impl FnMut(Frame<'_>, Instant) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let since = *self.since.get_or_insert(now);
        let missing = enough(&self.carry)? - self.carry.len();
        let (part, rest) = input.split_at(missing.min(input.len()));
        *input = rest;
        self.carry.extend_from_slice(part);
        if enough(&self.carry)? == self.carry.len() {
            let frame = std::mem::take(&mut self.carry);
            self.since = None;
            self.begin(&frame, since, on_frame)?;
        }
        Ok(())
    }

    /// A frame is whole, or as much of a DATA frame as is looked at.
    fn begin(
        &mut self,
        bytes: &[u8],
        since: Instant,
        on_frame: &mut impl FnMut(Frame<'_>, Instant) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let Some((head, payload)) = bytes.split_first_chunk() else { return Ok(()) };
        let head = Head::parse(head);
        if head.kind != Kind::Data {
            return on_frame(Frame::Other { head, payload }, since);
        }
        let padding = payload.first().map_or(0, |length| usize::from(*length) + 1);
        if padding > head.length {
            return Err(Fault::new(Code::PROTOCOL_ERROR, "a DATA frame has more padding than bytes"));
        }
        self.since = Some(since);
        self.data = Some((head, padding, head.length - payload.len()));
        Ok(())
    }
}

/// How many bytes it takes to go on, given those that are there.
fn enough(bytes: &[u8]) -> Result<usize, Fault> {
    let Some(head) = bytes.first_chunk::<HEAD>() else { return Ok(HEAD) };
    let frame = Head::parse(head);
    if frame.length > MAX_PAYLOAD {
        return Err(too_long(head, frame.length));
    }
    let padding = usize::from(frame.has(PADDED));
    Ok(match frame.kind {
        // Padded, but without the byte that says how much.
        Kind::Data if padding > frame.length => {
            return Err(Fault::new(Code::FRAME_SIZE_ERROR, "a padded DATA frame is empty"));
        }
        Kind::Data => HEAD + padding,
        _ => HEAD + frame.length,
    })
}

#[cold]
fn too_long(head: &[u8; HEAD], length: usize) -> Fault {
    if head.starts_with(b"HTTP/1") {
        return Fault::new(Code::PROTOCOL_ERROR, "the peer answered in HTTP/1, not in HTTP/2");
    }
    Fault::new(Code::FRAME_SIZE_ERROR, format!("a frame has {length} bytes, where {MAX_PAYLOAD} are allowed"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The frames of a stream that comes in pieces, and what ended it.
    fn frames(stream: &[u8], pieces: &[usize]) -> (Vec<String>, Result<(), Fault>) {
        let (mut splitter, mut seen, mut body) = (Splitter::default(), Vec::new(), Vec::new());
        let now = Instant::now();
        let mut pieces = pieces.iter();
        let mut rest = stream;
        while !rest.is_empty() {
            let piece;
            (piece, rest) = rest.split_at(pieces.next().copied().unwrap_or(usize::MAX).clamp(1, rest.len()));
            let fed = splitter.feed(piece, now, |frame, _| {
                match frame {
                    Frame::Piece { bytes, .. } => body.extend_from_slice(bytes),
                    frame => seen.push(format!("{frame:?} {:?}", std::mem::take(&mut body))),
                }
                Ok(())
            });
            if fed.is_err() {
                return (seen, fed);
            }
        }
        seen.push(format!("{body:?}"));
        (seen, Ok(()))
    }

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        [&[0, 0, payload.len() as u8, kind, flags, 0, 0, 0, 1], payload].concat()
    }

    #[test]
    fn padding_does_not_exceed_its_frame() {
        for (payload, expected) in [
            (&[0][..], "1 of 1, []"),
            (&[0, 7, 8], "1 of 3, [7, 8]"),
            (&[2, 1, 0, 0], "3 of 4, [1]"),
            (&[3, 1, 0, 0], "4 of 4, []"),
            (&[4, 1, 0, 0], "a DATA frame has more padding than bytes (PROTOCOL_ERROR)"),
            (&[], "a padded DATA frame is empty (FRAME_SIZE_ERROR)"),
        ] {
            let (mut got, mut body) = (String::new(), Vec::new());
            let fed = Splitter::default().feed(&frame(0, PADDED, payload), Instant::now(), |frame, _| {
                match frame {
                    Frame::Data { head, padding } => got = format!("{padding} of {}, {body:?}", head.length),
                    Frame::Piece { bytes, .. } => body.extend_from_slice(bytes),
                    Frame::Other { .. } => panic!("{frame:?}"),
                }
                Ok(())
            });
            assert_eq!(fed.map_or_else(|fault| fault.to_string(), |()| got), expected, "{payload:?}");
        }
    }

    #[test]
    fn a_frame_begins_when_its_first_byte_comes() {
        let mut splitter = Splitter::default();
        let begin = Instant::now();
        for kind in [0, 1] {
            let mut since = Vec::new();
            for (number, byte) in frame(kind, 0, b"abc").iter().enumerate() {
                let now = begin + std::time::Duration::from_secs(number as u64);
                splitter
                    .feed(&[*byte], now, |frame, instant| {
                        since.extend((!matches!(frame, Frame::Piece { .. })).then_some(instant));
                        Ok(())
                    })
                    .unwrap();
            }
            assert_eq!(since, [begin]);
        }
    }

    proptest! {
        #[test]
        fn where_bytes_are_split_makes_no_difference(
            list in prop::collection::vec((0..12_u8, any::<u8>(), prop::collection::vec(any::<u8>(), 0..40)), 0..8),
            cut in any::<prop::sample::Index>(),
            pieces in prop::collection::vec(1..30_usize, 0..40),
        ) {
            let mut stream: Vec<u8> = list.iter().flat_map(|(kind, flags, payload)| frame(*kind, *flags, payload)).collect();
            stream.truncate(cut.index(stream.len() + 1));
            prop_assert_eq!(frames(&stream, &pieces), frames(&stream, &[]));
        }
    }
}
