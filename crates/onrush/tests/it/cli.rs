//! What is printed: help, and one clear message for each thing that is asked for and cannot be done.

use std::fmt::Write;
use std::io::ErrorKind;
use std::net::TcpListener;

use insta::{assert_snapshot, with_settings};

use crate::harness::{Folder, Run};

/// Plays each line, in which `{url}` is a port that must never see a connection, and puts together what
/// was printed. Every one has to end with exit code 104 and nothing on standard output.
fn refused(lines: &[&[&str]]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (mut printed, mut taken) = (String::new(), Vec::new());
    for line in lines {
        let ended = Run::new(line.iter().map(|part| part.replace("{url}", &url))).finish();
        if (ended.code, &*ended.stdout) != (104, "") {
            taken.push((line, ended.code));
        }
        let typed: Vec<_> = line.iter().map(|part| quoted(part)).collect();
        let _ = write!(printed, "$ onrush {}\n{}\n", typed.join(" "), ended.stderr.replace(&url, "{url}"));
    }
    listener.set_nonblocking(true).unwrap();
    let came = listener.accept().map(|(_, peer)| peer).map_err(|error| error.kind());
    assert_eq!((taken, came), (vec![], Err(ErrorKind::WouldBlock)), "not refused, or connected all the same");
    printed
}

fn quoted(part: &str) -> String {
    let is_plain = !part.is_empty() && !part.contains(|letter: char| letter.is_whitespace() || "<>*".contains(letter));
    if is_plain { part.to_owned() } else { format!("'{}'", part.replace('\n', "\\n")) }
}

fn help(arguments: &[&str]) -> String {
    let ended = Run::new(arguments.iter().copied()).finish();
    assert_eq!((ended.code, &*ended.stderr), (0, ""), "{arguments:?}");
    ended.stdout
}

fn snapshot(name: &str, printed: &str) {
    with_settings!({ omit_expression => true }, { assert_snapshot!(name, printed) });
}

#[test]
fn help_of_everything() {
    snapshot("help_of_everything", &help(&["--help"]));
    assert_eq!(help(&["help"]), help(&["--help"]));
}

#[test]
fn help_of_run() {
    snapshot("help_of_run_short", &help(&["run", "-h"]));
    snapshot("help_of_run_long", &help(&["run", "--help"]));
}

#[test]
fn help_of_compare() {
    snapshot("help_of_compare", &help(&["compare", "--help"]));
}

#[test]
fn help_of_serve_and_demo() {
    snapshot("help_of_serve", &help(&["serve", "--help"]));
    snapshot("help_of_demo", &help(&["demo", "--help"]));
}

