//! TLS: what is offered and accepted, who is trusted, who we are, and what the peer gets to see.

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;

use onrush_plan::{ClientSettings, Protocol, Resolve, Secret, TlsSettings, TlsVersion};
use onrush_target::{CertificateFlaw, Service, ServiceSettings, TlsSettings as Served, TlsVersions};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{HandshakeKind, ProtocolVersion, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::support::{User, kind, play, secure};

const HTTP1: Protocol = Protocol::Http1 { pipeline: 1 };
const HTTP2: Protocol = Protocol::Http2 { streams: 1 };

/// What a peer saw of a handshake.
#[derive(Clone, Debug)]
struct Shaken {
    version: ProtocolVersion,
    kind: HandshakeKind,
    name: Option<String>,
    alpn: Option<Vec<u8>>,
}

/// A peer that answers one request on each connection and keeps what it saw.
struct Peer {
    address: SocketAddr,
    ca_pem: String,
    seen: Rc<RefCell<Vec<Shaken>>>,
}

impl Peer {
    async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A peer whose certificate is changed before it signs it itself.
    async fn with(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let names = ["shop.example.com", "pay.example.com", "127.0.0.1"].map(str::to_owned);
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let made = params.self_signed(&key).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let builder = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let mut config = builder.with_single_cert(vec![made.der().clone()], key.into()).unwrap();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let (address, seen) = (listener.local_addr().unwrap(), Rc::<RefCell<Vec<Shaken>>>::default());
        tokio::task::spawn_local(accept(listener, TlsAcceptor::from(Arc::new(config)), Rc::clone(&seen)));
        Self { address, ca_pem: made.pem(), seen }
    }

    /// Settings that trust it and know its names.
    fn settings(&self, change: impl FnOnce(&mut TlsSettings)) -> ClientSettings {
        let mut settings = secure(&self.ca_pem, HTTP1);
        change(&mut settings.tls);
        settings.keep_alive = false;
        settings.resolve = vec![Resolve { host: "*".into(), port: 0, addresses: vec![self.address.ip()] }];
        settings
    }

    fn url(&self, host: &str) -> String {
        format!("https://{host}:{}/", self.address.port())
    }

    fn kinds(&self) -> Vec<HandshakeKind> {
        self.seen.borrow().iter().map(|shaken| shaken.kind).collect()
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, seen: Rc<RefCell<Vec<Shaken>>>) {
    loop {
        let (tcp, _) = listener.accept().await.unwrap();
        // Who does not like the handshake goes away; the next one may.
        let _ = talk(tcp, &acceptor, &seen).await;
    }
}

async fn talk(tcp: TcpStream, acceptor: &TlsAcceptor, seen: &RefCell<Vec<Shaken>>) -> std::io::Result<()> {
    let mut stream = acceptor.accept(tcp).await?;
    let tls = stream.get_ref().1;
    seen.borrow_mut().push(Shaken {
        version: tls.protocol_version().unwrap(),
        kind: tls.handshake_kind().unwrap(),
        name: tls.server_name().map(str::to_owned),
        alpn: tls.alpn_protocol().map(<[u8]>::to_vec),
    });
    while !read_ends_a_head(&mut stream).await? {}
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await?;
    stream.shutdown().await
}

async fn read_ends_a_head(stream: &mut (impl AsyncReadExt + Unpin)) -> std::io::Result<bool> {
    let mut last = [0; 4];
    while last != *b"\r\n\r\n" {
        last.rotate_left(1);
        last[3] = stream.read_u8().await?;
    }
    Ok(true)
}

fn serving(tls: Served) -> onrush_target::Running {
    Service::start(ServiceSettings { tls: Some(tls), ..ServiceSettings::default() }).unwrap()
}

#[test]
fn both_protocols_over_tls_with_their_time() {
    play(async {
        let service = serving(Served::default());
        for protocol in [HTTP1, HTTP2] {
            let mut user = User::new(secure(service.ca_pem().unwrap(), protocol));
            let [first, second] = [user.get(&service.url()).await, user.get(&service.url()).await];
            assert_eq!([kind(&first), kind(&second)], ["200", "200"], "{first:?}");
            assert_eq!((first.extras().opened, second.extras().opened, second.reused), (1, 0, 1));
            assert!(first.extras().tls.is_some() && second.extras().tls.is_none(), "{first:?} {second:?}");
        }
        assert_eq!(service.stats().accepted, 2);
    });
}

#[test]
fn sessions_are_resumed_unless_they_must_not_be() {
    use HandshakeKind::{Full, Resumed};
    play(async {
        for max in [TlsVersion::Tls12, TlsVersion::Tls13] {
            for (resumption, expected) in [(true, [Full, Resumed, Resumed]), (false, [Full, Full, Full])] {
                let peer = Peer::start().await;
                let mut user = User::new(peer.settings(|tls| (tls.resumption, tls.max) = (resumption, max)));
                for _ in 0..3 {
                    assert_eq!(kind(&user.get(&peer.url("shop.example.com")).await), "200");
                }
                assert_eq!(peer.kinds(), expected, "resumption {resumption}, up to {max:?}");
            }
        }
    });
}

#[test]
fn versions_are_offered_as_asked() {
    use ProtocolVersion::{TLSv1_2, TLSv1_3};
    use TlsVersion::{Tls12, Tls13};
    play(async {
        for (min, max, expected) in [(Tls12, Tls13, TLSv1_3), (Tls12, Tls12, TLSv1_2), (Tls13, Tls13, TLSv1_3)] {
            let peer = Peer::start().await;
            let exchange =
                User::new(peer.settings(|tls| (tls.min, tls.max) = (min, max))).get(&peer.url("127.0.0.1")).await;
            assert_eq!(kind(&exchange), "200");
            let seen = peer.seen.borrow()[0].clone();
            assert_eq!((seen.version, seen.alpn.as_deref()), (expected, Some(&b"http/1.1"[..])));
        }
        for (versions, min, max) in [(TlsVersions::Only12, Tls13, Tls13), (TlsVersions::Only13, Tls12, Tls12)] {
            let service = serving(Served { versions, ..Served::default() });
            let mut settings = secure(service.ca_pem().unwrap(), HTTP1);
            (settings.tls.min, settings.tls.max) = (min, max);
            let exchange = User::new(settings).get(&service.url()).await;
            assert_eq!((kind(&exchange).as_str(), exchange.sent), ("tls", 0), "{exchange:?}");
        }
    });
}

#[test]
fn the_name_that_is_sent_is_the_urls_or_the_one_given() {
    play(async {
        for (host, given, expected) in [
            ("shop.example.com", None, Some("shop.example.com")),
            ("127.0.0.1", None, None),
            ("127.0.0.1", Some("pay.example.com"), Some("pay.example.com")),
            ("shop.example.com", Some("pay.example.com"), Some("pay.example.com")),
        ] {
            let peer = Peer::start().await;
            let settings = peer.settings(|tls| tls.server_name = given.map(str::to_owned));
            assert_eq!(kind(&User::new(settings).get(&peer.url(host)).await), "200");
            assert_eq!(peer.seen.borrow()[0].name.as_deref(), expected, "{host}, given {given:?}");
        }
        let peer = Peer::start().await;
        for (host, given) in [("elsewhere.example.com", None), ("shop.example.com", Some("elsewhere.example.com"))] {
            let settings = peer.settings(|tls| tls.server_name = given.map(str::to_owned));
            let exchange = User::new(settings).get(&peer.url(host)).await;
            assert_eq!(kind(&exchange), "tls", "{host}, given {given:?}");
        }
    });
}

#[test]
fn certificates_are_judged_unless_nobody_cares() {
    play(async {
        for (flaw, words) in [
            (CertificateFlaw::Expired, "expired"),
            (CertificateFlaw::WrongHost, "the certificate is not for 127.0.0.1"),
            (CertificateFlaw::SelfSigned, "--insecure"),
        ] {
            let service = serving(Served { flaw: Some(flaw), ..Served::default() });
            let mut settings = secure(service.ca_pem().unwrap(), HTTP1);
            let exchange = User::new(settings.clone()).get(&service.url()).await;
            assert_eq!((kind(&exchange).as_str(), exchange.sent), ("tls", 0));
            let said = exchange.result.unwrap_err().to_string();
            assert!(said.contains(words), "{flaw:?}: {said}");
            settings.tls.verify = false;
            assert_eq!(kind(&User::new(settings).get(&service.url()).await), "200", "{flaw:?}");
        }
        let service = serving(Served::default());
        let unknown = User::plain().get(&service.url()).await;
        assert!(unknown.result.unwrap_err().to_string().contains("--cacert"));
    });
}

/// `openssl req -x509` makes such certificates; WebPKI takes no authority for a service.
#[test]
fn a_certificate_that_is_its_own_authority_is_accepted_where_it_is_named() {
    let authority = |params: &mut CertificateParams| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let expired = |params: &mut CertificateParams| {
        authority(params);
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
    };
    play(async {
        let peer = Peer::with(authority).await;
        for (host, expected) in [("127.0.0.1", "200"), ("shop.example.com", "200"), ("elsewhere.example.com", "tls")] {
            assert_eq!(kind(&User::new(peer.settings(|_| {})).get(&peer.url(host)).await), expected, "{host}");
        }
        let expired = Peer::with(expired).await;
        let other = Peer::with(authority).await;
        for (stranger, named, words) in [(&expired, &expired, "expired"), (&peer, &other, "--cacert")] {
            let mut user = User::new(named.settings(|_| {}));
            let said = user.get(&stranger.url("127.0.0.1")).await.result.unwrap_err().to_string();
            assert!(said.contains(words), "{said}");
        }
    });
}

#[test]
fn clients_show_who_they_are_when_asked() {
    play(async {
        let service = serving(Served { require_client_certificate: true, ..Served::default() });
        let identity = service.client_identity().unwrap();
        for max in [TlsVersion::Tls12, TlsVersion::Tls13] {
            let mut settings = secure(service.ca_pem().unwrap(), HTTP1);
            settings.tls.max = max;
            let stranger = User::new(settings.clone()).get(&service.url()).await;
            // In TLS 1.3 the client is done before the service has seen that there is no certificate: its
            // refusal may come as an alert, or as the end of the connection that follows it.
            let kinds: &[&str] = if max == TlsVersion::Tls12 { &["tls"] } else { &["tls", "reset", "closed early"] };
            assert!(kinds.contains(&kind(&stranger).as_str()), "{stranger:?}");
            let key = Secret(identity.key_pem.clone().into_bytes());
            settings.tls.identity = Some((identity.certificate_pem.clone().into_bytes(), key));
            assert_eq!(kind(&User::new(settings).get(&service.url()).await), "200", "{max:?}");
        }
    });
}

#[test]
fn peers_without_tls_or_without_http2_are_told() {
    play(async {
        let clear = Service::start(ServiceSettings::default()).unwrap();
        let exchange = User::plain().get(&clear.url().replace("http:", "https:")).await;
        assert_eq!(kind(&exchange), "tls");
        let only1 = ServiceSettings { http2: false, tls: Some(Served::default()), ..ServiceSettings::default() };
        let service = Service::start(only1).unwrap();
        let exchange = User::new(secure(service.ca_pem().unwrap(), HTTP2)).get(&service.url()).await;
        assert!(["protocol", "tls"].contains(&kind(&exchange).as_str()), "{exchange:?}");
        assert!(exchange.result.unwrap_err().to_string().contains("127.0.0.1"));
    });
}

#[test]
fn files_that_cannot_be_used_are_refused_before_anything_is_sent() {
    let with = |change: fn(&mut TlsSettings)| {
        let mut settings = ClientSettings::default();
        change(&mut settings.tls);
        onrush_net::Setup::new(&settings, true).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(with(|_| {}), Ok(()));
    let no_ca = with(|tls| tls.roots = onrush_plan::Roots::SystemAnd(b"not PEM".to_vec())).unwrap_err();
    assert!(no_ca.contains("CA"), "{no_ca}");
    let no_key = with(|tls| tls.identity = Some((b"not PEM".to_vec(), Secret(Vec::new())))).unwrap_err();
    assert!(no_key.contains("client certificate"), "{no_key}");
}
