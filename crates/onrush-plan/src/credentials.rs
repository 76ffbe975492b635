//! How requests prove who they are from.

use url::Url;

use crate::Template;

/// How requests prove who they are from.
#[derive(Clone, Debug, PartialEq)]
pub enum Credentials {
    /// Not at all, whatever the scenario says.
    None,
    /// Name and password (RFC 7617).
    Basic {
        /// The name.
        user: Template,
        /// The password.
        password: Template,
    },
    /// A token (RFC 6750).
    Bearer(Template),
    /// OAuth 2 client credentials (RFC 6749 §4.4): a token fetched once and again before it expires.
    OAuth2(Box<OAuth2>),
    /// AWS Signature Version 4.
    SigV4(Box<SigV4>),
}

/// Where and how a token is fetched.
#[derive(Clone, Debug, PartialEq)]
pub struct OAuth2 {
    /// The token endpoint.
    pub token_url: Url,
    /// The client's name.
    pub client_id: Template,
    /// The client's secret.
    pub client_secret: Template,
    /// What is asked for; empty: whatever the server gives.
    pub scope: String,
}

/// What is needed to sign for AWS.
#[derive(Clone, Debug, PartialEq)]
pub struct SigV4 {
    /// The access key's name.
    pub access_key: Template,
    /// The key.
    pub secret_key: Template,
    /// A session's token, if there is one.
    pub session_token: Option<Template>,
    /// The region.
    pub region: String,
    /// The service.
    pub service: String,
}
