//! `--print-scenario`: a one-liner as a scenario file that does the same.

use std::fmt::Write;

use onrush_pace::{Profile, Stage};
use onrush_plan::{Header, Plan, Request, Work};
use url::Url;

use crate::args::{RunArgs, TlsVersionArg, WhenFullArg};
use crate::exit::Wrong;

/// Methods that are steps.
const STEPS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
/// Headers whose values are credentials, by words in their names.
const CREDENTIALS: &[&str] = &["authorization", "cookie", "token", "api-key", "apikey", "secret", "password"];

/// A file in the making.
#[derive(Default)]
struct Sheet {
    /// Keys of the file and their values.
    keys: String,
    /// Variables that stand for credentials.
    placeholders: Vec<String>,
}

/// The scenario file that does what the arguments ask for.
pub(crate) fn printed(args: &RunArgs, plan: &Plan) -> Result<String, Wrong> {
    let Work::Turns { load, requests } = &plan.work else {
        return Err(Wrong(
            "--print-scenario turns a one-liner into a scenario file, and this is one already".to_owned(),
        ));
    };
    let Some(first) = requests.first() else { return Err(Wrong("there is nothing to print".to_owned())) };
    let mut sheet = Sheet::default();
    sheet.key("target", &quoted(&origin(first.url())));
    sheet.key("load", &quoted(&load.to_string()));
    sheet.settings(args);
    sheet.tls(args);
    sheet.observe(&args.output.observe);
    sheet.steps(requests, load)?;
    Ok(sheet.finished(args))
}

impl Sheet {
    fn key(&mut self, key: &str, value: &str) {
        let _ = writeln!(self.keys, "{key}: {value}");
    }

    fn settings(&mut self, args: &RunArgs) {
        let most = args.max_in_flight.or(args.connections.filter(|_| args.rate.is_some()));
        let full = args.when_full.map(|full| if full == WhenFullArg::Drop { "drop" } else { "wait" });
        let given = [
            ("seed", args.seed.map(|seed| seed.to_string())),
            ("warmup", args.warmup.as_deref().map(quoted)),
            ("until", args.until.as_deref().map(quoted)),
            ("graceful_stop", args.graceful_stop.as_deref().map(quoted)),
            ("max_in_flight", most.map(|most| most.to_string())),
            ("when_full", full.map(str::to_owned)),
            ("timeout", args.timeout.as_deref().map(quoted)),
            ("connect_timeout", args.connect_timeout.as_deref().map(quoted)),
            // A file follows some and keeps cookies unless it says otherwise; a one-liner does neither.
            ("redirects", Some(args.redirects.unwrap_or(0).to_string())),
            ("cookies", Some("false".to_owned())),
            ("http2", args.http2.then(|| "true".to_owned())),
        ];
        for (key, value) in given {
            if let Some(value) = value {
                self.key(key, &value);
            }
        }
    }

