//! TLS: what a client that trusts our authority makes of the service, and what it makes of the flaws.

use std::sync::Arc;

use onrush_target::{CertificateFlaw, Running, ServiceSettings, TlsSettings, TlsVersions};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, HandshakeKind, ProtocolVersion, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::client::{Client, start, until};

fn secure(tls: TlsSettings) -> Running {
    start(ServiceSettings { tls: Some(tls), ..ServiceSettings::default() })
}

/// A client that trusts the authority, speaks `alpn`, and shows a certificate where there is one to show.
fn trusting(running: &Running, alpn: &[&str], with_identity: bool) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(running.ca_pem().unwrap().as_bytes()).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let identity = running.client_identity().filter(|_| with_identity);
    let mut config = match identity {
        Some(identity) => {
            let certificate = CertificateDer::from_pem_slice(identity.certificate_pem.as_bytes()).unwrap();
            let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes()).unwrap();
            builder.with_client_auth_cert(vec![certificate], key).unwrap()
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    config
}

async fn shake_as(running: &Running, config: Arc<ClientConfig>, host: &str) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(running.addr()).await?;
    TlsConnector::from(config).connect(ServerName::try_from(host.to_owned()).unwrap(), stream).await
}

async fn shake(running: &Running, config: ClientConfig) -> std::io::Result<TlsStream<TcpStream>> {
    shake_as(running, Arc::new(config), "localhost").await
}

#[tokio::test]
async fn https_for_all_names_of_the_loopback() {
    let running = secure(TlsSettings::default());
    assert_eq!(running.url(), format!("https://{}", running.addr()));
    for host in ["localhost", "127.0.0.1", "::1"] {
        let stream = shake_as(&running, Arc::new(trusting(&running, &[], false)), host).await.unwrap();
        assert_eq!(Client::http1(stream).await.get("/").await.text(), "hello\n", "{host}");
    }
}

#[tokio::test]
async fn alpn_chooses_the_version() {
    let running = secure(TlsSettings::default());
    let stream = shake(&running, trusting(&running, &["http/1.1", "h2"], false)).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]), "the service prefers it");
    assert_eq!(Client::http2(stream).await.get("/inspect").await.json()["version"], "HTTP/2.0");
    let stream = shake(&running, trusting(&running, &["http/1.1"], false)).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    assert_eq!(Client::http1(stream).await.get("/inspect").await.json()["version"], "HTTP/1.1");
}

#[tokio::test]
async fn flaws_are_what_they_say() {
    let table = [
        (CertificateFlaw::Expired, "certificate expired"),
        (CertificateFlaw::WrongHost, "certificate not valid for name \"localhost\""),
        (CertificateFlaw::SelfSigned, "UnknownIssuer"),
    ];
    for (flaw, expected) in table {
        let running = secure(TlsSettings { flaw: Some(flaw), ..TlsSettings::default() });
        let message = shake(&running, trusting(&running, &[], false)).await.unwrap_err().to_string();
        assert!(message.contains(expected), "{flaw:?}: {message}");
        until(&running, |stats| stats.accepted == 1 && stats.open == 0).await;
    }
}

#[tokio::test]
async fn clients_without_a_certificate_are_turned_away() {
    let running = secure(TlsSettings { require_client_certificate: true, ..TlsSettings::default() });
    let stream = shake(&running, trusting(&running, &[], true)).await.unwrap();
    assert_eq!(Client::http1(stream).await.get("/").await.status, 200);
    // In TLS 1.3 the client is done before the server judges it: the refusal comes with the first answer.
    if let Ok(stream) = shake(&running, trusting(&running, &[], false)).await {
        assert!(Client::http1(stream).await.try_send("GET /", &[], "").await.is_err());
    }
    assert_eq!(running.stats().requests, 1);
    assert!(secure(TlsSettings::default()).client_identity().is_none());
}

#[tokio::test]
async fn versions_of_tls() {
    let table = [
        (TlsVersions::Both, ProtocolVersion::TLSv1_3),
        (TlsVersions::Only12, ProtocolVersion::TLSv1_2),
        (TlsVersions::Only13, ProtocolVersion::TLSv1_3),
    ];
    for (versions, expected) in table {
        let running = secure(TlsSettings { versions, ..TlsSettings::default() });
        let stream = shake(&running, trusting(&running, &[], false)).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(expected));
    }
}

#[tokio::test]
async fn resumption_can_be_switched_off() {
    for versions in [TlsVersions::Only12, TlsVersions::Only13] {
        for (resumption, expected) in [(true, HandshakeKind::Resumed), (false, HandshakeKind::Full)] {
            let running = secure(TlsSettings { versions, resumption, ..TlsSettings::default() });
            let config = Arc::new(trusting(&running, &[], false));
            for expected in [HandshakeKind::Full, expected] {
                let stream = shake_as(&running, Arc::clone(&config), "localhost").await.unwrap();
                assert_eq!(stream.get_ref().1.handshake_kind(), Some(expected), "{versions:?}");
                // The tickets of TLS 1.3 come with the first answer.
                Client::http1(stream).await.get("/").await;
            }
        }
    }
}
