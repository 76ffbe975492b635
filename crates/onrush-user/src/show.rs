//! Values as they are shown to people: short, in one line, without secrets.

use std::time::Duration;

use minijinja::value::Value;

use crate::value::to_json;

/// The most characters of a value that a message shows.
const SHOWN: usize = 120;

/// The beginning of a text, in one line.
pub(crate) fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).map(|char| if char.is_control() { ' ' } else { char }).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// The beginning of a value as JSON, in one line.
pub fn shown_value(value: &Value) -> String {
    shortened(&to_json(value))
}

/// The beginning of a body, in one line.
pub(crate) fn beginning(body: &[u8]) -> String {
    if body.is_empty() {
        return "nothing".to_owned();
    }
    // A character is at most four bytes.
    format!("`{}`", shortened(&String::from_utf8_lossy(&body[..body.len().min(4 * SHOWN + 4)])))
}

/// A time as people write it.
pub(crate) fn shown_time(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1e3;
    match millis {
        millis if millis >= 10_000.0 => format!("{:.1} s", millis / 1e3),
        millis if millis >= 10.0 => format!("{millis:.0} ms"),
        millis => format!("{millis:.2} ms"),
    }
}
