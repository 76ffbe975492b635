//! The report as a page: asked for while a run goes on, written at its end, and drawn by a real browser.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use crate::harness::{Folder, ONRUSH, Run, skip};
use crate::plain::Plain;

/// What Chromium is called on the systems that have it.
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

#[test]
fn a_port_for_the_page_that_is_taken_is_told_before_any_load() {
    let server = Plain::start();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let ended = Run::new([server.url(), format!("--web={}", address.port())]).finish();
    let said = format!(
        "error: --web cannot listen at {address}: Address already in use (os error 98): another program listens \
         there; give another port, or none for a free one\n"
    );
    assert_eq!((ended.code, ended.stderr, server.requests().len()), (104, said, 0));
}

#[test]
fn a_page_follows_the_run_and_ends_with_it() {
    let server = Plain::start();
    let mut command = Command::new(ONRUSH);
    command.args([&*server.url(), "-c", "1", "-d", "30s", "--no-save", "--web", "--quiet"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let mut said = String::new();
    let mut byte = [0];
    while !said.ends_with('\n') && stderr.read(&mut byte).unwrap() > 0 {
        said.push(char::from(byte[0]));
    }
    let address = said.trim().strip_prefix("watch it at http://").unwrap().trim_end_matches('/').to_owned();
    let mut page = String::new();
    let mut stream = TcpStream::connect(&address).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    stream.read_to_string(&mut page).unwrap();
    let mut events = TcpStream::connect(&address).unwrap();
    write!(events, "GET /events HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut head = [0; 17];
    events.read_exact(&mut head).unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let mut rest = String::new();
    events.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(105));
    assert!(page.contains("<p class=\"state running\">running"), "{page}");
    assert_eq!(&head, b"HTTP/1.1 200 OK\r\n");
    assert!(rest.trim_end().lines().rfind(|line| line.starts_with("data: ")).unwrap().contains("\"over\":true"));
    assert!(TcpStream::connect(&address).is_err(), "it is gone");
}

/// What is drawn is looked at by people; this holds that it is drawn at all, and that the console stays empty.
#[test]
fn a_browser_draws_the_charts_and_complains_about_nothing() {
    let Some(browser) = BROWSERS.iter().find(|name| Command::new(name).arg("--version").output().is_ok()) else {
        return skip("the page in a browser: there is no Chromium");
    };
    let (server, folder) = (Plain::start(), Folder::new());
    let path = folder.path("report.html");
    let output = format!("html={}", path.display());
    let ended = Run::new([&*server.url(), "--load", "50/s for 2s", "--quiet", "-o", &output]).finish();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let profile = format!("--user-data-dir={}", folder.path("profile").display());
    let page = format!("file://{}", path.display());
    let arguments =
        ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--virtual-time-budget=5000"];
    let drawn = Command::new(browser).args(arguments).args([&*profile, "--dump-dom", &*page]).output().unwrap();
    let (dom, said) = (String::from_utf8_lossy(&drawn.stdout), String::from_utf8_lossy(&drawn.stderr));
    let complaints: Vec<_> = said.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert_eq!(complaints, Vec::<&str>::new());
    assert_eq!(dom.matches("<figure class=\"chart\">").count(), 7, "{said}");
    for class in ["line one", "line grey dashed", "heat heat", "area one"] {
        assert!(dom.contains(&format!("class=\"{class}")), "{class}");
    }
}
