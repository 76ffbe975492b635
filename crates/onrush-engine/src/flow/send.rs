//! A filled request on its way: credentials and cookies added, redirects followed, bodies decoded.

use std::borrow::Cow;
use std::io::Read;
use std::time::Duration;

use flate2::read::{GzDecoder, ZlibDecoder};
use onrush_metrics::ErrorKind;
use onrush_net::clock::Instant;
use onrush_net::{Exchange, Failure, Kept, Prepared};
use onrush_plan::{Header, Request};
use onrush_user::{Auth, Call, Filled};
use url::Url;

use super::conns::Conn;
use super::tracer;
use super::walk::Walk;
use crate::wall;

/// A header that is not in the file.
type Extra = (&'static str, String);

/// What proves who a request is from.
struct Proof {
    headers: Vec<Extra>,
    /// What it took to get it, begun when the request was.
    cost: Exchange,
}

/// An attempt that has ended.
pub(super) struct Sent {
    pub(super) exchange: Exchange,
    /// What was kept of the last answer.
    pub(super) kept: Kept,
    /// The URL that was asked last, where somebody wants to know.
    pub(super) url: Option<Url>,
}

impl Sent {
    fn failed(failure: Failure) -> Self {
        Self { exchange: Exchange::failed(failure), kept: Kept::default(), url: None }
    }

    /// Nothing came of it.
    pub(super) fn nothing() -> Self {
        Self::failed(Failure::new(ErrorKind::Script, "nothing was sent"))
    }

    pub(super) fn is_answered(&self) -> bool {
        self.exchange.result.is_ok()
    }

    /// Where the answer redirects to.
    fn redirect(&self) -> Option<(u16, String)> {
        let Ok(status @ 300..=399) = self.exchange.result else { return None };
        let location = self.kept.headers("location").next()?;
        Some((status, String::from_utf8_lossy(location).into_owned()))
    }
}

impl Walk<'_> {
    /// Sends a request and follows redirects.
    pub(super) async fn send(&self, call: &Call, filled: &mut Filled, conn: &mut Conn) -> Sent {
        let proof = match call.auth() {
            Auth::Headers => None,
            // On the heap, since most requests need neither.
            _ => match Box::pin(self.credentials(call, filled, conn)).await {
                Ok(proof) => Some(proof),
                Err(exchange) => return Sent { exchange: *exchange, kept: Kept::default(), url: None },
            },
        };
        let mut prepared = match self.prepare(call, filled, headers_of(proof.as_deref())) {
            Ok(prepared) => prepared,
            Err(failure) => return Sent::failed(failure),
        };
        if let Some(proof) = &proof {
            prepared.begun_at(proof.cost.started);
        }
        let exchange = self.client.send(&mut conn.session, &prepared, &mut conn.deadline).await;
        let mut sent = Sent { exchange, kept: prepared.take_kept().unwrap_or_default(), url: None };
        if let Some(proof) = &proof {
            // Fetching a token is the service's time and not the generator's.
            sent.exchange.started = proof.cost.started;
            sent.exchange.add_traffic_of(&proof.cost);
        }
        if let Some(tracer) = self.caller.tracer() {
            tracer.sent(&prepared, &sent.exchange, &sent.kept);
        }
        let sets_cookies = self.part.cookies && sent.kept.headers("set-cookie").next().is_some();
        let redirect = sent.redirect().filter(|_| self.redirects(call) > 0);
        if sets_cookies || redirect.is_some() || call.wants_url() {
            let url = filled.url(call);
            self.keep_cookies(&url, &sent.kept);
            sent.url = Some(url);
        }
        match redirect {
            None => sent,
            Some(redirect) => {
                // A signature is good for one request; tokens are sent along, where they are not for another host.
                let lasting = if matches!(call.auth(), Auth::SigV4(_)) {
                    Vec::new()
                } else {
                    borrowed(headers_of(proof.as_deref()))
                };
                match filled.request(call, None, &lasting) {
                    Ok(request) => Box::pin(self.follow(call, filled, request, redirect, sent, conn)).await,
                    Err(error) => Sent { exchange: sent.exchange.ending(refused(&error)), ..sent },
                }
            }
        }
    }

    /// Ready for the wire. What is the same for all is copied in blocks; only where somebody has to understand the
    /// request, such as a proxy or HTTP/2, is it taken apart.
    fn prepare(&self, call: &Call, filled: &mut Filled, extra: &[Extra]) -> Result<Box<Prepared>, Failure> {
        let cookies = self.cookies(|| filled.url(call));
        let (cookies, extra) = (cookies.as_deref(), borrowed(extra));
        let origin = filled.own_url().or(call.origin()).filter(|_| self.client.takes_bytes());
        // On the heap, or the user would carry its room while it thinks.
        let mut prepared = Box::new(match origin.map(|url| self.caller.origins().of(url)) {
            Some(origin) => Prepared::from_wire(origin, call.method(), filled.http1(call, cookies, &extra)),
            None => {
                let request = filled.request(call, cookies, &extra).map_err(|error| refused(&error))?;
                Prepared::new(&request, self.client.settings())?
            }
        });
        self.keep_for(&mut prepared, call);
        Ok(prepared)
    }

    /// What is looked at, or may have to be: cookies, where a redirect leads, when to come back.
    fn keep_for(&self, prepared: &mut Prepared, call: &Call) {
        let body = match self.caller.tracer() {
            _ if call.wants_body() => call.keep(),
            Some(_) => tracer::KEPT,
            None => 0,
        };
        let head =
            self.part.cookies || call.wants_head() || body > 0 || call.retry().is_some() || self.redirects(call) > 0;
        prepared.keep(self.caller.kept().wanting(head, body));
        prepared.limit(call.timeout());
    }

    /// Follows redirects from an answer on.
    async fn follow(
        &self,
        call: &Call,
        filled: &Filled,
        mut request: Request,
        (mut status, mut location): (u16, String),
        mut sent: Sent,
        conn: &mut Conn,
    ) -> Sent {
        let most = self.redirects(call);
        let origin = request.url().origin();
        for _ in 0..most {
            let next = request.redirected(status, &location).map_err(|error| {
                let text = format!("the redirect to `{location}` cannot be followed: {error}");
                Failure::new(ErrorKind::Redirect, text)
            });
            let ready = next.and_then(|next| {
                let cookies = self.cookies(|| next.url().clone());
                let is_ours = next.url().origin() == origin;
                let signed = if is_ours { filled.signature_of(call, &next, wall::now()) } else { Vec::new() };
                // What was written by hand stays, and the jar's go with each hop anew.
                let dressed = with_headers(&next, cookies.as_deref(), signed)?;
                let mut prepared = Prepared::new(&dressed, self.client.settings())?;
                self.keep_for(&mut prepared, call);
                prepared.begun_at(sent.exchange.started);
                Ok((next, prepared))
            });
            let prepared;
            (request, prepared) = match ready {
                Ok(ready) => ready,
                Err(failure) => return Sent { exchange: sent.exchange.ending(failure), ..sent },
            };
            let hop = self.client.send(&mut conn.session, &prepared, &mut conn.deadline).await;
            self.caller.take_back_kept(std::mem::take(&mut sent.kept));
            let kept = prepared.take_kept().unwrap_or_default();
            if let Some(tracer) = self.caller.tracer() {
                tracer.redirected(request.url().as_str());
                tracer.sent(&prepared, &hop, &kept);
            }
            self.keep_cookies(request.url(), &kept);
            sent = Sent { exchange: hop.redirected_from(sent.exchange), kept, url: Some(request.url().clone()) };
            match sent.redirect() {
                Some(next) => (status, location) = next,
                None => return sent,
            }
        }
        let times = if most == 1 { "redirect" } else { "redirects" };
        let failure = Failure::new(ErrorKind::Redirect, format!("more than {most} {times}, the last to `{location}`"));
        Sent { exchange: sent.exchange.ending(failure), ..sent }
    }

    /// Headers that prove who a request is from.
    async fn credentials(&self, call: &Call, filled: &Filled, conn: &mut Conn) -> Result<Box<Proof>, Box<Exchange>> {
        let mut cost = Exchange::begun(Instant::now());
        let headers = match call.auth() {
            Auth::Headers => Vec::new(),
            Auth::SigV4(_) => filled.signature(call, wall::now()),
            Auth::OAuth2(source) => match self.token(source, self.timeout(call), conn, &mut cost).await {
                Ok(token) => vec![("Authorization", format!("Bearer {token}"))],
                Err(failure) => return Err(Box::new(cost.ending(failure))),
            },
        };
        Ok(Box::new(Proof { headers, cost }))
    }

    /// The time for a whole request: its token, its redirects.
    fn timeout(&self, call: &Call) -> Duration {
        call.timeout().unwrap_or(self.client.settings().timeout)
    }

    fn redirects(&self, call: &Call) -> u32 {
        call.redirects().unwrap_or(self.caller.redirects)
    }

    /// The jar's cookies for a URL, which is only asked for if there are any.
    fn cookies(&self, url: impl FnOnce() -> Url) -> Option<String> {
        let jar = self.jar.borrow();
        if jar.is_empty() { None } else { jar.header_for(&url(), wall::now()) }
    }

    fn keep_cookies(&self, url: &Url, kept: &Kept) {
        let cookies = kept.headers("set-cookie").filter(|_| self.part.cookies);
        for cookie in cookies.filter_map(|bytes| std::str::from_utf8(bytes).ok()) {
            // What a browser would not take either is no failure of the request.
            let taken = self.jar.borrow_mut().take(url, cookie, wall::now());
            if let Some(tracer) = self.caller.tracer() {
                tracer.cookie(cookie, taken.err().map(|refused| refused.to_string()));
            }
        }
    }
}

