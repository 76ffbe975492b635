//! What one user did, as whoever writes a scenario reads it: requests with `>`, answers with `<`, findings below.

use std::fmt::Write;

use onrush_metrics::{Traced, TracedBody, TracedEnd, TracedExchange, TracedPart};

use crate::layout::{clean, columns, wrap};
use crate::style::{Style, Tone};
use crate::units::{bytes, several, time};
use crate::width::char_width;

/// Width of the words before what was found.
const WORD: usize = 9;

/// One thing that was told, in whole lines.
pub fn traced(traced: &Traced, style: Style) -> String {
    let mut text = String::new();
    match traced {
        Traced::Began(part) => {
            let _ = writeln!(text, "{}", style.paint(Tone::Strong, &clean(&heading(part))));
        }
        Traced::Sent(exchange) => sent(&mut text, exchange, style),
        Traced::Saved { name, value: Ok(value) } => line(&mut text, "saved", &format!("{name} = {value}"), None, style),
        Traced::Saved { value: Err(why), .. } => line(&mut text, "missing", why, Some(Tone::Bad), style),
        Traced::Checked { name, failed: None } => line(&mut text, "passed", name, Some(Tone::Good), style),
        Traced::Checked { failed: Some(told), .. } => line(&mut text, "FAILED", told, Some(Tone::Bad), style),
        Traced::Cookie { name, refused: None } => line(&mut text, "cookie", &format!("{name} is kept"), None, style),
        Traced::Cookie { name, refused: Some(why) } => {
            line(&mut text, "cookie", &format!("{name} is not kept: {why}"), Some(Tone::Warn), style);
        }
        Traced::Failed(why) => line(&mut text, "FAILED", why, Some(Tone::Bad), style),
        Traced::Redirected { to } => line(&mut text, "redirect", &format!("to {to}"), None, style),
        Traced::Retried { attempt, of, after } => {
            let what = format!("attempt {attempt} of {of}, after {}", time(*after));
            line(&mut text, "retry", &what, Some(Tone::Warn), style);
        }
        Traced::GivenUp(why) => line(&mut text, "no retry", why, Some(Tone::Warn), style),
        Traced::Hedged => line(&mut text, "hedge", "a second attempt was sent beside the first", None, style),
        Traced::Thought(lasts) => skipped(&mut text, "think", &time(*lasts), style),
        Traced::Paced(lasts) => skipped(&mut text, "pace", &time(*lasts), style),
        Traced::Ended { end, requests, failed, took, .. } => {
            let (tone, how) = ending(end, *failed);
            let sent = several(*requests, "request", "requests");
            let how = format!("{sent}, {failed} failed, {}: {how}", time(*took));
            line(&mut text, "end", &how, tone, style);
            text.push('\n');
        }
    }
    style.spell(text)
}

fn heading(part: &TracedPart) -> String {
    match part {
        TracedPart::Setup => "The set-up".to_owned(),
        TracedPart::Scenario(name) => format!("One user, once through {name}"),
        TracedPart::Teardown => "The tear-down".to_owned(),
    }
}

fn ending(end: &TracedEnd, failed: u64) -> (Option<Tone>, String) {
    match end {
        TracedEnd::Completed if failed > 0 => (Some(Tone::Bad), "all steps are done".to_owned()),
        TracedEnd::Completed => (Some(Tone::Good), "all steps are done".to_owned()),
        TracedEnd::Stopped(what) => (None, format!("`stop: {what}` ended it")),
        TracedEnd::Failed(why) => (Some(Tone::Bad), format!("it could not go on: {}", why.trim_end_matches('.'))),
    }
}

fn sent(text: &mut String, exchange: &TracedExchange, style: Style) {
    text.push('\n');
    message(text, '>', &exchange.request, &exchange.body, style);
    match &exchange.answer {
        Some(answer) => {
            message(text, '<', &answer.head, &answer.body, style);
            line(text, "time", &time(exchange.time), None, style);
        }
        None => line(text, "time", &format!("{}, and no answer", time(exchange.time)), Some(Tone::Bad), style),
    }
}

/// A head, of which the first line is the most important, and a body.
fn message(text: &mut String, mark: char, head: &[String], body: &TracedBody, style: Style) {
    for (number, field) in head.iter().enumerate() {
        quoted(text, mark, field, (number == 0).then_some(Tone::Strong), style);
    }
    if body.text.is_some() || body.bytes > 0 {
        quoted(text, mark, "", None, style);
    }
    match &body.text {
        Some(shown) => {
            shown.lines().for_each(|line| quoted(text, mark, line, None, style));
            if body.is_cut {
                let note = format!("… (the beginning of {})", bytes(body.bytes));
                quoted(text, mark, &note, Some(Tone::Dim), style);
            }
        }
        None if body.bytes > 0 => {
            let more = if body.is_cut { "more than " } else { "" };
            quoted(text, mark, &format!("({more}{} of binary data)", bytes(body.bytes)), Some(Tone::Dim), style);
        }
        None => {}
    }
}

/// A line of a message, broken where the terminal would break it.
fn quoted(text: &mut String, mark: char, line: &str, tone: Option<Tone>, style: Style) {
    let visible: String = line.chars().map(|char| if char == '\t' { ' ' } else { char }).map(visible).collect();
    for piece in broken(&visible, columns(style).saturating_sub(2)) {
        let piece = tone.map_or_else(|| piece.to_owned(), |tone| style.paint(tone, piece));
        let _ = writeln!(text, "{}", format!("{} {piece}", style.paint(Tone::Dim, &mark.to_string())).trim_end());
    }
}

/// An answer must not be able to move the cursor.
fn visible(char: char) -> char {
    if char.is_control() || clean(&char.to_string()).is_empty() && char != ' ' { '\u{b7}' } else { char }
}

/// Pieces of a text of which none is wider than `room`.
fn broken(text: &str, room: usize) -> Vec<&str> {
    let (mut pieces, mut start, mut used) = (Vec::new(), 0, 0);
    for (at, char) in text.char_indices() {
        if used + char_width(char) > room && at > start {
            pieces.push(&text[start..at]);
            (start, used) = (at, 0);
        }
        used += char_width(char);
    }
    pieces.push(&text[start..]);
    pieces
}

fn line(text: &mut String, word: &str, what: &str, tone: Option<Tone>, style: Style) {
    let margin = 2 + WORD;
    let word = format!("{word:<WORD$}");
    let word = tone.map_or_else(|| word.clone(), |tone| style.paint(tone, &word));
    for (number, piece) in wrap(&clean(what), columns(style).saturating_sub(margin)).iter().enumerate() {
        let _ = if number == 0 { writeln!(text, "  {word}{piece}") } else { writeln!(text, "{:margin$}{piece}", "") };
    }
}

fn skipped(text: &mut String, what: &str, lasts: &str, style: Style) {
    let _ = writeln!(text, "\n{}", style.paint(Tone::Dim, &format!("({what} {lasts}, skipped)")));
}
