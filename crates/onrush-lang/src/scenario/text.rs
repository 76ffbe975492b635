//! Texts with the environment's values in them: `${NAME}`, `${NAME:-default}`, and `$${` for a plain `${`.

use std::ops::Range;

use onrush_user::is_secret_name;

use super::reader::Reader;
use super::tree::{At, Scalar};
use crate::diagnostic::Diagnostic;

/// A text as it is after the environment's values were put in, which still knows its place.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) value: String,
    pub(crate) at: At,
    /// As it was written.
    raw: String,
    pub(crate) is_plain: bool,
    pub(crate) is_secret: bool,
    verbatim: Option<usize>,
    /// Which bytes of the value came from the environment.
    pub(crate) env: Vec<FromEnv>,
}

/// A part of a text that came from the environment.
#[derive(Clone, Debug)]
pub(crate) struct FromEnv {
    pub(crate) range: Range<usize>,
    pub(crate) name: String,
    pub(crate) is_secret: bool,
}

impl Text {
    /// One that is in no file; the source is it alone.
    pub(crate) fn given(source: usize, text: String) -> Self {
        Self {
            at: At { source, start: 0, end: text.len() },
            raw: text.clone(),
            value: text,
            is_plain: true,
            is_secret: false,
            verbatim: Some(0),
            env: Vec::new(),
        }
    }

    /// The bytes of the source that a part of the value stands for; all of the text where that is not known.
    pub(crate) fn span(&self, range: Range<usize>) -> Range<usize> {
        match self.verbatim {
            Some(start) if self.env.is_empty() => start + range.start..start + range.end,
            _ => self.at.range(),
        }
    }

    /// The place of a part.
    pub(crate) fn at(&self, range: Range<usize>) -> At {
        let span = self.span(range);
        At { source: self.at.source, start: span.start, end: span.end }
    }

    /// The text as messages may show it: without the environment's values.
    pub(crate) fn shown(&self) -> &str {
        &self.raw
    }

    /// A part of the text as messages may show it.
    pub(crate) fn shown_part(&self, range: Range<usize>) -> &str {
        if self.env.is_empty() { &self.value[range] } else { &self.raw }
    }

    /// Whether any of it must not be shown.
    pub(crate) fn has_secret(&self) -> bool {
        self.env.iter().any(|part| part.is_secret)
    }

    /// The same of a part.
    pub(crate) fn has_secret_in(&self, range: &Range<usize>) -> bool {
        let overlaps = |part: &FromEnv| part.range.start < range.end && range.start < part.range.end;
        self.env.iter().any(|part| part.is_secret && overlaps(part))
    }

    /// A part of it alone; its place is that of the whole.
    pub(crate) fn part(self, part: &str) -> Self {
        Self { value: part.to_owned(), verbatim: None, ..self }
    }

    /// The secret that covers a byte, if one does.
    pub(crate) fn env_at(&self, at: usize) -> Option<&FromEnv> {
        self.env.iter().find(|part| part.range.contains(&at))
    }

    /// The range without blanks at its ends.
    pub(crate) fn trimmed(&self, range: Range<usize>) -> Range<usize> {
        let part = &self.value[range.clone()];
        let start = range.start + (part.len() - part.trim_start().len());
        start..start + part.trim().len()
    }
}

impl Reader<'_> {
    /// Puts the environment's values into a text.
    pub(crate) fn expand(&mut self, scalar: &Scalar, at: &At) -> Option<Text> {
        let raw = &scalar.text;
        let mut text = Text {
            value: String::new(),
            at: at.clone(),
            raw: raw.clone(),
            is_plain: scalar.is_plain,
            is_secret: scalar.is_secret,
            verbatim: scalar.verbatim,
            env: Vec::new(),
        };
        let mut rest = 0;
        while let Some(found) = raw[rest..].find("${").map(|found| rest + found) {
            if raw[..found].ends_with('$') {
                text.value.push_str(&raw[rest..found]);
                text.value.push('{');
                text.verbatim = None;
                rest = found + 2;
                continue;
            }
            text.value.push_str(&raw[rest..found]);
            let Some(length) = raw[found..].find('}') else {
                let span = text.span_raw(found..raw.len());
                let diagnostic = Diagnostic::new("this `${` has no end", span, "expected `}`");
                self.report(at, diagnostic.with_help("write `$${` for `${` itself"));
                return None;
            };
            let (name, default) = split_default(&raw[found + 2..found + length]);
            let value = self.environment_value(name, default, &text, found..found + length + 1)?;
            let start = text.value.len();
            text.value.push_str(&value);
            let is_secret = scalar.is_secret || self.is_secret_variable(name);
            if is_secret {
                self.keep_secret(&value);
                let end = found + length;
                let written = text.span_raw(end - default.map_or(0, str::len)..end);
                self.sources[at.source].masked.extend(default.map(|_| written));
            }
            text.env.push(FromEnv { range: start..text.value.len(), name: name.to_owned(), is_secret });
            rest = found + length + 1;
        }
        text.value.push_str(&raw[rest..]);
        Some(text)
    }

    /// From now on messages that show the line show stars here: somebody wrote a password into the file.
    pub(crate) fn mask(&mut self, text: &Text) {
        if text.is_secret && text.env.is_empty() && text.verbatim.is_some() && !text.value.contains("{{") {
            self.sources[text.at.source].masked.push(text.at.range());
        }
    }

    fn environment_value(
        &mut self,
        name: &str,
        default: Option<&str>,
        text: &Text,
        range: Range<usize>,
    ) -> Option<String> {
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let span = text.span_raw(range);
        if !is_name {
            let message = format!("`{name}` is not the name of an environment variable");
            let help =
                "write `${NAME}` or `${NAME:-default}`; `$${` stands for `${` itself, and `{{ … }}` for expressions";
            self.report(&text.at, Diagnostic::new(message, span, "expected letters, digits and _").with_help(help));
            return None;
        }
        match self.lookup(name).or(default.map(str::to_owned)) {
            Some(value) => Some(value),
            None => {
                let message = format!("the environment has no `{name}`");
                let help = format!("set it: `--env {name}=…`; or give a default: `${{{name}:-default}}`");
                self.report(
                    &text.at,
                    Diagnostic::new(message, span, "expected a variable that is set").with_help(help),
                );
                None
            }
        }
    }

    /// A variable of the environment; `--env` comes first.
    pub(crate) fn lookup(&self, name: &str) -> Option<String> {
        let given = self.overrides.env.iter().rev().find(|(known, _)| known == name);
        given.map(|(_, value)| value.clone()).or_else(|| self.files.variable(name))
    }

    pub(crate) fn is_secret_variable(&self, name: &str) -> bool {
        self.secrets.contains(name) || is_secret_name(name)
    }
}

impl Text {
    /// The source's bytes for a part of the text as it was written.
    fn span_raw(&self, range: Range<usize>) -> Range<usize> {
        match self.verbatim {
            Some(start) => start + range.start..start + range.end,
            None => self.at.range(),
        }
    }
}

fn split_default(inner: &str) -> (&str, Option<&str>) {
    match inner.split_once(":-") {
        Some((name, default)) => (name.trim(), Some(default)),
        None => (inner.trim(), None),
    }
}
