//! OTLP over HTTP and gRPC.

use std::time::Duration;

use onrush_export::{Link, METRICS, MetricKind, OtlpLink, Settings};
use onrush_metrics::{Event, Outcome, RunInfo, Snapshot, StopReason, Tally, Verdict};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogramDataPoint, Metric, NumberDataPoint, number_data_point,
};
use prost::Message as _;

use crate::receiver::Answered;

type Receiver = crate::receiver::Receiver<ExportMetricsServiceRequest>;
type Received = crate::receiver::Received<ExportMetricsServiceRequest>;

const START: u64 = 1_700_000_000;

fn second(number: u64) -> Event {
    let mut interval = Tally::default();
    for millis in [1, 10, 10, 2000] {
        interval.response.record(Duration::from_millis(millis * (number + 1)));
    }
    interval.counters.completed = 4;
    interval.statuses.add(200, 4);
    let [since, at] = [number, number + 1].map(Duration::from_secs);
    Event::Tick(Box::new(Snapshot { since, at, interval, ..Snapshot::default() }))
}

pub(crate) fn finished() -> Event {
    Event::Finished(Box::new(Outcome {
        info: RunInfo::default(),
        stopped: StopReason::Completed,
        total: Tally::default(),
        iterations: None,
        series: Vec::new(),
        slowest: onrush_metrics::Slowest::default(),
        thresholds: Vec::new(),
        observed: Vec::new(),
        measured: Duration::from_secs(2),
        elapsed: Duration::from_millis(2500),
        oldest_cut_off: None,
        health: onrush_metrics::Health::default(),
        verdict: Verdict::default(),
        findings: None,
    }))
}

/// Two seconds, pushed after each.
fn play(target: &str, variables: &[(&str, &str)]) -> (Result<(), String>, Vec<String>) {
    let variable = |name: &str| Some(variables.iter().find(|row| row.0 == name)?.1.to_owned());
    let labels = [("build".to_owned(), "17".to_owned())];
    let settings = Settings { labels: &labels, instance: "here", variable: &variable, is_replay: false };
    let mut output = OtlpLink::new(&Link::parse(target, &["delta", "every=TIME"]).unwrap(), &settings).unwrap();
    let info = RunInfo { started_at: Duration::from_secs(START), open: true, ..RunInfo::default() };
    let events = [Event::Started(Box::new(info)), second(0), second(1), finished()];
    let results: Vec<_> = events.iter().map(|event| output.on_event(event)).collect();
    let told = std::iter::from_fn(|| output.news()).collect();
    (results.into_iter().collect::<Result<(), _>>().map_err(|error| error.to_string()), told)
}

fn metrics(received: &Received) -> &[Metric] {
    let [of_resource] = &*received.request.resource_metrics else { panic!("{received:?}") };
    let [of_scope] = &*of_resource.scope_metrics else { panic!("{received:?}") };
    assert_eq!(of_scope.scope.as_ref().unwrap().name, "onrush");
    &of_scope.metrics
}

fn find<'a>(received: &'a Received, name: &str) -> &'a Data {
    metrics(received).iter().find(|metric| metric.name == name).unwrap().data.as_ref().unwrap()
}

/// The completed requests, and the temporality.
fn completed(received: &Received) -> (&NumberDataPoint, i32) {
    let Data::Sum(sum) = find(received, "onrush.requests") else { panic!() };
    assert!(sum.is_monotonic);
    let is_completed = |point: &&NumberDataPoint| {
        let result = point.attributes.iter().find(|row| row.key == "result").unwrap();
        result.value.as_ref().unwrap().value == Some(Value::StringValue("completed".into()))
    };
    (sum.data_points.iter().find(is_completed).unwrap(), sum.aggregation_temporality)
}

fn response(received: &Received) -> &ExponentialHistogramDataPoint {
    let Data::ExponentialHistogram(times) = find(received, "onrush.response") else { panic!() };
    &times.data_points[0]
}

fn number(point: &NumberDataPoint) -> f64 {
    let Some(number_data_point::Value::AsDouble(number)) = point.value else { panic!("{point:?}") };
    number
}

#[test]
fn cumulative_over_http() {
    let receiver = Receiver::start(Answered::default());
    let variables = [
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20b,x-other=c"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=staging,service.name=load"),
    ];
    let (result, told) = play(&format!("http://{},every=1s", receiver.address), &variables);
    assert_eq!((result, told), (Ok(()), Vec::<String>::new()));
    let received = receiver.received();
    assert_eq!(received.len(), 4, "the start, two seconds and the end");
    assert_eq!((&*received[0].path, &received[0].headers["x-key"]), ("/v1/metrics", &"a b".parse().unwrap()));
    let resource = received[0].request.resource_metrics[0].resource.as_ref().unwrap();
    for (key, expected) in [
        ("service.name", "load"),
        ("service.instance.id", "here"),
        ("deployment.environment", "staging"),
        ("build", "17"),
    ] {
        let row = resource.attributes.iter().find(|row| row.key == key).unwrap();
        assert_eq!(row.value.as_ref().unwrap().value, Some(Value::StringValue(expected.into())), "{key}");
    }
    for (place, count, at) in [(0, 0.0, 0), (1, 4.0, 1_000), (2, 8.0, 2_000), (3, 8.0, 2_500)] {
        let (point, temporality) = completed(&received[place]);
        let times = (point.start_time_unix_nano, point.time_unix_nano);
        assert_eq!((number(point), temporality), (count, 2));
        assert_eq!(times, (START * 1_000_000_000, START * 1_000_000_000 + at * 1_000_000));
    }
}

