//! Names and passwords in URLs: `http://ann:password@shop.example.com`. They are taken out of the URL, which is shown.

use std::ops::Range;

use onrush_plan::Template;
use percent_encoding::percent_decode_str;

use super::reader::Reader;
use super::scope::Scope;
use super::template::{holding, hole_length};
use super::text::Text;

/// Name and password.
pub(crate) type Login = (Template, Template);

impl Text {
    /// Where name, password, host and port of a URL stand.
    pub(crate) fn authority(&self) -> Range<usize> {
        let start = self.value.find("://").map_or(0, |at| at + 3);
        start..self.found(start..self.value.len(), &['/', '?', '#']).unwrap_or(self.value.len())
    }

    /// Where name and password stand.
    pub(crate) fn userinfo(&self) -> Option<Range<usize>> {
        let authority = self.authority();
        let end = self.value[authority.clone()].rfind('@')?;
        Some(authority.start..authority.start + end)
    }

    /// The first of some letters that stands in no hole and in no secret.
    fn found(&self, range: Range<usize>, letters: &[char]) -> Option<usize> {
        let mut at = range.start;
        while at < range.end {
            let rest = &self.value[at..range.end];
            if let Some(part) = self.env_at(at).filter(|part| part.is_secret) {
                at = part.range.end;
            } else if let Some(length) = rest.starts_with("{{").then(|| hole_length(rest)).flatten() {
                at += length;
            } else {
                let letter = rest.chars().next()?;
                if letters.contains(&letter) {
                    return Some(at);
                }
                at += letter.len_utf8();
            }
        }
        None
    }
}

impl Reader<'_> {
    /// Keeps name and password of a target; its URL without them.
    pub(crate) fn target_login(&mut self, name: &str, text: &Text) -> Option<String> {
        self.logins.remove(name);
        let Some(userinfo) = text.userinfo() else { return Some(text.value.clone()) };
        if text.value[userinfo.clone()].contains("{{") {
            self.sources[text.at.source].masked.push(text.span(userinfo.clone()));
            let label = "expected a name and a password, known before the run";
            return self.in_text(text, userinfo, "there cannot be holes here", label);
        }
        let login = self.login(text, userinfo.clone(), &mut Scope::default())?;
        self.logins.insert(name.to_owned(), login);
        Some(format!("{}{}", &text.value[..userinfo.start], &text.value[userinfo.end + 1..]))
    }

    /// Name and password as they stand in a URL. Without a password the name may be a token, and is a secret, too.
    pub(crate) fn login(&mut self, text: &Text, userinfo: Range<usize>, scope: &mut Scope) -> Option<Login> {
        let colon = text.found(userinfo.clone(), &[':']);
        let name = userinfo.start..colon.unwrap_or(userinfo.end);
        let password = colon.map_or(userinfo.end, |colon| colon + 1)..userinfo.end;
        if text.env.is_empty() {
            let hidden = if colon.is_some() { password.clone() } else { name.clone() };
            self.sources[text.at.source].masked.push(text.span(hidden));
        }
        let has_password = colon.is_some();
        let name = self.login_part(text, name, !has_password, scope)?;
        Some((name, self.login_part(text, password, true, scope)?))
    }

    fn login_part(&mut self, text: &Text, range: Range<usize>, hides: bool, scope: &mut Scope) -> Option<Template> {
        let part = &text.value[range.clone()];
        if part.contains("{{") {
            return self.template_in(text, range, scope);
        }
        let value = percent_decode_str(part).decode_utf8_lossy().into_owned();
        if value.is_empty() || !(hides || text.has_secret_in(&range)) {
            return Some(Template::text(value));
        }
        Some(holding(self.nameless_secret(&value, &text.at)))
    }
}
