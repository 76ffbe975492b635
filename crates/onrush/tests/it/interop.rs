//! Servers that nobody here wrote, each with its own idea of HTTP: everything is answered, and their access
//! logs have as many lines as we have requests.

mod peer;
mod prometheus;

use std::path::{Path, PathBuf};

use onrush_target::{Service, ServiceSettings};
use rustix::process::Signal;

use crate::harness::{Folder, Run, skip};
use peer::Peer;

/// Requests of each run.
const COUNT: u64 = 200;

/// One run: the path that its lines in the log are known by, the port by its place, and how to ask.
struct Way {
    path: &'static str,
    scheme: &'static str,
    port: usize,
    arguments: &'static [&'static str],
}

const fn way(path: &'static str, scheme: &'static str, port: usize, arguments: &'static [&'static str]) -> Way {
    Way { path, scheme, port, arguments }
}

/// A certificate that its holder has signed, and its key: alone, and in one file.
struct Certificate {
    cert: PathBuf,
    key: PathBuf,
    both: PathBuf,
}

impl Certificate {
    fn new(folder: &Folder) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let (cert, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        Self {
            both: folder.write("both.pem", format!("{cert}{key}")),
            cert: folder.write("cert.pem", cert),
            key: folder.write("key.pem", key),
        }
    }
}

/// Plays every way, ends the server and counts the lines of its log.
fn check(peer: Peer, ways: &[Way], trusted: &Path) {
    for Way { path, scheme, port, arguments } in ways {
        let url = format!("{scheme}://127.0.0.1:{}/{path}", peer.port(*port));
        let run = Run::new([&*url, "-q", "-n200"]).args(arguments.iter().copied());
        let run = if *scheme == "https" { run.args(["--cacert".as_ref(), trusted.as_os_str()]) } else { run };
        let report = run.report();
        let counters = &report.json["requests"];
        assert_eq!(
            (report.outcomes(), report.requests("intended")),
            (vec![("200".to_owned(), COUNT)], COUNT),
            "{path} {counters}"
        );
    }
    let log = peer.stop();
    for Way { path, .. } in ways {
        let lines =
            log.lines().filter(|line| line.contains(&format!("/{path} ")) || line.contains(&format!("/{path}\"")));
        assert_eq!(lines.count() as u64, COUNT, "{path}");
    }
}

#[test]
fn nginx() {
    let Some(program) = peer::find("nginx") else { return };
    let folder = Folder::new();
    let certificate = Certificate::new(&folder);
    folder.write("large", "all work and no play\n".repeat(10_000));
    let root = folder.path("").display().to_string();
    let peer = Peer::start(&folder, 3, Signal::QUIT, |ports| {
        let config = folder.write("nginx.conf", nginx_config(&root, ports, &certificate));
        peer::command(
            &program,
            [Path::new("-p"), &folder.path(""), "-e".as_ref(), "stderr".as_ref(), "-c".as_ref(), &config],
        )
    });
    let ways = [
        way("http1", "http", 0, &["-c4"]),
        way("rate", "http", 0, &["-r", "2000/s"]),
        way("new", "http", 0, &["-c4", "--no-keepalive"]),
        way("pipelined", "http", 0, &["-c4", "--pipeline", "5"]),
        way("post", "http", 0, &["-c4", "--json", "{}"]),
        way("large", "http", 0, &["-c4"]),
        way("large?gzip", "http", 0, &["-c4", "--compressed"]),
        way("h2c", "http", 1, &["-c4", "--http2"]),
        way("h2c-streams", "http", 1, &["-c2", "--http2", "--streams", "10"]),
        way("https1", "https", 2, &["-c4"]),
        way("https12", "https", 2, &["-c4", "--tls-max", "1.2", "--no-keepalive"]),
        way("h2", "https", 2, &["-c4", "--http2"]),
        way("h2-streams", "https", 2, &["-c2", "--http2", "--streams", "10"]),
    ];
    check(peer, &ways, &certificate.cert);
}

