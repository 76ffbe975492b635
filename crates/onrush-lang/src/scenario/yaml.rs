//! YAML text to tree: events of `saphyr-parser`, with aliases written out, merge keys followed, and bounds on both.

use std::collections::HashMap;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Tag};

use super::tree::{At, Entry, Kind, Node, Scalar};
use crate::Diagnostic;

/// More than this is no file that somebody wrote: a few aliases of aliases make billions.
const MOST_NODES: usize = 100_000;
/// Deeper than this nobody reads.
const DEEPEST: usize = 64;

const QUOTES: &str = "a text that begins with `{` or `[`, or that holds `[ ] { } ,` within a `{ … }` or `[ … ]`, needs quotes: \
                      `{ token: \"$.items[0].token\" }`";

/// What was read, and what is wrong with it.
pub(crate) struct Read {
    pub(crate) root: Option<Rc<Node>>,
    pub(crate) faults: Vec<Diagnostic>,
}

/// Reads the one document of a text.
pub(crate) fn read(source: usize, text: &str) -> Read {
    let mut builder = Builder {
        source,
        text,
        bytes: Bytes::of(text),
        stack: Vec::new(),
        anchors: HashMap::new(),
        root: None,
        documents: 0,
        nodes: 0,
        faults: Vec::new(),
    };
    let mut parser = Parser::new_from_str(text);
    while let Some(next) = parser.next_event() {
        let done = match next {
            Ok((event, span)) => {
                let (start, end) = (builder.bytes.at(span.start.index()), builder.bytes.at(span.end.index()));
                builder.take(event, At { source, start, end: end.max(start) })
            }
            Err(error) => Err(builder.scan_error(&error)),
        };
        if let Err(diagnostic) = done {
            builder.faults.push(diagnostic);
            return Read { root: None, faults: builder.faults };
        }
    }
    Read { root: builder.root, faults: builder.faults }
}

/// From places in characters, which the parser counts, to places in bytes.
enum Bytes {
    Same(usize),
    Table(Vec<usize>),
}

impl Bytes {
    fn of(text: &str) -> Self {
        match text.is_ascii() {
            true => Self::Same(text.len()),
            false => Self::Table(text.char_indices().map(|(at, _)| at).chain([text.len()]).collect()),
        }
    }

    fn at(&self, characters: usize) -> usize {
        match self {
            Self::Same(length) => characters.min(*length),
            Self::Table(table) => table.get(characters).or(table.last()).copied().unwrap_or(0),
        }
    }
}

/// A list or map that is being read.
struct Frame {
    at: At,
    anchor: usize,
    holds: Holds,
}

enum Holds {
    List(Vec<Rc<Node>>),
    Map { entries: Vec<Entry>, key: Option<(String, At)>, merges: Vec<Rc<Node>> },
}

