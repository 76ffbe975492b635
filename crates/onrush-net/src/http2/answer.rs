//! What a response's fields say, and whether they may be there at all: RFC 9113 §8.

use std::fmt::Display;

/// The head of an answer, interim ones included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    /// `Content-Length`.
    pub(super) length: Option<u64>,
    /// Where a redirect points; only taken from 3xx answers.
    pub(super) location: Option<Box<str>>,
}

/// Takes the fields of one head, or of trailers, and notes the first thing that is wrong with them: the fields
/// that follow are read all the same, since the compression's state depends on them.
#[derive(Debug)]
pub(super) struct Gather {
    part: Part,
    head: Head,
    fault: Option<Box<str>>,
    room: usize,
    limit: usize,
}

/// Which part of a message the fields are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Pseudo-fields may still come.
    Head,
    /// The head, past its pseudo-fields.
    Fields,
    Trailers,
}

/// Fields that are about a connection, and have no place where streams share it (RFC 9113 §8.2.2).
pub(super) const CONNECTION_FIELDS: [&str; 5] =
    ["connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"];
/// What a field counts beside its bytes (RFC 9113 §6.5.2).
const OVERHEAD: usize = 32;

impl Gather {
    /// Of fields that together take no more than `limit` bytes.
    pub(super) fn new(part: Part, limit: usize) -> Self {
        Self { part, head: Head::default(), fault: None, room: limit, limit }
    }

    #[inline]
    pub(super) fn field(&mut self, name: &[u8], value: &[u8]) {
        if self.fault.is_some() {
            return;
        }
        match self.room.checked_sub(name.len() + value.len() + OVERHEAD) {
            Some(room) => self.room = room,
            None => {
                let limit = self.limit;
                return self.fail(format_args!("the response head is longer than {limit} bytes"));
            }
        }
        match name {
            [b':', ..] => self.pseudo(name, value),
            _ => self.regular(name, value),
        }
    }

    pub(super) fn finish(mut self) -> Result<Head, Box<str>> {
        if self.part != Part::Trailers && self.head.status == 0 && self.fault.is_none() {
            self.fail("the response has no :status");
        }
        self.fault.map_or(Ok(self.head), Err)
    }

    fn pseudo(&mut self, name: &[u8], value: &[u8]) {
        let known = name == b":status";
        match (self.part, known) {
            (Part::Head, true) if self.head.status == 0 => match status(value) {
                Some(status) => self.head.status = status,
                None => self.fail(format_args!("the response has status `{}`", value.escape_ascii())),
            },
            (Part::Head, true) => self.fail("the response has more than one :status"),
            (_, false) => self.fail(format_args!("a response has no `{}`", name.escape_ascii())),
            (Part::Fields, true) => self.fail("the response has its :status after other fields"),
            (Part::Trailers, true) => self.fail("the trailers have a :status"),
        }
    }

    fn regular(&mut self, name: &[u8], value: &[u8]) {
        if self.part == Part::Head {
            self.part = Part::Fields;
        }
        if !is_name(name) {
            return self.fail(format_args!("`{}` is not the name of a field in HTTP/2", name.escape_ascii()));
        }
        if !is_value(value) {
            return self.fail(format_args!("field `{}` has a value that none may have", name.escape_ascii()));
        }
        match name {
            b"content-length" if self.part == Part::Fields => self.length(value),
            b"location" if matches!(self.head.status, 300..=399) => {
                self.head.location = Some(String::from_utf8_lossy(value).into());
            }
            _ if CONNECTION_FIELDS.iter().any(|field| field.as_bytes() == name) => {
                self.fail(format_args!("field `{}` has no place in HTTP/2", name.escape_ascii()));
            }
            _ => {}
        }
    }

    /// As in HTTP/1.1: several equal lengths are tolerated, different ones are not.
    fn length(&mut self, value: &[u8]) {
        for part in value.split(|byte| *byte == b',') {
            let number = digits(part.trim_ascii());
            match (self.head.length, number) {
                (_, None) => {
                    return self.fail(format_args!("`content-length: {}` is not one number", value.escape_ascii()));
                }
                (Some(before), Some(length)) if before != length => {
                    let what = format_args!("the response has two lengths: `content-length: {before}` and `{length}`");
                    return self.fail(what);
                }
                _ => self.head.length = number,
            }
        }
    }

