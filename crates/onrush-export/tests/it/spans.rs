//! Spans over HTTP and gRPC.

use std::time::Duration;

use onrush_export::{Link, OtlpSpans, Settings};
use onrush_metrics::{Attempt, ErrorKind, Event, RunInfo, SeriesInfo, SeriesKind, Snapshot, Span, Spans};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1;
use prost::Message as _;

use crate::otlp::finished;
use crate::receiver::Answered;

type Receiver = crate::receiver::Receiver<ExportTraceServiceRequest>;

const START: u64 = 1_700_000_000;
const TRACE: u128 = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736;

fn info() -> RunInfo {
    let pay = SeriesInfo {
        kind: SeriesKind::Requests,
        scenario: "buy".into(),
        name: "pay".into(),
        tags: Vec::new(),
        checks: Vec::new(),
    };
    let started_at = Duration::from_secs(START);
    RunInfo { started_at, protocol: "HTTP/1.1".into(), series: vec![pay], ..RunInfo::default() }
}

fn attempt(number: u32) -> Attempt {
    let (method, url) = ("POST".into(), "https://shop.example.com/pay?n=1&token=***".into());
    Attempt { whole: 7, number, method, url, is_beaten: false }
}

/// A request that was due after 1 s, failed at first, and took 90 ms in all.
fn spans() -> Vec<Span> {
    let whole = Span {
        trace: TRACE,
        id: 7,
        series: 0,
        from_ns: 1_000_000_000,
        until_ns: 1_090_000_000,
        status: 200,
        error: None,
        attempt: None,
    };
    let first = Span { id: 8, until_ns: 1_030_000_000, status: 503, attempt: Some(attempt(0)), ..whole.clone() };
    let second = Span { id: 9, from_ns: 1_050_000_000, attempt: Some(attempt(1)), ..whole.clone() };
    vec![first, second, whole]
}

/// Sends spans of one second.
fn play(target: &str, rows: Vec<Span>, variables: &[(&str, &str)]) -> (Result<(), String>, Vec<String>) {
    let variable = |name: &str| Some(variables.iter().find(|row| row.0 == name)?.1.to_owned());
    let settings = Settings { labels: &[], instance: "here", variable: &variable, is_replay: false };
    let mut output = OtlpSpans::new(&Link::plain(target), &settings).unwrap();
    let Event::Finished(mut outcome) = finished() else { panic!() };
    outcome.total.counters.started = 12;
    let tick = Snapshot { spans: Spans { rows, left_out: 0 }, ..Snapshot::default() };
    let events = [Event::Started(Box::new(info())), Event::Tick(Box::new(tick)), Event::Finished(outcome)];
    let results: Vec<_> = events.iter().map(|event| output.on_event(event)).collect();
    let told = std::iter::from_fn(|| output.news()).collect();
    (results.into_iter().collect::<Result<(), _>>().map_err(|error| error.to_string()), told)
}

fn received(receiver: &Receiver) -> Vec<v1::Span> {
    let requests = receiver.received().into_iter().map(|received| received.request);
    let of_resource = requests.flat_map(|request| request.resource_spans);
    of_resource.flat_map(|of_resource| of_resource.scope_spans).flat_map(|of_scope| of_scope.spans).collect()
}

/// Attributes in words.
fn attributes(attributes: &[KeyValue]) -> Vec<String> {
    let shown = |row: &KeyValue| match row.value.as_ref().unwrap().value.as_ref().unwrap() {
        Value::StringValue(text) => format!("{}={text}", row.key),
        Value::IntValue(number) => format!("{}:{number}", row.key),
        Value::BoolValue(flag) => format!("{}?{flag}", row.key),
        other => panic!("{other:?}"),
    };
    attributes.iter().map(shown).collect()
}

