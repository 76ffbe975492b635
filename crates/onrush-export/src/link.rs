//! Where an output goes that is no file: `TARGET[,OPTION…]`, and who we are there.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use onrush_pace::parse_duration;
use percent_encoding::percent_decode_str;
use url::Url;

use crate::families::{TAG, label_name};
use crate::metrics::METRICS;

/// How often something is pushed unless it is said.
const EVERY: Duration = Duration::from_secs(5);
/// Nothing is waited for longer.
const LONGEST: Duration = Duration::from_secs(86_400);
/// Seconds are not exactly as long as seconds; one that is so much too short is one.
pub(crate) const EARLY: Duration = Duration::from_millis(300);

/// A target with its options. It never shows what is secret in it.
#[derive(Clone)]
pub struct Link {
    target: String,
    options: Vec<(String, String)>,
}

/// What the surroundings say.
pub struct Settings<'a> {
    /// Labels that every series gets.
    pub labels: &'a [(String, String)],
    /// What this machine is called.
    pub instance: &'a str,
    /// Variables of the environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Whether the run is over and only told again: then there is time to wait.
    pub is_replay: bool,
}

/// Why a link is none.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct LinkError(pub(crate) String);

/// What is wrong with the options of a link.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// There is none of this name; it is left out where it could be part of a secret.
    #[error("an option is unknown")]
    Unknown(Option<String>),
    /// It is not written as it should be, which is so.
    #[error("this option is written `{0}`")]
    Usage(String),
    /// It can only be meant once.
    #[error("the option `{0}` is given twice")]
    Twice(String),
}

impl LinkError {
    #[allow(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
    pub(crate) fn io(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Link {
    /// Reads a target with its options, which are written after it with commas before them. `known` are those that it may
    /// have: `name`, or `name=VALUE` for one that has a value. So a comma of a URL is written `%2C`.
    pub fn parse(text: &str, known: &[&str]) -> Result<Self, OptionError> {
        let mut parts = text.split(',');
        let mut link = Self::plain(parts.next().unwrap_or_default());
        for option in parts {
            let (name, value) = option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
            let is_it = |known: &&&str| known.split_once('=').map_or(**known, |(name, _)| name) == name;
            let usage = known.iter().find(is_it).ok_or_else(|| {
                // What follows a comma of a password or a query is nobody's to see.
                let may_be_secret = text.contains(['@', '?']);
                OptionError::Unknown((!may_be_secret).then(|| name.to_owned()))
            })?;
            if usage.contains('=') != value.is_some_and(|value| !value.is_empty()) {
                return Err(OptionError::Usage((*usage).to_owned()));
            }
            if link.has(name) {
                return Err(OptionError::Twice(name.to_owned()));
            }
            link.options.push((name.to_owned(), value.unwrap_or_default().to_owned()));
        }
        Ok(link)
    }

    /// A target that has no options.
    pub fn plain(target: &str) -> Self {
        Self { target: target.to_owned(), options: Vec::new() }
    }

    /// The target without its options.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// What may be printed: without user, password, query and options.
    pub fn shown(&self) -> String {
        match Url::parse(&self.target) {
            Ok(url) if url.has_host() => shown(&url),
            _ => "a URL that is none".to_owned(),
        }
    }

    /// Whether an option is given.
    pub fn has(&self, name: &str) -> bool {
        self.options.iter().any(|option| option.0 == name)
    }

    /// A time that is given as an option, such as `20s`.
    pub fn time(&self, name: &str) -> Result<Option<Duration>, LinkError> {
        let Some((_, text)) = self.options.iter().find(|option| option.0 == name) else { return Ok(None) };
        match parse_duration(text) {
            Ok(time) if time <= LONGEST => Ok(Some(time)),
            Ok(_) => Err(LinkError(format!("`{name}={text}` is longer than a day"))),
            Err(error) => Err(LinkError(format!("`{name}={text}` is no time: {error}; such as {name}=20s"))),
        }
    }

    /// How often something is pushed.
    pub(crate) fn every(&self) -> Result<Duration, LinkError> {
        let every = self.time("every")?.unwrap_or(EVERY);
        match every < Duration::from_secs(1) {
            true => Err(LinkError("`every` is at least 1s: there is one figure a second".to_owned())),
            false => Ok(every),
        }
    }

    /// The target as a URL.
    pub(crate) fn url(&self) -> Result<Url, LinkError> {
        Url::parse(&self.target).ok().filter(Url::has_host).ok_or_else(|| self.wrong())
    }

    pub(crate) fn wrong(&self) -> LinkError {
        let hint = if self.target.contains('@') { "" } else { &*self.target };
        LinkError(format!("`{hint}` is not a URL; such as http://127.0.0.1:9090/api/v1/write"))
    }

    /// The header that says who we are: by the URL, or by the variables `…_TOKEN`, or `…_USER` and `…_PASSWORD`.
    pub(crate) fn authorization(
        &self,
        settings: &Settings<'_>,
        prefix: &str,
    ) -> Result<Option<(String, String)>, LinkError> {
        let variable = |name: &str| (settings.variable)(&format!("{prefix}_{name}")).filter(|text| !text.is_empty());
        let url = self.url()?;
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let basic = match url.username() {
            "" => variable("USER").map(|user| (user, variable("PASSWORD").unwrap_or_default())),
            user => Some((decoded(user), decoded(url.password().unwrap_or_default()))),
        };
        let value = match (basic, variable("TOKEN")) {
            (Some((user, password)), _) => format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))),
            (None, Some(token)) => format!("Bearer {token}"),
            (None, None) => return Ok(None),
        };
        Ok(Some(("authorization".to_owned(), value)))
    }
}