    #[cold]
    fn fail(&mut self, what: impl Display) {
        self.fault = Some(what.to_string().into());
    }
}

fn status(value: &[u8]) -> Option<u16> {
    let three = <[u8; 3]>::try_from(value).ok()?;
    let number =
        three.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u16::from(digit - b'0')));
    // 101 is about the connection, and it is not ours to change (RFC 9113 §8.6).
    number.filter(|number| *number >= 100 && *number != 101)
}

fn digits(text: &[u8]) -> Option<u64> {
    let number = std::str::from_utf8(text).ok()?;
    number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok())?
}

/// RFC 9113 §8.2.1 asks for no less; what HTTP itself forbids beside that harms nobody here.
fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| matches!(byte, 0x21..=0x39 | 0x3b..=0x40 | 0x5b..=0x7e))
}

fn is_value(value: &[u8]) -> bool {
    let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    !is_blank(value.first()) && !is_blank(value.last()) && !value.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gather(part: Part, fields: &str) -> Result<Head, String> {
        let mut gather = Gather::new(part, 200);
        for line in fields.split('|').filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once('=').unwrap();
            gather.field(name.as_bytes(), value.as_bytes());
        }
        gather.finish().map_err(String::from)
    }

    #[test]
    fn what_matters_is_taken() {
        for (fields, status, length, location) in [
            (":status=200", 200, None, None),
            (":status=200|content-length=5|location=/a", 200, Some(5), None),
            (":status=301|location=/a", 301, None, Some("/a")),
            (":status=999|content-length=5|content-length=5, 5", 999, Some(5), None),
            (":status=100|x=", 100, None, None),
        ] {
            let expected = Head { status, length, location: location.map(Into::into) };
            assert_eq!(gather(Part::Head, fields), Ok(expected), "{fields}");
        }
        assert!(gather(Part::Trailers, "x-sum=1|content-length=7").is_ok());
    }

    #[test]
    fn what_may_not_be_there_is_named() {
        for (part, fields, fault) in [
            (Part::Head, "", "the response has no :status"),
            (Part::Head, "server=x", "the response has no :status"),
            (Part::Head, ":status=200|:status=200", "the response has more than one :status"),
            (Part::Head, "server=x|:status=200", "the response has its :status after other fields"),
            (Part::Head, ":status=200|:path=/", "a response has no `:path`"),
            (Part::Head, ":status=99", "the response has status `99`"),
            (Part::Head, ":status=099", "the response has status `099`"),
            (Part::Head, ":status=101", "the response has status `101`"),
            (Part::Head, ":status=2000", "the response has status `2000`"),
            (Part::Head, ":status=+20", "the response has status `+20`"),
            (Part::Head, ":status=200|Server=x", "`Server` is not the name of a field in HTTP/2"),
            (Part::Head, ":status=200|=x", "`` is not the name of a field in HTTP/2"),
            (Part::Head, ":status=200|a b=x", "`a b` is not the name of a field in HTTP/2"),
            (Part::Head, ":status=200|a:b=x", "`a:b` is not the name of a field in HTTP/2"),
            (Part::Head, ":status=200|a=x\n", "field `a` has a value that none may have"),
            (Part::Head, ":status=200|a= x", "field `a` has a value that none may have"),
            (Part::Head, ":status=200|a=x\t", "field `a` has a value that none may have"),
            (Part::Head, ":status=200|connection=close", "field `connection` has no place in HTTP/2"),
            (Part::Head, ":status=200|upgrade=x", "field `upgrade` has no place in HTTP/2"),
            (Part::Head, ":status=200|content-length=+5", "`content-length: +5` is not one number"),
            (Part::Head, ":status=200|content-length=", "`content-length: ` is not one number"),
            (
                Part::Head,
                ":status=200|content-length=5|content-length=6",
                "the response has two lengths: `content-length: 5` and `6`",
            ),
            (
                Part::Head,
                ":status=200|a=0123456789|b=0123456789|c=0123456789|d=0123456789",
                "the response head is longer than 200 bytes",
            ),
            (Part::Trailers, ":status=200", "the trailers have a :status"),
            (Part::Trailers, "A=b", "`A` is not the name of a field in HTTP/2"),
        ] {
            assert_eq!(gather(part, fields), Err(fault.to_owned()), "{fields}");
        }
    }
}
