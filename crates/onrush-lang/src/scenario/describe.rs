//! The plan in plain words: who does what, how much, for how long, how many requests in all.

use std::fmt::Write;
use std::time::Duration;

use onrush_pace::duration_text;
use onrush_plan::{
    AtEnd, Condition, Credentials, Expr, Feeder, Figure, Flow, Part, Pick, Play, RequestStep, Scenario, SeriesKind,
    Shape, Spread, Step, Stop, Template, Threshold, Track,
};

use super::Document;

/// How many requests an iteration sends.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Amount {
    mean: f64,
    /// It is the same for every iteration.
    is_exact: bool,
    /// It has loops of unknown length, which are counted once.
    is_open: bool,
}

/// The plan in plain words, as people read it before they run it.
pub fn describe(document: &Document) -> String {
    let play = &document.play;
    let mut text = String::new();
    let targets = &document.settings.targets;
    let places = play.targets.iter().map(|url| {
        let names = targets.iter().filter(|(_, other)| other == url).map(|(name, _)| name.as_str());
        match names.collect::<Vec<_>>().join(" and ") {
            names if names.is_empty() => shown_url(url),
            names => format!("{names} at {}", shown_url(url)),
        }
    });
    let places: Vec<String> = places.collect();
    if !places.is_empty() {
        let _ = writeln!(text, "Against {}.", places.join(", "));
    }
    for (number, track) in play.tracks.iter().enumerate() {
        describe_track(&mut text, play, track, number);
    }
    describe_total(&mut text, play);
    if let Some(timeout) = document.settings.timeout {
        let _ = writeln!(text, "Requests are given up after {}.", duration_text(timeout));
    }
    if let Some(until) = &document.settings.until {
        let _ = writeln!(text, "Until: {} is reached; the load is the most that is played.", until.text);
    }
    for (title, flow) in [("Before the load, once:", &play.setup), ("After the load, once:", &play.teardown)] {
        if !flow.is_empty() {
            let _ = writeln!(text, "\n{title}");
            describe_flow(&mut text, play, flow, 1);
        }
    }
    if !play.feeders.is_empty() {
        let _ = writeln!(text, "\nData:");
        play.feeders.iter().for_each(|feeder| {
            let _ = writeln!(text, "  {}", feeder_text(feeder));
        });
    }
    if !document.settings.observe.is_empty() {
        let _ = writeln!(text, "\nBeside the load, read every second:");
        for page in &document.settings.observe {
            let (url, series) = page.split_once('#').unwrap_or((page, "all that is usual"));
            // It was one when it was read.
            let _ = url.parse().map(|url| writeln!(text, "  {}: {series}", shown_url(&url)));
        }
    }
    if !play.thresholds.is_empty() {
        let _ = writeln!(text, "\nThe run fails unless:");
        for threshold in &play.thresholds {
            let _ = writeln!(text, "  {}{}", threshold.text, abort_text(play, threshold));
        }
    }
    text
}

/// When a broken threshold ends the run: not before there is as much as the engine waits for.
fn abort_text(play: &Play, threshold: &Threshold) -> String {
    let Some(after) = threshold.abort_after else { return String::new() };
    let is_walk = |series: &usize| play.series[*series].kind != SeriesKind::Requests;
    let of = match &threshold.of {
        onrush_plan::Scope::Series(series) if series.iter().any(is_walk) => "passes",
        _ => "requests",
    };
    let least = match threshold.figure {
        _ if threshold.window.is_some() => None,
        Figure::Errors => Some(format!("100 {of}")),
        Figure::Checks => Some("100 checks".to_owned()),
        // Ten beyond it.
        Figure::Quantile(q) if q > 0.9 => Some(format!("{} {of}", grouped(10.0 / (1.0 - q)))),
        _ => None,
    };
    let time = Some(after).filter(|after| !after.is_zero()).map(duration_text);
    let waits: Vec<String> = time.into_iter().chain(least).collect();
    match waits.is_empty() {
        true => "; else it ends at once".to_owned(),
        false => format!("; else it ends, after {} at the earliest", waits.join(" and ")),
    }
}

/// Without the name and password that somebody may have put there.
fn shown_url(url: &url::Url) -> String {
    let mut url = url.clone();
    let _ = url.set_password(None);
    let _ = url.set_username("");
    // There may be keys in it.
    url.set_query(None);
    url.as_str().trim_end_matches('/').to_owned()
}

