//! How much, when: the counts of the report are those of the service, for every way to ask for a load.

use onrush_target::{Running, Service, ServiceSettings};

use crate::harness::{Folder, Report, Run};

fn service() -> Running {
    Service::start(ServiceSettings::default()).unwrap()
}

fn play(url: &str, more: &[&str]) -> Report {
    Run::new([url, "-q"].iter().chain(more).copied()).report()
}

/// Everything that was asked for was answered, and the service has seen just as much. `count` where the
/// load itself says how much it is.
fn check(arguments: &[&str], model: &str, count: Option<u64>) {
    let service = service();
    let report = play(&service.url(), arguments);
    let stats = service.stats();
    report.all_well(stats.requests);
    assert_eq!(report.text("/run/model"), model, "{arguments:?}");
    assert_eq!(report.requests("intended"), count.unwrap_or(stats.requests), "{arguments:?}");
    assert!(stats.requests > 0, "{arguments:?}");
    assert_eq!(report.number("/connections/opened"), stats.accepted, "{arguments:?}");
    assert_eq!(report.number("/bytes/received"), stats.bytes_sent, "{arguments:?}");
}

#[test]
fn the_short_flags() {
    check(&["-n", "500", "-c", "10"], "closed", Some(500));
    check(&["-n", "3"], "closed", Some(3));
    check(&["-n", "1_000", "-c", "7", "-t", "2"], "closed", Some(1000));
    check(&["-c", "3", "-d", "150ms"], "closed", None);
    check(&["-n", "100", "-c", "3", "-d", "20s"], "closed", Some(100));
    check(&["-r", "500/s", "-d", "200ms"], "open", Some(100));
    check(&["-r", "500/s", "-n", "60"], "open", Some(60));
    check(&["-r", "1.2k/m", "-d", "250ms", "-c", "5"], "open", Some(5));
}

#[test]
fn every_form_of_the_grammar() {
    check(&["--load", "3 users for 150ms"], "closed", None);
    check(&["--load", "0 -> 4 users over 150ms"], "closed", None);
    check(&["--load", "4 -> 1 users over 150ms"], "closed", None);
    check(&["--load", "100 iterations by 7 users"], "closed", Some(100));
    check(&["--load", "100 iterations by 7 users within 20s"], "closed", Some(100));
    check(&["--load", "5 iterations each by 6 users"], "closed", Some(30));
    check(&["--load", "400/s for 100ms"], "open", Some(40));
    check(&["--load", "0/s -> 400/s over 200ms"], "open", Some(40));
    check(&["--load", "400/s -> 0/s over 200ms"], "open", Some(40));
    check(&["--load", "poisson 600/s for 100ms"], "open", None);
    check(&["--load", "0/s -> 200/s over 100ms, 200/s for 50ms, 200/s -> 0/s over 100ms"], "open", Some(30));
    check(&["--load", "10 iterations by 2 users, 200/s for 50ms\n5 iterations each by 3 users"], "closed", Some(35));
}

#[test]
fn warm_up_is_played_and_left_out() {
    for load in [&["-d", "200ms"][..], &["-n", "40"], &["--load", "200/s for 400ms"]] {
        let service = service();
        let mut arguments = load.to_vec();
        if load[0] != "--load" {
            arguments.extend(["-r", "200/s"]);
        }
        if load[0] != "-n" {
            arguments.extend(["--warmup", "200ms"]);
        }
        let expected = if load[0] == "-n" { (40, 40) } else { (40, 80) };
        let report = play(&service.url(), &arguments);
        assert_eq!((report.requests("completed"), service.stats().requests), expected, "{arguments:?}");
    }
}

#[test]
fn a_limit_in_flight_makes_arrivals_wait() {
    let service = service();
    let url = service.url() + "/delay/20";
    let report = play(&url, &["-r", "200/s", "-d", "150ms", "--max-in-flight", "2", "-t1"]);
    report.all_well(30);
    // Two at a time take 300 ms for what arrives within 150.
    let slowest = |times: &str| report.number(&format!("/{times}/max"));
    assert!(slowest("response_time_ns") > slowest("service_time_ns") + 50_000_000, "the wait is in the response time");
}

