//! Where requests go: `/cart`, `pay:/charge`, `https://…`, `{{ next }}`.

use std::ops::Range;

use onrush_plan::{Part, Request, Template};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::Url;

use super::login::Login;
use super::reader::Reader;
use super::scope::Scope;
use super::template::{push_text, stray_end};
use super::text::Text;
use super::tree::{At, Kind, Node};
use crate::diagnostic::suggest;

const HELP: &str = "targets are written `/cart`, `pay:/charge` (a name of `target:` and a path), `https://example.com/cart` or \
                    `\"{{ next }}\"`";

/// What a browser would encode in a path or query.
const UNSAFE: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`');

/// Where a request goes, and how that is called.
pub(crate) struct Target {
    pub(crate) base: Option<Url>,
    /// Name and password for the base.
    pub(crate) login: Option<Login>,
    pub(crate) template: Template,
    /// Named target and path, with `{…}` for holes.
    pub(crate) shown: String,
}

impl Reader<'_> {
    /// `target:` of the file: one URL, or names and URLs.
    pub(crate) fn targets(&mut self, node: Option<&Node>) {
        match node.map(|node| (&node.kind, node)) {
            Some((Kind::Map(entries), _)) => {
                for entry in entries {
                    let url = self.target_url(&entry.key, &entry.value).or_else(placeholder);
                    self.targets.extend(url.map(|url| (entry.key.clone(), url)));
                }
            }
            Some((_, node)) => {
                let url = self.target_url("", node).or_else(placeholder);
                self.targets.extend(url.map(|url| (String::new(), url)));
            }
            None => {}
        }
        if let Some(given) = self.overrides.target.clone() {
            self.override_target(&given);
        }
    }

    fn target_url(&mut self, name: &str, node: &Node) -> Option<Url> {
        let text = self.text(node, "a URL such as `http://127.0.0.1:8080`")?;
        let rest = self.target_login(name, &text)?;
        match Request::new("GET", &rest) {
            Ok(request) => Some(request.url().clone()),
            Err(error) => {
                let range = 0..text.value.len();
                let message = if text.env.is_empty() {
                    error.to_string()
                } else {
                    format!("`{}` is not a URL with the values of the environment", text.shown())
                };
                self.in_text(&text, range, &message, "expected a URL such as `http://127.0.0.1:8080`")
            }
        }
    }

    /// `--target URL` stands for the default, `--target pay=URL` for a named one.
    fn override_target(&mut self, given: &str) {
        for part in given.split(',').filter(|part| !part.is_empty()) {
            let (name, url) = match part.split_once('=').filter(|(name, _)| !name.contains(['/', ':', '?'])) {
                Some((name, url)) => (Some(name), url),
                None => (None, part),
            };
            let source = self.source("--target", given);
            let at = At { source, start: 0, end: given.len() };
            let text = Text::given(source, given.to_owned()).part(url);
            let default = self.targets.first().map_or("", |(name, _)| name).to_owned();
            let Some(rest) = self.target_login(name.unwrap_or(&default), &text) else { continue };
            let url = match Request::new("GET", &rest) {
                Ok(request) => request.url().clone(),
                Err(error) => {
                    self.fault(&at, error.to_string(), "expected a URL such as `http://127.0.0.1:8080`");
                    continue;
                }
            };
            match (name, !self.targets.is_empty()) {
                (Some(name), _) => match self.targets.iter_mut().find(|(known, _)| known == name) {
                    Some(known) => known.1 = url,
                    None => {
                        let known: Vec<String> = self.targets.iter().map(|(name, _)| name.clone()).collect();
                        let known: Vec<&str> = known.iter().map(String::as_str).collect();
                        self.fault(
                            &at,
                            format!("there is no target `{name}`"),
                            suggest(name, &known, "a target of the file"),
                        );
                    }
                },
                (None, true) => self.targets[0].1 = url,
                (None, false) => self.targets.push((String::new(), url)),
            }
        }
    }

    /// What a request says after its method.
    pub(crate) fn target(&mut self, node: &Node, scope: &mut Scope) -> Option<Target> {
        let text = self.text(node, "a path such as `/cart`")?;
        let all = text.value.clone();
        let range = 0..all.len();
        if all.starts_with('/') {
            return self.below(&text, None, range, scope);
        }
        if all.starts_with("{{") {
            let template = self.template_in(&text, range, scope)?;
            // One hole may be a path, too: `{{ next }}` of a Location header.
            let default = template.as_expr().and_then(|_| self.targets.first());
            let login = default.and_then(|(name, _)| self.logins.get(name)).cloned();
            let base = default.map(|(_, url)| origin(url));
            let shown = shown(&template);
            return Some(Target { base, login, template, shown });
        }
        if all.starts_with("http://") || all.starts_with("https://") {
            return self.whole(&text, scope);
        }
        if let Some((name, _)) = all
            .split_once(":/")
            .filter(|(name, _)| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)))
        {
            if let Some(place) = self.targets.iter().position(|(known, _)| known == name) {
                return self.below(&text, Some(place), name.len() + 1..all.len(), scope);
            }
            let known: Vec<String> =
                self.targets.iter().map(|(name, _)| name.clone()).filter(|name| !name.is_empty()).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let label =
                suggest(name, &known, if known.is_empty() { "a path such as `/cart`" } else { "the name of a target" });
            return self.in_text_with_help(&text, 0..name.len(), &format!("there is no target `{name}`"), &label, HELP);
        }
        self.in_text_with_help(&text, range, "this is neither a path nor a URL", "expected `/` at the beginning", HELP)
    }

    /// A path below the default target or a named one.
    fn below(&mut self, text: &Text, target: Option<usize>, range: Range<usize>, scope: &mut Scope) -> Option<Target> {
        let template = self.template_in(text, range.clone(), scope);
        let Some((name, url)) = self.targets.get(target.unwrap_or(0)).cloned() else {
            let help = "write `target: http://127.0.0.1:8080` at the top, or give `--target`";
            return self.in_text_with_help(text, range, "there is no target for this path", "whose path is it?", help);
        };
        let template = self.encoded(template?, text);
        let shown = match target {
            Some(_) => format!("{name}:{}", shown(&template)),
            None => shown(&template),
        };
        let prefix = url.path().trim_end_matches('/');
        let mut parts = Vec::new();
        push_text(&mut parts, prefix);
        for part in template.parts {
            match part {
                Part::Text(text) => push_text(&mut parts, &text),
                Part::Hole(_) => parts.push(part),
            }
        }
        let login = self.logins.get(&name).cloned();
        Some(Target { base: Some(origin(&url)), login, template: Template { parts }, shown })
    }

    /// A URL. Its host may have holes; then the connection is not known before.
    fn whole(&mut self, text: &Text, scope: &mut Scope) -> Option<Target> {
        let authority = text.authority();
        let (login, host) = match text.userinfo() {
            Some(userinfo) => (Some(self.login(text, userinfo.clone(), scope)?), userinfo.end + 1..authority.end),
            None => (None, authority.clone()),
        };
        let (scheme, end) = (&text.value[..authority.start], host.end);
        if text.value[host.clone()].contains("{{") || text.has_secret_in(&host) {
            let mut template = self.template_in(text, host.start..text.value.len(), scope)?;
            template.parts.insert(0, Part::Text(scheme.to_owned()));
            let template = joined(template);
            let shown = shown(&template);
            return Some(Target { base: None, login, template, shown });
        }
        let origin = format!("{scheme}{}", &text.value[host.clone()]);
        let base = match Request::new("GET", &origin) {
            Ok(request) => request.url().clone(),
            Err(error) => {
                let message = if text.env.is_empty() {
                    error.to_string()
                } else {
                    "this is not a URL with the values of the environment".to_owned()
                };
                return self.in_text(text, 0..end, &message, "expected a URL");
            }
        };
        let template = self.template_in(text, end..text.value.len(), scope)?;
        let mut template = self.encoded(template, text);
        if !matches!(template.parts.first(), Some(Part::Text(path)) if path.starts_with('/')) {
            template.parts.insert(0, Part::Text("/".to_owned()));
            template = joined(template);
        }
        let shown = format!("{origin}{}", shown(&template));
        Some(Target { base: Some(base), login, template, shown })
    }

    /// The fixed parts as they go over the wire; a fragment would not go there.
    fn encoded(&mut self, template: Template, text: &Text) -> Template {
        if let Some(at) = stray_end(&text.value) {
            let help = "write `%7D%7D` for the braces themselves";
            let message = "these braces close nothing";
            let _: Option<()> = self.in_text_with_help(text, at..at + 2, message, "expected `{{` before them", help);
        }
        let mut parts = Vec::new();
        for part in template.parts {
            match part {
                Part::Text(fixed) => {
                    if fixed.contains('#') {
                        let at = text.value.find('#').unwrap_or(0);
                        let help = "write `%23` for the sign itself";
                        let _: Option<()> = self.in_text_with_help(
                            text,
                            at..text.value.len(),
                            "what follows `#` is never sent",
                            "expected no fragment",
                            help,
                        );
                    }
                    push_text(&mut parts, &utf8_percent_encode(&fixed, UNSAFE).to_string());
                }
                Part::Hole(_) => parts.push(part),
            }
        }
        Template { parts }
    }
}

/// Stands for a target that was wrong, so that one mistake is told once.
fn placeholder() -> Option<Url> {
    Url::parse("http://wrong.invalid/").ok()
}

/// Neighbouring texts made one.
fn joined(template: Template) -> Template {
    let mut parts = Vec::new();
    for part in template.parts {
        match part {
            Part::Text(text) => push_text(&mut parts, &text),
            Part::Hole(_) => parts.push(part),
        }
    }
    Template { parts }
}

fn origin(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_path("/");
    url.set_query(None);
    url
}

/// The path of a template as it is shown, `{…}` for holes; the query is left out.
fn shown(template: &Template) -> String {
    let mut text = String::new();
    for part in &template.parts {
        match part {
            Part::Text(fixed) => text.push_str(fixed),
            Part::Hole(_) => text.push_str("{…}"),
        }
    }
    text.split('?').next().unwrap_or_default().to_owned()
}
