//! What is hidden of a request before people see it: credentials, whoever wrote them.

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

/// Headers whose values are credentials.
const CREDENTIALS: &[&str] = &["authorization", "cookie", "token", "api-key", "apikey", "secret", "password"];
/// What secrets have become before.
const MASK: &str = "***";
/// Characters of a credential that are shown, so that two can be told apart.
const SHOWN: usize = 4;

static MEMBER: LazyLock<Regex> = LazyLock::new(|| pattern(r#"("[^"]*NAMES[^"]*"\s*:\s*")(?:[^"\\]|\\.)*"#));
static FIELD: LazyLock<Regex> = LazyLock::new(|| pattern(r"((?:^|&)[^=&\s]*NAMES[^=&\s]*=)[^&\s]*"));

fn pattern(text: &str) -> Regex {
    let text = text.replace("NAMES", "(?:password|passwd|secret|api_?key|token)");
    Regex::new(&format!("(?i){text}")).expect("a pattern that is written here")
}

/// A body without what stands in JSON or in a form below a name such as `password`.
pub fn veiled_body(text: &str) -> String {
    let text = MEMBER.replace_all(text, "${1}***");
    let is_form = !text.starts_with(['{', '[', '<']);
    if is_form { FIELD.replace_all(&text, "${1}***").into_owned() } else { text.into_owned() }
}

/// A URL without who asks, and without what stands in its query below a name such as `token`.
pub fn veiled_url(url: &Url) -> String {
    let mut url = url.clone();
    if !url.username().is_empty() || url.password().is_some() {
        let _ = (url.set_username("***"), url.set_password(None));
    }
    if let Some(query) = url.query().map(veiled_body) {
        url.set_query(Some(&query));
    }
    url.to_string()
}

/// A header line without its credentials: their scheme or name and their beginning stay.
pub fn veiled_header(line: &str) -> String {
    let Some((name, value)) = line.split_once(':').filter(|(name, _)| !name.is_empty()) else { return line.to_owned() };
    let (lower, value) = (name.to_ascii_lowercase(), value.trim());
    if !CREDENTIALS.iter().any(|word| lower.contains(word)) {
        return line.to_owned();
    }
    let veiled = match &*lower {
        "set-cookie" => {
            let (pair, attributes) = value.split_at(value.find(';').unwrap_or(value.len()));
            veiled_pair(pair) + attributes
        }
        "cookie" => value.split("; ").map(veiled_pair).collect::<Vec<_>>().join("; "),
        _ => match value.split_once(' ') {
            Some((scheme, rest)) => format!("{scheme} {}", veiled(rest)),
            None => veiled(value),
        },
    };
    format!("{name}: {veiled}")
}

fn veiled_pair(pair: &str) -> String {
    pair.split_once('=').map_or_else(|| veiled(pair), |(name, value)| format!("{name}={}", veiled(value)))
}

/// Of what is short, less is shown: half of a password is nearly all of it.
fn veiled(value: &str) -> String {
    if value == MASK {
        return value.to_owned();
    }
    let shown = SHOWN.min(value.chars().count() / 2);
    let beginning: String = value.chars().take(shown).collect();
    beginning + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_hidden_and_can_be_told_apart() {
        for (line, expected) in [
            ("Accept: */*", "Accept: */*"),
            ("Authorization: Bearer abcdefgh", "Authorization: Bearer abcd…"),
            ("authorization: abcdefgh", "authorization: abcd…"),
            ("Proxy-Authorization: Basic YW5uOmh1bnRlcjI=", "Proxy-Authorization: Basic YW5u…"),
            ("Cookie: sid=0123456789; theme=dark", "Cookie: sid=0123…; theme=da…"),
            ("Set-Cookie: sid=0123456789; Path=/; HttpOnly", "Set-Cookie: sid=0123…; Path=/; HttpOnly"),
            ("X-Api-Key: k", "X-Api-Key: …"),
            (":path: /token", ":path: /token"),
            ("GET / HTTP/1.1", "GET / HTTP/1.1"),
        ] {
            assert_eq!(veiled_header(line), expected);
        }
    }

    #[test]
    fn urls_tell_where_and_not_who() {
        for (url, expected) in [
            ("http://a.test/p?q=1#x", "http://a.test/p?q=1#x"),
            ("http://tok:pw@a.test/p?q=1&access_token=hush", "http://***@a.test/p?q=1&access_token=***"),
        ] {
            assert_eq!(veiled_url(&Url::parse(url).unwrap()), expected);
        }
    }

    #[test]
    fn passwords_in_bodies_are_hidden() {
        for (body, expected) in [
            (r#"{"email":"a","password": "a\"b","n":1}"#, r#"{"email":"a","password": "***","n":1}"#),
            (r#"{"client_secret":"x"}"#, r#"{"client_secret":"***"}"#),
            ("user=ann&password=a%20b&x=1", "user=ann&password=***&x=1"),
            ("<a href=\"?token=1\"/>", "<a href=\"?token=1\"/>"),
        ] {
            assert_eq!(veiled_body(body), expected);
        }
    }
}
