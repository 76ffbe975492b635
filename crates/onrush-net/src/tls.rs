//! TLS by rustls: whom to trust, who we are, and what went wrong in words.

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use onrush_metrics::ErrorKind;
use onrush_plan::{Protocol, Roots, TlsSettings, TlsVersion};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore,
    SignatureScheme, SupportedProtocolVersion,
};
use tokio_rustls::TlsConnector;
use url::Host;

use crate::error::SetupError;
use crate::failure::Failure;
use crate::stream::Stream;

const NO_IDENTITY: &str = "the service wants a client certificate: --cert and --key";

/// TLS as one run uses it; clones share the configuration and its session cache.
#[derive(Clone, Debug)]
pub(crate) struct Tls(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    settings: TlsSettings,
    protocol: Protocol,
    identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    extra_roots: Vec<CertificateDer<'static>>,
    /// Made when the first connection needs it: reading the system's roots takes longer than starting.
    config: OnceLock<Result<Arc<ClientConfig>, SetupError>>,
}

impl Tls {
    /// Reads what was given, so that a wrong file is told before anything is sent.
    pub(crate) fn new(settings: &TlsSettings, protocol: Protocol) -> Result<Self, SetupError> {
        let identity = match &settings.identity {
            Some((chain, key)) => Some((certificates(chain, "the client certificate")?, private_key(&key.0)?)),
            None => None,
        };
        let extra_roots = match &settings.roots {
            Roots::System => Vec::new(),
            Roots::SystemAnd(pem) => certificates(pem, "the CA file")?,
        };
        if let Some(name) = &settings.server_name {
            let checked = ServerName::try_from(name.as_str());
            checked.map_err(|error| SetupError::Tls(format!("`{name}` is no server name for TLS: {error}")))?;
        }
        let shared = Shared { settings: settings.clone(), protocol, identity, extra_roots, config: OnceLock::new() };
        Ok(Self(Arc::new(shared)))
    }

    /// Builds the configuration now instead of at the first connection.
    pub(crate) fn warm(&self) -> Result<(), SetupError> {
        self.config().map(drop)
    }

    /// The handshake with `host` over `stream`.
    pub(crate) async fn connect(&self, host: &Host<String>, stream: Stream) -> Result<Stream, Failure> {
        let config = self.config().map_err(|error| Failure::new(ErrorKind::Tls, error.to_string()))?;
        let name = self.server_name(host)?;
        let connecting = TlsConnector::from(config).connect(name, stream);
        let tls = connecting.await.map_err(|error| Failure::new(ErrorKind::Tls, self.words(&error, host)))?;
        if matches!(self.0.protocol, Protocol::Http2 { .. }) && tls.get_ref().1.alpn_protocol() != Some(b"h2") {
            let text = format!("{host} does not speak HTTP/2: it did not choose `h2` in the TLS handshake");
            return Err(Failure::new(ErrorKind::Protocol, text));
        }
        Ok(Stream::Tls(Box::new(tls)))
    }

    fn config(&self) -> Result<Arc<ClientConfig>, SetupError> {
        self.0.config.get_or_init(|| self.0.build().map(Arc::new)).clone()
    }

    /// What went wrong in a handshake, and what to do about it.
    fn words(&self, error: &io::Error, host: &Host<String>) -> String {
        match inner(error) {
            Some(rustls::Error::InvalidCertificate(why)) => {
                let given = self.0.settings.server_name.as_ref();
                certificate_words(why, host, &given.map_or_else(|| host.to_string(), |name| format!("{name} (--sni)")))
            }
            Some(why) => handshake_words(why, host),
            None if error.kind() == io::ErrorKind::UnexpectedEof => {
                format!("{host} closed the connection during the TLS handshake")
            }
            None => format!("TLS handshake with {host}: {error}"),
        }
    }

    fn server_name(&self, host: &Host<String>) -> Result<ServerName<'static>, Failure> {
        let name = match (&self.0.settings.server_name, host) {
            (Some(name), _) | (None, Host::Domain(name)) => ServerName::try_from(name.clone()),
            (None, Host::Ipv4(ip)) => return Ok(ServerName::IpAddress((*ip).into())),
            (None, Host::Ipv6(ip)) => return Ok(ServerName::IpAddress((*ip).into())),
        };
        name.map_err(|error| Failure::new(ErrorKind::Tls, format!("{host} is no name that TLS can carry: {error}")))
    }
}