#[test]
fn version() {
    assert_eq!(help(&["--version"]), concat!("onrush ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn urls_that_are_none() {
    snapshot(
        "urls_that_are_none",
        &refused(&[
            &["run"],
            &["run", ""],
            &["http://"],
            &["http:///path"],
            &["http://localhost:99999/"],
            &["http://exa mple.com/"],
            &["http://[::1/"],
            &["ftp://example.com/"],
            &["{url}", "htp://example.com/"],
            &["--urls", "/nonexistent/urls"],
            &["--urls", "/dev/null"],
            &["rnu", "{url}", "--bogus"],
            &["runn", "{url}"],
            &["version"],
            &["web"],
            &["serve.yaml"],
            &["run", "tests/load.js"],
        ]),
    );
}

#[test]
fn a_file_of_urls_with_a_mistake_is_told_with_its_line() {
    let folder = Folder::new();
    let path = folder
        .write("urls.txt", "# two good ones\nhttp://127.0.0.1:1/\nHEAD http://127.0.0.1:1/\nhtp://127.0.0.1:1/\n");
    let ended = Run::new(["--urls".as_ref(), path.as_os_str()]).finish();
    let said =
        format!("error: {}:4: `htp` is not a scheme that Onrush speaks: use http:// or https://\n", path.display());
    assert_eq!((ended.code, ended.stderr), (104, said));
}

#[test]
fn a_line_of_a_file_is_a_method_and_a_url() {
    let folder = Folder::new();
    for (number, line) in ["GET http://127.0.0.1:1/ now", "http://127.0.0.1:1/a b c #d"].iter().enumerate() {
        let path = folder.write(&format!("{number}.txt"), format!("http://127.0.0.1:1/ # fine\n\n{line}\n"));
        let ended = Run::new(["--urls".as_ref(), path.as_os_str()]).finish();
        let said = format!("error: {}:3: a line is `[METHOD] URL`, and this has 3 words\n", path.display());
        assert_eq!((ended.code, ended.stderr), (104, said), "{line}");
    }
}

#[test]
fn loads_that_cannot_be_played() {
    snapshot(
        "loads_that_cannot_be_played",
        &refused(&[
            &["{url}", "--load", "50 users"],
            &["{url}", "--load", "50 usres for 5m"],
            &["{url}", "--load", "0/s -> 200/s for 1m"],
            &["{url}", "--load", "200/s for 10m, 5"],
            &["{url}", "--load", "200/s for 10m,"],
            &["{url}", "--load", ", 200/s for 10m"],
            &["{url}", "--load", "200/s for 10m\n50 users over 3m"],
            &["{url}", "--load", "200/s for ten minutes"],
            &["{url}", "--load", "200/fortnight for 10m"],
            &["{url}", "--load", ""],
            &["{url}", "--load", "0/s for 10s"],
            &["{url}", "--load", "10/s for 0s"],
            &["{url}", "--load", "0 iterations by 5 users"],
            &["{url}", "--load", "5000000000 users for 1m"],
            &["{url}", "--load", "99999999999999999999 iterations by 5 users"],
        ]),
    );
}

#[test]
fn numbers_that_ask_for_nothing() {
    snapshot(
        "numbers_that_ask_for_nothing",
        &refused(&[
            &["{url}", "-r", "0/s"],
            &["{url}", "-r", "0/s", "-n", "10"],
            &["{url}", "-r", "500"],
            &["{url}", "-r", "-5/s"],
            &["{url}", "--load", "-5 users for 1s"],
            &["{url}", "-d", "0s"],
            &["{url}", "-d", "0s", "--warmup", "1s"],
            &["{url}", "-d", "10"],
            &["{url}", "-d", "-1s"],
            &["{url}", "-n", "0"],
            &["{url}", "-n", "0", "-r", "5/s"],
            &["{url}", "-n", "-1"],
            &["{url}", "-n", "1e6"],
            &["{url}", "-n", "99999999999999999999"],
            &["{url}", "-c", "0"],
            &["{url}", "-c", "0", "-n", "5"],
            &["{url}", "-c", "0", "-r", "5/s"],
            &["{url}", "-c", "4294967296"],
            &["{url}", "-c", "-1"],
            &["{url}", "-t", "0"],
            &["{url}", "-t", "-1"],
            &["{url}", "-t", "100000"],
            &["{url}", "--max-in-flight", "-1"],
            &["{url}", "--timeout", "-1s"],
            &["{url}", "--warmup", "-1s"],
            &["{url}", "--graceful-stop", "-1s"],
            &["{url}", "--redirects", "-1"],
            &["{url}", "--max-in-flight", "0", "-r", "5/s"],
            &["{url}", "--connections-shared", "0"],
            &["{url}", "--http2", "--streams", "0"],
            &["{url}", "--pipeline", "0"],
            &["{url}", "--timeout", "0s"],
            &["{url}", "--connect-timeout", "0ms"],
            &["{url}", "-d", "1s", "--warmup", "1x"],
            &["{url}", "--load", "5/s for 1s", "--warmup", "1s"],
            &["{url}", "--seed", "x"],
        ]),
    );
}

#[test]
fn flags_that_contradict_each_other() {
    snapshot(
        "flags_that_contradict_each_other",
        &refused(&[
            &["{url}", "--load", "5 users for 1s", "-c", "5"],
            &["{url}", "-r", "5/s", "-n", "5", "-d", "5s"],
            &["{url}", "-n", "5", "--warmup", "1s"],
            &["{url}", "--data", "a", "--json", "{}"],
            &["{url}", "--user", "a:b", "--bearer", "c"],
            &["{url}", "--streams", "5"],
            &["{url}", "--http2", "--pipeline", "5"],
            &["{url}", "--http2", "--no-keepalive"],
            &["{url}", "--pipeline", "5", "--no-keepalive"],
            &["{url}", "--proxy", "http://127.0.0.1:1", "--no-proxy"],
            &["{url}", "--tls-min", "1.3", "--tls-max", "1.2"],
            &["{url}", "--cert", "/nonexistent/cert.pem"],
            &["{url}", "--key", "/nonexistent/key.pem"],
            &["{url}", "--when-full", "panic"],
        ]),
    );
}

#[test]
fn options_that_would_do_nothing() {
    snapshot(
        "options_that_would_do_nothing",
        &refused(&[
            &["{url}", "-k"],
            &["{url}", "--sni", "example.com"],
            &["{url}", "--tls-min", "1.3"],
            &["{url}", "--tls-max", "1.2"],
            &["{url}", "--no-tls-resumption"],
            &["{url}", "-n1", "--when-full", "drop"],
            &["{url}", "-d", "1s", "--max-in-flight", "5"],
            &["{url}", "-r", "5/s", "-c", "5", "--max-in-flight", "5"],
            &["{url}", "--unix-socket", "/nonexistent", "--proxy", "http://127.0.0.1:1"],
            &["{url}", "--unix-socket", "/nonexistent", "--resolve", "*:80:127.0.0.1"],
            &["{url}", "--unix-socket", "/nonexistent", "--source-ips", "127.0.0.1"],
            &["{url}", "--unix-socket", "/nonexistent", "--dns-server", "127.0.0.1:53"],
            &["{url}", "--host-header", "example.com", "-H", "host: example.com"],
            &["{url}", "--user", "a:b", "-H", "Authorization: c"],
            &["{url}", "--bearer", "a", "-H", "Authorization: c"],
            &["http://a:b@127.0.0.1:1/", "--bearer", "c"],
        ]),
    );
}

#[test]
fn requests_that_cannot_be_written() {
    snapshot(
        "requests_that_cannot_be_written",
        &refused(&[
            &["{url}", "-H", "no colon"],
            &["{url}", "-H", "Bad Name: x"],
            &["{url}", "-H", ": x"],
            &["{url}", "-H", "X-Break: a\nB: c"],
            &["{url}", "-H", "Content-Length: 5"],
            &["{url}", "-m", "GET IT"],
            &["{url}", "-m", ""],
            &["{url}", "-m", "connect"],
            &["{url}", "--json", "{\"a\": 1,}"],
            &["{url}", "--host-header", ""],
            &["{url}", "--host-header", "a b"],
            &["{url}", "--host-header", "a\nb"],
            &["{url}", "--bearer", "a\nb"],
            &["{url}", "--data-file", "/nonexistent/body"],
            &["{url}", "--http2", "--host-header", "not a host"],
        ]),
    );
}

#[test]
fn connections_that_cannot_be_made() {
    snapshot(
        "connections_that_cannot_be_made",
        &refused(&[
            &["{url}", "--resolve", "example.com"],
            &["{url}", "--resolve", "example.com:x:127.0.0.1"],
            &["{url}", "--resolve", "example.com:80:localhost"],
            &["{url}", "--source-ips", "127.0.0.300"],
            &["{url}", "--source-ips", "127.0.0.9-127.0.0.2"],
            &["{url}", "--source-ips", "10.0.0.0/8"],
            &["{url}", "--source-ips", "10.0.0.0/33"],
            &["{url}", "--dns-server", "localhost"],
            &["{url}", "--proxy", "ftp://127.0.0.1"],
            &["{url}", "--proxy", "http://"],
            &["{url}", "--cacert", "/nonexistent/ca.pem"],
            &["https://localhost/", "--cacert", "/dev/null"],
            &["https://localhost/", "--cert", "/dev/null", "--key", "/dev/null"],
            &["{url}", "--tls-max", "1.1"],
            &["https://localhost/", "--sni", "not a name"],
        ]),
    );
}

#[test]
fn outputs_that_cannot_be_written() {
    snapshot(
        "outputs_that_cannot_be_written",
        &refused(&[
            &["{url}", "-o", "json"],
            &["{url}", "-o", "csvv=x.csv"],
            &["{url}", "-o", "json=/nonexistent/x"],
            &["{url}", "--format", "json", "-o", "summary=-"],
            &["{url}", "--format", "json", "-o", "json=-"],
            &["{url}", "-o", "json=-", "-o", "summary=-"],
            &["{url}", "--format", "yaml"],
            &["{url}", "--web=nowhere:http"],
            &["{url}", "--web=192.0.2.1:0"],
            &["{url}", "--fail-on", "never"],
            &["{url}", "--fail-on", "failures=all"],
            &["{url}", "--fail-on", "failures=100%"],
            &["{url}", "--fail-on", ""],
        ]),
    );
}

#[test]
fn services_that_cannot_be_started() {
    snapshot(
        "services_that_cannot_be_started",
        &refused(&[
            &["serve", "--listen", "nowhere"],
            &["serve", "--listen", "203.0.113.7:0"],
            &["serve", "--latency", "soon"],
            &["serve", "--errors", "150%"],
            &["serve", "--freeze", "sometimes"],
            &["serve", "--capacity", "0"],
            &["serve", "--threads", "0"],
            &["serve", "--duration", "0"],
            &["serve", "--hostile", "evil"],
            &["demo", "--load", "50 usres"],
        ]),
    );
}
