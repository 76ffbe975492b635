//! A compiled request: what is written, with holes; what of the answer is looked at.

use std::time::Duration;

use onrush_metrics::Sampling;
use onrush_plan::{Body, Credentials, Header, Request, RequestStep, Retry, SeriesId, Template, Tracing};
use url::Url;

use crate::auth::Auth;
use crate::body::BodyPlan;
use crate::compile::Compiler;
use crate::login::Login;
use crate::look::Reading;
use crate::script::ScriptError;
use crate::target::Target;
use crate::text::{Piece, Text};
use crate::trouble::Trouble;
use crate::wire::Layout;

/// A compiled request.
#[derive(Debug)]
pub struct Call {
    pub(crate) method: Box<str>,
    pub(crate) target: Target,
    pub(crate) heads: Vec<Head>,
    /// The `Cookie` header that was written by hand: the jar's cookies join it.
    pub(crate) cookie: Option<Text>,
    pub(crate) body: BodyPlan,
    pub(crate) layout: Layout,
    pub(crate) auth: Auth,
    /// What a URL that is known when its holes are filled may say of who the request is from.
    pub(crate) login: Option<Login>,
    pub(crate) reading: Reading,
    series: SeriesId,
    retry: Option<Retry>,
    hedge: Option<Duration>,
    timeout: Option<Duration>,
    redirects: Option<u32>,
}

/// A header.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) name: String,
    pub(crate) value: HeadValue,
}

/// What a header says.
#[derive(Debug)]
pub(crate) enum HeadValue {
    Text(Text),
    /// `Basic …` of a name and a password.
    Basic(Text, Text),
    /// The type of a multipart body, with the boundary of this request.
    Multipart,
    /// W3C trace context, with numbers of this request.
    Trace(Sampling),
}

impl Call {
    pub(crate) fn new(step: &RequestStep, compiler: &Compiler<'_>) -> Result<Self, ScriptError> {
        // Checks the method.
        Request::new(&step.method, "http://localhost/")?;
        let target = Target::new(step, compiler)?;
        let scenario = compiler.scenario;
        let credentials = step.auth.as_ref().or(scenario.and_then(|scenario| scenario.auth.as_ref()));
        let written: &[(String, Template)] = scenario.map(|scenario| scenario.headers.as_slice()).unwrap_or_default();
        let is_overridden = |name: &str| step.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
        let written = written.iter().filter(|(name, _)| !is_overridden(name)).chain(&step.headers);
        let mut heads = written.map(|(name, value)| Head::new(name, Text::new(value, compiler)?));
        let mut heads = heads.by_ref().collect::<Result<Vec<_>, ScriptError>>()?;
        let is_open = credentials.is_none() && !heads.iter().any(|head| head.is_called("authorization"));
        let (login, told) = if is_open { Login::new(step, &target, compiler)? } else { (None, None) };
        let (auth, own) = Auth::new(credentials.unwrap_or(&Credentials::None), compiler)?;
        let body = BodyPlan::new(step, compiler)?;
        let offered = own.into_iter().chain(told).chain(content_heads(step, &body)).chain(trace(step, compiler));
        for head in offered {
            if !heads.iter().any(|known| known.is_called(&head.name)) {
                heads.push(head);
            }
        }
        let cookie = heads.iter().position(|head| head.is_called("cookie")).map(|place| heads.remove(place));
        let cookie = cookie.and_then(|head| if let HeadValue::Text(text) = head.value { Some(text) } else { None });
        let layout = Layout::new(&step.method, &target, &heads);
        Ok(Self {
            method: step.method.as_str().into(),
            target,
            heads,
            cookie,
            body,
            layout,
            auth,
            login,
            reading: Reading::new(step, compiler)?,
            series: step.series,
            retry: step.retry.clone(),
            hedge: step.hedge,
            timeout: step.timeout,
            redirects: step.redirects,
        })
    }

