//! What the terminal can do, and what is said there.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::{Mutex, MutexGuard, PoisonError};

use onrush_report::Style;

/// Columns, unless the terminal says something else.
const WIDTH: usize = 80;
/// Lines longer than this are hard to read.
const WIDEST: usize = 100;

/// What is said while a picture fills the terminal, which lines of text would tear.
static HELD: Mutex<Option<Vec<String>>> = Mutex::new(None);

/// Says something on standard error, at once or after [`release`]. That nobody listens there is no reason to fail.
pub(crate) fn say(text: &str) {
    match &mut *held_back() {
        Some(held) => held.push(text.to_owned()),
        None => drop(writeln!(stderr(), "{text}")),
    }
}

/// From now on, what is said waits.
pub(crate) fn hold() {
    held_back().get_or_insert_default();
}

/// What has been said and waits.
pub(crate) fn held() -> Vec<String> {
    held_back().clone().unwrap_or_default()
}

/// Says what waits, and from now on everything at once.
pub(crate) fn release() {
    let held = held_back().take();
    held.iter().flatten().for_each(|text| say(text));
}

fn held_back() -> MutexGuard<'static, Option<Vec<String>>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes what was asked for to standard output. Whoever closed it has seen enough.
pub(crate) fn print(text: &str) {
    let _ = stdout().write_all(text.as_bytes());
}

/// How to write to standard output.
pub(crate) fn stdout_style() -> Style {
    let width = terminal_size::terminal_size_of(stdout()).map_or(WIDTH, |size| usize::from(size.0.0));
    Style { colour: stdout().is_terminal() && wants_colour(), unicode: speaks_unicode(), width: width.min(WIDEST) }
}

/// How to write to standard error, and whether lines can be rewritten there.
pub(crate) fn stderr_style() -> (Style, bool) {
    let is_live = stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
    let width = terminal_size::terminal_size_of(stderr()).map_or(WIDTH, |size| usize::from(size.0.0));
    (Style { colour: is_live && wants_colour(), unicode: speaks_unicode(), width }, is_live)
}

/// <https://no-color.org>
fn wants_colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// The C locale is ASCII; nobody else has been for a long time.
fn speaks_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    locale.is_none_or(|locale| !matches!(locale.as_str(), "C" | "POSIX"))
}
