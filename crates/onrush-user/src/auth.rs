//! How requests prove who they are from. Basic and bearer are headers like all others; the rest needs more.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use onrush_plan::Credentials;

use crate::call::{Head, HeadValue};
use crate::compile::Compiler;
use crate::mind::Mind;
use crate::oauth2::TokenSource;
use crate::script::ScriptError;
use crate::sigv4::Signer;
use crate::text::{Piece, Text};
use crate::trouble::Trouble;

/// What has to be done for a request to be let in.
#[derive(Debug)]
pub enum Auth {
    /// Nothing further: what was asked for is among the headers.
    Headers,
    /// A token is fetched, kept by [`TokenSource::key`], and sent as `Authorization: Bearer …`.
    OAuth2(Box<TokenSource>),
    /// The request is signed: [`crate::Filled::signature`].
    SigV4(Box<Signer>),
}

/// The keys that a request is signed with.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Keys {
    pub(crate) access: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(keys)")
    }
}

impl Auth {
    /// What has to be done, and the header that does it where one is enough.
    pub(crate) fn new(credentials: &Credentials, compiler: &Compiler<'_>) -> Result<(Self, Option<Head>), ScriptError> {
        let head = |value| Some(Head { name: "Authorization".to_owned(), value });
        Ok(match credentials {
            Credentials::None => (Self::Headers, None),
            Credentials::Basic { user, password } => {
                let (user, password) = (Text::new(user, compiler)?, Text::new(password, compiler)?);
                let value = match (user.fixed(), password.fixed()) {
                    (Some(user), Some(password)) => {
                        let pair = STANDARD.encode(format!("{user}:{password}"));
                        HeadValue::Text(Text::of(vec![Piece::Fixed(format!("Basic {pair}"))]))
                    }
                    _ => HeadValue::Basic(user, password),
                };
                (Self::Headers, head(value))
            }
            Credentials::Bearer(token) => {
                let token = Text::new(token, compiler)?;
                let pieces = match token.fixed() {
                    Some(token) => vec![Piece::Fixed(format!("Bearer {token}"))],
                    None => std::iter::once(Piece::Fixed("Bearer ".to_owned())).chain(token.into_pieces()).collect(),
                };
                (Self::Headers, head(HeadValue::Text(Text::of(pieces))))
            }
            Credentials::OAuth2(oauth2) => (Self::OAuth2(Box::new(TokenSource::new(oauth2, compiler)?)), None),
            Credentials::SigV4(sigv4) => (Self::SigV4(Box::new(Signer::new(sigv4, compiler)?)), None),
        })
    }

    pub(crate) fn keys(&self, mind: &mut Mind) -> Result<Option<Box<Keys>>, Trouble> {
        match self {
            Self::SigV4(signer) => signer.keys(mind).map(Box::new).map(Some),
            _ => Ok(None),
        }
    }
}
