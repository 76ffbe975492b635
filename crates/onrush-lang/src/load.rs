//! The load grammar: how much, when, in a line that can be read aloud.
//!
//! ```text
//! 50 users for 5m                      200/s for 10m
//! 0 -> 50 users over 30s               0/s -> 200/s over 1m
//! 1000 iterations by 20 users          poisson 200/s for 10m
//! 10 iterations each by 20 users       a comma, or a new line, parts stages that play one after the other
//! ```

use std::ops::Range;
use std::time::Duration;

use onrush_pace::{Profile, Rate, Spacing, Stage};

use crate::diagnostic::{Diagnostic, suggest};
use crate::units::{parse_count, parse_duration, parse_rate};
use crate::words::{Word, split};

const HELP: &str = "a load is written like `50 users for 5m`, `0 -> 50 users over 30s`, `200/s for 10m`, \
                    `0/s -> 200/s over 1m`, `poisson 200/s for 10m` or `1000 iterations by 20 users`";

/// What a plain number may be of.
const PEOPLE: &[&str] = &["users", "user", "iterations", "iteration"];

/// Reads a load profile.
pub fn parse_load(text: &str) -> Result<Profile, Diagnostic> {
    let words = split(text);
    let mut before = ",";
    for word in words.iter().filter(|word| word.text != "\n") {
        if word.text == "," && before == "," {
            let diagnostic =
                Diagnostic::new("nothing precedes the comma", word.span.clone(), "expected a stage before it");
            return Err(diagnostic.with_help(HELP));
        }
        before = word.text;
    }
    let mut stages = Vec::new();
    let mut spans = Vec::new();
    for part in words.split(|word| matches!(word.text, "," | "\n")).filter(|part| !part.is_empty()) {
        spans.push(part[0].span.start..part[part.len() - 1].span.end);
        stages.push(Parser { words: part, at: 0 }.stage()?);
    }
    if let Some(comma) = words.last().filter(|word| word.text == ",") {
        return Err(
            Diagnostic::new("nothing follows the comma", comma.span.clone(), "expected another stage").with_help(HELP)
        );
    }
    Profile::new(stages).map_err(|error| {
        let span = error.stage.and_then(|stage| spans.get(stage).cloned()).unwrap_or(0..text.trim_end().len());
        Diagnostic::new(error.flaw.to_string(), span, "this cannot be played").with_help(HELP)
    })
}

/// Reads the words of one stage.
struct Parser<'a> {
    words: &'a [Word<'a>],
    at: usize,
}

impl<'a> Parser<'a> {
    fn stage(mut self) -> Result<Stage, Diagnostic> {
        let first = self.peek_text();
        let stage = if first.eq_ignore_ascii_case("poisson") {
            self.at += 1;
            self.arrivals(Spacing::Poisson)?
        } else if first.contains('/') {
            self.arrivals(Spacing::Even)?
        } else {
            self.people()?
        };
        match self.words.get(self.at) {
            None => Ok(stage),
            Some(word) => {
                let message = format!("`{}` does not belong here", word.text);
                Err(Diagnostic::new(message, word.span.clone(), "expected a comma or the end").with_help(HELP))
            }
        }
    }

    fn arrivals(&mut self, spacing: Spacing) -> Result<Stage, Diagnostic> {
        let from = self.rate()?;
        if self.takes_arrow() {
            let to = self.rate()?;
            let lasts = self.time_after(&["over"], "a ramp takes its time `over` a duration")?;
            return Ok(Stage::Arrivals { from, to, lasts, spacing });
        }
        let lasts = self.time_after(&["for"], "a constant rate holds `for` a duration; a ramp has an arrow")?;
        Ok(Stage::Arrivals { from, to: from, lasts, spacing })
    }

    /// Users or iterations.
    fn people(&mut self) -> Result<Stage, Diagnostic> {
        let (count, span) = self.count("a number of users or iterations, or a rate")?;
        if self.takes_arrow() {
            return self.ramp(as_users(count, &span)?);
        }
        match self.one_of(PEOPLE, "`users`, `iterations`, or a unit such as `/s` after the number")? {
            "users" | "user" if self.takes_arrow() => self.ramp(as_users(count, &span)?),
            "users" | "user" => {
                let users = as_users(count, &span)?;
                let lasts = self
                    .time_after(&["for"], "a constant number of users stays `for` a duration; a ramp has an arrow")?;
                Ok(Stage::Users { from: users, to: users, lasts })
            }
            _ => self.iterations(count),
        }
    }