    /// It is counted here.
    pub fn series(&self) -> SeriesId {
        self.series
    }

    /// The method.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Where it goes, if that is the same for all: scheme, host and port.
    pub fn origin(&self) -> Option<&Url> {
        self.target.origin()
    }

    /// What happens when it fails.
    pub fn retry(&self) -> Option<&Retry> {
        self.retry.as_ref()
    }

    /// A second attempt beside the first after so long.
    pub fn hedge(&self) -> Option<Duration> {
        self.hedge
    }

    /// The time for a whole request; `None`: as the run says.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// How many redirects are followed; `None`: as the run says.
    pub fn redirects(&self) -> Option<u32> {
        self.redirects
    }

    /// Whether it may be sent again when nobody knows whether it arrived (RFC 9110 §9.2.2).
    pub fn is_idempotent(&self) -> bool {
        ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"].contains(&&*self.method)
    }

    /// How it proves who it is from, where that is more than a header that is written like all others.
    pub fn auth(&self) -> &Auth {
        &self.auth
    }
}

impl Head {
    pub(crate) fn new(name: &str, text: Text) -> Result<Self, ScriptError> {
        // Checks the name, and the value as far as it is known.
        Header::new(name, text.fixed().unwrap_or_default())?;
        Ok(Self { name: name.to_owned(), value: HeadValue::Text(text) })
    }

    pub(crate) fn fixed(name: &str, value: &str) -> Self {
        let value = HeadValue::Text(Text::of(vec![Piece::Fixed(value.to_owned())]));
        Self { name: name.to_owned(), value }
    }

    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Its value, if it is the same for all.
    pub(crate) fn as_fixed(&self) -> Option<&str> {
        match &self.value {
            HeadValue::Text(text) => text.fixed(),
            _ => None,
        }
    }
}

fn content_heads(step: &RequestStep, body: &BodyPlan) -> Vec<Head> {
    use onrush_plan::{BulkForm, Compression};
    let mut heads = Vec::new();
    let kind = match &step.body {
        Body::None => None,
        Body::Text { content_type, .. } => *content_type,
        Body::Bytes(_) => Some("application/octet-stream"),
        Body::Form(_) => Some("application/x-www-form-urlencoded"),
        Body::Multipart(_) => {
            heads.push(Head { name: "Content-Type".to_owned(), value: HeadValue::Multipart });
            None
        }
        Body::Bulk(bulk) if bulk.form == BulkForm::Lines => Some("application/x-ndjson"),
        Body::Json(_) | Body::Bulk(_) => Some("application/json"),
    };
    heads.extend(kind.map(|kind| Head::fixed("Content-Type", kind)));
    let coding = step.compression.filter(|_| !matches!(body, BodyPlan::None)).map(|compression| match compression {
        Compression::Gzip => "gzip",
        Compression::Deflate => "deflate",
    });
    heads.extend(coding.map(|coding| Head::fixed("Content-Encoding", coding)));
    heads
}

/// What the run says of all requests is about its load: set-up and tear-down are none.
fn trace(step: &RequestStep, compiler: &Compiler<'_>) -> Option<Head> {
    let Tracing { everywhere, sampling, .. } = compiler.tracing;
    let is_wanted = step.trace.unwrap_or(everywhere && compiler.scenario.is_some());
    is_wanted.then(|| Head { name: "traceparent".to_owned(), value: HeadValue::Trace(sampling) })
}

/// Header values end at line breaks, and other control characters are refused by servers.
pub(crate) fn check_header(name: &str, value: &[u8], place: &str) -> Result<(), Trouble> {
    let is_fine = |byte: &u8| (*byte >= 0x20 && *byte != 0x7f) || *byte == b'\t';
    if value.iter().all(is_fine) {
        return Ok(());
    }
    let message = format!("the value of header `{name}` has a line break or another control character");
    Err(Compiler::refused(place, message))
}
