//! A request in the form in which it goes to the wire, made once and sent many times.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use onrush_plan::{ClientSettings, Protocol, Request};

use crate::clock::Instant;
use crate::dial::Peer;
use crate::failure::Failure;
use crate::http1::Expect;
use crate::http2::{Target, Wire};
use crate::kept::{Keeper, Kept};
use crate::origin::Origin;

/// What goes into `User-Agent` unless the request says otherwise.
const USER_AGENT: &str = concat!("onrush/", env!("CARGO_PKG_VERSION"));

/// A request ready to be sent.
#[derive(Debug)]
pub struct Prepared {
    /// `None`: it was made from bytes.
    request: Option<Request>,
    origin: Rc<Origin>,
    expect: Expect,
    idempotent: bool,
    keep_alive: bool,
    timeout: Option<Duration>,
    /// When the time began to run, if that was before it is sent.
    begun: Option<Instant>,
    /// What is kept of the answer, if anybody wants something of it. Of HTTP/2 it is in the wire.
    kept: Option<RefCell<Kept>>,
    form: Form,
}

#[derive(Debug)]
enum Form {
    Http1 {
        wire: Box<[u8]>,
        /// The same with the whole URL in the request line, for a forward proxy; made when one is met.
        absolute: OnceCell<Box<[u8]>>,
    },
    Http2(Rc<Wire>),
}

impl Prepared {
    /// Prepares `request` for the settings' protocol.
    pub fn new(request: &Request, settings: &ClientSettings) -> Result<Self, Failure> {
        let form = match settings.protocol {
            Protocol::Http1 { .. } => Form::Http1 {
                wire: http1_wire(request, settings.keep_alive, origin_form(request), None),
                absolute: OnceCell::new(),
            },
            Protocol::Http2 { .. } => Form::Http2(Rc::new(http2_wire(request)?)),
        };
        let method = request.method();
        Ok(Self {
            origin: Rc::new(Origin::of(request.url())),
            expect: Expect { no_body: method == "HEAD" },
            idempotent: is_idempotent(method),
            keep_alive: settings.keep_alive,
            timeout: None,
            begun: None,
            kept: None,
            form,
            request: Some(request.clone()),
        })
    }

    /// A request in the bytes of HTTP/1.1, for a client that takes such ([`crate::Client::takes_bytes`]) and follows no
    /// redirects. They say themselves whether the connection is kept.
    pub fn from_wire(origin: Rc<Origin>, method: &str, wire: &[u8]) -> Self {
        Self {
            request: None,
            origin,
            expect: Expect { no_body: method == "HEAD" },
            idempotent: is_idempotent(method),
            keep_alive: true,
            timeout: None,
            begun: None,
            kept: None,
            form: Form::Http1 { wire: wire.into(), absolute: OnceCell::new() },
        }
    }

    /// Gives it a time of its own for the whole request.
    pub fn limit(&mut self, timeout: Option<Duration>) {
        self.timeout = timeout;
    }

    /// It is a part of a request that was begun before: the time for the whole runs from then on.
    pub fn begun_at(&mut self, begun: Instant) {
        self.begun = Some(begun);
    }

    /// Something of its answer is to be kept.
    pub fn keep(&mut self, kept: Kept) {
        match &mut self.form {
            Form::Http1 { .. } => self.kept = Some(RefCell::new(kept)),
            Form::Http2(wire) => {
                if let Some(wire) = Rc::get_mut(wire) {
                    wire.kept = Some(RefCell::new(kept));
                }
            }
        }
    }

    /// What was kept of the answer.
    pub fn take_kept(&self) -> Option<Kept> {
        let kept = match &self.form {
            Form::Http1 { .. } => self.kept.as_ref(),
            Form::Http2(wire) => wire.kept.as_ref(),
        };
        let mut kept = kept.map(RefCell::take)?;
        kept.settle();
        Some(kept)
    }

    /// What it was made from, unless that was bytes.
    pub fn request(&self) -> Option<&Request> {
        self.request.as_ref()
    }

    /// The time for the whole request, where it is not the client's.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// When the time for the whole request began to run, if that was before it is sent.
    pub(crate) fn begun(&self) -> Option<Instant> {
        self.begun
    }

    /// Takes what is kept of an answer that begins now.
    pub(crate) fn keeper(&self) -> Keeper<'_> {
        if let Some(kept) = &self.kept {
            kept.borrow_mut().begin();
        }
        Keeper(self.kept.as_ref())
    }

    /// Where it goes.
    pub fn origin(&self) -> &Rc<Origin> {
        &self.origin
    }

    /// What the answer looks like.
    pub fn expect(&self) -> &Expect {
        &self.expect
    }

    /// Whether it may be sent again when nobody knows whether it arrived.
    pub fn is_idempotent(&self) -> bool {
        self.idempotent
    }

    /// Head and body for people: in HTTP/1.1 the bytes that were sent, in HTTP/2 a line for each field.
    pub fn shown(&self) -> (String, &[u8]) {
        match &self.form {
            Form::Http1 { wire, absolute } => {
                let wire = absolute.get().unwrap_or(wire);
                let end = wire.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(wire.len());
                (String::from_utf8_lossy(&wire[..end]).into_owned(), wire.get(end + 4..).unwrap_or_default())
            }
            Form::Http2(wire) => (wire.to_string(), wire.body()),
        }
    }

    /// The bytes of HTTP/1.1 for whoever reads them.
    pub(crate) fn http1(&self, reader: &Peer) -> &[u8] {
        match (&self.form, reader) {
            (Form::Http1 { wire, .. }, Peer::Service) => wire,
            (Form::Http1 { wire, absolute }, Peer::ForwardProxy(proxy)) => absolute.get_or_init(|| {
                let Some(request) = &self.request else { return wire.clone() };
                http1_wire(request, self.keep_alive, &absolute_form(request), proxy.credentials.as_deref())
            }),
            (Form::Http2(_), _) => &[],
        }
    }

    /// The bytes of HTTP/2.
    pub(crate) fn http2(&self) -> Option<&Rc<Wire>> {
        match &self.form {
            Form::Http2(wire) => Some(wire),
            Form::Http1 { .. } => None,
        }
    }
}