    fn ramp(&mut self, from: u32) -> Result<Stage, Diagnostic> {
        let (count, span) = self.count("the number of users at the end")?;
        self.one_of(&["users", "user"], "`users`, or a unit such as `/s` after both numbers")?;
        let lasts = self.time_after(&["over"], "a ramp takes its time `over` a duration")?;
        Ok(Stage::Users { from, to: as_users(count, &span)?, lasts })
    }

    fn iterations(&mut self, count: u64) -> Result<Stage, Diagnostic> {
        let is_each = self.one_of(&["by", "each"], "`by` and a number of users")? == "each";
        if is_each {
            self.one_of(&["by"], "`by` and a number of users")?;
        }
        let (users, span) = self.count("a number of users")?;
        let users = as_users(users, &span)?;
        self.one_of(&["users", "user"], "`users`")?;
        let within = match self.at < self.words.len() {
            true => Some(self.time_after(&["within", "for"], "iterations may end early: `within` a duration")?),
            false => None,
        };
        Ok(match is_each {
            true => Stage::IterationsEach { each: count, users, within },
            false => Stage::Iterations { total: count, users, within },
        })
    }

    fn rate(&mut self) -> Result<Rate, Diagnostic> {
        let word = self.next("a rate such as 200/s")?;
        parse_rate(word.text).map_err(|diagnostic| diagnostic.shifted(word.span.start))
    }

    fn count(&mut self, expected: &str) -> Result<(u64, Range<usize>), Diagnostic> {
        let word = self.next(expected)?;
        let count = parse_count(word.text).ok_or_else(|| {
            let is_number = word.text.starts_with(|letter: char| letter.is_ascii_digit());
            let message = match is_number {
                true if word.text.bytes().all(|byte| byte.is_ascii_digit()) => {
                    format!("`{}` is more than can be counted", word.text)
                }
                true => format!("`{}` is not a whole number", word.text),
                false => format!("`{}` is not a number", word.text),
            };
            Diagnostic::new(message, word.span.clone(), suggest(word.text, &["poisson"], expected)).with_help(HELP)
        })?;
        Ok((count, word.span.clone()))
    }

    fn time_after(&mut self, words: &[&'static str], why: &str) -> Result<Duration, Diagnostic> {
        let at = self.at;
        self.one_of(words, &format!("`{}` and a duration", words[0])).map_err(|diagnostic| {
            // `for` and `over` are both known words; the wrong one of them needs the reason, not the spelling.
            if ["for", "over"].contains(&self.words.get(at).map_or("", |word| word.text)) {
                diagnostic.with_help(why)
            } else {
                diagnostic
            }
        })?;
        let word = self.next("a duration such as 30s")?;
        parse_duration(word.text).map_err(|diagnostic| diagnostic.shifted(word.span.start))
    }

    fn one_of(&mut self, known: &[&'static str], expected: &str) -> Result<&'static str, Diagnostic> {
        let word = self.next(expected)?;
        known.iter().copied().find(|known| word.text.eq_ignore_ascii_case(known)).ok_or_else(|| {
            let message = format!("`{}` does not belong here", word.text);
            Diagnostic::new(message, word.span.clone(), suggest(word.text, known, expected)).with_help(HELP)
        })
    }

    fn takes_arrow(&mut self) -> bool {
        let is_arrow = matches!(self.peek_text(), "->" | "→");
        self.at += usize::from(is_arrow);
        is_arrow
    }

    fn peek_text(&self) -> &'a str {
        self.words.get(self.at).map_or("", |word| word.text)
    }

    fn next(&mut self, expected: &str) -> Result<&'a Word<'a>, Diagnostic> {
        let word = self.words.get(self.at).ok_or_else(|| {
            let end = self.words.last().map_or(0, |word| word.span.end);
            Diagnostic::new("the load is incomplete", end..end, format!("expected {expected}")).with_help(HELP)
        })?;
        self.at += 1;
        Ok(word)
    }
}

fn as_users(count: u64, span: &Range<usize>) -> Result<u32, Diagnostic> {
    u32::try_from(count).map_err(|_| Diagnostic::new("that is too many users", span.clone(), "more than there can be"))
}
