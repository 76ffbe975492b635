//! Which series of a page are observed: a name, and labels that must be as they are written.

use crate::link::LinkError;
use crate::sample::{Sample, read_labels};

/// A name with labels: `http_requests_total{code="500"}`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Selector {
    pub(crate) text: String,
    pub(crate) name: String,
    labels: Vec<(String, String)>,
}

impl Selector {
    pub(crate) fn parse(text: &str) -> Result<Self, LinkError> {
        let wrong = || LinkError(format!("`{text}` names no series: write name or name{{label=\"value\"}}"));
        let (name, labels) = match text.split_once('{') {
            None => (text, Vec::new()),
            Some((name, rest)) => {
                let (labels, after) = read_labels(rest).ok_or_else(wrong)?;
                if !after.is_empty() || labels.iter().any(|(name, _)| !is_name(name)) {
                    return Err(wrong());
                }
                (name, labels)
            }
        };
        if !is_name(name) {
            return Err(wrong());
        }
        let labels = labels.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(Self { text: text.to_owned(), name: name.to_owned(), labels })
    }

    /// Several, with commas between them.
    pub(crate) fn parse_list(text: &str) -> Result<Vec<Self>, LinkError> {
        let (mut depth, mut is_text) = (0_i32, false);
        let parts = text.split(|c| {
            match c {
                '"' => is_text = !is_text,
                '{' if !is_text => depth += 1,
                '}' if !is_text => depth -= 1,
                _ => {}
            }
            c == ',' && depth == 0
        });
        parts.map(str::trim).filter(|part| !part.is_empty()).map(Self::parse).collect()
    }

    /// The same labels of another name.
    pub(crate) fn with_suffix(&self, suffix: &str) -> Self {
        Self { name: format!("{}{suffix}", self.name), ..self.clone() }
    }

    /// Whether a value of a label is asked for.
    pub(crate) fn has(&self, label: &str) -> bool {
        self.labels.iter().any(|(name, _)| name == label)
    }

    pub(crate) fn matches(&self, sample: &Sample<'_>) -> bool {
        let has = |(name, value): &(String, String)| {
            let found = sample.labels.iter().find(|label| label.0 == name);
            found.map_or("", |label| &label.1) == value
        };
        sample.name == self.name && self.labels.iter().all(has)
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == ':')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Page;

    #[test]
    fn series_are_chosen_by_name_and_labels() {
        let page = Page::read("a{x=\"1\",y=\"2\"} 1\na{x=\"2\"} 1\nab 1\n");
        for (text, expected) in
            [("a", 2), ("a{x=\"1\"}", 1), ("a{x=\"1\",y=\"3\"}", 0), ("a{y=\"\"}", 1), ("ab", 1), ("c", 0)]
        {
            let selector = Selector::parse(text).unwrap();
            assert_eq!(page.samples.iter().filter(|sample| selector.matches(sample)).count(), expected, "{text}");
        }
        let list = Selector::parse_list("a{x=\"1,}\",y=\"2\"}, b,").unwrap();
        assert_eq!(list.iter().map(|selector| &*selector.text).collect::<Vec<_>>(), ["a{x=\"1,}\",y=\"2\"}", "b"]);
        for text in ["1a", "a{x=1}", "a{x=\"1\"", "a b", "a{x=~\"1\"}", "a{x=\"1\"}b"] {
            assert!(Selector::parse(text).is_err(), "{text}");
        }
    }
}
