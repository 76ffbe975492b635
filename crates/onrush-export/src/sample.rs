//! Lines of a page in Prometheus' text format, as others write it.

use std::collections::{HashMap, HashSet};

use crate::selector::Selector;

/// What is told of a histogram or a summary.
const FAMILY: [&str; 3] = ["_count", "_sum", "_bucket"];

/// A line with a figure.
#[derive(Debug, PartialEq)]
pub(crate) struct Sample<'a> {
    pub(crate) name: &'a str,
    pub(crate) labels: Vec<(&'a str, String)>,
    pub(crate) value: f64,
    /// What tells the series from all others.
    pub(crate) series: &'a str,
}

/// A page: what kinds its metrics are, and its figures.
#[derive(Debug, Default)]
pub(crate) struct Page<'a> {
    kinds: HashMap<&'a str, &'a str>,
    pub(crate) samples: Vec<Sample<'a>>,
}

impl<'a> Page<'a> {
    /// Lines that make no sense are left out: a page may be of a later version.
    pub(crate) fn read(text: &'a str) -> Self {
        let mut page = Self::default();
        for line in text.lines().map(str::trim) {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                page.kinds.extend(rest.split_once(' ').map(|(name, kind)| (name, kind.trim())));
            } else if !line.starts_with('#') {
                page.samples.extend(sample(line));
            }
        }
        page
    }

    /// Whether nothing in it makes sense.
    pub(crate) fn is_empty(&self) -> bool {
        self.kinds.is_empty() && self.samples.is_empty()
    }

    /// Whether there is, or may come to be, a series of that name.
    pub(crate) fn knows(&self, name: &str) -> bool {
        let family = FAMILY.iter().find_map(|suffix| name.strip_suffix(suffix));
        let is_announced = |name: &str| self.kinds.contains_key(name);
        is_announced(name) || family.is_some_and(is_announced) || self.samples.iter().any(|sample| sample.name == name)
    }

    /// What it says that a metric is: `counter`, `gauge`, `histogram`, `summary`.
    pub(crate) fn kind(&self, name: &str) -> Option<&'a str> {
        self.kinds.get(name).copied()
    }

    /// The figures of a series, or of several.
    pub(crate) fn matching(&self, selector: &Selector) -> impl Iterator<Item = &Sample<'a>> {
        self.samples.iter().filter(|sample| selector.matches(sample))
    }

    /// The names of its series, each once; of a histogram that of the whole.
    pub(crate) fn names(&self) -> Vec<&'a str> {
        let of_family = |name: &'a str| {
            let family = FAMILY.iter().find_map(|suffix| name.strip_suffix(suffix));
            family.filter(|family| self.kinds.contains_key(family)).unwrap_or(name)
        };
        let mut names: Vec<&str> = Vec::new();
        for sample in &self.samples {
            let name = of_family(sample.name);
            if names.last() != Some(&name) {
                names.push(name);
            }
        }
        let mut seen = HashSet::new();
        names.retain(|name| seen.insert(*name));
        names
    }
}

/// By the conventions for names.
pub(crate) fn is_called_counter(name: &str) -> bool {
    ["_total", "_count", "_sum", "_bucket"].iter().any(|suffix| name.ends_with(suffix))
}

fn sample(line: &str) -> Option<Sample<'_>> {
    let end = line.find(|c: char| c == '{' || c.is_whitespace())?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = Vec::new();
    if let Some(inner) = rest.strip_prefix('{') {
        (labels, rest) = read_labels(inner)?;
    }
    let series = &line[..line.len() - rest.len()];
    let value = rest.split_whitespace().next()?.parse::<f64>().ok()?;
    (!name.is_empty() && value.is_finite()).then_some(Sample { name, labels, value, series })
}

/// What stands between braces, and what comes after them.
pub(crate) fn read_labels(mut rest: &str) -> Option<(Vec<(&str, String)>, &str)> {
    let mut labels = Vec::new();
    loop {
        rest = rest.trim_start_matches([',', ' ']);
        if let Some(after) = rest.strip_prefix('}') {
            return Some((labels, after));
        }
        let (name, after) = rest.split_once("=\"")?;
        let (value, after) = read_text(after)?;
        labels.push((name.trim(), value));
        rest = after;
    }
}

/// Up to the quotation mark that ends it.
fn read_text(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((place, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[place + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                c => value.push(c),
            },
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_as_others_write_them() {
        let text = "# HELP a b\n# TYPE a counter\na 1\nb{x=\"1, }\\\"\",y=\"\"} 2.5e3 1700000000\nc +Inf\nd{x=\"1\nnonsense\n{} 1\ne NaN\n";
        let page = Page::read(text);
        let found: Vec<_> = page.samples.iter().map(|sample| (sample.series, sample.value)).collect();
        assert_eq!(found, [("a", 1.0), ("b{x=\"1, }\\\"\",y=\"\"}", 2500.0)]);
        assert_eq!(page.samples[1].labels, [("x", "1, }\"".to_owned()), ("y", String::new())]);
        assert!(page.knows("b") && page.knows("a_sum") && !page.knows("d"));
        assert_eq!((page.kind("a"), page.kind("b")), (Some("counter"), None));
        let page = Page::read("# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 1\nx_sum 1\nh_count 1\n");
        assert_eq!(page.names(), ["h", "x_sum"]);
    }
}