fn describe_track(text: &mut String, play: &Play, track: &Track, number: usize) {
    let after = match track.starts.is_zero() {
        true => String::new(),
        false => format!(", from {} on", duration_text(track.starts)),
    };
    let lead = if number == 0 { "Load" } else { "\nAnd" };
    let _ = writeln!(text, "{lead}: {}{after}.", track.load);
    for (place, weight) in &track.mix {
        let scenario = &play.scenarios[*place];
        let share = share_of(track, *weight);
        let iterations = track.load.requests().map(|all| all as f64 * share);
        let part = if track.mix.len() > 1 { format!(", {} of the load", percent(share)) } else { String::new() };
        let amount = in_all(iterations, track.mix.len() == 1, amount_of(&scenario.flow));
        let _ = writeln!(text, "\n{}{part}: {amount}.", scenario.name);
        describe_scenario(text, play, scenario);
    }
}

fn share_of(track: &Track, weight: f64) -> f64 {
    weight / track.mix.iter().map(|(_, weight)| weight).sum::<f64>()
}

/// How many requests there are in all, and for how long, as far as that is known before.
fn describe_total(text: &mut String, play: &Play) {
    let mut requests = Some(0.0);
    let mut lasts = Some(Duration::ZERO);
    let mut amounts = Amount { is_exact: true, ..Amount::default() };
    for track in &play.tracks {
        lasts = lasts.zip(track.load.duration()).map(|(lasts, own)| lasts.max(track.starts + own));
        for (place, weight) in &track.mix {
            let amount = amount_of(&play.scenarios[*place].flow);
            let iterations = track.load.requests().map(|all| all as f64 * share_of(track, *weight));
            requests = requests.zip(iterations).map(|(sum, iterations)| sum + iterations * amount.mean);
            amounts = amounts.and(amount);
            amounts.is_exact &= track.mix.len() == 1;
        }
    }
    let lasts = lasts.map(|lasts| format!(" in {}", duration_text(lasts))).unwrap_or_default();
    let Some(requests) = requests else {
        let _ = writeln!(text, "\nHow many requests that makes{lasts} depends on how fast the service answers.");
        return;
    };
    let about = if amounts.is_exact && !amounts.is_open { "" } else { "about " };
    let open = if amounts.is_open { ", loops of unknown length counted once" } else { "" };
    let plural = if (requests - 1.0).abs() < 0.5 { "" } else { "s" };
    let _ = writeln!(text, "\nIn all {about}{} request{plural}{lasts}{open}.", grouped(requests));
}

fn describe_scenario(text: &mut String, play: &Play, scenario: &Scenario) {
    for feeder in &scenario.draws {
        let feeder = &play.feeders[*feeder];
        let _ = writeln!(text, "  with a row of {} as {}", feeder.name, play.variables[feeder.variable]);
    }
    if let Some(pace) = &scenario.pace {
        let _ = writeln!(text, "  an iteration every {}", spread_text(pace));
    }
    if !scenario.headers.is_empty() {
        let _ = writeln!(text, "  with {}", headers_text(&scenario.headers));
    }
    if let Some(proof) = scenario.auth.as_ref().and_then(proof_text) {
        let _ = writeln!(text, "  {proof}");
    }
    if let Some(budget) = scenario.retry_budget {
        let _ = writeln!(text, "  with retries for at most {} of its requests", percent(budget));
    }
    describe_flow(text, play, &scenario.flow, 1);
}

/// How many requests an iteration sends.
fn each(amount: Amount) -> String {
    let is_one = amount.is_exact && (amount.mean - 1.0).abs() < f64::EPSILON;
    let plural = if is_one { "" } else { "s" };
    match amount.is_exact {
        true => format!("{} request{plural}", grouped(amount.mean)),
        false => format!("about {:.1} requests", amount.mean),
    }
}

/// How many iterations there are, and what that makes.
fn in_all(iterations: Option<f64>, is_whole: bool, amount: Amount) -> String {
    let Some(iterations) = iterations else { return format!("{} an iteration", each(amount)) };
    let about = if is_whole { "" } else { "about " };
    let plural = if is_whole && (iterations - 1.0).abs() < f64::EPSILON { "" } else { "s" };
    format!("{about}{} iteration{plural} of {}", grouped(iterations), each(amount))
}

impl Amount {
    fn and(self, other: Self) -> Self {
        Self {
            mean: self.mean + other.mean,
            is_exact: self.is_exact && other.is_exact,
            is_open: self.is_open || other.is_open,
        }
    }
}

fn amount_of(flow: &Flow) -> Amount {
    flow.iter().map(amount_of_step).fold(Amount { is_exact: true, ..Amount::default() }, Amount::and)
}