/// RFC 9110 §9.2.2: these may be repeated when a connection breaks.
fn is_idempotent(method: &str) -> bool {
    ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"].contains(&method)
}

fn origin_form(request: &Request) -> &str {
    &request.url()[url::Position::BeforePath..]
}

/// Without a user's name and password, which are nobody's business on the way (RFC 9110 §4.2.4).
fn absolute_form(request: &Request) -> String {
    let url = request.url();
    format!("{}://{}{}", url.scheme(), authority(request), origin_form(request))
}

fn http1_wire(request: &Request, keep_alive: bool, target: &str, proxy_credentials: Option<&str>) -> Box<[u8]> {
    let mut wire = Vec::with_capacity(256 + request.body().len());
    let mut line = |name: &str, value: &[u8]| {
        wire.extend_from_slice(name.as_bytes());
        wire.extend_from_slice(b": ");
        wire.extend_from_slice(value);
        wire.extend_from_slice(b"\r\n");
    };
    if request.header("host").is_none() {
        line("Host", authority(request).as_bytes());
    }
    if request.header("user-agent").is_none() {
        line("User-Agent", USER_AGENT.as_bytes());
    }
    if request.header("accept").is_none() {
        line("Accept", b"*/*");
    }
    if let Some(credentials) = proxy_credentials {
        line("Proxy-Authorization", credentials.as_bytes());
    }
    for header in request.headers() {
        line(header.name(), header.value());
    }
    if announces_length(request) {
        line("Content-Length", request.body().len().to_string().as_bytes());
    }
    if !keep_alive {
        line("Connection", b"close");
    }
    let start = format!("{} {target} HTTP/1.1\r\n", request.method());
    [start.as_bytes(), &wire, b"\r\n", request.body()].concat().into()
}

/// Methods whose meaning is in their body say so even when it is empty (RFC 9110 §8.6).
fn announces_length(request: &Request) -> bool {
    !request.body().is_empty() || ["POST", "PUT", "PATCH"].contains(&request.method())
}

/// The host as it was typed, with the port unless it is the scheme's own.
fn authority(request: &Request) -> String {
    let url = request.url();
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn http2_wire(request: &Request) -> Result<Wire, Failure> {
    let authority = match request.header("host") {
        Some(host) => String::from_utf8_lossy(host).into_owned(),
        None => authority(request),
    };
    let target = Target {
        method: request.method(),
        scheme: request.url().scheme(),
        authority: &authority,
        path: origin_form(request),
    };
    let length = request.body().len().to_string();
    let ours = [
        ("user-agent", USER_AGENT, request.header("user-agent").is_none()),
        ("accept", "*/*", request.header("accept").is_none()),
        ("content-length", &length, announces_length(request)),
    ];
    let ours = ours.iter().filter(|(_, _, is_wanted)| *is_wanted).map(|(name, value, _)| (*name, value.as_bytes()));
    let theirs = request.headers().iter().filter(|header| !header.name().eq_ignore_ascii_case("host"));
    Wire::new(&target, ours.chain(theirs.map(|header| (header.name(), header.value()))), request.body())
}

#[cfg(test)]
mod tests {
    use onrush_plan::Header;

    use super::*;
    use crate::dial::ForwardProxy;

    #[test]
    fn the_wire_says_what_was_asked() {
        let post = Request::new("POST", "http://shop.example.com:8080/cart?x=1#top")
            .unwrap()
            .with_header(Header::new("X-Case", "Kept").unwrap())
            .with_header(Header::new("user-agent", "mine").unwrap())
            .with_body("hello");
        let prepared =
            Prepared::new(&post, &ClientSettings { keep_alive: false, ..ClientSettings::default() }).unwrap();
        let expected = "POST /cart?x=1 HTTP/1.1\r\nHost: shop.example.com:8080\r\nAccept: */*\r\nX-Case: Kept\r\n\
                        user-agent: mine\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
        assert_eq!(std::str::from_utf8(prepared.http1(&Peer::Service)).unwrap(), expected);
        let proxy = Peer::ForwardProxy(Box::new(ForwardProxy { credentials: Some("Basic eA==".into()) }));
        let proxied = String::from_utf8(prepared.http1(&proxy).to_vec()).unwrap();
        assert!(proxied.starts_with("POST http://shop.example.com:8080/cart?x=1 HTTP/1.1\r\n"), "{proxied}");
        assert!(proxied.contains("\r\nProxy-Authorization: Basic eA==\r\n"), "{proxied}");
    }

    #[test]
    fn http2_has_its_own_form() {
        let settings = ClientSettings { protocol: Protocol::Http2 { streams: 1 }, ..ClientSettings::default() };
        let get = Request::new("GET", "https://[::1]:8443/a").unwrap();
        let own = Prepared::new(&get, &settings).unwrap();
        let other = get.clone().with_header(Header::new("Host", "b.example.com").unwrap());
        let other = Prepared::new(&other, &settings).unwrap();
        for (prepared, authority) in [(own, "[::1]:8443"), (other, "b.example.com")] {
            assert_eq!(
                prepared.http2().unwrap().to_string(),
                format!(
                    ":method: GET\n:scheme: https\n:path: /a\n:authority: {authority}\nuser-agent: {USER_AGENT}\n\
                     accept: */*\n"
                )
            );
        }
    }
}
