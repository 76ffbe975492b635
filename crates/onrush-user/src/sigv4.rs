//! AWS Signature Version 4: headers that sign a request.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::fmt::Write as _;
use std::time::Duration;

use onrush_plan::{Request, SigV4};
use ring::{digest, hmac};
use url::Url;

use crate::auth::{Auth, Keys};
use crate::call::Call;
use crate::civil::Civil;
use crate::compile::Compiler;
use crate::filled::Filled;
use crate::mind::Mind;
use crate::script::ScriptError;
use crate::target::{authority, origin_form};
use crate::text::Text;
use crate::trouble::Trouble;
use crate::value::{Escape, write_text};

/// What signs requests.
#[derive(Debug)]
pub struct Signer {
    access_key: Text,
    secret_key: Text,
    session_token: Option<Text>,
    scope: Scope,
}

/// What a signature is good for, but for the day.
#[derive(Clone, Debug)]
struct Scope {
    region: String,
    service: String,
}

impl Signer {
    pub(crate) fn new(sigv4: &SigV4, compiler: &Compiler<'_>) -> Result<Self, ScriptError> {
        Ok(Self {
            access_key: Text::new(&sigv4.access_key, compiler)?,
            secret_key: Text::new(&sigv4.secret_key, compiler)?,
            session_token: sigv4.session_token.as_ref().map(|token| Text::new(token, compiler)).transpose()?,
            scope: Scope { region: sigv4.region.clone(), service: sigv4.service.clone() },
        })
    }

    pub(crate) fn keys(&self, mind: &mut Mind) -> Result<Keys, Trouble> {
        Ok(Keys {
            access: self.access_key.text(mind)?,
            secret: self.secret_key.text(mind)?,
            token: self.session_token.as_ref().map(|token| token.text(mind)).transpose()?,
        })
    }
}

impl Filled {
    /// The headers that sign the request at a time since the epoch; none where it is not to be signed. They go into
    /// [`Filled::http1`] or [`Filled::request`] as further headers; a retry is signed anew.
    pub fn signature(&self, call: &Call, now: Duration) -> Vec<(&'static str, String)> {
        let (Auth::SigV4(signer), Some(keys)) = (&call.auth, &self.keys) else { return Vec::new() };
        let (host, kind) = (self.header(call, "host"), self.header(call, "content-type"));
        let unsigned = Unsigned { method: &call.method, url: &self.url(call), host, kind, body: self.body(call) };
        unsigned.signed(signer, keys, now)
    }

    /// The same for what the request was redirected to: its signature was for another path.
    pub fn signature_of(&self, call: &Call, redirected: &Request, now: Duration) -> Vec<(&'static str, String)> {
        let (Auth::SigV4(signer), Some(keys)) = (&call.auth, &self.keys) else { return Vec::new() };
        let header = |name| redirected.header(name).map(|value| String::from_utf8_lossy(value).into_owned());
        let unsigned = Unsigned {
            method: redirected.method(),
            url: redirected.url(),
            host: header("host"),
            kind: header("content-type"),
            body: redirected.body(),
        };
        unsigned.signed(signer, keys, now)
    }

    fn header(&self, call: &Call, name: &str) -> Option<String> {
        let mut place = 0;
        for head in &call.heads {
            let fixed = head.as_fixed();
            if head.is_called(name) {
                let value = fixed.map_or_else(|| String::from_utf8_lossy(self.value(place)), Into::into);
                return Some(value.into_owned());
            }
            place += usize::from(fixed.is_none());
        }
        None
    }
}

/// What is signed.
struct Unsigned<'a> {
    method: &'a str,
    url: &'a Url,
    /// The headers, where they are written out.
    host: Option<String>,
    kind: Option<String>,
    body: &'a [u8],
}

impl Unsigned<'_> {
    fn signed(self, signer: &Signer, keys: &Keys, now: Duration) -> Vec<(&'static str, String)> {
        let is_s3 = signer.scope.service == "s3";
        let host = self.host.unwrap_or_else(|| authority(self.url));
        let date = Civil::of(now).compact();
        let body = hex(digest::digest(&digest::SHA256, self.body).as_ref());
        let mut signed = vec![("host", host), ("x-amz-date", date.clone())];
        let mut added = vec![("X-Amz-Date", date.clone())];
        if is_s3 {
            signed.push(("x-amz-content-sha256", body.clone()));
            added.push(("X-Amz-Content-Sha256", body.clone()));
        }
        signed.extend(self.kind.map(|kind| ("content-type", kind)));
        if let Some(token) = &keys.token {
            signed.push(("x-amz-security-token", token.clone()));
            added.push(("X-Amz-Security-Token", token.clone()));
        }
        let request = canonical_request(self.method, origin_form(self.url), signed, &body, is_s3);
        added.push(("Authorization", authorization(&request, keys, &signer.scope, &date)));
        added
    }
}

/// The canonical request and the names of the headers that it signs.
struct Canonical {
    text: String,
    names: String,
}

fn canonical_request(
    method: &str,
    target: &str,
    mut headers: Vec<(&'static str, String)>,
    body: &str,
    is_s3: bool,
) -> Canonical {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (encoded_again(name), encoded_again(value)))
        .collect();
    pairs.sort();
    let query: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    headers.sort();
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let mut text = format!("{method}\n{}\n{}\n", canonical_path(path, is_s3), query.join("&"));
    for (name, value) in &headers {
        let _ = writeln!(text, "{name}:{}", value.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    let _ = write!(text, "\n{names}\n{body}");
    Canonical { text, names }
}

/// All services but S3 encode the path once more.
fn canonical_path(path: &str, is_s3: bool) -> String {
    let segments = path.split('/').map(|segment| if is_s3 { encoded_again(segment) } else { encoded(segment) });
    segments.collect::<Vec<_>>().join("/")
}

/// Decoded and encoded: the one form in which both sides sign.
fn encoded_again(text: &str) -> String {
    encoded(&String::from_utf8_lossy(&decoded(text)))
}

fn decoded(text: &str) -> Vec<u8> {
    let mut rest = text.as_bytes();
    let mut out = Vec::with_capacity(text.len());
    while let [byte, after @ ..] = rest {
        let code = after.get(..2).filter(|_| *byte == b'%').and_then(|two| std::str::from_utf8(two).ok());
        let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        out.push(code.unwrap_or(*byte));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    out
}

fn encoded(text: &str) -> String {
    let mut out = Vec::new();
    write_text(text, Escape::Percent, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn authorization(request: &Canonical, keys: &Keys, scope: &Scope, date: &str) -> String {
    let day = &date[..8];
    let credential = format!("{day}/{}/{}/aws4_request", scope.region, scope.service);
    let hashed = hex(digest::digest(&digest::SHA256, request.text.as_bytes()).as_ref());
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{credential}\n{hashed}");
    let first = format!("AWS4{}", keys.secret).into_bytes();
    let key = [day, &scope.region, &scope.service, "aws4_request"]
        .iter()
        .fold(first, |key, part| signed(&key, part.as_bytes()));
    format!(
        "AWS4-HMAC-SHA256 Credential={}/{credential}, SignedHeaders={}, Signature={}",
        keys.access,
        request.names,
        hex(&signed(&key, to_sign.as_bytes()))
    )
}

fn signed(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