fn amount_of_step(step: &Step) -> Amount {
    let exact = |mean| Amount { mean, is_exact: true, is_open: false };
    match step {
        Step::Request(_) => exact(1.0),
        Step::Batch { requests, .. } => exact(requests.len() as f64),
        Step::Think(_) | Step::Set(_) => exact(0.0),
        Step::Stop(_) => Amount::default(),
        Step::Group { flow, .. } => amount_of(flow),
        Step::Repeat { times, flow, .. } => {
            let inner = amount_of(flow);
            match number_of(times) {
                // Half a time is none.
                Some(times) => Amount { mean: inner.mean * times.max(0.0).floor(), ..inner },
                None => once(inner),
            }
        }
        Step::While { flow, .. } | Step::ForEach { flow, .. } => once(amount_of(flow)),
        Step::When { condition, then, otherwise } => {
            // Of a condition that depends on the run nothing is known: half and half.
            let chance = if let Condition::Chance(chance) = condition { *chance } else { 0.5 };
            mixed(&[(chance, amount_of(then)), (1.0 - chance, amount_of(otherwise))])
        }
        Step::Choose(branches) => {
            let all: f64 = branches.iter().map(|(weight, _)| weight).sum();
            mixed(&branches.iter().map(|(weight, flow)| (weight / all, amount_of(flow))).collect::<Vec<_>>())
        }
        Step::Shuffle(flows) => flows.iter().map(amount_of).fold(exact(0.0), Amount::and),
    }
}

/// A loop of unknown length, as if it went round once.
fn once(inner: Amount) -> Amount {
    Amount { is_exact: inner.mean <= 0.0, is_open: inner.mean > 0.0, ..inner }
}

fn mixed(parts: &[(f64, Amount)]) -> Amount {
    let same = parts.windows(2).all(|pair| (pair[0].1.mean - pair[1].1.mean).abs() < f64::EPSILON);
    Amount {
        mean: parts.iter().map(|(share, amount)| share * amount.mean).sum(),
        is_exact: same && parts.iter().all(|(_, amount)| amount.is_exact),
        is_open: parts.iter().any(|(_, amount)| amount.is_open),
    }
}

fn describe_flow(text: &mut String, play: &Play, flow: &Flow, depth: usize) {
    for step in flow {
        describe_step(text, play, step, depth);
    }
}

fn describe_step(text: &mut String, play: &Play, step: &Step, depth: usize) {
    let indent = "  ".repeat(depth);
    let mut line = |words: String| {
        let _ = writeln!(text, "{indent}{words}");
    };
    match step {
        Step::Request(request) => line(request_text(play, request)),
        Step::Think(spread) => line(format!("wait {}", spread_text(spread))),
        Step::Set(values) => {
            let names: Vec<&str> = values.iter().map(|(variable, _)| &*play.variables[*variable]).collect();
            line(format!("set {}", names.join(", ")));
        }
        Step::Stop(stop) => line(match stop {
            Stop::Iteration => "end this iteration".to_owned(),
            Stop::User => "end this user".to_owned(),
            Stop::Run => "end the run".to_owned(),
        }),
        Step::Group { series, flow } => {
            line(format!("{}, timed as a whole:", play.series[*series].name));
            describe_flow(text, play, flow, depth + 1);
        }
        Step::Repeat { times, flow, .. } => {
            line(format!("{} times:", times.source));
            describe_flow(text, play, flow, depth + 1);
        }
        Step::While { condition, at_most, flow } => {
            line(format!("while {}, at most {at_most} times:", condition.source));
            describe_flow(text, play, flow, depth + 1);
        }
        Step::ForEach { variable, list, flow } => {
            line(format!("for each {} in {}:", play.variables[*variable], list.source));
            describe_flow(text, play, flow, depth + 1);
        }
        Step::When { condition, then, otherwise } => {
            line(match condition {
                Condition::Chance(chance) => format!("in {} of cases:", percent(*chance)),
                Condition::Holds(expr) => format!("if {}:", expr.source),
            });
            describe_flow(text, play, then, depth + 1);
            if !otherwise.is_empty() {
                let _ = writeln!(text, "{indent}otherwise:");
                describe_flow(text, play, otherwise, depth + 1);
            }
        }
        Step::Choose(branches) => {
            line("one of these:".to_owned());
            let all: f64 = branches.iter().map(|(weight, _)| weight).sum();
            for (weight, flow) in branches {
                let _ = writeln!(text, "{indent}  in {} of cases:", percent(weight / all));
                describe_flow(text, play, flow, depth + 2);
            }
        }
        Step::Shuffle(flows) => {
            line("in any order:".to_owned());
            flows.iter().for_each(|flow| describe_flow(text, play, flow, depth + 1));
        }
        Step::Batch { requests, at_once } => {
            let bound = if *at_once < requests.len() { format!(", {at_once} at a time") } else { String::new() };
            line(format!("together{bound}:"));
            for request in requests {
                let _ = writeln!(text, "{indent}  {}", request_text(play, request));
            }
        }
    }
}

