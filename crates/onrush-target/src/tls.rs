//! TLS for the service: which certificate is made at the start, with which flaws, and the configuration of rustls from it.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

mod authority;

use authority::Authority;

/// How the service speaks TLS. The default is what a well-kept service does: a good certificate, TLS 1.2 and 1.3, resumption.
#[derive(Clone, Debug)]
pub struct TlsSettings {
    /// What is wrong with the certificate, for tests of clients.
    pub flaw: Option<CertificateFlaw>,
    /// Turn away clients that have no certificate of our client authority (`Running::client_identity`).
    pub require_client_certificate: bool,
    /// Which versions are spoken.
    pub versions: TlsVersions,
    /// Let clients resume sessions by tickets.
    pub resumption: bool,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self { flaw: None, require_client_certificate: false, versions: TlsVersions::Both, resumption: true }
    }
}

/// What may be wrong with the certificate of the service. A good one is for localhost, 127.0.0.1 and ::1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateFlaw {
    /// It ended in the year 2001.
    Expired,
    /// It is for `elsewhere.example.com`.
    WrongHost,
    /// It is signed by itself, not by the authority of `Running::ca_pem`.
    SelfSigned,
}

/// The versions of TLS that are spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsVersions {
    /// 1.2 and 1.3.
    #[default]
    Both,
    /// 1.2 alone.
    Only12,
    /// 1.3 alone.
    Only13,
}

impl TlsVersions {
    fn supported(self) -> Vec<&'static SupportedProtocolVersion> {
        match self {
            Self::Both => vec![&TLS13, &TLS12],
            Self::Only12 => vec![&TLS12],
            Self::Only13 => vec![&TLS13],
        }
    }
}

/// A certificate and its key, as PEM.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate.
    pub certificate_pem: String,
    /// Its private key (PKCS #8). It was made for this run and protects nothing.
    pub key_pem: String,
}

/// What the TLS of one run consists of.
#[derive(Debug)]
pub(crate) struct Tls {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) ca_pem: String,
    pub(crate) client: Option<Identity>,
}

/// Any failure of rcgen or rustls: there is nothing that the caller could tell apart.
type Failure = Box<dyn std::error::Error + Send + Sync>;

impl Tls {
    /// Makes the certificates. `alpn` is in order of preference.
    pub(crate) fn new(settings: &TlsSettings, alpn: Vec<Vec<u8>>) -> Result<Self, Failure> {
        let provider = Arc::new(ring::default_provider());
        let authority = Authority::new("Onrush test authority")?;
        let leaf = authority.server(settings.flaw)?;
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&settings.versions.supported())?;
        let (builder, client) = if settings.require_client_certificate {
            let clients = Authority::new("Onrush test authority for clients")?;
            let mut roots = RootCertStore::empty();
            roots.add(clients.der())?;
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
            (builder.with_client_cert_verifier(verifier), Some(clients.client()?.identity()))
        } else {
            (builder.with_no_client_auth(), None)
        };
        let (chain, key): (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) = leaf.into_der();
        let mut config = builder.with_single_cert(chain, key)?;
        config.alpn_protocols = alpn;
        resume(&mut config, settings.resumption)?;
        Ok(Self { config: Arc::new(config), ca_pem: authority.pem(), client })
    }
}

fn resume(config: &mut ServerConfig, resumption: bool) -> Result<(), Failure> {
    if resumption {
        // Tickets need no memory here and no lock between the threads.
        config.ticketer = ring::Ticketer::new()?;
    } else {
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    Ok(())
}
