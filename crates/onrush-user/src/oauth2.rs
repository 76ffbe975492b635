//! OAuth 2 client credentials (RFC 6749 §4.4): what is asked for a token, and what the answer says. The engine asks.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use onrush_plan::{Header, OAuth2, Request};
use serde::Deserialize;
use url::Url;

use crate::compile::Compiler;
use crate::script::ScriptError;
use crate::show::beginning;
use crate::text::Text;
use crate::trouble::{Trouble, TroubleKind};
use crate::user::User;
use crate::value::{Escape, write_text};

/// Where and how a token is fetched.
#[derive(Debug)]
pub struct TokenSource {
    url: Url,
    client_id: Text,
    client_secret: Text,
    scope: String,
}

/// What a token is kept by: the same for all that may share it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenKey {
    url: Url,
    client_id: String,
    scope: String,
}

/// A token, and how long it is good for, if the server said.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// What stands behind `Bearer`.
    pub access_token: String,
    /// How long it is good for.
    pub expires_in: Option<Duration>,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

impl TokenSource {
    pub(crate) fn new(oauth2: &OAuth2, compiler: &Compiler<'_>) -> Result<Self, ScriptError> {
        Request::new("POST", oauth2.token_url.as_str())?;
        Ok(Self {
            url: oauth2.token_url.clone(),
            client_id: Text::new(&oauth2.client_id, compiler)?,
            client_secret: Text::new(&oauth2.client_secret, compiler)?,
            scope: oauth2.scope.clone(),
        })
    }

    /// Where it is fetched, as it may be told: without what may be secret.
    pub fn place(&self) -> String {
        self.url.origin().ascii_serialization() + self.url.path()
    }

    /// What this user's token is kept by.
    pub fn key(&self, user: &mut User) -> Result<TokenKey, Trouble> {
        Ok(TokenKey {
            url: self.url.clone(),
            client_id: self.client_id.text(&mut user.mind)?,
            scope: self.scope.clone(),
        })
    }

    /// The request for a token.
    pub fn request(&self, user: &mut User) -> Result<Request, Trouble> {
        let mut pair = Vec::new();
        // RFC 6749 §2.3.1: name and secret are form-encoded before they are joined.
        write_text(&self.client_id.text(&mut user.mind)?, Escape::Form, &mut pair);
        pair.push(b':');
        write_text(&self.client_secret.text(&mut user.mind)?, Escape::Form, &mut pair);
        let mut body = b"grant_type=client_credentials".to_vec();
        if !self.scope.is_empty() {
            body.extend_from_slice(b"&scope=");
            write_text(&self.scope, Escape::Form, &mut body);
        }
        let headers = [
            ("Authorization", format!("Basic {}", STANDARD.encode(pair))),
            ("Content-Type", "application/x-www-form-urlencoded".to_owned()),
            ("Accept", "application/json".to_owned()),
        ];
        let refused = |error: onrush_plan::RequestError| Trouble::new(TroubleKind::Request, "", error.to_string());
        let mut request = Request::new("POST", self.url.as_str()).map_err(refused)?;
        for (name, value) in headers {
            request = request.with_header(Header::new(name, value).map_err(refused)?);
        }
        Ok(request.with_body(body))
    }
}

impl Token {
    /// What the answer to a request for a token says.
    pub fn of_answer(status: u16, body: &[u8]) -> Result<Self, Trouble> {
        #[derive(Deserialize)]
        struct Granted {
            access_token: String,
            expires_in: Option<f64>,
        }
        let refused = |why: String| Err(Trouble::new(TroubleKind::Unreadable, "", why));
        if !(200..300).contains(&status) {
            return refused(format!("the server answered {status} with {}", beginning(body)));
        }
        match serde_json::from_slice::<Granted>(body) {
            // Not the body: it may hold the token.
            Err(_) => refused("the answer is not JSON with an `access_token`".to_owned()),
            Ok(granted) => {
                let expires_in = granted.expires_in.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                Ok(Self { access_token: granted.access_token, expires_in })
            }
        }
    }
}
