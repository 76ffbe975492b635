//! A request whose holes are filled: every hole was asked once, however often the request is sent.

use std::fmt::Write as _;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use onrush_metrics::TraceContext;
use onrush_plan::{Header, Request, RequestError};
use url::Url;

use crate::Random;
use crate::auth::Keys;
use crate::body::BodyPlan;
use crate::call::{Call, HeadValue, check_header};
use crate::login::without_login;
use crate::target::Target;
use crate::trouble::Trouble;
use crate::user::User;
use crate::value::Escape;

/// A filled request. It keeps its buffers: use one again for the next request.
#[derive(Clone, Debug, Default)]
pub struct Filled {
    /// Path and query, then the values of headers with holes, one after the other.
    text: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
    pub(crate) body: Vec<u8>,
    pub(crate) boundary: String,
    pub(crate) place: Option<Box<Place>>,
    pub(crate) cookie: Option<String>,
    pub(crate) keys: Option<Box<Keys>>,
    pub(crate) wire: Vec<u8>,
    pub(crate) records: u64,
    traced: Option<Traced>,
}

/// What a service is told of the trace of a request.
#[derive(Clone, Debug)]
struct Traced {
    context: TraceContext,
    /// Where it stands in the text.
    place: Range<usize>,
    /// Attempts before this one.
    attempts: u32,
}

/// Where a request goes, if that was not known before. In a box, since users in flight hold what is filled.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) url: Url,
    /// `Authorization`, where the URL says it.
    pub(crate) login: Option<String>,
}

impl Call {
    /// Fills every hole, each once, in the order in which they stand: target, headers, body.
    pub fn fill(&self, user: &mut User, filled: &mut Filled) -> Result<(), Trouble> {
        self.fill_all(user, filled).map_err(|trouble| trouble.reworded(|message| user.script.masked(message)))
    }

    fn fill_all(&self, user: &mut User, filled: &mut Filled) -> Result<(), Trouble> {
        filled.clear();
        if let Some(mut url) = self.target.write(&mut user.mind, &mut filled.text)? {
            let login = self.login.as_ref().map(|login| login.value(&url, &mut user.mind)).transpose()?.flatten();
            without_login(&mut url);
            filled.place = Some(Box::new(Place { url, login }));
        }
        filled.ends.push(filled.text.len());
        if matches!(self.body, BodyPlan::Multipart(..)) {
            let _ = write!(filled.boundary, "onrush-{:016x}", user.mind.random.number());
        }
        for head in self.heads.iter().filter(|head| !head.value.is_fixed()) {
            let start = filled.text.len();
            let place = filled.write_value(&head.value, user)?;
            check_header(&head.name, &filled.text[start..], place)?;
            filled.ends.push(filled.text.len());
        }
        if let Some(cookie) = &self.cookie {
            let text = cookie.text(&mut user.mind)?;
            check_header("Cookie", text.as_bytes(), cookie.place())?;
            filled.cookie = Some(text);
        }
        filled.keys = self.auth.keys(&mut user.mind)?;
        self.body.write(user, filled)
    }
}