impl Shared {
    fn build(&self) -> Result<ClientConfig, SetupError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&self.versions())
            .map_err(|error| SetupError::Tls(error.to_string()))?;
        let builder = if self.settings.verify {
            let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(self.roots()?), provider).build();
            let verifier = verifier.map_err(|error| SetupError::Tls(error.to_string()))?;
            let named = Named { verifier, certificates: self.extra_roots.clone() };
            builder.dangerous().with_custom_certificate_verifier(Arc::new(named))
        } else {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        };
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => builder
                .with_client_auth_cert(chain.clone(), key.clone_key())
                .map_err(|error| SetupError::Tls(format!("the client certificate and key cannot be used: {error}")))?,
        };
        config.alpn_protocols = match self.protocol {
            Protocol::Http1 { .. } => vec![b"http/1.1".to_vec()],
            Protocol::Http2 { .. } => vec![b"h2".to_vec()],
        };
        if !self.settings.resumption {
            config.resumption = Resumption::disabled();
        }
        Ok(config)
    }

    fn versions(&self) -> Vec<&'static SupportedProtocolVersion> {
        let all = [(TlsVersion::Tls13, &rustls::version::TLS13), (TlsVersion::Tls12, &rustls::version::TLS12)];
        let (min, max) = (self.settings.min, self.settings.max);
        all.into_iter().filter(|(version, _)| (min..=max).contains(version)).map(|(_, version)| version).collect()
    }

    fn roots(&self) -> Result<RootCertStore, SetupError> {
        let mut roots = RootCertStore::empty();
        for certificate in &self.extra_roots {
            let added = roots.add(certificate.clone());
            added.map_err(|error| SetupError::Tls(format!("a certificate of the CA file cannot be used: {error}")))?;
        }
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.len() == self.extra_roots.len() {
            // A container without a store of its own: Mozilla's list, as browsers have it.
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        Ok(roots)
    }
}

fn certificates(pem: &[u8], what: &'static str) -> Result<Vec<CertificateDer<'static>>, SetupError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match read {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(SetupError::Tls(format!("{what} has no certificate in PEM form"))),
        Err(error) => Err(SetupError::Tls(format!("{what} cannot be read: {error}"))),
    }
}

fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, SetupError> {
    PrivateKeyDer::from_pem_slice(pem)
        .map_err(|error| SetupError::Tls(format!("the client key cannot be read: {error}")))
}

/// What TLS says during an exchange: in TLS 1.3 a service finds out after the handshake who has no certificate.
pub(crate) fn exchange_words(error: &io::Error) -> String {
    match inner(error) {
        Some(rustls::Error::AlertReceived(AlertDescription::CertificateRequired)) => NO_IDENTITY.to_owned(),
        _ => error.to_string(),
    }
}

fn inner(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn handshake_words(error: &rustls::Error, host: &Host<String>) -> String {
    match error {
        rustls::Error::InvalidMessage(_) => format!("{host} does not speak TLS at this port"),
        rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol) => {
            format!("{host} refused the TLS handshake: it does not speak the protocol that was asked for (ALPN)")
        }
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => NO_IDENTITY.to_owned(),
        rustls::Error::AlertReceived(alert) => format!("{host} refused the TLS handshake: {alert:?}"),
        other => format!("TLS handshake with {host}: {other}"),
    }
}

/// `name` is what the certificate was to be for.
fn certificate_words(error: &CertificateError, host: &Host<String>, name: &str) -> String {
    match error {
        CertificateError::Expired => format!("the certificate of {host} has expired"),
        CertificateError::ExpiredContext { time, not_after } => {
            let days = time.as_secs().saturating_sub(not_after.as_secs()) / 86_400;
            format!("the certificate of {host} expired {days} days ago")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!("the certificate of {host} is not valid yet")
        }
        CertificateError::NotValidForName => format!("the certificate is not for {name}"),
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names: Vec<_> = presented.iter().map(|name| presented_name(name)).collect();
            format!("the certificate is not for {name} but for {}", names.join(", "))
        }
        CertificateError::UnknownIssuer => format!(
            "the certificate of {host} is signed by nobody who is trusted: name its CA with --cacert, or use --insecure"
        ),
        other if is_of_an_authority(other) => format!(
            "the certificate of {host} is that of an authority, and not a trusted one: name it with --cacert, or use \
             --insecure"
        ),
        other => format!("the certificate of {host} is not accepted: {other}"),
    }
}

/// The name in rustls' words for it: `DnsName("shop.example.com")`, `IpAddress(127.0.0.1)`.
fn presented_name(words: &str) -> String {
    let name = words.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(words).trim_matches('"');
    name.parse().map_or_else(|_| name.to_owned(), |address: IpAddr| address.to_string())
}

/// Accepts what leads to a root, and a service whose own certificate is one that `--cacert` names, as OpenSSL does:
/// `openssl req -x509` makes certificates that are their own authority, and WebPKI takes no authority for a service.
#[derive(Debug)]
struct Named {
    verifier: Arc<WebPkiServerVerifier>,
    certificates: Vec<CertificateDer<'static>>,
}

impl Named {
    /// Whether nothing but being an authority was found wrong with one of the certificates that were named. Its time
    /// is looked at before that, its name and key are not.
    fn is_named(&self, certificate: &CertificateDer<'_>, error: &rustls::Error) -> bool {
        let rustls::Error::InvalidCertificate(why) = error else { return false };
        is_of_an_authority(why) && self.certificates.iter().any(|named| named == certificate)
    }
}

/// Whether it was the certificate of an authority, which WebPKI does not take for that of a service.
fn is_of_an_authority(error: &CertificateError) -> bool {
    let CertificateError::Other(OtherError(why)) = error else { return false };
    matches!(why.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

impl ServerCertVerifier for Named {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match self.verifier.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            Err(error) if self.is_named(certificate, &error) => {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// Accepts every certificate, because somebody said `--insecure`; the handshake itself is still checked.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
