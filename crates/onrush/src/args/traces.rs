//! What is said about traces.

use std::fmt;
use std::str::FromStr;

/// A share of all requests, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Share(pub(crate) f64);

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let percent = text.strip_suffix('%').and_then(|number| number.trim_end().parse::<f64>().ok());
        let percent = percent.filter(|percent| (0.0..=100.0).contains(percent));
        percent.map(|percent| Self(percent / 100.0)).ok_or_else(|| "write a share, such as 1% or 100%".to_owned())
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0 * 100.0)
    }
}

/// Where a trace can be looked at: a URL in which `{id}` stands for its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TraceLink(pub(crate) String);

impl FromStr for TraceLink {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // Nothing else is a page, and what begins in another way may be a command.
        let is_page = text.starts_with("https://") || text.starts_with("http://");
        match is_page && text.contains("{id}") {
            true => Ok(Self(text.to_owned())),
            false => {
                Err("write the URL of a page with {id} in it, such as https://jaeger.example.com/trace/{id}".to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_percentages() {
        for (text, expected) in [
            ("1%", Some(0.01)),
            ("0.5 %", Some(0.005)),
            ("100%", Some(1.0)),
            ("0%", Some(0.0)),
            ("101%", None),
            ("1", None),
        ] {
            assert_eq!(text.parse().ok(), expected.map(Share), "{text}");
        }
    }

    #[test]
    fn a_link_is_a_page_with_a_place_for_the_number() {
        for (text, is_one) in [
            ("https://a.test/trace/{id}", true),
            ("http://localhost:16686/trace/{id}?x=1", true),
            ("https://a.test/trace/", false),
            ("javascript:alert({id})", false),
        ] {
            assert_eq!(text.parse::<TraceLink>().is_ok(), is_one, "{text}");
        }
    }
}
