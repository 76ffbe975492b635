//! `tls:` of a file and of its scenarios, and the flags that come before it, each for what it says alone.

use onrush_target::{Running, Service, ServiceSettings, TlsSettings, TlsVersions};

use super::kit::{self, file};
use crate::harness::{Folder, Report};

/// A service that asks for certificates, and a folder with what is needed to speak to it.
fn strict(versions: TlsVersions) -> (Running, Folder) {
    let tls = TlsSettings { require_client_certificate: true, versions, ..TlsSettings::default() };
    let service = Service::start(ServiceSettings { tls: Some(tls), ..ServiceSettings::default() }).unwrap();
    let (identity, folder) = (service.client_identity().unwrap(), Folder::new());
    folder.write("ca.pem", service.ca_pem().unwrap());
    folder.write("cert.pem", &identity.certificate_pem);
    folder.write("key.pem", &identity.key_pem);
    (service, folder)
}

/// Plays a file whose `tls:` has these keys; flags may name the files of the folder.
fn play((service, folder): &(Running, Folder), keys: &str, flags: &[&str]) -> Report {
    let head = format!("load: 2 iterations by 1 user\ntls: {{ {keys} }}");
    folder.write("scene.yaml", file(&service.url(), &head, "- get: /"));
    let path = |flag: &&str| match flag.strip_suffix(".pem") {
        Some(_) => folder.path(flag).to_str().unwrap().to_owned(),
        None => (*flag).to_owned(),
    };
    let flags: Vec<String> = flags.iter().map(path).collect();
    kit::run(folder, &flags.iter().map(String::as_str).collect::<Vec<_>>()).report()
}

#[test]
fn a_flag_replaces_what_it_says_and_nothing_else() {
    let (trust, identity) = ("cacert: ca.pem", "cert: cert.pem, key: key.pem");
    let both = format!("{trust}, {identity}");
    for (versions, keys, flags, outcome) in [
        (TlsVersions::Both, &*both, &[][..], "200"),
        (TlsVersions::Both, identity, &[], "tls"),
        // Who is trusted is said by the flag, who we are still by the file.
        (TlsVersions::Both, identity, &["--insecure"], "200"),
        (TlsVersions::Both, identity, &["--cacert", "ca.pem"], "200"),
        (TlsVersions::Both, trust, &["--insecure"], "tls"),
        (TlsVersions::Both, trust, &["--cert", "cert.pem", "--key", "key.pem"], "200"),
        (TlsVersions::Both, &both, &["--sni", "elsewhere.example.com"], "tls"),
        (TlsVersions::Only12, &both, &["--tls-max", "1.2"], "200"),
        (TlsVersions::Only12, &both, &["--tls-min", "1.3"], "tls"),
        (TlsVersions::Only13, &both, &["--tls-max", "1.2"], "tls"),
        (TlsVersions::Only13, &format!("{both}, max: 1.2"), &[], "tls"),
        (TlsVersions::Only13, &format!("{both}, max: 1.2"), &["--tls-max", "1.3"], "200"),
        (TlsVersions::Only12, &format!("{both}, min: 1.3"), &[], "tls"),
        (TlsVersions::Only12, &format!("{both}, min: 1.3"), &["--tls-min", "1.2"], "200"),
        (TlsVersions::Only12, &format!("{both}, min: 1.3"), &["--no-tls-resumption"], "tls"),
    ] {
        let report = play(&strict(versions), keys, flags);
        assert_eq!(report.outcomes(), [(outcome.to_owned(), 2)], "{keys} {flags:?}: {}", report.json["errors"]);
    }
}

#[test]
fn flags_and_files_that_contradict_each_other() {
    let folder = Folder::new();
    let head = "load: 1 iterations by 1 user\ntls: { min: 1.3 }";
    folder.write("scene.yaml", file("https://127.0.0.1:9", head, "- get: /"));
    let ended = kit::run(&folder, &["--tls-max", "1.2"]).finish();
    assert_eq!(ended.code, 104, "{}", ended.stderr);
    assert_eq!(ended.stderr, "error: --tls-max is below the `min` of the file's `tls`\n");
    folder.write("scene.yaml", file("https://127.0.0.1:9", &head.replace("min: 1.3", "max: 1.2"), "- get: /"));
    let ended = kit::run(&folder, &["--tls-min", "1.3"]).finish();
    assert_eq!(ended.stderr, "error: --tls-min is above the `max` of the file's `tls`\n");
}

#[test]
fn resumption() {
    let sent = |keys: &str, flags: &[&str]| {
        let service = strict(TlsVersions::Both);
        let flags = [&["--no-keepalive", "--load", "20 iterations by 1 user"], flags].concat();
        play(&service, &format!("cacert: ca.pem, cert: cert.pem, key: key.pem{keys}"), &flags).all_well(20);
        service.0.stats().bytes_sent
    };
    let resumed = sent("", &[]);
    for (keys, flags) in [(", resumption: false", &[][..]), ("", &["--no-tls-resumption"])] {
        let full = sent(keys, flags);
        // A full handshake has the certificate in it, about 500 bytes.
        assert!(resumed + 15 * 300 < full, "{keys} {flags:?}: {resumed} and {full}");
    }
}

/// A file of several scenarios, each with a line of its own; what became of their three requests each.
fn outcomes((service, folder): &(Running, Folder), tls: &str, scenarios: &[(&str, &str)], flags: &[&str]) -> Vec<bool> {
    let scenario = |(name, line): &(&str, &str)| {
        format!("  {name}:\n    load: 3 iterations by 1 user\n    {line}\n    steps: [{{ get: /{name} }}]\n")
    };
    let all: String = scenarios.iter().map(scenario).collect();
    folder.write("scene.yaml", format!("target: {}\ntls: {{ {tls} }}\nscenarios:\n{all}", service.url()));
    let report = kit::run(folder, flags).report();
    let of = |(name, _): &(&str, &str)| match report.counts("requests", &format!("GET /{name}")) {
        [3, 0, 0] => true,
        [0, 3, 0] => false,
        counts => panic!("{name}: {counts:?}"),
    };
    scenarios.iter().map(of).collect()
}

#[test]
fn certificates_of_scenarios() {
    let strict = strict(TlsVersions::Both);
    let scenarios = [("known", "tls: { cert: cert.pem, key: key.pem }"), ("stranger", "")];
    for flags in [&[][..], &["--http2"], &["--tls-max", "1.2"]] {
        assert_eq!(outcomes(&strict, "cacert: ca.pem", &scenarios, flags), [true, false], "{flags:?}");
    }
}

#[test]
fn what_a_scenario_says_of_itself_comes_before_the_flags() {
    let strict = strict(TlsVersions::Both);
    let both = "cacert: ca.pem, cert: cert.pem, key: key.pem";
    let scenarios = [("own", "tls: { sni: 127.0.0.1 }"), ("common", "")];
    assert_eq!(outcomes(&strict, both, &scenarios, &[]), [true, true]);
    assert_eq!(outcomes(&strict, both, &scenarios, &["--sni", "elsewhere.example.com"]), [true, false]);
}