impl Filled {
    /// One with empty buffers.
    pub fn new() -> Self {
        Self::default()
    }

    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.body.clear();
        self.boundary.clear();
        (self.place, self.cookie, self.keys, self.traced, self.records) = (None, None, None, None, 0);
    }

    /// Writes the value of a header, and says where its hole stands.
    fn write_value<'a>(&mut self, value: &'a HeadValue, user: &mut User) -> Result<&'a str, Trouble> {
        match value {
            HeadValue::Text(text) => {
                text.write(&mut user.mind, Escape::None, &mut self.text)?;
                return Ok(text.place());
            }
            HeadValue::Basic(name, password) => {
                let pair = format!("{}:{}", name.text(&mut user.mind)?, password.text(&mut user.mind)?);
                self.text.extend_from_slice(b"Basic ");
                self.text.extend_from_slice(STANDARD.encode(pair).as_bytes());
                return Ok(name.place());
            }
            HeadValue::Multipart => {
                self.text.extend_from_slice(b"multipart/form-data; boundary=");
                self.text.extend_from_slice(self.boundary.as_bytes());
            }
            HeadValue::Trace(sampling) => {
                let context = TraceContext::of(user.trace_numbers(), *sampling);
                let start = self.text.len();
                self.text.extend_from_slice(&context.traceparent());
                self.traced = Some(Traced { context, place: start..self.text.len(), attempts: 0 });
            }
        }
        Ok("")
    }

    pub(crate) fn path(&self) -> &[u8] {
        &self.text[..self.ends.first().copied().unwrap_or_default()]
    }

    pub(crate) fn value(&self, place: usize) -> &[u8] {
        &self.text[self.ends[place]..self.ends[place + 1]]
    }

    /// The body as it is sent.
    pub fn body<'a>(&'a self, call: &'a Call) -> &'a [u8] {
        match &call.body {
            BodyPlan::None => &[],
            BodyPlan::Fixed(bytes) => bytes,
            _ => &self.body,
        }
    }

    /// How many records a bulk request carries; 0 for others.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Makes another attempt of it, if it is traced: of the same trace, with a span of its own. `which` tells apart
    /// attempts that follow the same one. Nothing is drawn for it: whether there is another attempt is the service's
    /// doing, which must not change what the user draws after it.
    pub fn begin_span(&mut self, which: u64) {
        let Some(Traced { context, place, attempts }) = &mut self.traced else { return };
        *context = context.another(Random::derived(context.span, &[which]).number());
        *attempts += 1;
        self.text[place.clone()].copy_from_slice(&context.traceparent());
    }

    /// What the service is told of its trace, and how many attempts came before; `None` if it is told nothing.
    pub fn trace(&self) -> Option<(TraceContext, u32)> {
        self.traced.as_ref().map(|traced| (traced.context, traced.attempts))
    }

    /// Where it goes, if that was not known before: else [`Call::origin`] says.
    pub fn own_url(&self) -> Option<&Url> {
        self.place.as_ref().map(|place| &place.url)
    }

    /// `Authorization`, where the URL says it.
    pub(crate) fn login(&self) -> Option<&str> {
        self.place.as_ref()?.login.as_deref()
    }

    /// The whole URL.
    pub fn url(&self, call: &Call) -> Url {
        let Target::Path { origin, path } = &call.target else {
            // Filled from a whole URL, so it is there; before the first filling there is none to tell.
            return self.own_url().cloned().unwrap_or_else(nowhere);
        };
        let path = path.fixed().map_or_else(|| String::from_utf8_lossy(self.path()), Into::into);
        // Not joined: a path that begins with two slashes would lead to another host.
        let (path, query) = path.split_once('?').map_or((&*path, None), |(path, query)| (path, Some(query)));
        let mut url = origin.url.clone();
        url.set_path(path);
        url.set_query(query);
        url
    }

    /// The same as a plain request, for redirects, proxies and HTTP/2.
    pub fn request(&self, call: &Call, cookies: Option<&str>, extra: &[(&str, &str)]) -> Result<Request, RequestError> {
        let mut request = Request::new(&call.method, self.url(call).as_str())?;
        let mut place = 0;
        for head in &call.heads {
            let value = match head.as_fixed() {
                Some(text) => text.as_bytes(),
                None => {
                    place += 1;
                    self.value(place - 1)
                }
            };
            request = request.with_header(Header::new(&head.name, value)?);
        }
        let all: Vec<&str> = self.cookie.as_deref().into_iter().chain(cookies).collect();
        if !all.is_empty() {
            request = request.with_header(Header::new("Cookie", all.join("; "))?);
        }
        if let Some(login) = self.login() {
            request = request.with_header(Header::new("Authorization", login.as_bytes())?);
        }
        for (name, value) in extra {
            request = request.with_header(Header::new(name, *value)?);
        }
        Ok(request.with_body(self.body(call)))
    }
}

fn nowhere() -> Url {
    Url::parse("http://localhost/").expect("a URL")
}
