//! A user's cookies (RFC 6265). A jar of our own, as most users have one to three cookies and there are very many users:
//! an empty jar is one word, a cookie is one block of memory.

use std::cmp::Reverse;
use std::time::Duration;

use cookie::Cookie;
use url::{Host, Url};

/// The most cookies that a jar keeps for all hosts together; the ones that were set longest ago go first (§5.3 lets
/// clients set limits, and a service that sets one a request must not fill the memory).
const MOST: usize = 300;

/// The longest cookie, name and value together, in bytes (§6.1).
const LONGEST: usize = 4096;

/// A user's cookies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::box_collection, reason = "most users have no cookie: one word instead of three")]
pub struct Jar(Option<Box<Vec<Kept>>>);

/// A cookie that is kept.
#[derive(Clone, PartialEq, Eq)]
struct Kept {
    /// Name, value, domain and path, one after the other.
    text: Box<str>,
    name: u16,
    value: u16,
    domain: u16,
    /// Whether it goes to this host alone, and not to those below it.
    is_host_only: bool,
    is_secure: bool,
    /// When it ends, in milliseconds since the epoch; `u64::MAX`: with the user.
    ends: u64,
}

/// Why a cookie was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CookieRefused {
    /// It is not `name=value`.
    #[error("a `Set-Cookie` header is not `name=value`")]
    Malformed,
    /// It is for a host that the answer does not speak for.
    #[error("`{host}` set a cookie for another domain: `{domain}`")]
    OtherDomain {
        /// Who set it.
        host: String,
        /// For whom.
        domain: String,
    },
    /// It is longer than clients keep.
    #[error("the cookie `{0}` is longer than 4,096 bytes")]
    TooLong(String),
}

impl Jar {
    /// An empty jar.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.cookies().is_empty()
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0 = None;
    }

    fn cookies(&self) -> &[Kept] {
        self.0.as_deref().map(Vec::as_slice).unwrap_or_default()
    }

    /// The `Cookie` header for a request (§5.4): those with longer paths first, else in the order in which they came.
    pub fn header_for(&self, url: &Url, now: Duration) -> Option<String> {
        let now = millis(now);
        let host = host(url);
        let fits = |cookie: &&Kept| cookie.ends > now && cookie.goes_to(url, &host);
        let mut fitting: Vec<&Kept> = self.cookies().iter().filter(fits).collect();
        fitting.sort_by_key(|cookie| Reverse(cookie.path().len()));
        let mut header = String::new();
        for cookie in fitting {
            header.push_str(if header.is_empty() { "" } else { "; " });
            header.push_str(cookie.name());
            header.push('=');
            header.push_str(cookie.value());
        }
        (!header.is_empty()).then_some(header)
    }

    /// The value of a cookie that a request would carry.
    pub fn value(&self, name: &str, url: &Url, now: Duration) -> Option<&str> {
        let (host, now) = (host(url), millis(now));
        let fits = |cookie: &&Kept| cookie.name() == name && cookie.ends > now && cookie.goes_to(url, &host);
        self.cookies().iter().find(fits).map(Kept::value)
    }

    /// Takes what a `Set-Cookie` header of an answer from `url` says (§5.3): keeps it, replaces one of the same name,
    /// domain and path, or forgets that one if it has ended.
    pub fn take(&mut self, url: &Url, set_cookie: &str, now: Duration) -> Result<(), CookieRefused> {
        let cookie = Cookie::parse(set_cookie).map_err(|_| CookieRefused::Malformed)?;
        let cookie = Kept::new(&cookie, url, now)?;
        let cookies = self.0.get_or_insert_default();
        let same = cookies.iter().position(|known| known.is_same(&cookie));
        let has_ended = cookie.ends <= millis(now);
        match (same, has_ended) {
            (Some(place), true) => {
                cookies.remove(place);
            }
            (Some(place), false) => cookies[place] = cookie,
            (None, true) => {}
            (None, false) => {
                if cookies.len() == MOST {
                    cookies.remove(0);
                }
                cookies.reserve_exact(1);
                cookies.push(cookie);
            }
        }
        if cookies.is_empty() {
            self.0 = None;
        }
        Ok(())
    }
}

