//! Certificates that are not to be trusted, and what `--insecure` makes of them.

use onrush_target::{CertificateFlaw, Running, Service, ServiceSettings, TlsSettings, TlsVersions};

use crate::harness::{Folder, Report, Run};

fn secure(tls: TlsSettings) -> Running {
    Service::start(ServiceSettings { tls: Some(tls), ..ServiceSettings::default() }).unwrap()
}

fn flawed(flaw: CertificateFlaw) -> Running {
    secure(TlsSettings { flaw: Some(flaw), ..TlsSettings::default() })
}

/// Three requests of somebody who trusts the service's authority.
fn play(service: &Running, more: &[&str]) -> Report {
    let folder = Folder::new();
    let ca = folder.write("ca.pem", service.ca_pem().unwrap());
    let url = service.url();
    let fixed = [&*url, "-q", "-n3", "-c1", "--cacert", ca.to_str().unwrap()];
    Run::new(fixed.iter().chain(more).copied()).report()
}

fn check(report: &Report, words: &str) {
    assert_eq!(report.outcomes(), [("tls".to_owned(), 3)], "{words}");
    assert!(report.example("tls").contains(words), "{}", report.example("tls"));
}

#[test]
fn flaws_are_named_and_can_be_ignored() {
    for (flaw, words) in [
        (CertificateFlaw::Expired, "the certificate of 127.0.0.1 expired"),
        (CertificateFlaw::WrongHost, "the certificate is not for 127.0.0.1 but for elsewhere.example.com"),
        (CertificateFlaw::SelfSigned, "the certificate of 127.0.0.1 is signed by nobody who is trusted"),
    ] {
        let service = flawed(flaw);
        check(&play(&service, &[]), words);
        assert_eq!(service.stats().requests, 0, "{flaw:?}");
        for more in [&["--insecure"][..], &["-k", "--http2"], &["-k", "--tls-max", "1.2"]] {
            play(&service, more).all_well(3);
        }
        assert_eq!(service.stats().requests, 9, "{flaw:?}");
    }
}

#[test]
fn an_authority_that_nobody_knows() {
    let service = secure(TlsSettings::default());
    let report = Run::new([&*service.url(), "-q", "-n3", "-c1"]).report();
    check(&report, "name its CA with --cacert, or use --insecure");
    play(&service, &[]).all_well(3);
}

#[test]
fn a_client_without_the_certificate_that_is_asked_for() {
    let tls = TlsSettings { require_client_certificate: true, ..TlsSettings::default() };
    let service = secure(tls);
    check(&play(&service, &["--tls-max", "1.2"]), "the service wants a client certificate: --cert and --key");
    // TLS 1.3 is through with the handshake when the service finds out, and its word races with our request.
    for more in [&["--tls-min", "1.3"][..], &["--http2"]] {
        let report = play(&service, more);
        let is_expected = |kind: &str| ["tls", "reset", "closed early"].contains(&kind);
        let outcomes = report.outcomes();
        assert!(outcomes.iter().all(|(kind, _)| is_expected(kind)), "{more:?}: {:#}", report.json["errors"]);
        assert_eq!(report.requests("failed"), 3, "{more:?}");
    }
    assert_eq!(service.stats().requests, 0);
}

#[test]
fn versions_that_do_not_meet() {
    let service = secure(TlsSettings { versions: TlsVersions::Only13, ..TlsSettings::default() });
    check(&play(&service, &["--tls-max", "1.2"]), "refused the TLS handshake: ProtocolVersion");
    let service = secure(TlsSettings { versions: TlsVersions::Only12, ..TlsSettings::default() });
    check(&play(&service, &["--tls-min", "1.3"]), "refused the TLS handshake: ProtocolVersion");
}

#[test]
fn a_service_that_does_not_choose_http2() {
    let settings = ServiceSettings { http2: false, tls: Some(TlsSettings::default()), ..ServiceSettings::default() };
    let service = Service::start(settings).unwrap();
    let report = play(&service, &["--http2"]);
    check(&report, "it does not speak the protocol that was asked for (ALPN)");
}

#[test]
fn tls_where_there_is_none_and_none_where_there_is() {
    let clear = Service::start(ServiceSettings::default()).unwrap();
    let report = Run::new([&*clear.url().replace("http:", "https:"), "-q", "-n3", "-c1"]).report();
    check(&report, "TLS");
    let service = secure(TlsSettings::default());
    let report = Run::new([&*service.url().replace("https:", "http:"), "-q", "-n3", "-c1"]).report();
    assert_eq!(report.outcomes(), [("protocol".to_owned(), 3)], "{:#}", report.json["errors"]);
    assert_eq!(report.example("protocol"), "the service speaks TLS here: use https://");
}

#[test]
fn the_name_that_was_checked_is_told() {
    let report = play(&secure(TlsSettings::default()), &["--sni", "shop.example.com"]);
    check(&report, "the certificate is not for shop.example.com (--sni) but for localhost, 127.0.0.1, ::1");
}