/// Labels from `NAME=VALUE`s.
pub fn labels(asked: &[String]) -> Result<Vec<(String, String)>, LinkError> {
    let mut labels: Vec<(String, String)> = Vec::new();
    for text in asked {
        let label = label(text)?;
        if labels.iter().any(|known| known.0 == label.0) {
            return Err(LinkError(format!("`{text}` is not a label: there is one of that name")));
        }
        labels.push(label);
    }
    Ok(labels)
}

fn label(text: &str) -> Result<(String, String), LinkError> {
    let wrong = |why: &str| Err(LinkError(format!("`{text}` is not a label: {why}")));
    let Some((name, value)) = text.split_once('=') else { return wrong("write NAME=VALUE") };
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic()) && label_name(name) == name;
    if !is_name {
        return wrong("names are made of letters, digits and `_`");
    }
    if name == "le" || METRICS.iter().any(|metric| metric.labels.contains(&name)) {
        return wrong("the name is one that the metrics have themselves");
    }
    if name.starts_with(TAG) {
        return wrong("names that begin with `tag_` are those of the tags of scenarios and steps");
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// A URL without what may be secret in it.
pub(crate) fn shown(url: &Url) -> String {
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variable: &dyn Fn(&str) -> Option<String>) -> Settings<'_> {
        Settings { labels: &[], instance: "here", variable, is_replay: false }
    }

    const KNOWN: &[&str] = &["native", "every=TIME"];

    #[test]
    fn options_follow_the_target() {
        let link = Link::parse("http://a.example/w?x=1%2C2,native,every=1m30s", KNOWN).unwrap();
        assert_eq!(link.target(), "http://a.example/w?x=1%2C2");
        assert_eq!((link.has("native"), link.every().unwrap()), (true, Duration::from_secs(90)));
        for (text, error) in [
            ("9464,every=soon", "`every=soon` is no time: a number and a unit are expected; such as every=20s"),
            ("9464,every=2d", "longer than a day"),
            ("9464,every=10ms", "at least 1s"),
        ] {
            let error_found = Link::parse(text, KNOWN).unwrap().every().unwrap_err().to_string();
            assert!(error_found.contains(error), "{error_found}");
        }
    }

    #[test]
    fn options_that_are_none_are_no_part_of_the_target() {
        let unknown = |name: Option<&str>| OptionError::Unknown(name.map(str::to_owned));
        for (text, error) in [
            ("http://a.example/w,evry=9s", unknown(Some("evry"))),
            ("http://a.example/w,evry=9s,native", unknown(Some("evry"))),
            ("http://me:tops,3cret@a.example/w", unknown(None)),
            ("http://a.example/w?token=tops,3cret", unknown(None)),
            ("http://a.example/w,", unknown(Some(""))),
            ("http://a.example/w,every", OptionError::Usage("every=TIME".to_owned())),
            ("http://a.example/w,every=", OptionError::Usage("every=TIME".to_owned())),
            ("http://a.example/w,native=yes", OptionError::Usage("native".to_owned())),
            ("http://a.example/w,every=1s,every=2s", OptionError::Twice("every".to_owned())),
        ] {
            assert_eq!(Link::parse(text, KNOWN).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn labels_cannot_hide_those_of_the_metrics() {
        let read = |text: &str| labels(&[text.to_owned()]).map_err(|error| error.to_string());
        assert_eq!(read("build=a=b").unwrap(), [("build".to_owned(), "a=b".to_owned())]);
        for (text, why) in [
            ("build", "NAME=VALUE"),
            ("a.b=c", "letters"),
            ("1a=c", "letters"),
            ("__name__=x", "letters"),
            ("step=x", "themselves"),
            ("tag_team=x", "of the tags"),
        ] {
            assert!(read(text).unwrap_err().contains(why), "{text}");
        }
    }

    #[test]
    fn a_label_has_one_value() {
        let twice = ["a=1", "b=1", "a=2"].map(str::to_owned);
        assert!(labels(&twice[..2]).is_ok());
        assert!(labels(&twice).unwrap_err().to_string().contains("one of that name"));
    }

    #[test]
    fn secrets_are_used_and_not_shown() {
        let link = Link::plain("https://me:s%3Acret@a.example:9/w?token=s3");
        assert_eq!(format!("{} {link:?}", link.shown()), "https://a.example:9/w https://a.example:9/w");
        let none = |_: &str| None;
        let header = link.authorization(&settings(&none), "X").unwrap().unwrap();
        assert_eq!(header.1, format!("Basic {}", BASE64_STANDARD.encode("me:s:cret")));
        let token = |name: &str| (name == "X_TOKEN").then(|| "abc".to_owned());
        let link = Link::plain("https://a.example/");
        assert_eq!(link.authorization(&settings(&token), "X").unwrap().unwrap().1, "Bearer abc");
        let wrong = Link::plain("me:secret@host");
        assert!(!format!("{} {}", wrong.url().unwrap_err(), wrong.shown()).contains("secret"));
    }
}
