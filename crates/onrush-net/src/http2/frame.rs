//! Frames as bytes: RFC 9113 §4 and §6. No I/O, and no opinion on what may come when.

use std::fmt;

/// What a client says first.
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Bytes of a frame's head.
pub(super) const HEAD: usize = 9;
/// The longest payload that a side takes unless it says otherwise. We never do.
pub(super) const MAX_PAYLOAD: usize = 16 * 1024;
/// The largest window, and the largest stream identifier.
pub(super) const MAX_31: u32 = (1 << 31) - 1;
/// The window of a connection, and of a stream unless a side says otherwise.
pub(super) const FIRST_WINDOW: u32 = 65_535;

/// Bytes of a frame whose payload is one number: WINDOW_UPDATE, RST_STREAM.
pub(super) const NUMBER_LENGTH: u64 = 13;

/// Flags; what a bit means depends on the kind.
pub(super) const END_STREAM: u8 = 0x1;
pub(super) const ACK: u8 = 0x1;
pub(super) const END_HEADERS: u8 = 0x4;
pub(super) const PADDED: u8 = 0x8;
pub(super) const PRIORITY: u8 = 0x20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    Headers,
    Priority,
    Reset,
    Settings,
    PushPromise,
    Ping,
    GoAway,
    WindowUpdate,
    Continuation,
    /// Of an extension that we do not know.
    Other,
}

/// Everything in the order of its number.
const KINDS: [Kind; 10] = [
    Kind::Data,
    Kind::Headers,
    Kind::Priority,
    Kind::Reset,
    Kind::Settings,
    Kind::PushPromise,
    Kind::Ping,
    Kind::GoAway,
    Kind::WindowUpdate,
    Kind::Continuation,
];

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) length: usize,
    pub(super) kind: Kind,
    pub(super) flags: u8,
    /// 0 for the connection itself.
    pub(super) stream: u32,
}

impl Head {
    pub(super) fn parse(bytes: &[u8; HEAD]) -> Self {
        let [a, b, c, kind, flags, stream @ ..] = *bytes;
        Self {
            length: u32::from_be_bytes([0, a, b, c]) as usize,
            kind: KINDS.get(usize::from(kind)).copied().unwrap_or(Kind::Other),
            flags,
            stream: u32::from_be_bytes(stream) & MAX_31,
        }
    }

    pub(super) fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.bytes());
    }

    fn bytes(self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        // Three bytes of length; the fourth gives way to the kind.
        bytes[..4].copy_from_slice(&(self.length as u32).rotate_left(8).to_be_bytes());
        bytes[3] = self.kind as u8;
        bytes[4] = self.flags;
        bytes[5..].copy_from_slice(&self.stream.to_be_bytes());
        bytes
    }

    #[inline]
    pub(super) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// Why a stream or a connection is ended (RFC 9113 §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Code(pub(super) u32);

impl Code {
    pub(super) const NO_ERROR: Self = Self(0);
    pub(super) const PROTOCOL_ERROR: Self = Self(1);
    pub(super) const FLOW_CONTROL_ERROR: Self = Self(3);
    pub(super) const STREAM_CLOSED: Self = Self(5);
    pub(super) const FRAME_SIZE_ERROR: Self = Self(6);
    pub(super) const REFUSED_STREAM: Self = Self(7);
    pub(super) const CANCEL: Self = Self(8);
    pub(super) const COMPRESSION_ERROR: Self = Self(9);
    pub(super) const ENHANCE_YOUR_CALM: Self = Self(11);
}

const CODES: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match CODES.get(self.0 as usize) {
            Some(name) => f.write_str(name),
            None => write!(f, "error code {}", self.0),
        }
    }
}

/// Settings (RFC 9113 §6.5.2).
pub(super) mod setting {
    pub(in crate::http2) const HEADER_TABLE_SIZE: u16 = 1;
    pub(in crate::http2) const ENABLE_PUSH: u16 = 2;
    pub(in crate::http2) const MAX_CONCURRENT_STREAMS: u16 = 3;
    pub(in crate::http2) const INITIAL_WINDOW_SIZE: u16 = 4;
    pub(in crate::http2) const MAX_FRAME_SIZE: u16 = 5;
    pub(in crate::http2) const MAX_HEADER_LIST_SIZE: u16 = 6;
}

/// A frame of settings as their numbers and values.
pub(super) fn settings(payload: &[u8]) -> impl Iterator<Item = (u16, u32)> {
    let (entries, _) = payload.as_chunks::<6>();
    entries.iter().map(|[a, b, value @ ..]| (u16::from_be_bytes([*a, *b]), u32::from_be_bytes(*value)))
}

pub(super) fn write_settings(out: &mut Vec<u8>, settings: &[(u16, u32)]) {
    Head { length: settings.len() * 6, kind: Kind::Settings, flags: 0, stream: 0 }.write(out);
    for (number, value) in settings {
        out.extend_from_slice(&number.to_be_bytes());
        out.extend_from_slice(&value.to_be_bytes());
    }
}

pub(super) fn write_settings_ack(out: &mut Vec<u8>) {
    Head { length: 0, kind: Kind::Settings, flags: ACK, stream: 0 }.write(out);
}

pub(super) fn write_ping_ack(out: &mut Vec<u8>, payload: &[u8]) {
    Head { length: payload.len(), kind: Kind::Ping, flags: ACK, stream: 0 }.write(out);
    out.extend_from_slice(payload);
}

