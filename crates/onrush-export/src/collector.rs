//! A collector of OpenTelemetry, over HTTP or gRPC.
//!
//! <https://opentelemetry.io/docs/specs/otlp/>

use std::io;

use bytes::Bytes;
use percent_encoding::percent_decode_str;

use crate::link::{Link, LinkError, Settings};
use crate::message::Message;
use crate::post::{Endpoint, Expected};
use crate::push::Pusher;

/// What is sent: metrics or spans. Their messages have the same fields up to these.
#[derive(Debug)]
pub(crate) struct Signal {
    /// Where it goes over HTTP, below the URL of a collector.
    pub(crate) http_path: &'static str,
    /// Where it goes over gRPC.
    pub(crate) grpc_path: &'static str,
    /// The variable with headers for it alone.
    pub(crate) headers: &'static str,
    /// What it is made of, in words.
    pub(crate) what: &'static str,
}

/// Takes messages of one signal.
#[derive(Debug)]
pub(crate) struct Collector {
    resource: Message,
    is_grpc: bool,
    pusher: Pusher,
}

impl Collector {
    /// At the URL of a link: `http`, `https`, or `grpc`, `grpcs`.
    pub(crate) fn new(link: &Link, settings: &Settings<'_>, signal: &Signal) -> Result<Self, LinkError> {
        let mut url = link.url()?;
        let is_grpc = url.scheme().starts_with("grpc");
        if is_grpc {
            // Another scheme than that of the web cannot be set in place.
            let web = if url.scheme() == "grpcs" { "https" } else { "http" };
            let rest = &url.as_str()[url.scheme().len()..];
            url = format!("{web}{rest}").parse().map_err(|_| link.wrong())?;
            url.set_path(signal.grpc_path);
        } else if url.path() == "/" {
            url.set_path(signal.http_path);
        }
        let content = if is_grpc { "application/grpc" } else { "application/x-protobuf" };
        let mut headers = vec![("content-type".to_owned(), content.to_owned())];
        if is_grpc {
            headers.push(("te".to_owned(), "trailers".to_owned()));
        }
        headers.extend(link.authorization(settings, "ONRUSH_OTLP")?);
        headers.extend(pairs(settings, "OTEL_EXPORTER_OTLP_HEADERS"));
        headers.extend(pairs(settings, signal.headers));
        let expected = if is_grpc { Expected::Grpc(signal.what) } else { Expected::Otlp(signal.what) };
        let endpoint = Endpoint::new(&url, headers, expected)?;
        let attributes = resource(settings);
        let attributes = attributes.iter().map(|(name, value)| attribute(name, value));
        Ok(Self {
            resource: attributes.fold(Message::new(), |resource, row| resource.message(1, &row)),
            is_grpc,
            pusher: Pusher::start(endpoint, settings.is_replay).map_err(LinkError::io)?,
        })
    }

    /// Puts a message on its way, of what we say now.
    pub(crate) fn push(&self, all: impl Iterator<Item = Message>) -> io::Result<()> {
        let scope = Message::new().text(1, "onrush").text(2, env!("CARGO_PKG_VERSION"));
        let scoped = all.fold(Message::new().message(1, &scope), |scoped, one| scoped.message(2, &one));
        let of_resource = Message::new().message(1, &self.resource).message(2, &scoped);
        let message = Message::new().message(1, &of_resource).into_bytes();
        self.pusher.push(if self.is_grpc { framed(&message) } else { message.into() })
    }

    /// What is to be told to whoever runs the test.
    pub(crate) fn news(&self) -> Option<String> {
        self.pusher.news()
    }

    /// Waits some seconds for what is on its way, and tells what was lost.
    pub(crate) fn finish(&self) -> io::Result<()> {
        self.pusher.finish()
    }
}

/// As gRPC wants messages: not compressed, and how long.
fn framed(message: &[u8]) -> Bytes {
    let mut framed = vec![0];
    framed.extend_from_slice(&(message.len() as u32).to_be_bytes());
    framed.extend_from_slice(message);
    framed.into()
}

/// `name=value,…` of a variable, percent-encoded as OpenTelemetry's are.
fn pairs(settings: &Settings<'_>, variable: &str) -> Vec<(String, String)> {
    let text = (settings.variable)(variable).unwrap_or_default();
    let decoded = |text: &str| percent_decode_str(text.trim()).decode_utf8_lossy().into_owned();
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

/// What sends: by its own words, those of the surroundings, and those of the command line, which come last.
fn resource(settings: &Settings<'_>) -> Vec<(String, String)> {
    let mut resource = vec![
        ("service.name".to_owned(), "onrush".to_owned()),
        ("service.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("service.instance.id".to_owned(), settings.instance.to_owned()),
    ];
    let mut more = pairs(settings, "OTEL_RESOURCE_ATTRIBUTES");
    more.extend((settings.variable)("OTEL_SERVICE_NAME").map(|name| ("service.name".to_owned(), name)));
    more.extend_from_slice(settings.labels);
    for (name, value) in more {
        match resource.iter_mut().find(|row| row.0 == name) {
            Some(row) => row.1 = value,
            None => resource.push((name, value)),
        }
    }
    resource
}

/// A message `KeyValue` with a text.
pub(crate) fn attribute(name: &str, value: &str) -> Message {
    Message::new().text(1, name).message(2, &Message::new().text(1, value))
}