#[test]
fn histograms_are_exponential_and_whole() {
    let receiver = Receiver::start(Answered::default());
    play(&format!("http://{},every=1s", receiver.address), &[]).0.unwrap();
    let received = receiver.received();
    let point = response(&received[2]);
    let buckets = point.positive.as_ref().unwrap();
    assert_eq!((point.count, point.sum, point.zero_count), (8, Some(6.063), 0));
    assert_eq!((point.min, point.max), (Some(0.001), Some(4.0)));
    assert_eq!(buckets.bucket_counts.iter().sum::<u64>(), 8);
    let base = (f64::from(-point.scale).exp2()).exp2();
    for seconds in [0.001, 0.002, 0.01, 0.02, 2.0, 4.0_f64] {
        // What is more than base^index and at most base^(index + 1).
        let index = (seconds * 1.0001).log(base).ceil() as i32 - 1;
        let near = [index - 1, index].map(|index| usize::try_from(index - buckets.offset).unwrap_or(usize::MAX));
        let counted = near.iter().any(|place| buckets.bucket_counts.get(*place).is_some_and(|count| *count > 0));
        assert!(counted, "{seconds} at scale {}", point.scale);
    }
}

#[test]
fn deltas_over_grpc_add_up() {
    let receiver = Receiver::start(Answered::default());
    let (result, told) = play(&format!("grpc://{},delta,every=1s", receiver.address), &[]);
    assert_eq!((result, told), (Ok(()), Vec::<String>::new()));
    let received = receiver.received();
    assert_eq!(received[0].path, "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export");
    assert_eq!(received[0].headers["te"], "trailers");
    let points: Vec<_> = received.iter().map(completed).collect();
    assert!(points.iter().all(|(_, temporality)| *temporality == 1));
    assert_eq!(points.iter().map(|(point, _)| number(point)).collect::<Vec<_>>(), [0.0, 4.0, 4.0, 0.0]);
    assert!(points.is_sorted_by(|one, next| one.0.time_unix_nano == next.0.start_time_unix_nano));
    assert_eq!(received.iter().map(|received| response(received).count).sum::<u64>(), 8);
}

#[test]
fn names_are_those_that_become_prometheus_own() {
    let receiver = Receiver::start(Answered::default());
    play(&format!("http://{}", receiver.address), &[]).0.unwrap();
    for metric in metrics(receiver.received().last().unwrap()) {
        let known = METRICS.iter().find(|known| known.otel_name() == metric.name).unwrap();
        // As the specification has it for Prometheus.
        let unit = match &*metric.unit {
            "s" => "_seconds",
            "By" => "_bytes",
            "1" => "_ratio",
            _ => "",
        };
        let total = if known.kind == MetricKind::Counter { "_total" } else { "" };
        assert_eq!(known.name(), format!("{}{unit}{total}", metric.name.replace('.', "_")));
        assert_eq!(metric.description, known.about);
    }
}

#[test]
fn what_is_not_taken_is_told() {
    let part = ExportMetricsPartialSuccess { rejected_data_points: 3, error_message: "too old".into() };
    let in_part = ExportMetricsServiceResponse { partial_success: Some(part) };
    for (scheme, grpc_status, response, lost, words) in [
        ("http", 0, &in_part, false, "did not take 3 points: too old"),
        ("grpc", 0, &in_part, false, "did not take 3 points: too old"),
        (
            "grpc",
            16,
            &ExportMetricsServiceResponse::default(),
            true,
            "answered gRPC status 16: said so; what it refuses",
        ),
        ("grpc", 14, &ExportMetricsServiceResponse::default(), true, "answered gRPC status 14: said so; trying again"),
    ] {
        let receiver = Receiver::start(Answered { response: response.encode_to_vec(), grpc_status });
        let (result, told) = play(&format!("{scheme}://{}", receiver.address), &[]);
        assert_eq!(result.is_err(), lost, "{scheme} {grpc_status}: {result:?}");
        let [told] = &*told else { panic!("{scheme} {grpc_status}: {told:?}") };
        assert!(told.contains(words), "{scheme} {grpc_status}: {told}");
    }
}
