//! Systems that watch and that are down, slow, hang or refuse: the load goes on, it is told once, and the end comes.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use onrush_net::clock::Instant;
use onrush_target::{Hostile, HostileServer, Service, ServiceSettings, TlsSettings};

use crate::harness::{Folder, Report, Run};
use crate::plain::{Plain, answer};

/// The load, and what is allowed for what is left at its end: the pushers' own limit, and a busy machine.
const MOST: Duration = Duration::from_secs(2 + 4 + 6);
const REQUESTS: u64 = 100;

/// A load of two seconds with these outputs.
fn play(outputs: &[String], variables: &[(&str, &str)]) -> Report {
    let service = Service::start(ServiceSettings::default()).unwrap();
    let run = Run::new([&*service.url(), "-q", "-r50/s", "-d2s", "--traceparent"]);
    let run = run.args(outputs.iter().flat_map(|output| ["-o", output.as_str()]));
    variables.iter().fold(run, |run, (name, value)| run.env(name, value)).report()
}

/// Lines of standard error that speak of an output.
fn told<'a>(report: &'a Report, kind: &str) -> Vec<&'a str> {
    report.stderr.lines().filter(|line| line.contains(kind)).collect()
}

fn hostile(mode: Hostile, words: &str) {
    let server = HostileServer::start(mode).unwrap();
    let address = server.addr();
    let outputs = [
        format!("remote-write=http://{address}/api/v1/write,every=1s"),
        format!("otlp=http://{address},every=1s"),
        format!("otlp=grpc://{address},every=1s"),
        format!("traces=http://{address}"),
        format!("traces=grpc://{address}"),
    ];
    let began = Instant::now();
    let report = play(&outputs, &[]);
    assert!(began.elapsed() < MOST, "{mode:?}: {:?}", began.elapsed());
    assert_eq!((report.code, report.requests("completed")), (1, REQUESTS), "{mode:?}: {}", report.stderr);
    for (kind, outputs) in [("remote-write", 1), ("otlp", 2), ("traces", 2)] {
        let told = told(&report, kind);
        let notes = told.iter().filter(|line| line.starts_with("note: ")).count();
        let lost = told.iter().filter(|line| line.contains(" pushes were lost: it ")).count();
        assert!(notes <= outputs && lost == outputs && told.len() == notes + lost, "{mode:?}: {told:#?}");
        assert!(told.iter().any(|line| line.contains(words)), "{mode:?}: {told:#?}");
    }
}

#[test]
fn servers_that_misbehave() {
    let rows = [
        (Hostile::Refuse, "connection refused; trying again"),
        (Hostile::AcceptAndSayNothing, "did not answer"),
        (Hostile::SlowFirstByte(Duration::from_secs(30)), "did not answer"),
        (Hostile::Drip(Duration::from_secs(10)), "did not answer"),
        (Hostile::ResetOnAccept, "trying again"),
        (Hostile::EndlessHeader, "trying again"),
        (Hostile::Garbage, "trying again"),
    ];
    std::thread::scope(|scope| rows.map(|(mode, words)| scope.spawn(move || hostile(mode, words))).map(drop));
}

/// What a server that answers with these statuses, the last one again and again, makes of it: the exit code, how
/// often it was asked at least, and the lines that are told.
fn answering(statuses: &'static [u16], outputs: impl Fn(&Plain) -> String) -> (i32, u64, Vec<String>) {
    let asked = AtomicU64::new(0);
    let plain = Plain::answering(move |_| {
        let place = asked.fetch_add(1, Relaxed) as usize;
        answer(statuses[place.min(statuses.len() - 1)], &["Retry-After: 0"], "because of reasons\nand more")
    });
    let output = outputs(&plain);
    let report = play(&[output], &[]);
    assert_eq!(report.requests("completed"), REQUESTS);
    let url = plain.url();
    let lines = report.stderr.lines().map(|line| line.replace(url.trim_end_matches('/'), "URL")).collect();
    (report.code, plain.requests().len() as u64, lines)
}

#[test]
fn what_may_be_taken_later_is_sent_again_and_what_is_refused_is_not() {
    let remote = |plain: &Plain| format!("remote-write={}w,every=1s", plain.url());
    let (code, asked, lines) = answering(&[503, 429, 200], remote);
    let note = "note: output remote-write: URL/w answered 503: because of reasons; trying again";
    assert_eq!((code, &*lines), (0, &[note.to_owned()][..]), "nothing is lost");
    assert!(asked >= 5, "the start, two seconds, the end, and two more tries: {asked}");

    let (code, asked, lines) = answering(&[400], remote);
    assert_eq!((code, lines.len()), (1, 2), "{lines:?}");
    assert!(asked <= 4, "one try each: {asked}");
    assert!(lines[0].ends_with("answered 400: because of reasons; what it refuses is not sent again"), "{lines:?}");
    assert!(lines[1].contains(&format!("{asked} of {asked} pushes were lost")), "{lines:?}");

    let (code, _, lines) = answering(&[301], |plain| format!("otlp={},every=1s", plain.url()));
    assert!(code == 1 && lines[0].contains("URL/v1/metrics answered 301"), "{lines:?}");
}

