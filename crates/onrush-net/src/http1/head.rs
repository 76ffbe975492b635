//! The head of a response: what it says of the body's length and the connection's future.

use std::mem::MaybeUninit;

use httparse::{Header, ParserConfig, Response, Status};

use super::ReadError;

/// More headers than this is a flood.
const MAX_HEADERS: usize = 100;

/// What a response's head says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// Whether the connection may carry another request once the body is read.
    pub keep_alive: bool,
    /// Where a redirect points; only taken from 3xx answers.
    pub location: Option<Box<str>>,
}

/// How the end of the body is found (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

/// A head, its framing and its length in bytes; `None` while it is incomplete.
pub(super) fn parse(input: &[u8], answers_head: bool) -> Result<Option<(Head, Framing, usize)>, ReadError> {
    let mut headers = [const { MaybeUninit::<Header<'_>>::uninit() }; MAX_HEADERS];
    let mut response = Response::new(&mut []);
    match ParserConfig::default().parse_response_with_uninit_headers(&mut response, input, &mut headers) {
        Ok(Status::Complete(length)) => {
            let (head, framing) = interpret(&response, answers_head)?;
            Ok(Some((head, framing, length)))
        }
        Ok(Status::Partial) => Ok(None),
        Err(httparse::Error::TooManyHeaders) => Err(ReadError::TooManyHeaders(MAX_HEADERS)),
        Err(_) if input.starts_with(&[21, 3]) => Err(ReadError::Tls),
        Err(_) if is_settings_frame(input) => Err(ReadError::Http2),
        Err(error) => Err(ReadError::Head(error)),
    }
}

/// How a server of HTTP/2 begins: a frame of type 4 on stream 0, of settings of six bytes each (RFC 9113 §6.5).
fn is_settings_frame(input: &[u8]) -> bool {
    matches!(input, [0, high, low, 4, 0 | 1, 0, 0, 0, 0, ..] if u16::from_be_bytes([*high, *low]) % 6 == 0)
}

fn interpret(response: &Response<'_, '_>, answers_head: bool) -> Result<(Head, Framing), ReadError> {
    let status = response.code.unwrap_or_default();
    if status < 100 {
        return Err(ReadError::StatusCode(status));
    }
    let is_11 = response.version == Some(1);
    let fields = Fields::gather(response.headers, matches!(status, 300..=399));
    let framing = if answers_head || status < 200 || matches!(status, 204 | 304) {
        Framing::Length(0)
    } else if let Some(last_is_chunked) = fields.transfer_encoding {
        match (is_11, last_is_chunked) {
            (false, _) => return Err(ReadError::TransferEncodingIn10),
            (true, true) => Framing::Chunked,
            (true, false) => Framing::UntilClose,
        }
    } else {
        fields.content_length?.map_or(Framing::UntilClose, Framing::Length)
    };
    let keep_alive = !fields.close && (is_11 || fields.keep_alive) && framing != Framing::UntilClose;
    Ok((Head { status, keep_alive, location: fields.location }, framing))
}

/// The few headers that matter here.
struct Fields {
    content_length: Result<Option<u64>, ReadError>,
    /// Present, and whether its last coding is `chunked`.
    transfer_encoding: Option<bool>,
    close: bool,
    keep_alive: bool,
    location: Option<Box<str>>,
}

impl Fields {
    fn gather(headers: &[Header<'_>], is_redirect: bool) -> Self {
        let mut fields =
            Self { content_length: Ok(None), transfer_encoding: None, close: false, keep_alive: false, location: None };
        for header in headers {
            // Lengths first: nearly every header is told apart without comparing letters.
            match header.name.len() {
                14 if is(header, "content-length") => fields.add_length(header.value),
                17 if is(header, "transfer-encoding") => fields.transfer_encoding = Some(last_is_chunked(header.value)),
                10 if is(header, "connection") => fields.add_connection(header.value),
                8 if is_redirect && is(header, "location") => {
                    fields.location = Some(String::from_utf8_lossy(header.value).into());
                }
                _ => {}
            }
        }
        fields
    }

    /// Several equal lengths, in a list or in several headers, are tolerated; different ones are not.
    fn add_length(&mut self, value: &[u8]) {
        for part in value.split(|byte| *byte == b',') {
            self.content_length = match (&self.content_length, digits(part.trim_ascii())) {
                (Ok(None), Some(length)) => Ok(Some(length)),
                (Ok(Some(before)), Some(length)) if *before == length => Ok(Some(length)),
                (Ok(Some(before)), Some(length)) => Err(ReadError::TwoLengths(*before, length)),
                _ => Err(ReadError::ContentLength(String::from_utf8_lossy(value).into())),
            };
        }
    }

    fn add_connection(&mut self, value: &[u8]) {
        for token in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            self.close |= token.eq_ignore_ascii_case(b"close");
            self.keep_alive |= token.eq_ignore_ascii_case(b"keep-alive");
        }
    }
}

fn is(header: &Header<'_>, name: &str) -> bool {
    header.name.eq_ignore_ascii_case(name)
}

fn last_is_chunked(value: &[u8]) -> bool {
    value.rsplit(|byte| *byte == b',').next().is_some_and(|last| last.trim_ascii().eq_ignore_ascii_case(b"chunked"))
}

fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}
