//! The bytes of HTTP/1.1: what is the same for all stands in as few blocks as there can be.

use std::ops::Range;

use crate::call::{Call, Head, HeadValue};
use crate::filled::Filled;
use crate::target::{Target, authority};

/// Who we say that we are.
const USER_AGENT: &str = concat!("onrush/", env!("CARGO_PKG_VERSION"));

/// The head of a request up to cookies and length.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    block: Vec<u8>,
    stretches: Vec<Stretch>,
}

/// A stretch of a head.
#[derive(Debug)]
enum Stretch {
    /// A part of the block.
    Fixed(Range<usize>),
    /// Path and query.
    Target,
    /// The host, where it is not the same for all.
    Host,
    /// The value of the header at this place among those with holes.
    Value(usize),
}

impl Layout {
    pub(crate) fn new(method: &str, target: &Target, heads: &[Head]) -> Self {
        let mut layout = Self::default();
        let named = |name: &str| heads.iter().any(|head| head.is_called(name));
        layout.fixed(&format!("{method} "));
        match target {
            Target::Path { path, .. } if path.fixed().is_some() => layout.fixed(path.fixed().unwrap_or_default()),
            _ => layout.stretches.push(Stretch::Target),
        }
        layout.fixed(" HTTP/1.1\r\n");
        if !named("host") {
            layout.fixed("Host: ");
            match target {
                Target::Path { origin, .. } => layout.fixed(&origin.authority),
                Target::Whole { .. } => layout.stretches.push(Stretch::Host),
            }
            layout.fixed("\r\n");
        }
        if !named("user-agent") {
            layout.fixed(&format!("User-Agent: {USER_AGENT}\r\n"));
        }
        if !named("accept") {
            layout.fixed("Accept: */*\r\n");
        }
        let mut value = 0;
        for head in heads {
            layout.fixed(&format!("{}: ", head.name));
            match head.as_fixed() {
                Some(text) => layout.fixed(text),
                None => {
                    layout.stretches.push(Stretch::Value(value));
                    value += 1;
                }
            }
            layout.fixed("\r\n");
        }
        layout
    }

    fn fixed(&mut self, text: &str) {
        let start = self.block.len();
        self.block.extend_from_slice(text.as_bytes());
        match self.stretches.last_mut() {
            Some(Stretch::Fixed(range)) => range.end = self.block.len(),
            _ => self.stretches.push(Stretch::Fixed(start..self.block.len())),
        }
    }
}

impl Filled {
    /// The request in HTTP/1.1, with the jar's cookies and further headers.
    pub fn http1(&mut self, call: &Call, cookies: Option<&str>, extra: &[(&str, &str)]) -> &[u8] {
        let mut wire = std::mem::take(&mut self.wire);
        wire.clear();
        for stretch in &call.layout.stretches {
            match stretch {
                Stretch::Fixed(range) => wire.extend_from_slice(&call.layout.block[range.clone()]),
                Stretch::Target => wire.extend_from_slice(self.path()),
                Stretch::Host => {
                    let host = self.own_url().map(authority).unwrap_or_default();
                    wire.extend_from_slice(host.as_bytes());
                }
                Stretch::Value(place) => wire.extend_from_slice(self.value(*place)),
            }
        }
        self.write_cookies(cookies, &mut wire);
        if let Some(login) = self.login() {
            write_line(&mut wire, "Authorization", login.as_bytes());
        }
        for (name, value) in extra {
            write_line(&mut wire, name, value.as_bytes());
        }
        let body = self.body(call);
        if !body.is_empty() || ["POST", "PUT", "PATCH"].contains(&&*call.method) {
            // Methods whose meaning is in their body say so even when it is empty (RFC 9110 §8.6).
            write_line(&mut wire, "Content-Length", itoa::Buffer::new().format(body.len()).as_bytes());
        }
        wire.extend_from_slice(b"\r\n");
        wire.extend_from_slice(body);
        self.wire = wire;
        &self.wire
    }

    fn write_cookies(&self, jar: Option<&str>, wire: &mut Vec<u8>) {
        let own = self.cookie.as_deref();
        match (own, jar) {
            (None, None) => {}
            (Some(own), Some(jar)) => write_line(wire, "Cookie", format!("{own}; {jar}").as_bytes()),
            (Some(one), None) | (None, Some(one)) => write_line(wire, "Cookie", one.as_bytes()),
        }
    }
}

fn write_line(wire: &mut Vec<u8>, name: &str, value: &[u8]) {
    wire.extend_from_slice(name.as_bytes());
    wire.extend_from_slice(b": ");
    wire.extend_from_slice(value);
    wire.extend_from_slice(b"\r\n");
}

impl HeadValue {
    /// Whether it is the same for all.
    pub(crate) fn is_fixed(&self) -> bool {
        matches!(self, Self::Text(text) if text.fixed().is_some())
    }
}
