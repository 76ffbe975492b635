//! `--observe`: the service's own figures beside those of the run, live, in the summary and in the record.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
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
    let small = Plain::answering(|_| answer(200, &[], "a 1\nb{x=\"1\"} 2\n"));
    let broken = Plain::answering(|_| answer(500, &[], "no"));
    for (url, words) in [
        ("http://127.0.0.1:9/metrics#a".to_owned(), "cannot be reached: connection refused; it is read again"),
        (format!("{}#a", nothing.url()), "is not a page for Prometheus: is it at http://127.0.0.1:"),
        (
            format!("{}x", nothing.url()),
            "is not a page for Prometheus; it is not read again, since no series are named",
        ),
        (format!("{}#a", broken.url()), "answered 500: is it at http://127.0.0.1:"),
        (format!("{}/metrics#no_such_thing", service.url()), "no no_such_thing so far"),
        (format!("{}/metrics#requests_total", service.url()), "so far; it has http_requests_total"),
        (small.url(), "without being named: name series after the URL, "),
    ] {
        let run = Run::new([&*service.url(), "-q", "-r50/s", "-d2s", "--observe", &url]).finish();
        let notes: Vec<_> = run.stderr.lines().collect();
        let [note] = &*notes else { panic!("{url}: {notes:?}") };
        assert!(run.code == 0 && note.starts_with("note: --observe: ") && note.contains(words), "{url}: {note}");
        assert!(observed(&run).is_empty(), "{}", run.stdout);
    }
}

/// What a page answers from then on, if it is there.
type Later = Option<fn() -> String>;

/// A page that answers three times, then as `later` says, and then is gone if that says nothing.
fn three_times(later: Later) -> String {
    let (read, (gone, ends)) = (AtomicU32::new(0), channel());
    let page = Plain::answering(move |_| match (read.fetch_add(1, Ordering::Relaxed), later) {
        (0..3, _) => answer(200, &[], "a 7\n"),
        (_, Some(later)) => later(),
        (_, None) => {
            // Whoever waits for it may have ended.
            let _ = gone.send(());
            answer(200, &["Connection: close"], "a 7\n")
        }
    });
    let url = format!("{}m#a", page.url());
    std::thread::spawn(move || {
        let _ = ends.recv();
        drop(page);
    });
    url
}

fn goes_away(later: Later, words: &str) {
    let (service, folder) = (Service::start(ServiceSettings::default()).unwrap(), Folder::new());
    let file = folder.path("lines.jsonl");
    let run = Run::new([&*service.url(), "-q", "-r50/s", "-d6s", "--observe", &three_times(later)]);
    let run = run.args(["-o".to_owned(), format!("jsonl={}", file.display())]).finish();
    // A page that goes in the middle of an answer has two reasons, one after the other.
    let told =
        run.stderr.lines().filter(|note| note.contains(words) && note.ends_with("; it is read again every second"));
    assert_eq!((run.code, told.count()), (0, 1), "{words}: {}", run.stderr);
    let lines = std::fs::read_to_string(&file).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let seconds = lines.filter(|line| line["type"] == "second");
    let figures: Vec<_> = seconds.map(|line| line["observed"][0].as_f64()).collect();
    assert_eq!((figures.first(), figures.last()), (Some(&Some(7.0)), Some(&None)), "{words}: {figures:?}");
}

#[test]
fn a_page_that_goes_away_is_told_once_and_leaves_a_gap() {
    let later: [(Later, &str); 4] = [
        (Some(|| answer(500, &[], "no")), "answered 500"),
        (Some(|| answer(200, &[], "<html>sorry")), "is not a page for Prometheus"),
        // The beginning of an answer, and then nothing.
        (Some(|| "HTTP/1.1 200 So\r\nContent-Length: 100\r\n\r\na 1".to_owned()), "did not answer within 2 s"),
        (None, "cannot be reached: connection refused"),
    ];
    std::thread::scope(|scope| {
        later.into_iter().for_each(|(later, words)| drop(scope.spawn(move || goes_away(later, words))));
    });
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
    let bad = "target: http://127.0.0.1:9\nload: 1 iteration by 1 user\nobserve: http://127.0.0.1:9/m#a b\nsteps:\n- get: /a\n";
    let wrong = Run::new([Path::new("check"), &folder.write("t.yaml", bad)]).finish();
    assert!(wrong.code == 104 && wrong.stderr.contains("observe: `a b` names no series"), "{}", wrong.stderr);
    assert!(words.contains("Beside the load, read every second:\n  http://127.0.0.1:"), "{words}");
}

#[test]
fn what_cannot_be_observed_is_told_before_the_run() {
    for (url, words) in [
        ("nowhere", "`nowhere` is not the URL of a page for Prometheus; such as http://127.0.0.1:8080/metrics"),
        ("127.0.0.1:9/m", "such as http://127.0.0.1:9/m"),
        ("http://127.0.0.1:9/metrics#a b", "`a b` names no series"),
        ("http://127.0.0.1:9/metrics#a{x=~\"1\"}", "names no series"),
    ] {
        let run = Run::new(["http://127.0.0.1:9/", "-q", "-n1", "--observe", url]).finish();
        assert!(run.code == 104 && run.stderr.contains(words), "{url}: {}", run.stderr);
    }
}
