//! Who requests are from: credentials and client certificates.

use onrush_plan::{Credentials, OAuth2, Request, Roots, Secret, SigV4, TlsSettings, TlsVersion};

use super::keys::{AWS, BASIC, CREDENTIALS, OAUTH2, TLS};
use super::reader::Reader;
use super::scope::Scope;
use super::tree::Node;

impl Reader<'_> {
    /// `auth:`, as `none` or as one of the ways.
    pub(crate) fn credentials(&mut self, node: &Node, scope: &mut Scope) -> Option<Credentials> {
        if node.scalar().is_some() && !node.is_null() {
            return self.word(node, &["none"]).map(|_| Credentials::None);
        }
        let fields = self.fields(node, &CREDENTIALS)?;
        let given: Vec<&str> = CREDENTIALS.names().into_iter().filter(|name| fields.get(name).is_some()).collect();
        let [way] = &*given else {
            let label = "expected one of `basic`, `bearer`, `oauth2` and `aws`";
            let help = "write `auth: { bearer: \"{{ token }}\" }` or `auth: { basic: { user: ann, password: \"${PASSWORD}\" } }`";
            self.fault_with_help(&node.at, "there is one way to say who a request is from", label, help);
            return None;
        };
        let node = fields.get(way)?;
        match *way {
            "basic" => {
                let fields = self.fields(node, &BASIC)?;
                let user = fields.get("user").and_then(|node| self.template(node, scope));
                let password = fields.get("password").and_then(|node| self.template(node, scope));
                Some(Credentials::Basic { user: user?, password: password? })
            }
            "bearer" => Some(Credentials::Bearer(self.template(node, scope)?)),
            "oauth2" => self.oauth2(node, scope),
            _ => self.aws(node, scope),
        }
    }

    fn oauth2(&mut self, node: &Node, scope: &mut Scope) -> Option<Credentials> {
        let fields = self.fields(node, &OAUTH2)?;
        let client_id = fields.get("client_id").and_then(|node| self.template(node, scope));
        let client_secret = fields.get("client_secret").and_then(|node| self.template(node, scope));
        let scope = fields.get("scope").and_then(|node| self.plain_text(node, "a scope")).unwrap_or_default();
        let token_url = fields.get("token_url").and_then(|node| {
            let text = self.text(node, "a URL")?;
            match Request::new("POST", &text.value) {
                Ok(request) => Some(request.url().clone()),
                Err(_) => self.in_text(
                    &text,
                    0..text.value.len(),
                    "this is not a URL",
                    "expected a URL such as `https://login.example.com/token`",
                ),
            }
        });
        let (token_url, client_id, client_secret) = (token_url?, client_id?, client_secret?);
        Some(Credentials::OAuth2(Box::new(OAuth2 { token_url, client_id, client_secret, scope })))
    }

    fn aws(&mut self, node: &Node, scope: &mut Scope) -> Option<Credentials> {
        let fields = self.fields(node, &AWS)?;
        let access_key = fields.get("access_key").and_then(|node| self.template(node, scope));
        let secret_key = fields.get("secret_key").and_then(|node| self.template(node, scope));
        let session_token = fields.get("session_token").and_then(|node| self.template(node, scope));
        let region = fields.get("region").and_then(|node| self.plain_text(node, "a region"));
        let service = fields.get("service").and_then(|node| self.plain_text(node, "a service"));
        let (access_key, secret_key, region, service) = (access_key?, secret_key?, region?, service?);
        Some(Credentials::SigV4(Box::new(SigV4 { access_key, secret_key, session_token, region, service })))
    }

    /// `tls:`, over what is there already.
    pub(crate) fn tls(&mut self, node: &Node, mut tls: TlsSettings) -> Option<TlsSettings> {
        let fields = self.fields(node, &TLS)?;
        if let Some(insecure) = fields.get("insecure").and_then(|node| self.bool(node)) {
            tls.verify = !insecure;
        }
        if let Some((_, pem)) = fields.get("cacert").and_then(|node| self.file(node)) {
            tls.roots = Roots::SystemAnd(pem);
        }
        let cert = fields.get("cert").and_then(|node| self.file(node));
        let key = fields.get("key").and_then(|node| self.file(node));
        match (fields.entry("cert"), fields.entry("key")) {
            (Some(entry), None) | (None, Some(entry)) => {
                self.fault(&entry.at, "a client certificate goes with its key", "expected `cert:` and `key:`");
            }
            _ => {}
        }
        let swapped = [
            ("cert", &cert, "PRIVATE KEY-----", "CERTIFICATE-----"),
            ("key", &key, "CERTIFICATE-----", "PRIVATE KEY-----"),
        ];
        for (name, file, found, wanted) in swapped {
            let holds = |what: &str| {
                file.as_ref().is_some_and(|(_, pem)| pem.windows(what.len()).any(|part| part == what.as_bytes()))
            };
            if let Some(entry) = fields.entry(name).filter(|_| holds(found) && !holds(wanted)) {
                let other = if name == "cert" { "key" } else { "cert" };
                let message =
                    format!("what `{name}:` names is no {}", if name == "cert" { "certificate" } else { "key" });
                self.fault(&entry.value.at, message, format!("it would do for `{other}:`"));
            }
        }
        if let Some(((_, cert), (_, key))) = cert.zip(key) {
            tls.identity = Some((cert, Secret(key)));
        }
        if let Some(name) = fields.get("sni").and_then(|node| self.plain_text(node, "a server name")) {
            tls.server_name = Some(name);
        }
        let version = |word| if word == "1.2" { TlsVersion::Tls12 } else { TlsVersion::Tls13 };
        if let Some(word) = fields.get("min").and_then(|node| self.word(node, &["1.2", "1.3"])) {
            tls.min = version(word);
        }
        if let Some(word) = fields.get("max").and_then(|node| self.word(node, &["1.2", "1.3"])) {
            tls.max = version(word);
        }
        if tls.min > tls.max {
            self.fault(&node.at, "the lowest version is higher than the highest", "expected `min` up to `max`");
        }
        if let Some(resumption) = fields.get("resumption").and_then(|node| self.bool(node)) {
            tls.resumption = resumption;
        }
        Some(tls)
    }
}
