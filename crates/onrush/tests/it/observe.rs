//! `--observe`: the service's own figures beside those of the run, live, in the summary and in the record.

use std::path::Path;
use std::time::Duration;

use onrush_target::{Capacity, Latency, Service, ServiceSettings};

use crate::harness::{Finished, Folder, Run};
use crate::plain::{Plain, answer};

/// A service that takes 50 ms for a request, one at a time.
fn busy() -> onrush_target::Running {
    let settings = ServiceSettings {
        latency: Latency::Constant(Duration::from_millis(50)),
        capacity: Some(Capacity { workers: 1, queue: 100 }),
        ..ServiceSettings::default()
    };
    Service::start(settings).unwrap()
}

fn observed(finished: &Finished) -> Vec<&str> {
    let lines = finished.stdout.lines().skip_while(|line| !line.trim_start().starts_with("observed "));
    lines.take_while(|line| !line.is_empty()).map(|line| line.trim().trim_start_matches("observed").trim()).collect()
}

#[test]
fn cause_and_effect_are_on_one_page() {
    let (service, folder) = (busy(), Folder::new());
    let page = format!(
        "{}/metrics#http_requests_in_flight,http_requests_queued,http_requests_total{{status=\"200\"}}",
        service.url()
    );
    let file = folder.path("a.run");
    let run = Run::new([&*service.url(), "-q", "-c5", "-d3s", "--observe", &page]);
    let run = run.args(["-o".to_owned(), format!("run={}", file.display())]).finish();
    assert_eq!((run.code, &*run.stderr), (0, ""));
    let lines = observed(&run);
    let [in_flight, queued, rate, of_rate] = &*lines else { panic!("{}", run.stdout) };
    assert!(in_flight.starts_with("http_requests_in_flight ") && in_flight.contains("max 5"), "{in_flight}");
    assert!(queued.starts_with("http_requests_queued ") && queued.contains("max 4"), "{queued}");
    assert_eq!(*rate, "rate(http_requests_total{status=\"200\"})");
    assert!(of_rate.starts_with("mean ") && of_rate.contains("/s"), "{of_rate}");
    let again = Run::new([Path::new("report"), &file]).finish();
    assert_eq!(observed(&again), lines, "the record has them, too");
}

#[test]
fn a_page_that_is_none_is_told_once_and_the_load_goes_on() {
    let service = Service::start(ServiceSettings::default()).unwrap();
    let nothing = Plain::answering(|_| answer(200, &[], "<html>hello"));
    let broken = Plain::answering(|_| answer(500, &[], "no"));
    for (url, words) in [
        ("http://127.0.0.1:9/metrics#a".to_owned(), "cannot be reached: connection refused; it is read again"),
        (nothing.url(), "is not a page for Prometheus"),
        (broken.url(), "answered 500; it is read again"),
        (format!("{}/metrics", service.url()), "so far"),
    ] {
        let url = if words == "so far" { format!("{url}#no_such_thing") } else { url };
        let run = Run::new([&*service.url(), "-q", "-r50/s", "-d2s", "--observe", &url]).finish();
        let notes: Vec<_> = run.stderr.lines().collect();
        let [note] = &*notes else { panic!("{url}: {notes:?}") };
        assert!(run.code == 0 && note.starts_with("note: --observe: ") && note.contains(words), "{url}: {note}");
        assert!(observed(&run).is_empty(), "{}", run.stdout);
    }
}

#[test]
fn a_scenario_says_what_is_observed() {
    let (service, folder) = (busy(), Folder::new());
    let text = format!(
        "target: {0}\nload: 20 iterations by 4 users\nobserve: ['{0}/metrics#http_requests_in_flight{{}}']\nsteps:\n- get: /a\n",
        service.url()
    );
    let file = folder.write("s.yaml", text);
    let run = Run::new([Path::new("run"), &file]).args(["-q"]).finish();
    let lines = observed(&run);
    assert!(run.code == 0 && lines.len() == 1 && lines[0].starts_with("http_requests_in_flight{} "), "{}", run.stdout);
    let words = Run::new([Path::new("check"), &file]).finish().stdout;
    assert!(words.contains("Beside the load, read every second:\n  http://127.0.0.1:"), "{words}");
}

#[test]
fn what_cannot_be_observed_is_told_before_the_run() {
    for (url, words) in [
        ("nowhere", "`nowhere` is not a URL"),
        ("http://127.0.0.1:9/metrics#a b", "`a b` names no series"),
        ("http://127.0.0.1:9/metrics#a{x=~\"1\"}", "names no series"),
    ] {
        let run = Run::new(["http://127.0.0.1:9/", "-q", "-n1", "--observe", url]).finish();
        assert!(run.code == 104 && run.stderr.contains(words), "{url}: {}", run.stderr);
    }
}