pub(super) fn write_window_update(out: &mut Vec<u8>, stream: u32, increment: u32) {
    Head { length: 4, kind: Kind::WindowUpdate, flags: 0, stream }.write(out);
    out.extend_from_slice(&increment.to_be_bytes());
}

pub(super) fn write_reset(out: &mut Vec<u8>, stream: u32, code: Code) {
    Head { length: 4, kind: Kind::Reset, flags: 0, stream }.write(out);
    out.extend_from_slice(&code.0.to_be_bytes());
}

/// The last stream of the peer's that we looked at is none: it may not open any.
pub(super) fn write_go_away(out: &mut Vec<u8>, code: Code) {
    Head { length: 8, kind: Kind::GoAway, flags: 0, stream: 0 }.write(out);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&code.0.to_be_bytes());
}

/// A header block in as many frames as it takes. `write` appends the block.
pub(super) fn write_headers(
    out: &mut Vec<u8>,
    stream: u32,
    flags: u8,
    max_payload: usize,
    write: impl FnOnce(&mut Vec<u8>),
) {
    let start = out.len();
    out.extend_from_slice(&[0; HEAD]);
    write(out);
    let length = out.len() - start - HEAD;
    if length > max_payload {
        let block = out.split_off(start + HEAD);
        out.truncate(start);
        return write_split(out, stream, flags, max_payload, &block);
    }
    out[start..start + HEAD]
        .copy_from_slice(&Head { length, kind: Kind::Headers, flags: flags | END_HEADERS, stream }.bytes());
}

#[cold]
fn write_split(out: &mut Vec<u8>, stream: u32, flags: u8, max_payload: usize, block: &[u8]) {
    let parts = block.chunks(max_payload);
    let last = parts.len() - 1;
    for (number, part) in parts.enumerate() {
        let kind = if number == 0 { Kind::Headers } else { Kind::Continuation };
        let end = if number == last { END_HEADERS } else { 0 };
        let first = if number == 0 { flags } else { 0 };
        Head { length: part.len(), kind, flags: first | end, stream }.write(out);
        out.extend_from_slice(part);
    }
}

/// The first four bytes as a number without its highest bit.
pub(super) fn number(payload: &[u8]) -> Option<u32> {
    payload.first_chunk().map(|bytes| u32::from_be_bytes(*bytes) & MAX_31)
}

/// The error code at the beginning of a payload.
pub(super) fn code(payload: &[u8]) -> Option<Code> {
    payload.first_chunk().map(|bytes| Code(u32::from_be_bytes(*bytes)))
}

/// The block fragment of a HEADERS frame, without padding and priority; `None` if they do not fit.
pub(super) fn fragment(head: Head, payload: &[u8]) -> Option<&[u8]> {
    let (padding, rest) = if head.has(PADDED) { payload.split_first()? } else { (&0, payload) };
    let rest = if head.has(PRIORITY) { rest.get(5..)? } else { rest };
    rest.get(..rest.len().checked_sub(usize::from(*padding))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_come_back() {
        for (number, kind) in KINDS.into_iter().enumerate() {
            let head = Head { length: 0x01_02_03, kind, flags: 5, stream: 0x7fff_fffe };
            let mut bytes = Vec::new();
            head.write(&mut bytes);
            assert_eq!(bytes, [1, 2, 3, number as u8, 5, 0x7f, 0xff, 0xff, 0xfe]);
            assert_eq!(Head::parse(&bytes.try_into().unwrap()), head);
        }
        let reserved = Head::parse(&[0, 0, 0, 99, 0, 0x80, 0, 0, 1]);
        assert_eq!((reserved.kind, reserved.stream), (Kind::Other, 1), "the reserved bit is ignored");
    }

    #[test]
    fn codes_have_names() {
        assert_eq!(Code::ENHANCE_YOUR_CALM.to_string(), "ENHANCE_YOUR_CALM");
        assert_eq!(Code(13).to_string(), "HTTP_1_1_REQUIRED");
        assert_eq!(Code(14).to_string(), "error code 14");
    }

    #[test]
    fn long_blocks_are_split() {
        let mut out = Vec::new();
        write_headers(&mut out, 3, END_STREAM, 4, |out| out.extend_from_slice(b"pabcdefg"));
        let expected: &[&[u8]] = &[&[0, 0, 4, 1, 1, 0, 0, 0, 3], b"pabc", &[0, 0, 4, 9, 4, 0, 0, 0, 3], b"defg"];
        assert_eq!(out, expected.concat());
    }

    #[test]
    fn padding_and_priority_are_taken_off() {
        for (flags, payload, expected) in [
            (0, &b"abc"[..], Some(&b"abc"[..])),
            (PADDED, b"\x02abc", Some(b"a")),
            (PADDED, b"\x03abc", Some(b"")),
            (PADDED, b"\x04abc", None),
            (PADDED, b"", None),
            (PRIORITY, b"01234abc", Some(b"abc")),
            (PRIORITY, b"0123", None),
            (PADDED | PRIORITY, b"\x0101234abc", Some(b"ab")),
            (PADDED | PRIORITY, b"\x0401234abc", None),
        ] {
            let head = Head { length: payload.len(), kind: Kind::Headers, flags, stream: 1 };
            assert_eq!(fragment(head, payload), expected, "{flags} {payload:?}");
        }
    }
}
