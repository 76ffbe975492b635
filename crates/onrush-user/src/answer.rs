//! An answer, as the engine hands it over to be looked at.

use std::time::Duration;

use crate::civil::Civil;
use crate::trouble::{Trouble, TroubleKind};

/// An answer.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// Its status.
    pub status: u16,
    /// The bytes of its head, status line and all; or lines of `name: value` alone.
    pub head: &'a [u8],
    /// Its body, decoded.
    pub body: &'a [u8],
    /// Whether its body was longer than what was kept of it.
    pub truncated: bool,
    /// How long its body was, where that is known beyond what was kept of it.
    pub size: Option<u64>,
    /// The URL that was asked last.
    pub url: &'a str,
    /// From the first byte written to the last byte read.
    pub time: Duration,
}

impl<'a> Answer<'a> {
    /// The values of a header, in order.
    pub fn headers(&self, name: &'a str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.head.split(|byte| *byte == b'\n').filter_map(move |line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            line[..colon].eq_ignore_ascii_case(name.as_bytes()).then(|| line[colon + 1..].trim_ascii())
        })
    }

    /// How long `Retry-After` asks to wait from a time since the epoch on: seconds or a date (RFC 9110 §10.2.3).
    pub fn retry_after(&self, now: Duration) -> Option<Duration> {
        let value = std::str::from_utf8(self.headers("retry-after").next()?).ok()?;
        match value.parse() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(_) => {
                let date = u64::try_from(Civil::http_date(value)?).ok()?;
                Some(Duration::from_secs(date).saturating_sub(now))
            }
        }
    }

    /// The values that the answer sets a cookie to, in order.
    pub(crate) fn cookies(&self, name: &'a str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.headers("set-cookie").filter_map(move |line| {
            let pair = line.split(|byte| *byte == b';').next()?;
            let equals = pair.iter().position(|byte| *byte == b'=')?;
            (pair[..equals].trim_ascii() == name.as_bytes()).then(|| pair[equals + 1..].trim_ascii())
        })
    }

    /// The body, if all of it is there.
    pub(crate) fn whole_body(&self) -> Result<&'a [u8], Trouble> {
        if self.truncated {
            let message = format!(
                "the body is longer than the {} bytes that were kept of it: let the step keep more",
                self.body.len()
            );
            return Err(Trouble::new(TroubleKind::Truncated, "", message));
        }
        Ok(self.body)
    }
}