    fn tls(&mut self, args: &RunArgs) {
        let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| quoted(&path.display().to_string()));
        let version = |version: Option<TlsVersionArg>| {
            version.map(|version| if version == TlsVersionArg::Tls12 { "1.2" } else { "1.3" }.to_owned())
        };
        let given = [
            ("insecure", args.insecure.then(|| "true".to_owned())),
            ("cacert", path(&args.cacert)),
            ("cert", path(&args.cert)),
            ("key", path(&args.key)),
            ("sni", args.sni.as_deref().map(quoted)),
            ("min", version(args.tls_min)),
            ("max", version(args.tls_max)),
            ("resumption", args.no_tls_resumption.then(|| "false".to_owned())),
        ];
        let given: Vec<_> = given.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
        if !given.is_empty() {
            self.keys.push_str("# Paths are relative to this file.\ntls:\n");
            given.iter().for_each(|(key, value)| self.key(&format!("  {key}"), value));
        }
    }

    /// Pages of the service's own figures. Who reads them is not told.
    fn observe(&mut self, pages: &[String]) {
        if pages.is_empty() {
            return;
        }
        let urls: Vec<_> = pages.iter().filter_map(|page| Url::parse(page).ok()).collect();
        if urls.iter().any(|url| !url.username().is_empty()) {
            self.keys.push_str(
                "# Credentials for these pages come from ONRUSH_OBSERVE_USER and ONRUSH_OBSERVE_PASSWORD, or ONRUSH_OBSERVE_TOKEN.\n",
            );
        }
        self.keys.push_str("observe:\n");
        for (url, page) in urls.iter().zip(pages) {
            let query = url.query().map_or(String::new(), |query| format!("?{}", self.veiled(query, "OBSERVE_TOKEN")));
            let series = page.split_once('#').map_or(String::new(), |(_, series)| format!("#{}", literal(series)));
            let text = format!("{}{}{query}{series}", origin(url), literal(url.path()));
            let _ = writeln!(self.keys, "  - {}", quoted(&text));
        }
    }

    /// One after the other, as each user sends them; arrivals and counted iterations are one request each.
    fn steps(&mut self, requests: &[Request], load: &Profile) -> Result<(), Wrong> {
        let users = |stage: &Stage| matches!(stage, Stage::Users { .. });
        let is_drawn = requests.len() > 1 && !load.stages().iter().all(users);
        let base = requests.first().map(|request| origin(request.url())).unwrap_or_default();
        self.keys.push_str("steps:\n");
        if is_drawn {
            self.keys
                .push_str("  # One request an iteration, drawn: the load counts requests, not rounds.\n  - choose:\n");
        }
        for request in requests {
            let margin = if is_drawn { "          " } else { "  " };
            if is_drawn {
                self.keys.push_str("      - steps:\n");
            }
            self.step(request, &base, margin)?;
        }
        Ok(())
    }

    fn step(&mut self, request: &Request, base: &str, margin: &str) -> Result<(), Wrong> {
        let method = request.method();
        if !STEPS.contains(&method) {
            let known = STEPS.join(", ");
            return Err(Wrong(format!("a scenario file has no step for {method}: its methods are {known}")));
        }
        let path = &request.url()[url::Position::BeforePath..];
        let own = origin(request.url());
        let url = if own == base { path.to_owned() } else { own + path };
        self.key(&format!("{margin}- {}", method.to_lowercase()), &quoted(&literal(&url)));
        if !request.headers().is_empty() {
            let _ = writeln!(self.keys, "{margin}  headers:");
        }
        let headers = request.headers();
        for (place, header) in headers.iter().enumerate() {
            let is_called = |other: &&Header| other.name().eq_ignore_ascii_case(header.name());
            if headers[..place].iter().any(|other| is_called(&other)) {
                continue;
            }
            let values = headers[place..].iter().filter(is_called).map(|header| self.header(header));
            let values = values.collect::<Result<Vec<_>, _>>()?;
            let values = match &*values {
                [value] => value.clone(),
                values => format!("[{}]", values.join(", ")),
            };
            self.key(&format!("{margin}    {}", quoted(header.name())), &values);
        }
        if !request.body().is_empty() {
            let body = self.body(request.body())?;
            self.key(&format!("{margin}  body"), &quoted(&body));
        }
        Ok(())
    }

    /// The value of a header, quoted and without credentials.
    fn header(&mut self, header: &Header) -> Result<String, Wrong> {
        let value = str::from_utf8(header.value());
        let value = value.map_err(|_| Wrong(format!("header `{}` is not text", header.name())))?;
        Ok(quoted(&self.without_credentials(header.name(), value)))
    }

    fn without_credentials(&mut self, name: &str, value: &str) -> String {
        let lower = name.to_ascii_lowercase();
        if !CREDENTIALS.iter().any(|word| lower.contains(word)) {
            return literal(value);
        }
        let variable = lower.to_uppercase().replace(|letter: char| !letter.is_ascii_alphanumeric(), "_");
        // Whatever its name, what it holds is a secret: names with `TOKEN` are never shown.
        let variable = if lower.contains("cookie") { variable + "_TOKEN" } else { variable };
        match value.split_once(' ').filter(|_| lower == "authorization") {
            Some((scheme, _)) => format!("{} {}", literal(scheme), self.placeholder(&variable)),
            None => self.placeholder(&variable),
        }
    }

    fn body(&mut self, bytes: &[u8]) -> Result<String, Wrong> {
        let is_strange = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
        let text = std::str::from_utf8(bytes).ok().filter(|text| !text.contains(is_strange));
        let text = text.ok_or_else(|| {
            let hint = "keep them in a file and write `file:` in place of `body:`";
            Wrong(format!("the body has bytes that are not text, which a scenario file cannot show: {hint}"))
        })?;
        Ok(self.veiled(text, "BODY_PASSWORD"))
    }

    /// A body or a query in which variables stand for what is secret.
    fn veiled(&mut self, text: &str, name: &str) -> String {
        let veiled = onrush_user::veiled_body(text);
        if veiled == text || text.contains("***") {
            return literal(text);
        }
        let mut told = String::new();
        for (number, piece) in veiled.split("***").enumerate() {
            if number > 0 {
                told.push_str(&self.placeholder(&format!("{name}_{number}")));
            }
            told.push_str(&literal(piece));
        }
        told
    }

    fn placeholder(&mut self, name: &str) -> String {
        if !self.placeholders.iter().any(|known| known == name) {
            self.placeholders.push(name.to_owned());
        }
        format!("${{{name}}}")
    }

    fn finished(self, args: &RunArgs) -> String {
        let mut text = "# yaml-language-server: $schema=scenario.schema.json\n".to_owned();
        if !self.placeholders.is_empty() {
            let names = self.placeholders.join(", ");
            let _ = writeln!(text, "# Credentials come from the environment, or from --env NAME=VALUE: {names}");
        }
        for (flag, what) in elsewhere(args) {
            let _ = writeln!(text, "# {what}: {flag}");
        }
        text + &self.keys
    }
}