/// Connections end after 30 requests, so that every run meets their ends.
fn nginx_config(root: &str, ports: &[u16], certificate: &Certificate) -> String {
    let (clear, h2c, tls) = (ports[0], ports[1], ports[2]);
    let (cert, key) = (certificate.cert.display(), certificate.key.display());
    format!(
        "daemon off; master_process off; pid {root}/nginx.pid;
         events {{ worker_connections 256; }}
         http {{
           access_log /dev/stdout; keepalive_requests 30;
           client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3;
           uwsgi_temp_path {root}/t4; scgi_temp_path {root}/t5;
           default_type text/plain; gzip on; gzip_types text/plain;
           ssl_certificate {cert}; ssl_certificate_key {key}; ssl_session_cache shared:a:1m;
           server {{
             listen 127.0.0.1:{clear}; listen 127.0.0.1:{h2c} http2; listen 127.0.0.1:{tls} ssl http2;
             location /large {{ root {root}; }}
             location / {{ return 200 \"hello\\n\"; }}
           }}
         }}"
    )
}

#[test]
fn caddy() {
    let Some(program) = peer::find("caddy") else { return };
    let folder = Folder::new();
    let certificate = Certificate::new(&folder);
    let peer = Peer::start(&folder, 2, Signal::TERM, |ports| {
        let config = folder.write("Caddyfile", caddy_config(&folder, ports, &certificate));
        peer::command(
            &program,
            ["run".as_ref(), "--adapter".as_ref(), "caddyfile".as_ref(), "--config".as_ref(), config.as_path()],
        )
    });
    let ways = [
        way("http1", "http", 0, &["-c4"]),
        way("rate", "http", 0, &["-r", "2000/s"]),
        way("new", "http", 0, &["-c4", "--no-keepalive"]),
        way("pipelined", "http", 0, &["-c4", "--pipeline", "5"]),
        way("post", "http", 0, &["-c4", "--json", "{}"]),
        way("h2c", "http", 0, &["-c4", "--http2"]),
        way("h2c-streams", "http", 0, &["-c2", "--http2", "--streams", "10"]),
        way("https1", "https", 1, &["-c4"]),
        way("https12", "https", 1, &["-c4", "--tls-max", "1.2", "--no-keepalive"]),
        way("h2", "https", 1, &["-c4", "--http2"]),
        way("h2-streams", "https", 1, &["-c2", "--http2", "--streams", "10"]),
    ];
    check(peer, &ways, &certificate.cert);
}

fn caddy_config(folder: &Folder, ports: &[u16], certificate: &Certificate) -> String {
    let (clear, tls) = (ports[0], ports[1]);
    let (cert, key) = (certificate.cert.display(), certificate.key.display());
    let site = "bind 127.0.0.1\n log {\n output stdout\n format json\n }\n respond \"hello\" 200\n";
    format!(
        "{{\n admin off\n auto_https off\n storage file_system {}\n
           servers {{\n protocols h1 h2 h2c\n }}\n }}\n
         http://127.0.0.1:{clear} {{\n {site} }}\n
         https://127.0.0.1:{tls} {{\n tls {cert} {key}\n {site} }}\n",
        folder.path("storage").display()
    )
}

#[test]
fn haproxy() {
    let Some(program) = peer::find("haproxy") else { return };
    let folder = Folder::new();
    let certificate = Certificate::new(&folder);
    let service = Service::start(ServiceSettings::default()).unwrap();
    let peer = Peer::start(&folder, 3, Signal::USR1, |ports| {
        let config = haproxy_config(ports, &certificate, service.addr().port());
        let config = folder.write("haproxy.cfg", config);
        peer::command(&program, ["-db".as_ref(), "-f".as_ref(), config.as_path()])
    });
    let ways = [
        way("http1", "http", 0, &["-c4"]),
        way("rate", "http", 0, &["-r", "2000/s"]),
        way("new", "http", 0, &["-c4", "--no-keepalive"]),
        way("pipelined", "http", 0, &["-c4", "--pipeline", "5"]),
        way("echo", "http", 0, &["-c4", "--data", "hello"]),
        way("h2c", "http", 1, &["-c4", "--http2"]),
        way("h2c-streams", "http", 1, &["-c2", "--http2", "--streams", "10"]),
        way("https1", "https", 2, &["-c4"]),
        way("https12", "https", 2, &["-c4", "--tls-max", "1.2", "--no-keepalive"]),
        way("h2", "https", 2, &["-c4", "--http2"]),
        way("h2-streams", "https", 2, &["-c2", "--http2", "--streams", "10"]),
    ];
    check(peer, &ways, &certificate.cert);
    assert_eq!(service.stats().requests, COUNT * ways.len() as u64);
}

/// One thread: several leave out a log line when they get in each other's way.
fn haproxy_config(ports: &[u16], certificate: &Certificate, service: u16) -> String {
    let (clear, h2c, tls) = (ports[0], ports[1], ports[2]);
    format!(
        "global\n nbthread 1\n log stdout format raw local0\n
         defaults\n mode http\n log global\n option httplog\n option dontlognull\n
          timeout connect 10s\n timeout client 20s\n timeout server 20s\n
         frontend all\n bind 127.0.0.1:{clear}\n bind 127.0.0.1:{h2c} proto h2\n
          bind 127.0.0.1:{tls} ssl crt {} alpn h2,http/1.1\n default_backend service\n
         backend service\n server one 127.0.0.1:{service}\n",
        certificate.both.display()
    )
}

#[test]
fn python() {
    let Some(program) = peer::find("python3") else { return };
    let folder = Folder::new();
    for path in ["http10", "rate", "keep-alive", "pipelined"] {
        folder.write(path, "hello\n");
    }
    let trusted = Certificate::new(&folder).cert;
    let serve = |protocol: &'static str| {
        let (program, root) = (program.clone(), folder.path(""));
        move |ports: &[u16]| {
            let mut command = peer::command(&program, ["-u", "-m", "http.server", "--bind", "127.0.0.1"]);
            command.arg("--directory").arg(&root);
            if protocol != "HTTP/1.0" {
                command.args(["--protocol", protocol]);
            }
            command.arg(ports[0].to_string());
            command
        }
    };
    let old = Peer::start(&folder, 1, Signal::TERM, serve("HTTP/1.0"));
    check(old, &[way("http10", "http", 0, &["-c4"]), way("rate", "http", 0, &["-r", "400/s"])], &trusted);
    if peer::says(&program, ["-m", "http.server", "--help"], "--protocol") {
        let new = Peer::start(&folder, 1, Signal::TERM, serve("HTTP/1.1"));
        let ways = [way("keep-alive", "http", 0, &["-c4"]), way("pipelined", "http", 0, &["-c2", "--pipeline", "5"])];
        check(new, &ways, &trusted);
    } else {
        skip("this python3's http.server speaks HTTP/1.0 only");
    }
}
