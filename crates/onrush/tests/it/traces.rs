//! `--traceparent` and `-o traces=URL`: what a service is told of traces, and the spans that its own ones join.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use onrush_target::{Service, ServiceSettings};

use crate::collector::{Collector, Span};
use crate::harness::{Folder, Report, Run};
use crate::plain::{Plain, answer};

/// The trace, the span and the flags that each request told, in order.
fn told(plain: &Plain) -> Vec<[String; 3]> {
    let asked = plain.requests();
    let parents = asked.iter().map(|asked| asked.header("traceparent").unwrap_or_else(|| panic!("{}", asked.line)));
    let fields = parents.map(|parent| match *parent.split('-').collect::<Vec<_>>() {
        ["00", trace, span, flags] if (trace.len(), span.len()) == (32, 16) => [trace, span, flags].map(str::to_owned),
        _ => panic!("{parent}"),
    });
    fields.collect()
}

/// Runs to the end, without a word.
fn quiet(arguments: &[&str]) -> Report {
    let report = Run::new(["-q", "-t", "1", "--seed", "7"]).args(arguments.iter().copied()).report();
    assert_eq!((report.code, &*report.stderr), (0, ""), "{arguments:?}");
    report
}

/// Client spans that the service was told of.
fn joined(spans: &[Span], told: &[[String; 3]]) -> usize {
    let ours: BTreeSet<_> = spans.iter().filter(|span| span.is_client).map(|span| (&span.trace, &span.id)).collect();
    told.iter().filter(|[trace, span, _]| ours.contains(&(trace, span))).count()
}

#[test]
fn every_request_tells_of_a_trace_of_its_own() {
    for (more, lanes) in [(&[][..], 1), (&["--pipeline", "5"][..], 5)] {
        let play = |seed: &str| {
            let plain = Plain::start();
            let run = Run::new([&*plain.url(), "-q", "-n40", "-c2", "-t1", "--traceparent", "--seed", seed]);
            run.args(more.iter().copied()).report().all_well(40);
            let told = told(&plain);
            assert!(told.iter().all(|[_, _, flags]| flags == "01"), "{told:?}");
            let mut traces: Vec<_> = told.into_iter().map(|[trace, span, _]| (trace, span)).collect();
            traces.sort();
            traces.dedup();
            assert_eq!(traces.len(), 40, "{lanes}");
            traces
        };
        assert_eq!(play("7"), play("7"), "the seed tells");
        assert_ne!(play("7"), play("8"));
    }
}

#[test]
fn a_share_is_sampled_and_the_seed_tells_which() {
    let play = || {
        let plain = Plain::start();
        quiet(&[&plain.url(), "-n2000", "-c4", "--traceparent=10%"]).all_well(2000);
        let sampled = told(&plain).into_iter().filter(|[_, _, flags]| flags == "01");
        sampled.map(|[trace, ..]| trace).collect::<BTreeSet<_>>()
    };
    let sampled = play();
    // Four deviations on either side; the seed is always the same.
    assert!((147..=253).contains(&sampled.len()), "{}", sampled.len());
    assert_eq!(play(), sampled);
}

#[test]
fn spans_of_the_service_join_ours() {
    for scheme in ["http", "grpc"] {
        let (plain, collector) = (Plain::start(), Collector::start());
        let output = format!("traces={scheme}://{}", collector.address);
        let report = quiet(&[&plain.url(), "-n200", "-c4", "--traceparent=20%", "-o", &output]);
        report.all_well(200);
        let told = told(&plain);
        let (sampled, others): (Vec<_>, Vec<_>) = told.into_iter().partition(|[_, _, flags]| flags == "01");
        let spans = collector.spans();
        assert_eq!((joined(&spans, &sampled), joined(&spans, &others)), (sampled.len(), 0), "{scheme}");
        assert_eq!(spans.len(), 2 * sampled.len(), "one for the request, and one for what was sent");
        for pair in spans.chunks(2) {
            let [whole, sent] = pair else { panic!("{pair:?}") };
            assert_eq!((whole.is_client, sent.is_client), (false, true), "{pair:#?}");
            assert_eq!((&sent.trace, &sent.parent, &*whole.parent), (&whole.trace, &whole.id, ""));
            assert!(whole.from <= sent.from && sent.until <= whole.until, "{pair:#?}");
            assert_eq!((&*whole.name, &*sent.name), ("request", "GET"));
            assert_eq!(sent.attribute("url.full"), plain.url());
            assert_eq!(sent.attribute("server.port"), plain.address().port().to_string());
            assert_eq!(sent.attribute("http.response.status_code"), "200");
        }
    }
}

#[test]
fn over_tls_to_those_who_are_trusted() {
    let (plain, folder) = (Plain::start(), Folder::new());
    for (scheme, is_trusted) in [("grpcs", true), ("https", true), ("grpcs", false)] {
        let collector = Collector::with_tls();
        let trusted = folder.write("ca.pem", collector.pem.as_ref().unwrap());
        let output = format!("traces={scheme}://{}", collector.address);
        let run = Run::new([&*plain.url(), "-q", "-n5", "--traceparent", "-o", &output]);
        let run = if is_trusted { run.env("SSL_CERT_FILE", trusted) } else { run };
        let report = run.report();
        assert_eq!((report.code, report.requests("completed")), (i32::from(!is_trusted), 5), "{}", report.stderr);
        assert_eq!(collector.spans().len(), if is_trusted { 10 } else { 0 }, "{scheme}");
        assert_eq!(report.stderr.contains("cannot be reached by TLS: invalid peer certificate"), !is_trusted);
    }
}

