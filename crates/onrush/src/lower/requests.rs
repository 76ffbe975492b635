//! The requests: URLs, method, headers, body.

use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use onrush_plan::{Header, Request, RequestError};
use percent_encoding::percent_decode_str;

use super::host;
use crate::args::RunArgs;
use crate::exit::Wrong;

/// What we could unpack if somebody wanted to look inside.
const ENCODINGS: &str = "gzip, deflate, br, zstd";

pub(super) fn requests(args: &RunArgs) -> Result<Vec<Request>, Wrong> {
    let body = body(args)?;
    let headers = headers(args)?;
    let method =
        args.method.clone().unwrap_or_else(|| if body.is_some() { "POST".to_owned() } else { "GET".to_owned() });
    let mut lines: Vec<_> = args.targets.iter().map(|url| Line::typed(&method, url)).collect();
    if let Some(path) = &args.urls {
        lines.extend(lines_of(path, &method)?);
    }
    if lines.is_empty() {
        return Err(Wrong("there is no URL to send requests to; try `onrush http://localhost:8080/`".to_owned()));
    }
    let request = |line: Line| {
        host::check(&line.url).map_err(|wrong| Wrong(format!("{}{}", line.place, wrong.0)))?;
        let method = usual_case(&line.method).map_err(|wrong| Wrong(format!("{}{}", line.place, wrong.0)))?;
        let request = Request::new(&method, &line.url).map_err(|error| Wrong(format!("{}{error}", line.place)))?;
        let credentials = credentials(&request).filter(|_| !has(&headers, "Authorization")).transpose()?;
        let request = headers.iter().cloned().chain(credentials).fold(request, Request::with_header);
        Ok(request.with_body(body.clone().unwrap_or_default()))
    };
    lines.into_iter().map(request).collect()
}

/// Methods are told apart by case (RFC 9110 §9.1); nobody means `get` by `get`.
fn usual_case(text: &str) -> Result<String, Wrong> {
    const KNOWN: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"];
    if text.eq_ignore_ascii_case("CONNECT") {
        return Err(Wrong("CONNECT makes a tunnel and no request; --proxy uses it where it is needed".to_owned()));
    }
    let known = KNOWN.iter().find(|known| text.eq_ignore_ascii_case(known));
    Ok(known.copied().unwrap_or(text).to_owned())
}

/// What one URL asks for.
struct Line {
    method: String,
    url: String,
    /// Where it stands, for messages: `urls.txt:3: `, or nothing for an argument.
    place: String,
}

impl Line {
    fn typed(method: &str, url: &str) -> Self {
        Self { method: method.to_owned(), url: url.to_owned(), place: String::new() }
    }
}

fn lines_of(path: &Path, method: &str) -> Result<Vec<Line>, Wrong> {
    let text = read_text(path)?;
    let lines: Vec<_> = text
        .lines()
        .zip(1..)
        .map(|(line, number)| (words(line), number))
        .filter(|(words, _)| !words.is_empty())
        .map(|(words, number)| {
            let place = format!("{}:{number}: ", path.display());
            match words[..] {
                [url] => Ok(Line { place, ..Line::typed(method, url) }),
                [method, url] => Ok(Line { place, ..Line::typed(method, url) }),
                _ => Err(Wrong(format!("{place}a line is `[METHOD] URL`, and this has {} words", words.len()))),
            }
        })
        .collect::<Result<_, _>>()?;
    if lines.is_empty() { Err(Wrong(format!("{} has no URL in it", path.display()))) } else { Ok(lines) }
}

/// What stands on a line before a comment. A `#` within a word is part of a URL.
fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().take_while(|word| !word.starts_with('#')).collect()
}

fn read_text(path: &Path) -> Result<String, Wrong> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map(drop)
    } else {
        std::fs::read_to_string(path).map(|read| text = read)
    };
    read.map_err(|error| Wrong(format!("cannot read {}: {error}", path.display())))?;
    // Editors of some systems begin a file with a mark.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn body(args: &RunArgs) -> Result<Option<Vec<u8>>, Wrong> {
    if let Some(text) = &args.json {
        let read: Result<serde_json::Value, _> = serde_json::from_str(text);
        read.map_err(|error| Wrong(format!("--json is not JSON: {error}; --data takes any text")))?;
    }
    Ok(match (&args.data, &args.data_file, &args.json) {
        (Some(text), _, _) | (_, _, Some(text)) => Some(text.clone().into_bytes()),
        (_, Some(path), _) => Some(super::client::read_file(path)?),
        _ => None,
    })
}

/// Those that flags stand for come first; the same header given by hand replaces them.
fn headers(args: &RunArgs) -> Result<Vec<Header>, Wrong> {
    let given: Vec<_> = args.headers.iter().map(|line| header(line)).collect::<Result<_, _>>()?;
    if let Some(host) = args.host_header.as_ref().filter(|host| host.is_empty() || host.contains(char::is_whitespace)) {
        return Err(Wrong(format!("--host-header {host:?} is not a host, or a host and a port")));
    }
    let mut headers = Vec::new();
    for (name, value) in implied(args) {
        if !has(&given, name) {
            headers.push(Header::new(name, value).map_err(|error| wrong(&error))?);
        }
    }
    headers.extend(given);
    Ok(headers)
}

fn has(headers: &[Header], name: &str) -> bool {
    headers.iter().any(|header| header.name().eq_ignore_ascii_case(name))
}

/// `http://user:password@host` is a way to write `--user`.
fn credentials(request: &Request) -> Option<Result<Header, Wrong>> {
    let url = request.url();
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let decoded = |text: &str| percent_decode_str(text).collect::<Vec<_>>();
    let user = [decoded(url.username()), decoded(url.password().unwrap_or_default())].join(&b':');
    let value = format!("Basic {}", BASE64_STANDARD.encode(user));
    Some(Header::new("Authorization", value).map_err(|error| wrong(&error)))
}

fn implied(args: &RunArgs) -> Vec<(&'static str, String)> {
    let mut headers = Vec::new();
    if let Some(host) = &args.host_header {
        headers.push(("Host", host.clone()));
    }
    if let Some(user) = &args.user {
        let user = if user.contains(':') { user.clone() } else { format!("{user}:") };
        headers.push(("Authorization", format!("Basic {}", BASE64_STANDARD.encode(user))));
    }
    if let Some(token) = &args.bearer {
        headers.push(("Authorization", format!("Bearer {token}")));
    }
    if args.compressed {
        headers.push(("Accept-Encoding", ENCODINGS.to_owned()));
    }
    if args.json.is_some() {
        headers.push(("Accept", "application/json".to_owned()));
        headers.push(("Content-Type", "application/json".to_owned()));
    } else if args.data.is_some() || args.data_file.is_some() {
        headers.push(("Content-Type", "application/x-www-form-urlencoded".to_owned()));
    }
    headers
}

fn header(line: &str) -> Result<Header, Wrong> {
    let Some((name, value)) = line.split_once(':') else {
        return Err(Wrong(format!("`{line}` is not a header: write `Name: value`")));
    };
    Header::new(name.trim(), value.trim()).map_err(|error| wrong(&error))
}

fn wrong(error: &RequestError) -> Wrong {
    Wrong(error.to_string())
}
