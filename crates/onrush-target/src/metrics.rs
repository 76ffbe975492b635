//! What the service tells of itself to Prometheus, as services do.

use std::fmt::Write;

use crate::stats::Stats;

/// The page.
pub(crate) fn text(stats: &Stats, in_flight: u64, queued: u32) -> String {
    let mut text = String::new();
    let mut metric = |name: &str, kind: &str, about: &str, rows: &[(String, u64)]| {
        // Writing to a string cannot fail.
        let _ = write!(text, "# HELP {name} {about}\n# TYPE {name} {kind}\n");
        for (labels, value) in rows {
            let _ = writeln!(text, "{name}{labels} {value}");
        }
    };
    let one = |value| [(String::new(), value)];
    let by_status: Vec<_> =
        stats.by_status.iter().map(|(status, count)| (format!("{{status=\"{status}\"}}"), *count)).collect();
    metric("http_requests_total", "counter", "Requests that were answered", &by_status);
    metric("http_requests_in_flight", "gauge", "Requests that are being answered", &one(in_flight));
    metric("http_requests_queued", "gauge", "Requests that wait for a worker", &one(u64::from(queued)));
    metric("http_connections_total", "counter", "Connections that were accepted", &one(stats.accepted));
    metric("http_connections_open", "gauge", "Connections that are open", &one(stats.open));
    metric("http_sent_bytes_total", "counter", "Bytes written to sockets", &one(stats.bytes_sent));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_by_status_and_gauges() {
        let stats = Stats { by_status: [(200, 3), (503, 1)].into(), open: 2, ..Stats::default() };
        let text = text(&stats, 5, 4);
        for line in [
            "# TYPE http_requests_total counter",
            "http_requests_total{status=\"503\"} 1",
            "http_requests_in_flight 5",
            "http_requests_queued 4",
            "http_connections_open 2",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
    }
}
