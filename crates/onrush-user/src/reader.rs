//! Where in an answer a value is found, compiled.

use std::fmt;

use minijinja::value::Value;
use onrush_plan::{Source, Which};
use regex::bytes::Regex;
use scraper::Html;
use sxd_document::Package;

use crate::Random;
use crate::answer::Answer;
use crate::json::{Hits, Paths};
use crate::markup::{self, Css, Path};
use crate::trouble::{Trouble, TroubleKind};

/// Where in an answer a value is found.
#[derive(Debug)]
pub(crate) struct Reader {
    kind: Kind,
    /// As messages show it.
    shown: String,
}

#[derive(Debug)]
enum Kind {
    Json(usize),
    Header(String),
    Cookie(String),
    Regex(Box<Regex>),
    Css(Box<Css>),
    XPath(Box<Path>),
    Body,
    Status,
    Time,
    Size,
    Url,
    Location,
}

/// What was read of one answer so far; buffers for the next.
#[derive(Default)]
pub(crate) struct Reads {
    json: Vec<Hits>,
    read: Option<Result<(), Trouble>>,
    /// On the heap: they are large, and few answers are read so.
    html: Option<Box<Html>>,
    tree: Option<Box<Result<Package, Trouble>>>,
}

impl Reads {
    /// Forgets the answer before.
    pub(crate) fn begin(&mut self) {
        (self.read, self.html, self.tree) = (None, None, None);
    }

    fn json(&mut self, paths: &Paths, answer: &Answer<'_>) -> Result<&[Hits], Trouble> {
        if self.read.is_none() {
            self.read = Some(answer.whole_body().and_then(|body| paths.read(body, &mut self.json)));
        }
        match &self.read {
            Some(Err(trouble)) => Err(trouble.clone()),
            _ => Ok(&self.json),
        }
    }
}

impl fmt::Debug for Reads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reads").field("json", &self.json).finish_non_exhaustive()
    }
}

impl Reader {
    pub(crate) fn new(source: &Source, paths: &mut Paths) -> Result<Self, Trouble> {
        let (kind, shown) = match source {
            Source::Json(path) => (Kind::Json(paths.add(path)?), format!("`{path}`")),
            Source::Header(name) => (Kind::Header(name.clone()), format!("header `{name}`")),
            Source::Cookie(name) => (Kind::Cookie(name.clone()), format!("cookie `{name}`")),
            Source::Regex(pattern) => (Kind::Regex(Box::new(compiled(pattern)?)), format!("`{pattern}`")),
            Source::Css { selector, attribute } => {
                (Kind::Css(Box::new(Css::new(selector, attribute.as_ref())?)), format!("`{selector}`"))
            }
            Source::XPath(path) => (Kind::XPath(Box::new(Path::new(path)?)), format!("`{path}`")),
            Source::Body => (Kind::Body, "the body".to_owned()),
            Source::Status => (Kind::Status, "the status".to_owned()),
            Source::Time => (Kind::Time, "the time".to_owned()),
            Source::Size => (Kind::Size, "the size".to_owned()),
            Source::Url => (Kind::Url, "the URL".to_owned()),
            Source::Location => (Kind::Location, "header `Location`".to_owned()),
        };
        Ok(Self { kind, shown })
    }

    pub(crate) fn wants_head(&self) -> bool {
        matches!(self.kind, Kind::Header(_) | Kind::Cookie(_) | Kind::Location)
    }

    pub(crate) fn wants_body(&self) -> bool {
        matches!(self.kind, Kind::Json(_) | Kind::Regex(_) | Kind::Css(_) | Kind::XPath(_) | Kind::Body | Kind::Size)
    }

    pub(crate) fn wants_url(&self) -> bool {
        matches!(self.kind, Kind::Url)
    }

    pub(crate) fn is_status(&self) -> bool {
        matches!(self.kind, Kind::Status)
    }

    pub(crate) fn is_time(&self) -> bool {
        matches!(self.kind, Kind::Time)
    }