#[test]
fn credentials_are_sent_and_never_told() {
    for (user, variables, expected) in [
        ("me:tops3cret@", &[][..], "Basic bWU6dG9wczNjcmV0"),
        ("", &[("ONRUSH_REMOTE_WRITE_TOKEN", "tops3cret")][..], "Bearer tops3cret"),
        (
            "",
            &[("ONRUSH_REMOTE_WRITE_USER", "me"), ("ONRUSH_REMOTE_WRITE_PASSWORD", "tops3cret")][..],
            "Basic bWU6dG9wczNjcmV0",
        ),
    ] {
        let plain = Plain::answering(|_| answer(401, &[], "who are you?"));
        let output = format!("remote-write=http://{user}{}/w?key=tops3cret,every=1s", plain.address());
        let report = play(&[output], variables);
        let asked = &plain.requests()[0];
        assert_eq!((asked.header("authorization"), asked.target()), (Some(expected), "/w?key=tops3cret"));
        assert!(report.stderr.contains("answered 401: who are you?"), "{}", report.stderr);
        assert!(!report.stderr.contains("tops3cret") && !report.json.to_string().contains("tops3cret"));
    }
}

#[test]
fn wrong_targets_are_told_before_the_run() {
    let taken = Plain::start();
    let port = taken.address().port();
    for (output, words) in [
        (format!("prometheus={port}"), "cannot listen at"),
        ("prometheus=-".to_owned(), "cannot listen at -"),
        ("prometheus=0,linger=long".to_owned(), "`linger=long` is no time"),
        ("remote-write=somewhere".to_owned(), "`somewhere` is not a URL"),
        ("remote-write=ftp://a.example/".to_owned(), "`ftp:` is not a scheme"),
        ("remote-write=http://127.0.0.1:9/,every=1ms".to_owned(), "`every` is at least 1s"),
        ("otlp=me:tops3cret@a.example".to_owned(), "is not a URL"),
        ("remote-write=http://127.0.0.1:9/w,evry=9s".to_owned(), "`evry` is not an option: did you mean `every`?"),
        ("remote-write=http://127.0.0.1:9/w,x".to_owned(), "expected `native`, `every=TIME` (a comma of the address"),
        ("remote-write=http://me:a,tops3cret@127.0.0.1:9/".to_owned(), "what follows a comma is an option: expected"),
        ("otlp=http://127.0.0.1:9/,delta=no".to_owned(), "this option is written `delta`"),
    ] {
        let run = Run::new(["http://127.0.0.1:9/", "-q", "-n1", "-o", &*output]).finish();
        assert!(run.code == 104 && run.stderr.contains(words), "{output}: {}", run.stderr);
        assert!(!run.stderr.contains("tops3cret"), "{}", run.stderr);
    }
}

#[test]
fn labels_are_for_those_who_show_them() {
    let none = Run::new(["http://127.0.0.1:9/", "-q", "-n1", "--label", "a=b", "-o", "json=/dev/null"]).finish();
    assert!(none.code == 104 && none.stderr.contains("--label is for -o prometheus=…, -o remote"), "{}", none.stderr);
    let tag = ["--label", "tag_a=b", "-o", "prometheus=0"];
    let tag = Run::new(["http://127.0.0.1:9/", "-q", "-n1"]).args(tag).finish();
    assert!(tag.code == 104 && tag.stderr.contains("begin with `tag_`"), "{}", tag.stderr);
}

#[test]
fn over_tls_only_to_those_who_are_trusted() {
    let settings = ServiceSettings { tls: Some(TlsSettings::default()), ..ServiceSettings::default() };
    let service = Service::start(settings).unwrap();
    let folder = Folder::new();
    let trusted = folder.write("ca.pem", service.ca_pem().unwrap());
    let output = [format!("remote-write={}/echo,every=1s", service.url())];
    let report = play(&output, &[("SSL_CERT_FILE", trusted.to_str().unwrap())]);
    assert_eq!((report.code, &*report.stderr), (0, ""));
    let report = play(&output, &[]);
    assert!(
        report.code == 1 && report.stderr.contains("cannot be reached by TLS: invalid peer certificate"),
        "{}",
        report.stderr
    );
}

#[test]
fn nobody_scrapes_and_the_end_comes_when_it_was_asked_to() {
    let began = Instant::now();
    let report = play(&["prometheus=0".to_owned()], &[]);
    assert_eq!((report.code, report.requests("completed")), (0, REQUESTS));
    let at_once = began.elapsed();
    let began = Instant::now();
    let report = play(&["prometheus=0,linger=2s".to_owned()], &[]);
    assert_eq!((report.code, &*report.stderr), (0, ""));
    assert!(began.elapsed() >= Duration::from_secs(4) && at_once < MOST, "{at_once:?}, {:?}", began.elapsed());
}
