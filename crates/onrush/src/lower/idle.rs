//! Options that would have no effect beside the others: whoever typed one expects something of it, so it is refused.

use onrush_pace::Profile;
use onrush_plan::Request;

use crate::args::RunArgs;
use crate::exit::Wrong;

/// What has been asked for, and what came of it.
struct Asked<'a> {
    args: &'a RunArgs,
    load: &'a Profile,
    requests: &'a [Request],
}

type Look = fn(&Asked) -> bool;

/// Options, each with whether it was given; what leaves them without effect; and how that is told after their name.
type Row = (&'static [(&'static str, Look)], Look, &'static str);

const ROWS: &[Row] = &[
    (TLS, without_tls, "is about TLS, and no URL is https://"),
    (
        ARRIVALS,
        |asked| !asked.load.has_arrivals(),
        "is about arrivals, and this load has none: it takes --rate or --load",
    ),
    (
        &[("--connections", |asked| asked.args.connections.is_some())],
        |asked| asked.args.max_in_flight.is_some() && asked.load.has_arrivals(),
        "with --rate is the in-flight limit, and so is --max-in-flight: leave one of them out",
    ),
    (NAMES, |asked| asked.args.unix_socket.is_some(), "does nothing here: --unix-socket says where to connect"),
    (
        &[("--host-header", |asked| asked.args.host_header.is_some())],
        |asked| gives(asked, "host"),
        "and -H `Host: …` are the same: leave one of them out",
    ),
    (
        CREDENTIALS,
        |asked| gives(asked, "authorization"),
        "and -H `Authorization: …` are the same: leave one of them out",
    ),
    (
        &[
            ("--traceparent", |asked| asked.args.traceparent.is_some()),
            ("-o traces", |asked| crate::outputs::spans(&asked.args.output) > 0),
        ],
        |asked| gives(asked, "traceparent"),
        "tells the service of a trace for each request, and so does -H `traceparent: …`: leave one of them out",
    ),
    (
        &[("--trace-link", |asked| asked.args.output.trace_link.is_some())],
        |asked| !super::tracing::tracing(asked.args).everywhere,
        "is about traces, and the service is told of none: it takes --traceparent or -o traces=URL",
    ),
    (CREDENTIALS, with_credentials, "stands beside a URL with credentials of its own: leave one of them out"),
];

const TLS: &[(&str, Look)] = &[
    ("--insecure", |asked| asked.args.insecure),
    ("--sni", |asked| asked.args.sni.is_some()),
    ("--cacert", |asked| asked.args.cacert.is_some()),
    ("--cert", |asked| asked.args.cert.is_some()),
    ("--tls-min", |asked| asked.args.tls_min.is_some()),
    ("--tls-max", |asked| asked.args.tls_max.is_some()),
    ("--no-tls-resumption", |asked| asked.args.no_tls_resumption),
];

const ARRIVALS: &[(&str, Look)] = &[
    ("--when-full", |asked| asked.args.when_full.is_some()),
    ("--max-in-flight", |asked| asked.args.max_in_flight.is_some()),
];

const NAMES: &[(&str, Look)] = &[
    ("--proxy", |asked| asked.args.proxy.is_some()),
    ("--resolve", |asked| !asked.args.resolve.is_empty()),
    ("--source-ips", |asked| !asked.args.source_ips.is_empty()),
    ("--dns-server", |asked| asked.args.dns_server.is_some()),
];

const CREDENTIALS: &[(&str, Look)] =
    &[("--user", |asked| asked.args.user.is_some()), ("--bearer", |asked| asked.args.bearer.is_some())];

/// Refuses the first option that would do nothing.
pub(super) fn check(args: &RunArgs, load: &Profile, requests: &[Request]) -> Result<(), Wrong> {
    let asked = Asked { args, load, requests };
    let idle = ROWS.iter().filter(|(_, is_idle, _)| is_idle(&asked)).find_map(|(options, _, why)| {
        let (name, _) = options.iter().find(|(_, is_given)| is_given(&asked))?;
        Some(Wrong(format!("{name} {why}")))
    });
    idle.map_or(Ok(()), Err)
}

/// A redirect may lead anywhere.
fn without_tls(asked: &Asked) -> bool {
    asked.args.redirects.unwrap_or(0) == 0 && asked.requests.iter().all(|request| request.url().scheme() != "https")
}

fn gives(asked: &Asked, header: &str) -> bool {
    let mut names = asked.args.headers.iter().filter_map(|line| line.split_once(':'));
    names.any(|(name, _)| name.trim().eq_ignore_ascii_case(header))
}

fn with_credentials(asked: &Asked) -> bool {
    asked.requests.iter().any(|request| !request.url().username().is_empty() || request.url().password().is_some())
}