    /// Whether what is found is text by nature, even if it looks like a number.
    pub(crate) fn is_text(&self) -> bool {
        matches!(
            self.kind,
            Kind::Header(_) | Kind::Cookie(_) | Kind::Regex(_) | Kind::Css(_) | Kind::XPath(_) | Kind::Body
        )
    }

    /// What is found, if anything is. A generator is needed for [`Which::Any`] alone.
    pub(crate) fn read(
        &self,
        which: Which,
        paths: &Paths,
        answer: &Answer<'_>,
        reads: &mut Reads,
        random: &mut Random,
    ) -> Result<Option<Value>, Trouble> {
        Ok(match &self.kind {
            Kind::Json(path) => {
                let hits = reads.json(paths, answer)?[*path].as_slice();
                select(which, hits.iter().cloned(), random)
            }
            Kind::Header(name) => select(which, answer.headers(name).map(text), random),
            Kind::Cookie(name) => select(which, answer.cookies(name).map(text), random),
            Kind::Location => select(which, answer.headers("location").map(text), random),
            Kind::Regex(regex) => {
                let body = answer.whole_body()?;
                let group = |found: regex::bytes::Captures<'_>| {
                    found.get(1).or_else(|| found.get(0)).map(|part| part.range()).unwrap_or_default()
                };
                select(which, regex.captures_iter(body).map(|found| text(&body[group(found)])), random)
            }
            Kind::Css(css) => {
                let body = answer.whole_body()?;
                select(which, css.read(reads.html.get_or_insert_with(|| Box::new(markup::html(body)))), random)
            }
            Kind::XPath(path) => {
                let body = answer.whole_body()?;
                match &**reads.tree.get_or_insert_with(|| Box::new(markup::tree(body))) {
                    Ok(tree) => select(which, path.read(tree)?.into_iter(), random),
                    Err(trouble) => return Err(trouble.clone()),
                }
            }
            Kind::Body => select(which, std::iter::once(text(answer.whole_body()?)), random),
            Kind::Status => Some(Value::from(answer.status)),
            Kind::Time => Some(Value::from(answer.time.as_secs_f64() * 1e3)),
            Kind::Size => Some(Value::from(match answer.size {
                Some(size) => size,
                None => answer.whole_body()?.len() as u64,
            })),
            Kind::Url => Some(Value::from(answer.url)),
        })
    }
}

impl Reader {
    /// What is known of a body of which only the beginning is there: the beginning, or its least size.
    pub(crate) fn least(&self, answer: &Answer<'_>) -> Option<Value> {
        match self.kind {
            Kind::Body => Some(text(answer.body)),
            Kind::Size => Some(Value::from(answer.body.len() as u64 + 1)),
            _ => None,
        }
    }
}

impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// A pattern over bytes, as bodies need not be UTF-8.
pub(crate) fn compiled(pattern: &str) -> Result<Regex, Trouble> {
    Regex::new(pattern).map_err(|error| Trouble::new(TroubleKind::Expression, "", format!("`{pattern}`: {error}")))
}

/// Why a text is no pattern that saves and checks can be made of, in a few words.
pub fn check_regex(pattern: &str) -> Result<(), String> {
    Regex::new(pattern).map(drop).map_err(|error| {
        let why = error.to_string();
        why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
    })
}

fn text(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::from(text),
        Err(_) => Value::from(&*String::from_utf8_lossy(bytes)),
    }
}

fn select(which: Which, mut found: impl Iterator<Item = Value>, random: &mut Random) -> Option<Value> {
    match which {
        Which::First => found.next(),
        Which::Last => found.last(),
        Which::At(place) => found.nth(place),
        Which::Count => Some(Value::from(found.count())),
        Which::Any => {
            let all: Vec<Value> = found.collect();
            if all.is_empty() { None } else { Some(random.one_of(&all).clone()) }
        }
        Which::All => {
            let all: Vec<Value> = found.collect();
            if all.is_empty() { None } else { Some(Value::from(all)) }
        }
    }
}
