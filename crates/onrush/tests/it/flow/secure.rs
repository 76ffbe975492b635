//! TLS as it is asked for: roots, client certificates, names, versions, resumption.

use onrush_target::{CertificateFlaw, Running, Service, ServiceSettings, TlsSettings, TlsVersions};

use crate::harness::{Folder, Report, Run};

fn secure(tls: TlsSettings) -> Running {
    Service::start(ServiceSettings { tls: Some(tls), ..ServiceSettings::default() }).unwrap()
}

/// Requests of somebody who trusts the service's authority.
fn play(service: &Running, more: &[&str]) -> Report {
    let folder = Folder::new();
    let ca = folder.write("ca.pem", service.ca_pem().unwrap());
    let url = service.url();
    Run::new([&*url, "-q", "--cacert", ca.to_str().unwrap()].iter().chain(more).copied()).report()
}

#[test]
fn counts_are_those_of_the_service() {
    for more in [&["-n100", "-c5"][..], &["-n40", "-c3", "--no-keepalive"], &["-r", "400/s", "-d", "200ms"]] {
        let service = secure(TlsSettings::default());
        let report = play(&service, more);
        let stats = service.stats();
        report.all_well(stats.requests);
        assert_eq!(report.number("/connections/opened"), stats.accepted, "{more:?}");
        assert_eq!(report.number("/breakdown_ns/tls/samples"), stats.accepted, "{more:?}");
    }
}

#[test]
fn client_certificates() {
    let tls = TlsSettings { require_client_certificate: true, ..TlsSettings::default() };
    let service = secure(tls);
    let identity = service.client_identity().unwrap();
    let folder = Folder::new();
    let (cert, key) = (folder.write("cert.pem", &identity.certificate_pem), folder.write("key.pem", &identity.key_pem));
    let shown = ["--cert", cert.to_str().unwrap(), "--key", key.to_str().unwrap(), "-n20", "-c2"];
    for more in [&[][..], &["--tls-max", "1.2"], &["--http2"], &["--no-keepalive"]] {
        play(&service, &[&shown, more].concat()).all_well(20);
    }
    assert_eq!(service.stats().requests, 80);
    let swapped = ["--cert", key.to_str().unwrap(), "--key", cert.to_str().unwrap(), "-n1"];
    let ended = Run::new([&*service.url(), "-k"].iter().chain(&swapped).copied()).finish();
    assert_eq!((ended.code, ended.stderr.lines().count()), (104, 1), "{}", ended.stderr);
}

#[test]
fn a_name_of_its_own() {
    let tls = TlsSettings { flaw: Some(CertificateFlaw::WrongHost), ..TlsSettings::default() };
    let service = secure(tls);
    assert_eq!(play(&service, &["-n5"]).outcomes(), [("tls".to_owned(), 5)]);
    play(&service, &["-n5", "--sni", "elsewhere.example.com"]).all_well(5);
    let resolve = format!("elsewhere.example.com:{}:127.0.0.1", service.addr().port());
    let folder = Folder::new();
    let ca = folder.write("ca.pem", service.ca_pem().unwrap());
    let url = format!("https://elsewhere.example.com:{}/", service.addr().port());
    let run = Run::new([&*url, "-q", "-n5", "--resolve", &resolve, "--cacert", ca.to_str().unwrap()]);
    run.report().all_well(5);
}

#[test]
fn versions() {
    for (versions, arguments) in [
        (TlsVersions::Both, &["--tls-max", "1.2"][..]),
        (TlsVersions::Both, &["--tls-min", "1.3"]),
        (TlsVersions::Only12, &[]),
        (TlsVersions::Only13, &[]),
        (TlsVersions::Only12, &["--tls-min", "1.2", "--tls-max", "1.2"]),
        (TlsVersions::Only13, &["--tls-min", "1.3", "--tls-max", "1.3"]),
    ] {
        let service = secure(TlsSettings { versions, ..TlsSettings::default() });
        play(&service, &[&["-n10", "-c2"], arguments].concat()).all_well(10);
    }
}

#[test]
fn resumed_sessions_are_shorter() {
    for version in ["1.2", "1.3"] {
        let sent = |more: &[&str]| {
            let service = secure(TlsSettings::default());
            let fixed = ["-n20", "-c1", "--no-keepalive", "--tls-min", version, "--tls-max", version];
            play(&service, &[&fixed, more].concat()).all_well(20);
            service.stats().bytes_sent
        };
        // A full handshake has the certificate in it, about 500 bytes.
        let (resumed, full) = (sent(&[]), sent(&["--no-tls-resumption"]));
        assert!(resumed + 15 * 300 < full, "TLS {version}: {resumed} and {full}");
    }
}