impl Kept {
    fn new(cookie: &Cookie<'_>, url: &Url, now: Duration) -> Result<Self, CookieRefused> {
        let (name, value) = cookie.name_value();
        if name.len() + value.len() > LONGEST {
            return Err(CookieRefused::TooLong(name.to_owned()));
        }
        let host = host(url);
        let asked = cookie.domain().map(|domain| domain.trim_start_matches('.').to_ascii_lowercase());
        let (domain, is_host_only) = match asked.filter(|domain| !domain.is_empty()) {
            None => (host, true),
            Some(domain) if domain == host => (domain, !matches!(url.host(), Some(Host::Domain(_)))),
            // No list of public suffixes: a name without a dot is one, others are trusted, as services under test
            // do not attack each other.
            Some(domain) if domain.contains('.') && is_below(&host, &domain) && !is_address(url) => (domain, false),
            Some(domain) => return Err(CookieRefused::OtherDomain { host, domain }),
        };
        let path = cookie.path().filter(|path| path.starts_with('/')).unwrap_or_else(|| default_path(url));
        // Domain names are at most 253 bytes, name and value were measured; a path may be as long as a URL.
        let path = path.get(..LONGEST.min(path.len())).unwrap_or("/");
        Ok(Self {
            text: [name, value, &domain, path].concat().into(),
            name: name.len() as u16,
            value: value.len() as u16,
            domain: domain.len() as u16,
            is_host_only,
            is_secure: cookie.secure().unwrap_or(false),
            ends: ends(cookie, now),
        })
    }

    fn name(&self) -> &str {
        &self.text[..usize::from(self.name)]
    }

    fn value(&self) -> &str {
        &self.text[usize::from(self.name)..][..usize::from(self.value)]
    }

    fn domain(&self) -> &str {
        &self.text[usize::from(self.name) + usize::from(self.value)..][..usize::from(self.domain)]
    }

    fn path(&self) -> &str {
        &self.text[usize::from(self.name) + usize::from(self.value) + usize::from(self.domain)..]
    }

    fn is_same(&self, other: &Self) -> bool {
        (self.name(), self.domain(), self.path()) == (other.name(), other.domain(), other.path())
    }

    fn goes_to(&self, url: &Url, host: &str) -> bool {
        let is_its_host = self.domain() == host || (!self.is_host_only && is_below(host, self.domain()));
        // As browsers do: what is on this machine is as good as encrypted.
        let is_safe = url.scheme() == "https" || is_loopback(url);
        is_its_host && (!self.is_secure || is_safe) && path_fits(url.path(), self.path())
    }
}

/// Values are credentials.
impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}=… for {}{}", self.name(), self.domain(), self.path())
    }
}

fn millis(time: Duration) -> u64 {
    time.as_millis() as u64
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_ascii_lowercase()
}

fn is_address(url: &Url) -> bool {
    matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|before| before.ends_with('.'))
}

/// §5.1.4: up to the last slash, without it.
fn default_path(url: &Url) -> &str {
    match url.path().rfind('/') {
        None | Some(0) => "/",
        Some(place) => &url.path()[..place],
    }
}

fn path_fits(path: &str, cookie: &str) -> bool {
    path.strip_prefix(cookie).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || cookie.ends_with('/'))
}