#[test]
fn a_limit_in_flight_drops_arrivals_where_that_is_asked_for() {
    let service = service();
    let url = service.url() + "/delay/400";
    let limits = ["--max-in-flight", "2", "--when-full", "drop", "-t1"];
    let report = play(&url, &[&["-r", "100/s", "-d", "300ms"][..], &limits].concat());
    let counts = ["intended", "started", "dropped", "completed"].map(|name| report.requests(name));
    assert_eq!(counts, [30, 2, 28, 2]);
    assert_eq!((service.stats().requests, report.text("/verdict/soundness")), (2, "invalid"));
    assert!(report.json["verdict"]["reasons"].to_string().contains("28 of 30 due requests (93 %)"));
}

#[test]
fn what_takes_too_long_is_a_timeout_and_its_time_counts() {
    let service = service();
    let report = play(&(service.url() + "/delay/60000"), &["-n", "4", "-c", "2", "--timeout", "100ms"]);
    assert_eq!(report.outcomes(), [("timeout".to_owned(), 4)]);
    assert_eq!(report.number("/response_time_ns/samples"), 4);
    assert!(report.number("/response_time_ns/min") >= 100_000_000);
}

#[test]
fn what_outlasts_the_graceful_period_is_cut_off() {
    let service = service();
    let arguments = ["-c", "3", "-d", "100ms", "--graceful-stop", "50ms"];
    let report = play(&(service.url() + "/delay/60000"), &arguments);
    assert_eq!((report.code, report.requests("started"), report.requests("cut_off")), (0, 3, 3));
    assert_eq!(service.stats().received, 3);
    assert!(report.number("/run/oldest_cut_off_ns") >= 100_000_000);
}

#[test]
fn a_printed_seed_gives_the_same_arrivals_again() {
    let service = service();
    let load = ["--load", "poisson 1000/s for 100ms"];
    let first = play(&service.url(), &load);
    let seed = first.number("/run/seed").to_string();
    let again = Run::new([&*service.url(), "--seed", &seed]).args(load).report();
    assert_eq!(again.number("/run/seed").to_string(), seed);
    assert!(again.stderr.contains(&format!("seed {seed}\n")), "{}", again.stderr);
    assert_eq!(first.requests("intended"), again.requests("intended"));
    let others = ["1", "2", "3"].map(|seed| play(&service.url(), &[&load[..], &["--seed", seed]].concat()));
    let counts: Vec<_> = others.iter().map(|report| report.requests("intended")).collect();
    assert!(counts.iter().any(|count| *count != counts[0]), "{counts:?}");
}

#[test]
fn several_urls_have_their_turns() {
    let service = service();
    let urls = ["/", "/status/404", "/status/503", "/redirect/1"].map(|path| service.url() + path);
    let report = Run::new(urls.iter().map(String::as_str).chain(["-q", "-n80", "-c3", "-t2"])).report();
    let stats = service.stats();
    let reported: Vec<_> = report.outcomes();
    let seen: Vec<_> = stats.by_status.iter().map(|(status, count)| (status.to_string(), *count)).collect();
    assert_eq!(reported, seen);
    assert_eq!(seen.iter().map(|(status, _)| &**status).collect::<Vec<_>>(), ["200", "302", "404", "503"]);
    assert!(seen.iter().all(|(_, count)| (18..=22).contains(count)), "{seen:?}");
    assert_eq!(report.requests("failed"), stats.by_status[&404] + stats.by_status[&503]);
    assert!(["status 404", "status 503"].contains(&report.example("status")));
}

#[test]
fn urls_from_a_file_and_from_standard_input() {
    let plain = crate::plain::Plain::start();
    let url = plain.url();
    let folder = Folder::new();
    let lines = format!("# a comment\n\n{url}one\n  DELETE {url}two\nPOST\t{url}three  \n");
    let path = folder.write("urls.txt", lines);
    let asked = |path: &str| format!("{path} HTTP/1.1");
    let expected = ["GET /one", "DELETE /two", "POST /three"].map(asked);
    let run = ["-q", "-n3", "-c1", "-t1", "--urls"];
    Run::new(run).args([&path]).report().all_well(3);
    Run::new(run).args(["-"]).stdin(std::fs::File::open(&path).unwrap()).report().all_well(3);
    let lines: Vec<_> = plain.requests().into_iter().map(|asked| asked.line).collect();
    assert_eq!(lines, [expected.clone(), expected].concat());
}