/// Flags that a file has no words for.
fn elsewhere(args: &RunArgs) -> Vec<(String, &'static str)> {
    const ADD: &str = "A file cannot say this; add to the command line";
    const NOT: &str = "A file cannot say this; requests of a `batch:` are in flight together";
    let value = |flag: &str, value: Option<String>| value.map(|value| (format!("{flag} {value}"), ADD));
    let is = |flag: &str, is: bool| is.then(|| (flag.to_owned(), ADD));
    // A proxy's password is nobody's business.
    let proxy = args.proxy.as_ref().map(|url| if url.contains('@') { "URL".to_owned() } else { url.clone() });
    let sources = (!args.source_ips.is_empty()).then(|| args.source_ips.join(","));
    let given = [
        args.pipeline.map(|number| (format!("--pipeline {number}"), NOT)),
        args.streams.filter(|streams| *streams > 1).map(|number| (format!("--streams {number}"), NOT)),
        args.traceparent.map(|share| (format!("--traceparent={share}"), ADD)),
        value("--threads", args.threads.map(|number| number.to_string())),
        value("--max-body", args.max_body.map(|number| number.to_string())),
        is("--no-keepalive", args.no_keepalive),
        value("--connections-shared", args.connections_shared.map(|number| number.to_string())),
        value("--source-ips", sources),
        value("--unix-socket", args.unix_socket.as_ref().map(|path| path.display().to_string())),
        value("--dns-server", args.dns_server.map(|address| address.to_string())),
        value("--proxy", proxy),
        is("--no-proxy", args.no_proxy),
    ];
    let resolve = args.resolve.iter().map(|rule| (format!("--resolve {rule}"), ADD));
    given.into_iter().flatten().chain(resolve).collect()
}

fn origin(url: &Url) -> String {
    let mut url = url.clone();
    let _ = (url.set_username(""), url.set_password(None));
    url[..url::Position::BeforePath].to_owned()
}

/// Text that must not be taken for a hole or a variable.
fn literal(text: &str) -> String {
    text.replace("${", "$${").replace("{{", "{{ '{{' }}").replace("{%", "{{ '{%' }}")
}

