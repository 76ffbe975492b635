//! Where a request goes: compiled, so that mostly only a path with holes is left to fill.

use onrush_plan::RequestStep;
use url::Url;

use crate::compile::Compiler;
use crate::login::without_login;
use crate::mind::Mind;
use crate::script::ScriptError;
use crate::show::shortened;
use crate::text::{Piece, Text};
use crate::trouble::Trouble;
use crate::value::{Escape, write_text};

/// Where a request goes.
#[derive(Debug)]
pub(crate) enum Target {
    /// A path of a known origin. Its own text is encoded; its holes are to be.
    Path { origin: Box<Origin>, path: Text },
    /// A URL, or a path that may turn out to be a URL: known when its holes are filled.
    Whole { base: Option<Url>, pieces: Vec<(Piece, Escape)> },
}

/// Scheme, host and port.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) url: Url,
    pub(crate) authority: String,
}

impl Origin {
    fn of(url: &Url) -> Self {
        let mut url = url.clone();
        without_login(&mut url);
        url.set_path("/");
        url.set_query(None);
        url.set_fragment(None);
        Self { authority: authority(&url), url }
    }
}

/// The host with the port unless it is the scheme's own.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Path and query as they stand in a request line.
pub(crate) fn origin_form(url: &Url) -> &str {
    &url[url::Position::BeforePath..url::Position::AfterQuery]
}

impl Target {
    pub(crate) fn new(step: &RequestStep, compiler: &Compiler<'_>) -> Result<Self, ScriptError> {
        let mut pieces = Text::new(&step.target, compiler)?.into_pieces();
        append_query(&mut pieces, step, compiler)?;
        if let Some(text) = Text::of(std::mem::take(&mut pieces)).merged(&mut pieces)
            && text.contains("://")
        {
            let url = whole_url(&text, "").map_err(ScriptError::Trouble)?;
            let path = Text::of(vec![Piece::Fixed(origin_form(&url).to_owned())]);
            return Ok(Self::Path { origin: Box::new(Origin::of(&url)), path });
        }
        let begins_with_path = match pieces.first() {
            None => true,
            Some(Piece::Fixed(text)) => !text.contains("://"),
            Some(Piece::Hole(_)) => false,
        };
        match &step.base {
            Some(base) if begins_with_path => {
                let path = Text::of(path_pieces(base, pieces));
                Ok(Self::Path { origin: Box::new(Origin::of(base)), path })
            }
            base => Ok(Self::Whole { base: base.clone(), pieces: with_escapes(pieces) }),
        }
    }

    pub(crate) fn origin(&self) -> Option<&Url> {
        match self {
            Self::Path { origin, .. } => Some(&origin.url),
            Self::Whole { .. } => None,
        }
    }

    /// Writes path and query; or says which URL it is, where that is not known before.
    pub(crate) fn write(&self, mind: &mut Mind, out: &mut Vec<u8>) -> Result<Option<Url>, Trouble> {
        match self {
            Self::Path { path, .. } if path.fixed().is_some() => Ok(None),
            Self::Path { path, .. } => path.write(mind, Escape::Percent, out).map(|()| None),
            Self::Whole { base, pieces } => {
                let mut text = Vec::new();
                for (piece, escape) in pieces {
                    match piece {
                        Piece::Fixed(fixed) => text.extend_from_slice(fixed.as_bytes()),
                        Piece::Hole(hole) => hole.write(mind, *escape, &mut text)?,
                    }
                }
                let text = String::from_utf8_lossy(&text);
                let place = pieces.iter().find_map(|(piece, _)| match piece {
                    Piece::Hole(hole) => Some(hole.place()),
                    Piece::Fixed(_) => None,
                });
                let url = resolved(base.as_ref(), &text, place.unwrap_or_default())?;
                out.extend_from_slice(origin_form(&url).as_bytes());
                Ok(Some(url))
            }
        }
    }
}

impl Text {
    /// Puts the pieces into `into`, neighbouring texts made one; and the text, if there is nothing else.
    fn merged(self, into: &mut Vec<Piece>) -> Option<String> {
        for piece in self.into_pieces() {
            match (into.last_mut(), piece) {
                (Some(Piece::Fixed(before)), Piece::Fixed(text)) => before.push_str(&text),
                (_, piece) => into.push(piece),
            }
        }
        match into.as_slice() {
            [Piece::Fixed(text)] => Some(text.clone()),
            _ => None,
        }
    }
}