fn request_text(play: &Play, request: &RequestStep) -> String {
    let name = &play.series[request.series].name;
    let path = template_text(&request.target);
    let mut text = format!("{} {path}", request.method);
    if !name.starts_with(&request.method) {
        let _ = write!(text, " ({name})");
    }
    let saved: Vec<&str> = request.saves.iter().map(|save| &*play.variables[save.variable]).collect();
    if !saved.is_empty() {
        let _ = write!(text, ", saves {}", saved.join(", "));
    }
    let checks: Vec<&str> = request.checks.iter().map(|check| &*check.name).collect();
    if !checks.is_empty() {
        let _ = write!(text, ", checks {}", checks.join(", "));
    }
    if !request.headers.is_empty() {
        let _ = write!(text, ", with {}", headers_text(&request.headers));
    }
    if let Some(auth) = &request.auth {
        let _ = write!(text, ", {}", proof_text(auth).unwrap_or("without credentials"));
    }
    if let Some(timeout) = request.timeout {
        let _ = write!(text, ", given up after {}", duration_text(timeout));
    }
    if let Some(hedge) = request.hedge {
        let _ = write!(text, ", once more beside it after {}", duration_text(hedge));
    }
    if let Some(retry) = &request.retry {
        let _ = write!(text, ", sent up to {} times", retry.attempts);
    }
    text
}

/// Their names: what they say may be secret.
fn headers_text(headers: &[(String, Template)]) -> String {
    let names: Vec<&str> = headers.iter().map(|(name, _)| &**name).collect();
    format!("header{} {}", if names.len() == 1 { "" } else { "s" }, names.join(", "))
}

/// How requests prove who they are from.
fn proof_text(credentials: &Credentials) -> Option<&'static str> {
    match credentials {
        Credentials::None => None,
        Credentials::Basic { .. } => Some("with a name and a password"),
        Credentials::Bearer(_) => Some("with a bearer token"),
        Credentials::OAuth2(_) => Some("with a token of OAuth 2"),
        Credentials::SigV4(_) => Some("signed for AWS"),
    }
}

fn template_text(template: &Template) -> String {
    let parts = template.parts.iter().map(|part| match part {
        Part::Text(text) => text.clone(),
        Part::Hole(expr) => format!("{{{}}}", expr.source),
    });
    parts.collect()
}

fn spread_text(spread: &Spread) -> String {
    let mut text = match &spread.shape {
        Shape::Constant(time) => duration_text(*time),
        Shape::Uniform(low, high) => format!("{} to {}", duration_text(*low), duration_text(*high)),
        Shape::Normal { mean, deviation } => format!("{} ± {}", short(*mean), short(*deviation)),
        Shape::LogNormal { median, .. } => format!("{} at the median, lognormal", short(*median)),
        Shape::Exponential { mean } => format!("{} on average, exponential", short(*mean)),
        Shape::Pareto { least, .. } => format!("{} or more, Pareto", short(*least)),
        Shape::Empirical(points) => {
            let ends = points.first().zip(points.last());
            let ends = ends.map(|(first, last)| format!("{} to {}", short(first.1), short(last.1)));
            format!("{}, by quantiles", ends.unwrap_or_default())
        }
    };
    if spread.jitter > 0.0 {
        let _ = write!(text, ", ± {}", percent(spread.jitter));
    }
    if spread.longest < Duration::MAX {
        let _ = write!(text, ", at most {}", duration_text(spread.longest));
    }
    text
}

/// To the millisecond.
fn short(time: Duration) -> String {
    duration_text(Duration::from_millis((time.as_secs_f64() * 1000.0).round() as u64))
}

fn feeder_text(feeder: &Feeder) -> String {
    let pick = match feeder.pick {
        Pick::Sequential => "one after the other",
        Pick::Shuffled => "in an order drawn from the seed",
        Pick::Random => "any, each time",
        Pick::Unique => "one for each user",
    };
    let end = match (feeder.pick, feeder.at_end) {
        (Pick::Random, _) => "",
        (_, AtEnd::Recycle) => ", again from the beginning",
        (_, AtEnd::Stop) => ", then users stop",
    };
    let rows = feeder.table.rows();
    let plural = if rows == 1 { "" } else { "s" };
    format!("{}: {} row{plural}, {pick}{end}", feeder.name, grouped(rows as f64))
}

/// The number that an expression is, if it is one.
fn number_of(expr: &Expr) -> Option<f64> {
    expr.source.trim().parse().ok()
}

fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let text = if (percent - percent.round()).abs() < 0.05 { format!("{percent:.0}") } else { format!("{percent:.1}") };
    format!("{text} %")
}

/// `1,234,567`.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
