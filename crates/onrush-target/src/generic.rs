//! The answer of every path that no route owns, as the settings and the query of the request ask for it.

use std::io::Write;

use axum::extract::Query;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, VARY};
use hyper::{Response, StatusCode, Uri};
use serde::Deserialize;

use crate::body::{Body, Pattern};
use crate::latency::Latency;
use crate::settings::{GZIP_LIMIT, ServiceSettings};

const PATTERN: &[u8] = b"hello\n";
const BLOCK: usize = 64 * 1024 / PATTERN.len() * PATTERN.len();

/// What was prepared for the generic answer.
#[derive(Debug)]
pub(crate) struct Generic {
    block: Bytes,
    size: u64,
    chunked: bool,
    gzip: bool,
    compressed: Bytes,
}

/// What one request asks of the generic answer, in place of the settings: `?latency=5ms&size=1000&status=418&chunked=1`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Overrides {
    pub(crate) latency: Option<Latency>,
    pub(crate) size: Option<u64>,
    pub(crate) status: Option<StatusCode>,
    pub(crate) chunked: Option<bool>,
}

#[derive(Deserialize)]
struct Asked {
    latency: Option<String>,
    size: Option<u64>,
    status: Option<u16>,
    chunked: Option<String>,
}

impl Overrides {
    /// Reads the query; parameters that we do not know are left alone. The error is a sentence for the client.
    pub(crate) fn from_uri(uri: &Uri) -> Result<Self, String> {
        if uri.query().is_none() {
            return Ok(Self::default());
        }
        let Query(asked): Query<Asked> = Query::try_from_uri(uri).map_err(|error| error.body_text())?;
        Ok(Self {
            latency: asked.latency.map(|text| text.parse().map_err(|error| format!("latency: {error}"))).transpose()?,
            size: asked.size,
            status: asked.status.map(final_status).transpose()?,
            chunked: asked.chunked.map(|text| switch(&text)).transpose()?,
        })
    }
}

/// A status that can end an exchange.
pub(crate) fn final_status(code: u16) -> Result<StatusCode, String> {
    StatusCode::from_u16(code)
        .ok()
        .filter(|status| !status.is_informational())
        .ok_or_else(|| format!("status: {code} is not within 200 to 999"))
}

fn switch(text: &str) -> Result<bool, String> {
    match text {
        "" | "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err(format!("chunked: `{text}` is neither 1 nor 0")),
    }
}

impl Generic {
    pub(crate) fn new(settings: &ServiceSettings) -> Self {
        let mut generic = Self {
            block: PATTERN.repeat(BLOCK / PATTERN.len()).into(),
            size: settings.size,
            chunked: settings.chunked,
            gzip: settings.gzip,
            compressed: Bytes::new(),
        };
        if settings.gzip {
            generic.compressed = generic.compress(settings.size);
        }
        generic
    }

    /// The answer that the settings ask for.
    pub(crate) fn plain(&self, headers: &HeaderMap) -> Response<Body> {
        if self.gzip {
            return self.answer(&Overrides::default(), headers);
        }
        text(StatusCode::OK, self.pattern(self.size, self.chunked))
    }

    /// The answer that the request asks for.
    pub(crate) fn answer(&self, overrides: &Overrides, headers: &HeaderMap) -> Response<Body> {
        let size = overrides.size.unwrap_or(self.size);
        let chunked = overrides.chunked.unwrap_or(self.chunked);
        let status = overrides.status.unwrap_or(StatusCode::OK);
        if !(self.gzip && size <= GZIP_LIMIT) {
            return text(status, self.pattern(size, chunked));
        }
        let mut response = if accepts_gzip(headers) {
            let compressed = if size == self.size { self.compressed.clone() } else { self.compress(size) };
            let body = if chunked { Body::Pattern(Pattern::one_chunk(compressed)) } else { Body::whole(compressed) };
            let mut response = text(status, body);
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            response
        } else {
            text(status, self.pattern(size, chunked))
        };
        response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
        response
    }

    /// `size` bytes of the pattern.
    pub(crate) fn pattern(&self, size: u64, chunked: bool) -> Body {
        if !chunked && size <= BLOCK as u64 {
            return Body::whole(self.block.slice(..size as usize));
        }
        Body::Pattern(Pattern::new(self.block.clone(), size, chunked))
    }

    fn compress(&self, size: u64) -> Bytes {
        let mut left = size as usize;
        let mut raw = Vec::with_capacity(left);
        while left > 0 {
            let piece = left.min(self.block.len());
            raw.extend_from_slice(&self.block[..piece]);
            left -= piece;
        }
        gzip(&raw).into()
    }
}

/// An answer of plain text.
pub(crate) fn text(status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

/// Compresses in memory.
pub(crate) fn gzip(raw: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(raw).expect("a Vec takes every byte");
    encoder.finish().expect("a Vec takes every byte")
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    codings.flat_map(|value| value.split(',')).any(|coding| {
        let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = quality.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0));
        matches!(name.trim(), "gzip" | "*") && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_as_people_write_them() {
        let all = Overrides {
            latency: Some(Latency::Constant(std::time::Duration::from_millis(5))),
            size: Some(1000),
            status: Some(StatusCode::IM_A_TEAPOT),
            chunked: Some(true),
        };
        let table = [
            ("/", Ok(Overrides::default())),
            ("/?cache=buster", Ok(Overrides::default())),
            ("/?latency=5ms&size=1000&status=418&chunked=1", Ok(all)),
            ("/?chunked=0", Ok(Overrides { chunked: Some(false), ..Overrides::default() })),
            ("/?latency=soon", Err("latency: `soon` is not a known distribution")),
            ("/?size=-1", Err("size: invalid digit")),
            ("/?status=101", Err("status: 101 is not within 200 to 999")),
            ("/?chunked=maybe", Err("chunked: `maybe`")),
        ];
        for (uri, expected) in table {
            match (Overrides::from_uri(&uri.parse().unwrap()), expected) {
                (Err(message), Err(part)) => assert!(message.contains(part), "{uri}: {message}"),
                (got, expected) => assert_eq!(got, expected.map_err(str::to_owned), "{uri}"),
            }
        }
    }

    #[test]
    fn who_accepts_gzip() {
        let table = [
            (vec![], false),
            (vec!["gzip"], true),
            (vec!["deflate, gzip;q=0.5"], true),
            (vec!["br", "*"], true),
            (vec!["gzip;q=0"], false),
            (vec!["identity"], false),
        ];
        for (values, expected) in table {
            let headers =
                values.iter().map(|value| (ACCEPT_ENCODING, HeaderValue::from_static(value))).collect::<HeaderMap>();
            assert_eq!(accepts_gzip(&headers), expected, "{values:?}");
        }
    }
}