fn headers_of(proof: Option<&Proof>) -> &[Extra] {
    proof.map_or(&[], |proof| &proof.headers)
}

fn borrowed(extra: &[Extra]) -> Vec<(&str, &str)> {
    extra.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

fn with_headers(request: &Request, cookies: Option<&str>, further: Vec<Extra>) -> Result<Request, Failure> {
    let refused = |error| refused(&error);
    let mut request = request.clone();
    if let Some(cookies) = cookies {
        request = request.with_cookies(cookies).map_err(refused)?;
    }
    for (name, value) in further {
        request = request.with_header(Header::new(name, value).map_err(refused)?);
    }
    Ok(request)
}

fn refused(error: &onrush_plan::RequestError) -> Failure {
    Failure::new(ErrorKind::Script, error.to_string())
}

/// A body as its author wrote it.
pub(super) struct Body<'a> {
    /// As far as it was kept.
    pub(super) bytes: Cow<'a, [u8]>,
    /// Whether some of it is missing.
    pub(super) is_cut: bool,
    /// How long all of it is, where that is known.
    pub(super) size: Option<u64>,
}

/// A body as its author wrote it, as far as it was kept and up to `limit` bytes.
pub(super) fn decoded(kept: &Kept, limit: usize) -> Body<'_> {
    let coding = if kept.body().is_empty() { None } else { kept.headers("content-encoding").next() };
    // A byte more than the limit tells that it was passed.
    let room = (limit as u64).saturating_add(1);
    let mut plain = Vec::new();
    let read = match coding {
        Some(b"gzip" | b"x-gzip") => GzDecoder::new(kept.body()).take(room).read_to_end(&mut plain),
        Some(b"deflate") => ZlibDecoder::new(kept.body()).take(room).read_to_end(&mut plain),
        _ => {
            let (bytes, is_cut) = (Cow::Borrowed(kept.body()), kept.is_truncated());
            return Body { bytes, is_cut, size: Some(kept.size()) };
        }
    };
    let is_cut = read.is_err() || plain.len() > limit || kept.is_truncated();
    plain.truncate(limit);
    Body { bytes: Cow::Owned(plain), is_cut, size: None }
}