#[test]
fn with_http2_too() {
    let (service, collector) = (Service::start(ServiceSettings::default()).unwrap(), Collector::start());
    let output = format!("traces=http://{}", collector.address);
    let url = format!("{}/echo", service.url());
    let report = quiet(&[&url, "-n40", "-c2", "--http2", "--streams", "4", "--traceparent", "-o", &output]);
    report.all_well(40);
    let spans = collector.spans();
    assert_eq!(spans.len(), 80);
    let versions: BTreeSet<_> = spans.iter().map(|span| span.attribute("network.protocol.version")).collect();
    assert_eq!(versions, BTreeSet::from(["", "2"]));
}

/// What a scenario was played as, and its spans.
fn scenario(steps: &str, more: &[&str], how: impl Fn(usize) -> String + Send + Sync + 'static) -> (Plain, Vec<Span>) {
    let number = AtomicUsize::new(0);
    let plain = Plain::answering(move |_| how(number.fetch_add(1, Relaxed)));
    let (collector, folder) = (Collector::start(), Folder::new());
    let file = format!("target: {}\nload: 1 iterations by 1 user\nsteps:\n{steps}\n", plain.url());
    let file = folder.write("buy.yaml", file);
    let output = format!("traces=http://{}", collector.address);
    let run = Run::new(["run", file.to_str().unwrap(), "-q", "-t1", "--seed", "7", "-o", &output]);
    let report = run.args(more.iter().copied()).report();
    assert_eq!((report.code, &*report.stderr), (0, ""));
    (plain, collector.spans())
}

fn well(_: usize) -> String {
    answer(200, &[], "ok")
}

#[test]
fn a_step_and_its_retries_are_spans() {
    let steps = "- get: /cart?token=hush&n=1\n  name: look\n  retry: { attempts: 3, backoff: 1ms }";
    let failing = |number| if number < 2 { answer(503, &[], "") } else { well(number) };
    let (plain, spans) = scenario(steps, &["--traceparent"], failing);
    let told = told(&plain);
    assert_eq!((told.len(), joined(&spans, &told)), (3, 3));
    let [whole, attempts @ ..] = &*spans else { panic!() };
    assert_eq!((&*whole.name, whole.is_client, whole.is_error), ("look", false, false));
    let counted: Vec<_> = attempts.iter().map(|span| span.attribute("http.request.resend_count")).collect();
    assert_eq!(counted, ["", "1", "2"]);
    let ended: Vec<_> = attempts.iter().map(|span| (span.attribute("error.type"), span.is_error)).collect();
    assert_eq!(ended, [("503", true), ("503", true), ("", false)]);
    assert!(attempts.iter().all(|span| span.trace == whole.trace && span.parent == whole.id), "{spans:#?}");
    for span in &spans {
        assert_eq!((span.attribute("onrush.scenario"), span.attribute("onrush.step")), ("buy", "look"));
        assert!(!format!("{span:?}").contains("hush"), "{span:?}");
    }
    assert_eq!(attempts[0].attribute("url.full"), format!("{}cart?token=***&n=1", plain.url()));
}

#[test]
fn a_hedge_is_a_span_beside_the_one_that_it_has_beaten() {
    // The first is never answered.
    let (plain, spans) = scenario("- get: /it\n  hedge: 20ms", &["--traceparent"], |number| {
        if number == 0 { String::new() } else { well(number) }
    });
    assert_eq!(joined(&spans, &told(&plain)), 2);
    let [_, one, other] = &*spans else { panic!("{spans:#?}") };
    let (beaten, won) = if one.attribute("onrush.beaten").is_empty() { (other, one) } else { (one, other) };
    assert_eq!((beaten.attribute("onrush.beaten"), won.attribute("onrush.beaten")), ("true", ""));
    assert_eq!((beaten.is_error, won.attribute("http.request.resend_count")), (false, "1"));
}

#[test]
fn steps_may_say_that_they_are_not_traced() {
    let steps = "- get: /a\n- get: /b\n  trace: false\n- get: /c\n  trace: true";
    let (plain, spans) = scenario(steps, &["--traceparent"], well);
    let has: Vec<_> = plain.requests().iter().map(|asked| asked.header("traceparent").is_some()).collect();
    assert_eq!((has, spans.len()), (vec![true, false, true], 4));
}

#[test]
fn what_a_user_draws_does_not_depend_on_whether_it_is_traced() {
    let drawn = |more: &[&str]| {
        let plain = Plain::start();
        let folder = Folder::new();
        let steps = "- get: /{{ int(1, 1000000) }}\n- get: /{{ int(1, 1000000) }}";
        let file = format!("target: {}\nload: 3 iterations by 1 user\nsteps:\n{steps}\n", plain.url());
        let file = folder.write("a.yaml", file);
        quiet(&[&[file.to_str().unwrap()], more].concat());
        plain.requests().iter().map(|asked| asked.target().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(drawn(&["--traceparent"]), drawn(&[]));
}

#[test]
fn what_is_too_much_is_left_out_and_counted() {
    let (service, collector) = (Service::start(ServiceSettings::default()).unwrap(), Collector::start());
    let output = format!("traces=http://{}", collector.address);
    // More than are kept of a second, in much less than one.
    let run = Run::new([&*service.url(), "-q", "-n6000", "-c20", "-t1", "--traceparent", "-o", &output]);
    let report = run.report();
    assert_eq!((report.code, report.requests("completed")), (0, 6000));
    let kept = collector.spans().len() as u64;
    let left_out = 12_000 - kept;
    match left_out {
        // A machine so slow that it took two seconds.
        0 => assert_eq!(&*report.stderr, ""),
        _ => assert!(
            report.stderr.starts_with("note: ") && report.stderr.contains("not among the traces"),
            "{}",
            report.stderr
        ),
    }
}
