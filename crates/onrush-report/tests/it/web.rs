//! The page that follows a run, asked for over real sockets: who comes late, who is slow, who goes away, the end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use onrush_metrics::{Event, Outcome, RunInfo, Snapshot, Tally};
use onrush_report::{Output, WebOutput};
use serde_json::Value;

use crate::fixtures;

/// Nothing here takes so long; a hang is a failure and not a stuck suite.
const LONG: Duration = Duration::from_secs(20);

fn bind() -> WebOutput {
    WebOutput::bind(&["127.0.0.1:0".parse().expect("an address")]).expect("a free port")
}

fn started() -> Event {
    Event::Started(Box::new(RunInfo { started_at: Duration::from_secs(1_800_000_000), ..fixtures::closed_info() }))
}

fn second(number: u64) -> Event {
    let mut interval = Tally::default();
    interval.counters.completed = 10 + number;
    (0..300).for_each(|us| interval.response.record(Duration::from_micros(500 + us)));
    let [since, at] = [number, number + 1].map(Duration::from_secs);
    Event::Tick(Box::new(Snapshot { since, at, total: interval.clone(), interval, ..Snapshot::default() }))
}

fn finished() -> Event {
    Event::Finished(Box::new(Outcome { total: fixtures::closed().total, ..fixtures::closed() }))
}

fn tell(web: &mut WebOutput, event: &Event) {
    web.on_event(event).expect("a page takes every event");
}

fn connect(web: &WebOutput, path: &str, host: &str) -> BufReader<TcpStream> {
    let address: SocketAddr =
        web.url().trim_start_matches("http://").trim_end_matches('/').parse().expect("an address");
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(LONG)).expect("a socket");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("it reads");
    BufReader::new(stream)
}

fn get(web: &WebOutput, path: &str, host: &str) -> (String, String) {
    let mut answer = String::new();
    connect(web, path, host).read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.to_owned(), body.to_owned())
}

/// The next update of a stream of events; `None` at its end.
fn next(events: &mut BufReader<TcpStream>) -> Option<Value> {
    let mut line = String::new();
    while events.read_line(&mut line).expect("a stream") > 0 {
        if let Some(json) = line.trim_end().strip_prefix("data: ") {
            return Some(serde_json::from_str(json).expect("JSON"));
        }
        line.clear();
    }
    None
}

/// A watcher that is being served: its head and the greeting have come.
fn watch(web: &WebOutput, after: &str) -> BufReader<TcpStream> {
    let mut events = connect(web, &format!("/events?after={after}"), "localhost");
    let mut line = String::new();
    while !line.contains(": watching") {
        line.clear();
        assert!(events.read_line(&mut line).expect("a stream") > 0, "it ended");
    }
    events
}

fn number_of(page: &str) -> &str {
    page.split_once("id=\"live\">\"").and_then(|(_, rest)| rest.split_once('"')).expect("a number").0
}

fn points(update: &Value) -> (u64, usize) {
    let whole = &update["data"]["whole"];
    (whole["from"].as_u64().expect("a place"), whole["at"].as_array().expect("a column").len())
}

#[test]
fn the_page_has_the_past_and_what_follows_is_small() {
    let mut web = bind();
    tell(&mut web, &started());
    (0..3).for_each(|number| tell(&mut web, &second(number)));
    let (head, page) = get(&web, "/", "localhost:1");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(page.contains("\"at\":[0,1,2]"), "the past is there");
    let mut events = watch(&web, number_of(&page));
    tell(&mut web, &second(3));
    // Of all points, or of those that the page has not got: the state of the page may have been told before it was asked.
    let (from, points_told) = points(&next(&mut events).expect("an update"));
    assert!([0, 3].contains(&from) && from + points_told as u64 == 4, "{points_told} from {from} on");
    tell(&mut web, &second(4));
    assert_eq!(points(&next(&mut events).expect("an update")), (4, 1));
    tell(&mut web, &finished());
    let last = next(&mut events).expect("the end");
    assert_eq!(last["data"]["over"], true);
    assert!(last["parts"]["verdict"].as_str().expect("markup").contains("<strong>Valid</strong>"));
    assert_eq!(next(&mut events), None);
}

#[test]
fn before_the_run_begins_the_page_says_so() {
    let mut web = bind();
    let (_, page) = get(&web, "/", "localhost");
    assert!(page.contains("Nothing is measured yet"));
    assert_eq!(number_of(&page), "-1");
    let mut events = watch(&web, "-1");
    tell(&mut web, &started());
    // The page sees that this is a run, and another one than none.
    let number = next(&mut events).expect("an update")["number"].as_str().expect("a number").to_owned();
    assert!(!number.starts_with('-') && number.ends_with("-2"), "{number}");
}

#[test]
fn who_comes_without_the_past_gets_it_first() {
    let mut web = bind();
    tell(&mut web, &started());
    (0..5).for_each(|number| tell(&mut web, &second(number)));
    for after in ["", "another-3", "nonsense"] {
        let mut events = watch(&web, after);
        assert_eq!(points(&next(&mut events).expect("an update")), (0, 5), "{after}");
    }
}

#[test]
fn who_reads_nothing_holds_up_nobody_and_skips_to_the_newest() {
    let mut web = bind();
    tell(&mut web, &started());
    let (_, page) = get(&web, "/", "localhost");
    let mut slow = watch(&web, number_of(&page));
    drop(watch(&web, number_of(&page)));
    // Far more than sockets hold, while nobody reads.
    (0..2_000).for_each(|number| tell(&mut web, &second(number)));
    tell(&mut web, &Event::Stopping(onrush_metrics::StopReason::Completed));
    let (mut updates, mut last) = (0, None);
    while let Some(update) = next(&mut slow) {
        updates += 1;
        if update["parts"]["title"].as_str().is_some_and(|title| title.contains("stopping")) {
            last = Some(update);
            break;
        }
    }
    let last = last.expect("the newest comes");
    assert!(updates < 1_900, "{updates} updates for one that was slow");
    let (from, points) = points(&last);
    let until = last["data"]["whole"]["until"].as_array().and_then(|all| all.last()?.as_f64());
    assert_eq!((from, until), (0, Some(2_000.0)), "{points} points");
}

#[test]
fn only_this_machine_is_answered_on_loopback() {
    let web = bind();
    for (path, host, status) in [
        ("/", "localhost", "200"),
        ("/", "evil.example.com", "403"),
        ("/events", "evil.example.com", "403"),
        ("/elsewhere", "localhost", "404"),
    ] {
        let (head, _) = get(&web, path, host);
        assert_eq!(head.split(' ').nth(1), Some(status), "{path} for {host}");
    }
}

#[test]
fn a_port_that_is_taken_is_told() {
    let web = bind();
    let address = web.url().trim_start_matches("http://").trim_end_matches('/').parse().expect("an address");
    let error = WebOutput::bind(&[address]).err().expect("taken");
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}

#[test]
fn the_end_waits_for_nobody_who_does_not_read() {
    let mut web = bind();
    tell(&mut web, &started());
    let _deaf = watch(&web, "");
    (0..50).for_each(|number| tell(&mut web, &second(number)));
    tell(&mut web, &finished());
    assert!(TcpStream::connect(web.url().trim_start_matches("http://").trim_end_matches('/')).is_err(), "it is gone");
}