#[test]
fn a_request_and_its_attempts_are_spans_that_belong_together() {
    for (scheme, path) in
        [("http", "/v1/traces"), ("grpc", "/opentelemetry.proto.collector.trace.v1.TraceService/Export")]
    {
        let receiver = Receiver::start(Answered::default());
        let variables = [("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-key=a%20b"), ("OTEL_SERVICE_NAME", "load")];
        let (result, told) = play(&format!("{scheme}://{}", receiver.address), spans(), &variables);
        assert_eq!((result, told), (Ok(()), Vec::<String>::new()));
        let [message] = &*receiver.received() else { panic!() };
        assert_eq!((&*message.path, &message.headers["x-key"]), (path, &"a b".parse().unwrap()));
        let resource = message.request.resource_spans[0].resource.as_ref().unwrap();
        assert!(attributes(&resource.attributes).contains(&"service.name=load".to_owned()));
        let [first, second, whole] = &*received(&receiver) else { panic!() };
        for (span, id, parent, name, kind, times) in [
            (first, 8, Some(7), "POST", v1::span::SpanKind::Client, (1_000, 1_030)),
            (second, 9, Some(7), "POST", v1::span::SpanKind::Client, (1_050, 1_090)),
            (whole, 7, None, "pay", v1::span::SpanKind::Internal, (1_000, 1_090)),
        ] {
            assert_eq!(span.trace_id, TRACE.to_be_bytes());
            let parent = parent.map(u64::to_be_bytes).map(Vec::from).unwrap_or_default();
            assert_eq!((&*span.span_id, &span.parent_span_id), (&u64::to_be_bytes(id)[..], &parent));
            assert_eq!((&*span.name, span.kind()), (name, kind));
            let at = |ms: u64| START * 1_000_000_000 + ms * 1_000_000;
            assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (at(times.0), at(times.1)));
        }
        let of_step = ["onrush.scenario=buy", "onrush.step=pay"];
        assert_eq!(attributes(&whole.attributes), of_step);
        let sent = [
            "http.request.method=POST",
            "url.full=https://shop.example.com/pay?n=1&token=***",
            "server.address=shop.example.com",
            "network.protocol.version=1.1",
            "server.port:443",
        ];
        let of_first = ["http.response.status_code:503", "error.type=503"];
        assert_eq!(attributes(&first.attributes), [&of_step[..], &sent, &of_first].concat());
        let of_second = ["http.request.resend_count:1", "http.response.status_code:200"];
        assert_eq!(attributes(&second.attributes), [&of_step[..], &sent, &of_second].concat());
        let codes = [first, second, whole].map(|span| span.status.as_ref().map(v1::Status::code));
        assert_eq!(codes, [Some(v1::status::StatusCode::Error), None, None]);
    }
}

/// Each row: how a span ended, and the last of its attributes.
#[test]
fn what_went_wrong_has_a_name() {
    let receiver = Receiver::start(Answered::default());
    let base = spans().remove(0);
    let with = |status, error, attempt| Span { status, error, attempt, ..base.clone() };
    let odd = Attempt { method: "PURGE".into(), url: "http://[::1]:8080/".into(), is_beaten: true, ..attempt(0) };
    let rows = [
        (with(0, Some(ErrorKind::Timeout), Some(attempt(0))), "error.type=timeout", true),
        (with(200, Some(ErrorKind::Check), None), "error.type=check", true),
        (with(404, Some(ErrorKind::Status), None), "error.type=404", true),
        (with(404, None, None), "error.type=404", true),
        (with(0, None, Some(odd)), "onrush.beaten?true", false),
    ];
    let (result, _) =
        play(&format!("http://{}", receiver.address), rows.iter().map(|row| row.0.clone()).collect(), &[]);
    assert_eq!(result, Ok(()));
    let received = received(&receiver);
    for (span, (_, last, is_error)) in received.iter().zip(&rows) {
        let attributes = attributes(&span.attributes);
        assert_eq!((attributes.last().unwrap().as_str(), span.status.is_some()), (*last, *is_error), "{attributes:?}");
    }
    let odd = attributes(&received[4].attributes);
    for expected in ["http.request.method=_OTHER", "http.request.method_original=PURGE", "server.address=::1"] {
        assert!(odd.contains(&expected.to_owned()), "{odd:?}");
    }
}

#[test]
fn many_are_several_messages() {
    let receiver = Receiver::start(Answered::default());
    let many: Vec<_> = (1..=4_500).map(|id| Span { id, ..spans().remove(0) }).collect();
    play(&format!("grpc://{}", receiver.address), many, &[]).0.unwrap();
    assert_eq!((receiver.received().len(), received(&receiver).len()), (3, 4_500));
    assert!(receiver.received().iter().all(|message| message.request.encoded_len() < 4 << 20));
}

#[test]
fn what_is_not_there_and_what_is_not_taken_is_told() {
    let part = ExportTracePartialSuccess { rejected_spans: 3, error_message: "too old".into() };
    let in_part = ExportTraceServiceResponse { partial_success: Some(part) }.encode_to_vec();
    for (scheme, grpc_status, rows, lost, words) in [
        ("http", 0, spans(), false, "did not take 3 spans: too old"),
        ("grpc", 0, spans(), false, "did not take 3 spans: too old"),
        ("grpc", 16, spans(), true, "answered gRPC status 16: said so; what it refuses"),
        ("http", 0, Vec::new(), false, "of 12 requests none was sampled: --traceparent=100% takes all of them"),
    ] {
        let receiver = Receiver::start(Answered { response: in_part.clone(), grpc_status });
        let (result, told) = play(&format!("{scheme}://{}", receiver.address), rows, &[]);
        assert_eq!(result.is_err(), lost, "{scheme} {grpc_status}: {result:?}");
        assert!(told.len() == 1 && told[0].contains(words), "{scheme} {grpc_status}: {told:?}");
    }
}

#[test]
fn a_run_that_is_told_again_has_none() {
    let none = |_: &str| None;
    let settings = Settings { labels: &[], instance: "here", variable: &none, is_replay: true };
    let error = OtlpSpans::new(&Link::plain("http://a.example"), &settings).unwrap_err();
    assert_eq!(error.to_string(), "a run file has no spans: ask for them when the run is played");
}