struct Builder<'a> {
    source: usize,
    text: &'a str,
    bytes: Bytes,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Rc<Node>>,
    root: Option<Rc<Node>>,
    documents: usize,
    nodes: usize,
    faults: Vec<Diagnostic>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, at: At) -> Result<(), Diagnostic> {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    let message = "a scenario file is one document, and here begins another";
                    let help = "write the scenarios of both below one `scenarios:`, or make two files";
                    return Err(Diagnostic::new(message, at.range(), "a second document").with_help(help));
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = self.tag(tag.as_deref(), &at);
                let node = self.scalar(&text, style, is_text, &at);
                self.done(node, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.tag(tag.as_deref(), &at);
                self.open(Frame { at, anchor, holds: Holds::List(Vec::new()) })
            }
            Event::MappingStart(anchor, tag) => {
                self.tag(tag.as_deref(), &at);
                let holds = Holds::Map { entries: Vec::new(), key: None, merges: Vec::new() };
                self.open(Frame { at, anchor, holds })
            }
            Event::SequenceEnd | Event::MappingEnd => match self.stack.pop() {
                Some(frame) => self.close(frame, &at),
                None => Ok(()),
            },
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some(node) => self.place(node, &at),
                None => {
                    let message = "this alias stands within what it stands for";
                    Err(Diagnostic::new(message, at.range(), "it would never end"))
                }
            },
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    /// Whether a tag says that this is text. Other tags are not for people who read aloud.
    fn tag(&mut self, tag: Option<&Tag>, at: &At) -> bool {
        let Some(tag) = tag else { return false };
        let is_known = tag.is_yaml_core_schema()
            && matches!(&*tag.suffix, "str" | "int" | "float" | "bool" | "null" | "map" | "seq");
        if !is_known {
            let message = format!("the tag `{tag}` has no meaning here");
            self.faults.push(Diagnostic::new(message, at.range(), "expected a value without a tag"));
        }
        is_known && tag.suffix == "str"
    }

    fn scalar(&self, text: &str, style: ScalarStyle, is_text: bool, at: &At) -> Node {
        let is_plain = style == ScalarStyle::Plain && !is_text;
        let quote = usize::from(matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted));
        let start = at.start + quote;
        let verbatim = self.text.get(start..start + text.len()).is_some_and(|there| there == text).then_some(start);
        // The parser's end of a plain scalar may include what follows it.
        let end = verbatim.map_or(at.end, |start| start + text.len() + quote);
        let at = At { end, ..at.clone() };
        let scalar = Scalar { text: text.to_owned(), is_plain, verbatim, is_secret: false };
        Node { at, kind: Kind::Scalar(scalar), size: 1, depth: 1 }
    }

    fn open(&mut self, frame: Frame) -> Result<(), Diagnostic> {
        if self.stack.len() >= DEEPEST {
            return Err(too_deep(&frame.at));
        }
        self.stack.push(frame);
        Ok(())
    }

    fn close(&mut self, frame: Frame, end: &At) -> Result<(), Diagnostic> {
        let Frame { at, anchor, holds } = frame;
        let end = self.text.get(at.start..end.end).map_or(at.end, |all| at.start + all.trim_end().len());
        let at = At { source: self.source, start: at.start, end: end.max(at.start) };
        let (kind, size, depth) = match holds {
            Holds::List(items) => {
                let (size, depth) = sum(items.iter());
                (Kind::List(items), size, depth)
            }
            Holds::Map { mut entries, merges, .. } => {
                for merged in merges {
                    self.merge(&mut entries, &merged)?;
                }
                let (size, depth) = sum(entries.iter().map(|entry| &entry.value));
                (Kind::Map(entries), size, depth)
            }
        };
        self.done(Node { at, kind, size: size + 1, depth: depth + 1 }, anchor)
    }

    fn done(&mut self, mut node: Node, anchor: usize) -> Result<(), Diagnostic> {
        if let (Some(Frame { holds: Holds::Map { key: Some((key, _)), .. }, .. }), Kind::Scalar(scalar)) =
            (self.stack.last(), &mut node.kind)
        {
            scalar.is_secret = onrush_user::is_secret_name(key);
        }
        let node = Rc::new(node);
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        let at = node.at.clone();
        self.nodes += 1;
        self.put(node, &at)
    }

    /// An alias: as many nodes again as it stands for.
    fn place(&mut self, node: Rc<Node>, at: &At) -> Result<(), Diagnostic> {
        if self.stack.len() + node.depth > DEEPEST {
            return Err(too_deep(at));
        }
        self.count(node.size, at)?;
        self.put(node, at)
    }

    fn count(&mut self, more: usize, at: &At) -> Result<(), Diagnostic> {
        self.nodes = self.nodes.saturating_add(more);
        if self.nodes > MOST_NODES {
            let message = format!("this file has more than {MOST_NODES} values once its aliases are written out");
            let help = "rows belong into a data file: `data: { shopper: { file: shoppers.csv } }`";
            return Err(Diagnostic::new(message, at.range(), "here it becomes too much").with_help(help));
        }
        Ok(())
    }

    fn put(&mut self, node: Rc<Node>, at: &At) -> Result<(), Diagnostic> {
        self.count(0, at)?;
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut frame.holds {
            Holds::List(items) => items.push(node),
            Holds::Map { entries, key, merges } => match key.take() {
                None => *key = Some(key_of(&node, at)?),
                Some((name, _)) if name == "<<" => merges.push(node),
                Some((name, at)) => {
                    let twice = entries.iter().any(|entry| entry.key == name);
                    if twice {
                        let message = format!("`{name}` is given twice");
                        self.faults.push(Diagnostic::new(message, at.range(), "the second of two"));
                    } else {
                        entries.push(Entry { key: name, at, value: node });
                    }
                }
            },
        }
        Ok(())
    }

    /// `<<: *base` or `<<: [*a, *b]`: what is not there yet is taken from there.
    fn merge(&mut self, entries: &mut Vec<Entry>, from: &Rc<Node>) -> Result<(), Diagnostic> {
        match &from.kind {
            Kind::Map(others) => {
                for other in others {
                    if !entries.iter().any(|entry| entry.key == other.key) {
                        self.count(other.value.size, &from.at)?;
                        entries.push(other.clone());
                    }
                }
            }
            Kind::List(maps) if maps.iter().all(|map| matches!(map.kind, Kind::Map(_))) => {
                for map in maps {
                    self.merge(entries, map)?;
                }
            }
            _ => {
                let message = format!("`<<` takes the keys of a map, and this is {}", from.noun());
                self.faults.push(Diagnostic::new(message, from.at.range(), "expected an alias of a map: `<<: *base`"));
            }
        }
        Ok(())
    }

    fn scan_error(&self, error: &ScanError) -> Diagnostic {
        let at = self.bytes.at(error.marker().index()).min(self.text.len());
        let end = self.text[at..].chars().next().map_or(at, |letter| at + letter.len_utf8());
        let message = format!("this is not YAML: {}", error.info());
        let line_start = self.text[..at].rfind('\n').map_or(0, |at| at + 1);
        let line = self.text[line_start..].lines().next().unwrap_or_default();
        let diagnostic = Diagnostic::new(message, at..end, "here the reader gave up");
        if self.text[line_start..at].contains('\t') && line.starts_with([' ', '\t']) {
            return diagnostic.with_help("YAML is indented with blanks, not with tabs");
        }
        if error.info().contains("anchor") {
            return diagnostic.with_help(
                "`*name` repeats what was marked `&name` before it; a text that begins with `*` needs quotes",
            );
        }
        if line.contains(['{', '[']) {
            return diagnostic.with_help(QUOTES);
        }
        let help = "what belongs together is indented alike; a text with `: ` or ` #` in it, or that begins with one of \
                    `@ & * ! | > % [ {` or a backtick, needs quotes";
        diagnostic.with_help(help.replace("a backtick", "a back quote"))
    }
}

fn sum<'n>(nodes: impl Iterator<Item = &'n Rc<Node>>) -> (usize, usize) {
    nodes.fold((0, 0), |(size, depth), node| (size.saturating_add(node.size), depth.max(node.depth)))
}

fn key_of(node: &Node, at: &At) -> Result<(String, At), Diagnostic> {
    match &node.kind {
        Kind::Scalar(scalar) => Ok((scalar.text.clone(), at.clone())),
        Kind::Map(_) => {
            let message = "a key is a text, and this is a map";
            let help = "a value that begins with a hole needs quotes, for YAML reads `{` as a map: `q: \"{{ word }}\"`";
            Err(Diagnostic::new(message, at.range(), "expected quotes around it").with_help(help))
        }
        Kind::List(_) => Err(Diagnostic::new("a key is a text, and this is a list", at.range(), "expected a text")),
    }
}

fn too_deep(at: &At) -> Diagnostic {
    let message = format!("this is nested more than {DEEPEST} deep");
    Diagnostic::new(message, at.range(), "too deep")
}
