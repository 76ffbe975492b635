//! A request as it goes to the wire: its head, made ready once, and its body.

use std::cell::RefCell;

use onrush_metrics::ErrorKind;

use super::answer::CONNECTION_FIELDS;
use super::hpack::Block;
use crate::failure::Failure;
use crate::kept::Kept;

/// A request ready to be sent on any connection.
#[derive(Debug)]
pub struct Wire {
    pub(super) block: Block,
    pub(super) body: Box<[u8]>,
    /// Its answer has no body, whatever it says.
    pub(super) is_head: bool,
    /// What is kept of its answer. A wire of which something is kept is sent once at a time.
    pub(crate) kept: Option<RefCell<Kept>>,
}

/// What is asked of whom: the pseudo-fields.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The method.
    pub method: &'a str,
    /// `http` or `https`.
    pub scheme: &'a str,
    /// The host as it was typed, with the port unless it is the scheme's own.
    pub authority: &'a str,
    /// Path and query.
    pub path: &'a str,
}

impl Wire {
    /// What follows the fields.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// A request with `fields`, whose names may be in any case. What HTTP/2 has no place for is a failure.
    pub fn new<'a>(
        target: &Target<'_>,
        fields: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        body: &[u8],
    ) -> Result<Self, Failure> {
        let mut block = Block::default();
        target.write(&mut block)?;
        for (name, value) in fields {
            let name = name.to_ascii_lowercase();
            if !may_be_sent(&name, value) {
                let text = format!("header `{name}` is about the connection, and has no place in HTTP/2");
                return Err(Failure::new(ErrorKind::Protocol, text));
            }
            block.field(&name, value.trim_ascii());
        }
        Ok(Self { block, body: body.into(), is_head: target.method == "HEAD", kept: None })
    }
}

/// For people: a line for each field.
impl std::fmt::Display for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut written = Ok(());
        let line = |name: &[u8], value: &[u8]| {
            let line = writeln!(f, "{}: {}", String::from_utf8_lossy(name), String::from_utf8_lossy(value));
            written = written.and(line);
        };
        let mut bytes = Vec::new();
        super::hpack::Encoder::default().encode(&self.block, &mut bytes);
        super::hpack::Decoder::default().decode(&bytes, line).map_err(|_| std::fmt::Error)?;
        written
    }
}

impl Target<'_> {
    fn write(&self, block: &mut Block) -> Result<(), Failure> {
        if !is_authority(self.authority) {
            let text = format!("`{}` is not a host that HTTP/2 can name", self.authority);
            return Err(Failure::new(ErrorKind::Protocol, text));
        }
        block.field(":method", self.method.as_bytes());
        // RFC 9113 §8.5: a CONNECT is to a host, and to nothing on it.
        if self.method != "CONNECT" {
            block.field(":scheme", self.scheme.as_bytes());
            block.field(":path", self.path.as_bytes());
        }
        block.field(":authority", self.authority.as_bytes());
        Ok(())
    }
}

/// Host and port out of the letters that RFC 3986 §3.2 allows; nothing before an `@`.
fn is_authority(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:[]%".contains(&byte))
}

/// RFC 9113 §8.2.2.
fn may_be_sent(name: &str, value: &[u8]) -> bool {
    !CONNECTION_FIELDS.contains(&name) && (name != "te" || value.eq_ignore_ascii_case(b"trailers"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(method: &str, authority: &str, name: &str, value: &str) -> Result<String, String> {
        let target = Target { method, scheme: "http", authority, path: "/" };
        let wire = Wire::new(&target, [(name, value.as_bytes())], b"").map_err(|failure| failure.to_string())?;
        Ok(wire.to_string().trim_end().replace('\n', ", "))
    }

    #[test]
    fn only_what_http2_can_say_is_said() {
        let refused = |name: &str| Err(format!("header `{name}` is about the connection, and has no place in HTTP/2"));
        for (method, authority, name, value, expected) in [
            (
                "GET",
                "[::1]:80",
                "X-A",
                " b ",
                Ok(":method: GET, :scheme: http, :path: /, :authority: [::1]:80, x-a: b".into()),
            ),
            (
                "CONNECT",
                "a.example.com:1",
                "te",
                "trailers",
                Ok(":method: CONNECT, :authority: a.example.com:1, te: trailers".into()),
            ),
            ("GET", "not a host", "x", "", Err("`not a host` is not a host that HTTP/2 can name".into())),
            ("GET", "me@example.com", "x", "", Err("`me@example.com` is not a host that HTTP/2 can name".into())),
            ("GET", "a", "Upgrade", "h2c", refused("upgrade")),
            ("GET", "a", "TE", "gzip", refused("te")),
        ] {
            assert_eq!(fields(method, authority, name, value), expected);
        }
    }
}
