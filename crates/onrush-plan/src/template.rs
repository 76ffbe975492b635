//! Text with holes, and expressions: kept as they were written, compiled by `onrush-user` once a worker.

/// Text with holes that are filled at every use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// Text and holes in turn; no two texts are neighbours and none is empty.
    pub parts: Vec<Part>,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// As it is.
    Text(String),
    /// `{{ … }}`: the value of an expression.
    Hole(Expr),
}

/// An expression of the template language (minijinja), without braces. It has been compiled once and is known to be
/// well-formed and to name only what there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    /// As it was written.
    pub source: String,
    /// Where it stands, for messages at run time: `shop.yaml:12:9`.
    pub place: String,
}

impl Template {
    /// Text without holes.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { parts: if text.is_empty() { Vec::new() } else { vec![Part::Text(text)] } }
    }

    /// The text, if there is no hole in it.
    pub fn as_text(&self) -> Option<&str> {
        match &*self.parts {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The expression, if it is one hole and nothing else.
    pub fn as_expr(&self) -> Option<&Expr> {
        match &*self.parts {
            [Part::Hole(expr)] => Some(expr),
            _ => None,
        }
    }
}
