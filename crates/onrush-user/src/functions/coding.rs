//! Filters that encode and hash.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::Error;
use minijinja::value::Value;
use ring::{digest, hmac};

use super::chance::refused;
use crate::sigv4;
use crate::value::{Escape, to_json, write_value};

fn bytes(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write_value(value, Escape::None, &mut out);
    out
}

pub(super) fn base64(value: &Value) -> String {
    STANDARD.encode(bytes(value))
}

pub(super) fn base64_decode(value: &Value) -> Result<String, Error> {
    let decoded = STANDARD.decode(bytes(value)).map_err(|_| refused("that is not Base64"))?;
    String::from_utf8(decoded).map_err(|_| refused("that is not text"))
}

pub(super) fn urlencode(value: &Value) -> String {
    let mut out = Vec::new();
    write_value(value, Escape::Percent, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

pub(super) fn sha256(value: &Value) -> String {
    sigv4::hex(digest::digest(&digest::SHA256, &bytes(value)).as_ref())
}

pub(super) fn hmac_sha256(value: &Value, key: &Value) -> String {
    sigv4::hex(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &bytes(key)), &bytes(value)).as_ref())
}

pub(super) fn json(value: &Value) -> String {
    to_json(value)
}
