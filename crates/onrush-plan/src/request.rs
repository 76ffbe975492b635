//! One request as asked for: method, URL, headers, body. Valid by construction.

use url::Url;

/// A request that can be put on the wire as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    method: String,
    url: Url,
    headers: Vec<Header>,
    body: Vec<u8>,
}

/// A header in the case in which it was typed.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    name: String,
    value: Vec<u8>,
}

/// Why something cannot be a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The method is not a token.
    #[error("`{0}` is not an HTTP method: letters, digits and !#$%&'*+-.^_`|~ are allowed")]
    Method(String),
    /// The URL cannot be read.
    #[error("`{url}` is not a URL: {why}")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong.
        why: String,
    },
    /// The URL's scheme is not one that is spoken.
    #[error("`{0}` is not a scheme that Onrush speaks: use http:// or https://")]
    Scheme(String),
    /// A header's name is not a token.
    #[error("`{0}` is not a header name: letters, digits and !#$%&'*+-.^_`|~ are allowed")]
    HeaderName(String),
    /// A header's value has a line break or another control character.
    #[error("the value of header `{0}` has a control character")]
    HeaderValue(String),
    /// A header that the client writes itself.
    #[error("header `{0}` is written by Onrush itself, from the body and the connection's settings")]
    HeaderReserved(String),
}

impl Request {
    /// A request without headers or body. A URL without a scheme is taken as `http://`.
    pub fn new(method: &str, url: &str) -> Result<Self, RequestError> {
        if !is_token(method) {
            return Err(RequestError::Method(method.to_owned()));
        }
        Ok(Self { method: method.to_owned(), url: parse_url(url)?, headers: Vec::new(), body: Vec::new() })
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, header: Header) -> Self {
        self.headers.push(header);
        self
    }

    /// Adds cookies to those that it has.
    pub fn with_cookies(mut self, cookies: &str) -> Result<Self, RequestError> {
        match self.headers.iter_mut().find(|header| header.name.eq_ignore_ascii_case("cookie")) {
            Some(header) => {
                let more = [b"; ", cookies.as_bytes()].concat();
                *header = Header::new(&header.name, [&*header.value, &more].concat())?;
            }
            None => self.headers.push(Header::new("Cookie", cookies)?),
        }
        Ok(self)
    }

    /// Replaces the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The method, in the case in which it was given.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The URL.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The headers that were asked for, in order; without those that the client adds.
    pub fn headers(&self) -> &[Header] {
        &self.headers
    }

    /// The value of the first header called `name`, in whatever case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| &*header.value)
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The request that a redirect with `status` to `location` leads to: another URL, and for 303 (and
    /// for 301 and 302 after a POST) a GET without a body. Credentials do not cross to another origin.
    pub fn redirected(&self, status: u16, location: &str) -> Result<Self, RequestError> {
        let url = self
            .url
            .join(location)
            .map_err(|error| RequestError::Url { url: location.into(), why: error.to_string() })?;
        let mut next = Self { url: checked(url)?, ..self.clone() };
        if (status == 303 && self.method != "HEAD") || (matches!(status, 301 | 302) && self.method == "POST") {
            "GET".clone_into(&mut next.method);
            next.body.clear();
            next.headers.retain(|header| !header.name.to_ascii_lowercase().starts_with("content-"));
        }
        if next.url.origin() != self.url.origin() {
            next.headers.retain(|header| !header.is_bound_to_origin());
        }
        Ok(next)
    }
}

impl Header {
    /// A header; the client's own (`Content-Length`, `Transfer-Encoding`, `Connection`) are refused.
    pub fn new(name: &str, value: impl Into<Vec<u8>>) -> Result<Self, RequestError> {
        const RESERVED: [&str; 4] = ["content-length", "transfer-encoding", "connection", "keep-alive"];
        if !is_token(name) {
            return Err(RequestError::HeaderName(name.to_owned()));
        }
        if RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) {
            return Err(RequestError::HeaderReserved(name.to_owned()));
        }
        let value = value.into();
        if value.iter().any(|byte| (*byte < 0x20 && *byte != b'\t') || *byte == 0x7f) {
            return Err(RequestError::HeaderValue(name.to_owned()));
        }
        Ok(Self { name: name.to_owned(), value })
    }

    /// The name, in the case in which it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value.
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    fn is_bound_to_origin(&self) -> bool {
        ["authorization", "cookie", "host"].iter().any(|name| self.name.eq_ignore_ascii_case(name))
    }
}

/// Values may be credentials, so only names are shown.
impl std::fmt::Debug for Header {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: …", self.name)
    }
}

fn parse_url(text: &str) -> Result<Url, RequestError> {
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    // Browsers take `http:///path` for `http://path`; whoever typed it here has lost the host.
    if with_scheme.split_once("://").is_some_and(|(_, rest)| rest.starts_with(['/', '?', '#', '\\'])) {
        return Err(RequestError::Url { url: text.to_owned(), why: "empty host".to_owned() });
    }
    let url =
        Url::parse(&with_scheme).map_err(|error| RequestError::Url { url: text.to_owned(), why: error.to_string() })?;
    checked(url)
}

fn checked(mut url: Url) -> Result<Url, RequestError> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(RequestError::Scheme(url.scheme().to_owned()));
    }
    url.set_fragment(None);
    Ok(url)
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_or_refused_with_a_reason() {
        for (text, expected) in [
            ("localhost:8080/a?b=c#d", Ok("http://localhost:8080/a?b=c")),
            ("https://[::1]:443", Ok("https://[::1]/")),
            ("http://", Err("`http://` is not a URL: empty host")),
            ("http:///path", Err("`http:///path` is not a URL: empty host")),
            ("/path", Err("`/path` is not a URL: empty host")),
            ("http://a:99999/", Err("`http://a:99999/` is not a URL: invalid port number")),
            ("ftp://example.com", Err("`ftp` is not a scheme that Onrush speaks: use http:// or https://")),
            ("http://exa mple.com", Err("`http://exa mple.com` is not a URL: invalid international domain name")),
        ] {
            let got =
                Request::new("GET", text).map(|request| request.url().to_string()).map_err(|error| error.to_string());
            assert_eq!(got.as_deref().map_err(String::as_str), expected, "{text}");
        }
    }

    #[test]
    fn headers_cannot_smuggle() {
        assert!(Header::new("X-A", "b").is_ok());
        for (name, value) in
            [("X A", "b"), ("", "b"), ("X", "a\r\nB: c"), ("Content-Length", "5"), ("transfer-encoding", "chunked")]
        {
            assert!(Header::new(name, value).is_err(), "{name}: {value}");
        }
    }

    #[test]
    fn redirects_change_method_and_keep_credentials_home() {
        let request = Request::new("POST", "http://shop.example.com/a/b")
            .unwrap()
            .with_header(Header::new("Authorization", "Bearer x").unwrap())
            .with_header(Header::new("Content-Type", "text/plain").unwrap())
            .with_body("hello");
        for (status, location, method, url, headers, body) in [
            (302, "c", "GET", "http://shop.example.com/a/c", 1, 0),
            (307, "/c", "POST", "http://shop.example.com/c", 2, 5),
            (308, "http://pay.example.com/", "POST", "http://pay.example.com/", 1, 5),
            (303, "//pay.example.com/x", "GET", "http://pay.example.com/x", 0, 0),
        ] {
            let next = request.redirected(status, location).unwrap();
            assert_eq!(
                (next.method(), next.url().as_str(), next.headers().len(), next.body().len()),
                (method, url, headers, body)
            );
        }
        assert!(request.redirected(302, "gopher://x").is_err());
    }
}