/// A YAML scalar in quotes: JSON's texts are among those of YAML.
fn quoted(text: &str) -> String {
    let is_plain = !text.contains('\'') && !text.contains(char::is_control);
    if is_plain && text.contains(['"', '\\']) {
        return format!("'{text}'");
    }
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use onrush_plan::{Body, Part, Template};

    use super::*;
    use crate::args::{Cli, Command, FileArgs};
    use crate::lower::scenario::{self, Given};
    use crate::lower::{self, Surroundings};

    fn args(words: &str) -> RunArgs {
        let words = ["onrush", "run"].into_iter().chain(words.split('|'));
        match Cli::try_parse_from(words).expect("arguments").command {
            Command::Run(args) => *args,
            other => panic!("{other:?}"),
        }
    }

    fn print(words: &str) -> Result<(String, Plan), Wrong> {
        let args = args(words);
        let plan = lower::plan(&args, &Surroundings::default())?;
        Ok((printed(&args, &plan)?, plan))
    }

    /// A text without holes.
    fn fixed(template: &Template) -> Option<String> {
        let text = |part: &Part| if let Part::Text(text) = part { Some(text.clone()) } else { None };
        template.parts.iter().map(text).collect()
    }

    #[test]
    fn a_printed_file_asks_for_the_same() {
        for words in [
            "http://a.test/",
            "http://a.test:81/x?y=1&z=%20|-c|5|-d|3s",
            "https://a.test/|-r|100/s|-d|3s|-c|7|--when-full|drop|-k|--tls-min|1.3",
            "http://a.test/|--until|p99 ± 5%|-d|1m",
            "http://a.test/|-n|1000|--timeout|2s|--redirects|3|--seed|7",
            "http://a.test/|--load|0/s -> 5/s over 3s, 5/s for 4s|--warmup|1s",
            "http://a.test/a|http://b.test/b|-d|2s",
            "http://a.test/a|http://a.test/b|-r|9/s",
            "http://a.test/|--json|{\"a\": [1, \"it's {{ no }} {% hole %} ${HOME}\"]}",
            "http://a.test/|--data|a=1\nb: 'c'|-H|X-Odd: \"a\" # b|-m|PUT|--http2",
            "http://a.test/|--observe|http://a.test:9/metrics?x=1#b{c=\"d\"},e|--observe|http://b.test/",
            "http://a.test/|-H|X: 1|-H|X: 2|-H|Y: 3",
            "http://a.test/|--host-header|b.test|--compressed|--connect-timeout|1s",
        ] {
            let (text, plan) = print(words).unwrap();
            assert!(text.starts_with("# yaml-language-server: "), "{text}");
            let files = scenario::Disk::beside("x.yaml".as_ref());
            let read = scenario::parse("x.yaml", &text, &FileArgs::default(), Given::default(), &files);
            let document = read.unwrap_or_else(|wrong| panic!("{wrong}\n{text}"));
            assert!(document.warnings.is_empty(), "{text}");
            let asked = document.play.requests();
            let Work::Turns { load, requests } = &plan.work else { panic!("{words}") };
            assert_eq!(document.play.tracks[0].load, *load, "{text}");
            assert_eq!(asked.len(), requests.len(), "{text}");
            for (step, request) in asked.iter().zip(requests) {
                assert_eq!(step.method, request.method(), "{text}");
                let url = step.base.as_ref().map(origin).unwrap_or_default() + &fixed(&step.target).unwrap();
                assert_eq!(url, request.url().as_str(), "{text}");
                assert_eq!(step.headers.len(), request.headers().len(), "{text}");
                for ((name, value), header) in step.headers.iter().zip(request.headers()) {
                    assert_eq!(name, header.name());
                    assert_eq!(fixed(value).unwrap().as_bytes(), header.value(), "{text}");
                }
                if let Body::Text { text: body, .. } = &step.body {
                    let same = fixed(body).is_none_or(|body| body.as_bytes() == request.body());
                    assert!(same, "{text}");
                }
                assert_eq!(matches!(step.body, Body::None), request.body().is_empty(), "{text}");
            }
            assert_eq!(document.settings.until, plan.until);
            assert_eq!(document.settings.redirects, plan.client.redirects);
            assert_eq!(document.settings.observe, args(words).output.observe);
            assert!(!document.play.scenarios[0].cookies);
        }
    }

    #[test]
    fn credentials_are_never_printed() {
        for words in [
            "http://ann:hunter2@a.test/",
            "http://a.test/|--user|ann:hunter2",
            "http://a.test/|--bearer|hunter2",
            "http://a.test/|--bearer|x|--observe|http://ann:hunter2@a.test/m?token=hunter2#b",
            "http://a.test/|-H|Cookie: sid=hunter2",
            "http://a.test/|-H|X-Api-Key: hunter2",
            "http://a.test/|--json|{\"password\": \"hunter2\"}",
        ] {
            let (text, _) = print(words).unwrap();
            assert!(!text.contains("hunter2") && !text.contains("YW5u"), "{text}");
            assert!(text.contains("# Credentials come from") && text.contains("${"), "{text}");
        }
    }

    #[test]
    fn what_a_file_cannot_say_is_said() {
        let (text, _) = print("http://a.test/|--pipeline|4|--source-ips|127.0.0.2|--threads|2").unwrap();
        for flag in ["--pipeline 4\n", "--source-ips 127.0.0.2\n", "--threads 2\n"] {
            assert!(text.contains(flag), "{text}");
        }
        assert!(print("http://a.test/|-m|PURGE").is_err());
        assert!(print("http://a.test/|--data|a\u{0}b").unwrap_err().to_string().contains("not text"));
    }
}
