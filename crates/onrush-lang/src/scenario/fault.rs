//! What was found wrong in a set of texts: each finding with the text that it is about.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::Diagnostic;

/// A text and where it came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The name by which it is called: a path, a flag.
    pub name: String,
    /// What it says.
    pub text: String,
    /// Bytes that are not shown: passwords that somebody wrote into the file.
    pub(crate) masked: Vec<Range<usize>>,
}

/// A finding and the text that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The text.
    pub source: Arc<Source>,
    /// The finding.
    pub diagnostic: Diagnostic,
}

/// All that is wrong, by place: first the file itself, then what it includes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl Source {
    /// The text as it may be shown, byte for byte as long.
    fn shown(&self) -> String {
        let mut text = self.text.clone();
        for range in &self.masked {
            if let Some(secret) = text.get(range.clone()) {
                let stars: String = secret
                    .chars()
                    .map(|c| if c == '\n' { "\n".to_owned() } else { "*".repeat(c.len_utf8()) })
                    .collect();
                text.replace_range(range.clone(), &stars);
            }
        }
        text
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.render(&self.source.name, &self.source.shown()))
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, fault) in self.0.iter().enumerate() {
            let gap = if number > 0 { "\n" } else { "" };
            write!(f, "{gap}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