/// `Max-Age` before `Expires` (§4.1.2.2).
fn ends(cookie: &Cookie<'_>, now: Duration) -> u64 {
    if let Some(age) = cookie.max_age() {
        let seconds = u64::try_from(age.whole_seconds()).unwrap_or(0);
        return if seconds == 0 { 0 } else { millis(now).saturating_add(seconds.saturating_mul(1_000)) };
    }
    match cookie.expires_datetime() {
        Some(date) => u64::try_from(date.unix_timestamp()).unwrap_or(0).saturating_mul(1_000),
        None => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_700_000_000);

    fn url(url: &str) -> Url {
        Url::parse(url).unwrap()
    }

    #[test]
    fn cookies_go_where_they_belong() {
        for (set_by, set_cookie, asked, goes) in [
            ("http://a.example.com/x/y", "s=1", "http://a.example.com/x", true),
            ("http://a.example.com/x/y", "s=1", "http://a.example.com/x/z?q", true),
            ("http://a.example.com/x/y", "s=1", "http://a.example.com/xy", false),
            ("http://a.example.com/x/y", "s=1", "http://a.example.com/", false),
            ("http://a.example.com/x/y", "s=1; Path=/", "http://a.example.com:81/", true),
            ("http://a.example.com/", "s=1", "http://b.a.example.com/", false),
            ("http://a.example.com/", "s=1", "http://A.example.com/", true),
            ("http://a.example.com/", "s=1; Domain=example.com", "http://b.example.com/", true),
            ("http://a.example.com/", "s=1; Domain=.Example.com", "http://example.com/", true),
            ("http://a.example.com/", "s=1; Domain=example.com", "http://badexample.com/", false),
            ("https://a.example.com/", "s=1; Secure", "http://a.example.com/", false),
            ("https://a.example.com/", "s=1; Secure", "https://a.example.com/", true),
            ("http://127.0.0.1:8080/", "s=1; Secure", "http://127.0.0.1:8080/", true),
            ("http://127.0.0.1/", "s=1; Domain=127.0.0.1", "http://127.0.0.1/", true),
            ("http://a.example.com/", "s=1; Max-Age=0", "http://a.example.com/", false),
            ("http://a.example.com/", "s=1; Max-Age=-5", "http://a.example.com/", false),
            ("http://a.example.com/", "s=1; Max-Age=5", "http://a.example.com/", true),
            ("http://a.example.com/", "s=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "http://a.example.com/", false),
            ("http://a.example.com/", "s=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT", "http://a.example.com/", true),
            (
                "http://a.example.com/",
                "s=1; Max-Age=0; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
                "http://a.example.com/",
                false,
            ),
            ("http://a.example.com/", "s=1; Expires=soon", "http://a.example.com/", true),
        ] {
            let mut jar = Jar::new();
            jar.take(&url(set_by), set_cookie, NOW).unwrap();
            let header = jar.header_for(&url(asked), NOW);
            assert_eq!(header.as_deref(), goes.then_some("s=1"), "{set_cookie} of {set_by} to {asked}");
        }
    }

    #[test]
    fn cookies_of_others_are_refused() {
        for (set_by, set_cookie, expected) in [
            (
                "http://a.example.com/",
                "s=1; Domain=b.example.com",
                "`a.example.com` set a cookie for another domain: `b.example.com`",
            ),
            (
                "http://a.example.com/",
                "s=1; Domain=x.a.example.com",
                "`a.example.com` set a cookie for another domain: `x.a.example.com`",
            ),
            ("http://a.example.com/", "s=1; Domain=com", "`a.example.com` set a cookie for another domain: `com`"),
            ("http://127.0.0.1/", "s=1; Domain=0.0.1", "`127.0.0.1` set a cookie for another domain: `0.0.1`"),
            ("http://a.example.com/", "nothing", "a `Set-Cookie` header is not `name=value`"),
            ("http://a.example.com/", "=", "a `Set-Cookie` header is not `name=value`"),
        ] {
            let mut jar = Jar::new();
            assert_eq!(jar.take(&url(set_by), set_cookie, NOW).unwrap_err().to_string(), expected);
            assert!(jar.is_empty());
        }
        let long = format!("s={}", "x".repeat(5_000));
        assert_eq!(
            Jar::new().take(&url("http://a.example.com/"), &long, NOW),
            Err(CookieRefused::TooLong("s".to_owned()))
        );
    }

    #[test]
    fn cookies_are_replaced_and_end() {
        let shop = url("http://a.example.com/cart/");
        let mut jar = Jar::new();
        for set_cookie in ["a=1; Path=/", "b=2; Max-Age=10; Path=/", "c=3; Path=/cart", "a=4; Path=/"] {
            jar.take(&shop, set_cookie, NOW).unwrap();
        }
        assert_eq!(jar.header_for(&shop, NOW).unwrap(), "c=3; a=4; b=2");
        assert_eq!(jar.value("b", &shop, NOW), Some("2"));
        assert_eq!(jar.header_for(&shop, NOW + Duration::from_secs(10)).unwrap(), "c=3; a=4");
        for set_cookie in ["a=; Max-Age=0; Path=/", "b=; Max-Age=0; Path=/", "c=; Max-Age=0; Path=/cart"] {
            jar.take(&shop, set_cookie, NOW).unwrap();
        }
        assert_eq!(jar, Jar::new());
        for number in 0..1_000 {
            jar.take(&shop, &format!("n{number}=1"), NOW).unwrap();
        }
        assert_eq!(jar.cookies().len(), MOST);
    }

    #[test]
    fn an_empty_jar_is_one_word() {
        assert_eq!((size_of::<Jar>(), size_of::<Kept>()), (size_of::<usize>(), 32));
        assert!(
            !format!("{:?}", {
                let mut jar = Jar::new();
                jar.take(&url("http://a.example.com"), "s=secret", NOW).unwrap();
                jar
            })
            .contains("secret")
        );
    }
}