fn append_query(pieces: &mut Vec<Piece>, step: &RequestStep, compiler: &Compiler<'_>) -> Result<(), ScriptError> {
    let mut has_query = pieces.iter().any(|piece| matches!(piece, Piece::Fixed(text) if text.contains('?')));
    for (name, value) in &step.query {
        let mut text = String::from(if has_query { "&" } else { "?" });
        has_query = true;
        let mut encoded = Vec::new();
        write_text(name, Escape::Percent, &mut encoded);
        text.push_str(&String::from_utf8_lossy(&encoded));
        text.push('=');
        pieces.push(Piece::Fixed(text));
        for piece in Text::new(value, compiler)?.into_pieces() {
            pieces.push(match piece {
                Piece::Fixed(text) => {
                    let mut encoded = Vec::new();
                    write_text(&text, Escape::Percent, &mut encoded);
                    Piece::Fixed(String::from_utf8_lossy(&encoded).into_owned())
                }
                hole @ Piece::Hole(_) => hole,
            });
        }
    }
    Ok(())
}

/// A path's own text encoded as a URL has it, after the path that the base may have.
fn path_pieces(base: &Url, pieces: Vec<Piece>) -> Vec<Piece> {
    let mut begun = base.path().trim_end_matches('/').to_owned();
    match pieces.first() {
        Some(Piece::Fixed(text)) if text.starts_with('/') => {}
        _ => begun.push('/'),
    }
    let mut whole = Vec::new();
    let all = std::iter::once(Piece::Fixed(begun)).chain(pieces.into_iter().map(|piece| match piece {
        Piece::Fixed(text) => Piece::Fixed(encoded(&text)),
        hole @ Piece::Hole(_) => hole,
    }));
    Text::of(all.collect()).merged(&mut whole);
    whole
}

/// What a URL may not have as it is; `%` stays, as what was typed may be encoded.
fn encoded(text: &str) -> String {
    let text = text.split('#').next().unwrap_or_default();
    let mut out = Vec::with_capacity(text.len());
    for char in text.chars() {
        if char <= ' ' || char > '~' || "\"<>`{}|\\^".contains(char) {
            write_text(char.encode_utf8(&mut [0; 4]), Escape::Percent, &mut out);
        } else {
            out.push(char as u8);
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Holes before the path are taken as they are: scheme, host, a link that an answer gave.
fn with_escapes(pieces: Vec<Piece>) -> Vec<(Piece, Escape)> {
    let mut in_path = false;
    let escaped = |piece: Piece| {
        if let Piece::Fixed(text) = &piece {
            in_path |= text.replacen("://", "", 1).contains(['/', '?']);
        }
        (piece, if in_path { Escape::Percent } else { Escape::None })
    };
    pieces.into_iter().map(escaped).collect()
}

fn resolved(base: Option<&Url>, text: &str, place: &str) -> Result<Url, Trouble> {
    match base {
        // Joined, any text would be a path: one that is neither a path nor a URL is a mistake, or a lost variable.
        Some(_) if !text.contains("://") && !text.starts_with(['/', '?']) => {
            Err(not_a_url(text, "begin it with http://, https:// or a slash", place))
        }
        Some(base) if !text.contains("://") => {
            checked(base.join(text).map_err(|error| not_a_url(text, &error.to_string(), place))?, text, place)
        }
        _ => whole_url(text, place),
    }
}

fn whole_url(text: &str, place: &str) -> Result<Url, Trouble> {
    checked(Url::parse(text).map_err(|error| not_a_url(text, &error.to_string(), place))?, text, place)
}

fn checked(mut url: Url, text: &str, place: &str) -> Result<Url, Trouble> {
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(not_a_url(text, "use http:// or https:// and a host", place));
    }
    url.set_fragment(None);
    Ok(url)
}

fn not_a_url(text: &str, why: &str, place: &str) -> Trouble {
    Compiler::refused(place, format!("`{}` is not a URL: {why}", shortened(&unnamed(text))))
}

/// What should have been a URL, without what may be a password.
fn unnamed(text: &str) -> String {
    let start = text.find("://").map_or(0, |at| at + 3);
    match text[start..].split_once('@') {
        Some((_, rest)) => format!("{}***@{rest}", &text[..start]),
        None => text.to_owned(),
    }
}
