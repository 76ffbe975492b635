//! Compiled text with holes.

use minijinja::value::Value;
use onrush_plan::{Part, Template};

use crate::compile::Compiler;
use crate::hole::Hole;
use crate::mind::Mind;
use crate::trouble::Trouble;
use crate::value::Escape;

/// Compiled text with holes.
#[derive(Debug)]
pub(crate) struct Text(Vec<Piece>);

/// A part of a text.
#[derive(Debug)]
pub(crate) enum Piece {
    Fixed(String),
    Hole(Box<Hole>),
}

impl Text {
    pub(crate) fn new(template: &Template, compiler: &Compiler<'_>) -> Result<Self, Trouble> {
        let piece = |part: &Part| {
            Ok(match part {
                Part::Text(text) => Piece::Fixed(text.clone()),
                Part::Hole(expr) => Piece::Hole(Box::new(Hole::new(expr, compiler)?)),
            })
        };
        template.parts.iter().map(piece).collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn of(pieces: Vec<Piece>) -> Self {
        Self(pieces)
    }

    pub(crate) fn into_pieces(self) -> Vec<Piece> {
        self.0
    }

    /// The text, if there is no hole in it.
    pub(crate) fn fixed(&self) -> Option<&str> {
        match &*self.0 {
            [] => Some(""),
            [Piece::Fixed(text)] => Some(text),
            _ => None,
        }
    }

    /// The hole, if there is nothing else.
    pub(crate) fn hole(&self) -> Option<&Hole> {
        match &*self.0 {
            [Piece::Hole(hole)] => Some(hole),
            _ => None,
        }
    }

    /// Writes it; what fills its holes is escaped, its own text is as it should be.
    pub(crate) fn write(&self, mind: &mut Mind, escape: Escape, out: &mut Vec<u8>) -> Result<(), Trouble> {
        for piece in &self.0 {
            match piece {
                Piece::Fixed(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Hole(hole) => hole.write(mind, escape, out)?,
            }
        }
        Ok(())
    }

    /// It as text.
    pub(crate) fn text(&self, mind: &mut Mind) -> Result<String, Trouble> {
        let mut out = Vec::new();
        self.write(mind, Escape::None, &mut out)?;
        Ok(String::from_utf8_lossy(&out).into_owned())
    }

    /// Its value: one hole keeps the kind of its value.
    pub(crate) fn value(&self, mind: &mut Mind) -> Result<Value, Trouble> {
        match self.hole() {
            Some(hole) => hole.value(mind),
            None => self.text(mind).map(Value::from),
        }
    }

    /// Where its first hole stands in the file.
    pub(crate) fn place(&self) -> &str {
        let holes = self.0.iter().find_map(|piece| match piece {
            Piece::Hole(hole) => Some(hole.place()),
            Piece::Fixed(_) => None,
        });
        holes.unwrap_or_default()
    }
}
