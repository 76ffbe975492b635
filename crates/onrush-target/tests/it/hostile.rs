//! What the hostile servers put on the wire, byte by byte, as seen by a client that knows nothing.

use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use onrush_target::{Hostile, HostileServer};

const ASK: &str = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

struct Peer(TcpStream);

impl Peer {
    fn connect(server: &HostileServer) -> Self {
        let stream = TcpStream::connect(server.addr()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self(stream)
    }

    fn ask(server: &HostileServer, times: usize) -> Self {
        let mut peer = Self::connect(server);
        peer.0.write_all(ASK.repeat(times).as_bytes()).unwrap();
        peer
    }

    fn end(&self) {
        self.0.shutdown(std::net::Shutdown::Write).unwrap();
    }

    fn exactly(&mut self, bytes: usize) -> String {
        let mut got = vec![0; bytes];
        self.0.read_exact(&mut got).unwrap();
        String::from_utf8(got).unwrap()
    }

    /// Everything up to the end, and what the end was.
    fn rest(&mut self) -> (String, &'static str) {
        let mut got = Vec::new();
        let end = match self.0.read_to_end(&mut got) {
            Ok(_) => "FIN",
            Err(error) if error.kind() == ErrorKind::ConnectionReset => "RST",
            Err(error) => panic!("{error}"),
        };
        (String::from_utf8_lossy(&got).into_owned(), end)
    }
}

fn start(name: &str) -> HostileServer {
    HostileServer::start(name.parse().unwrap()).unwrap()
}

/// All the bytes of the modes that end by themselves, or when the client ends, after two requests on one connection.
#[test]
fn the_bytes_of_each_mode() {
    let special =
        ["refuse", "slow-first-byte", "drip", "reset-on-accept", "endless-header", "endless-chunks", "many-1xx"];
    let mut page = String::new();
    for mode in Hostile::ALL.into_iter().filter(|mode| !special.contains(&mode.name())) {
        let server = HostileServer::start(mode).unwrap();
        let is_reset = mode == Hostile::ResetMidResponse;
        let mut peer = Peer::ask(&server, 2);
        if !is_reset {
            peer.end();
        }
        let (bytes, end) = peer.rest();
        writeln!(page, "== {mode}: {}", mode.about()).unwrap();
        for line in bytes.split_inclusive('\n') {
            writeln!(page, "{}", line.escape_debug()).unwrap();
        }
        writeln!(page, "{end} after {} requests\n", server.requests()).unwrap();
    }
    insta::assert_snapshot!(page);
}

#[test]
fn refuses() {
    let server = start("refuse");
    for _ in 0..2 {
        assert_eq!(TcpStream::connect(server.addr()).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }
    assert!(std::net::TcpListener::bind(server.addr()).is_err(), "the port is held");
    assert_eq!((server.mode(), server.connections()), (Hostile::Refuse, 0));
}

#[test]
fn says_nothing() {
    let server = start("accept-and-say-nothing");
    let mut peer = Peer::ask(&server, 1);
    peer.0.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let error = peer.0.read(&mut [0; 1]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
}

#[test]
fn resets_on_accept() {
    let server = start("reset-on-accept");
    let mut peer = Peer::connect(&server);
    assert_eq!(peer.rest(), (String::new(), "RST"));
}

#[test]
#[expect(clippy::disallowed_types, reason = "a test of time")]
fn slow_ones_take_their_time() {
    for (name, at_least) in [("slow-first-byte=30ms", 60), ("drip=100us", 1)] {
        let server = start(name);
        let begun = std::time::Instant::now();
        let mut peer = Peer::ask(&server, 2);
        let length = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n".len();
        let (first, second) = (peer.exactly(length), peer.exactly(length));
        assert!(first.ends_with("\r\n\r\nhello\n") && first == second, "{name}");
        assert!(begun.elapsed() >= Duration::from_millis(at_least), "{name}");
    }
}

#[test]
fn endless_ones_do_not_end() {
    for (name, head, more) in [
        ("endless-header", "HTTP/1.1 200 OK\r\n", "X-Endless: and on and on\r\n"),
        ("endless-chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "6\r\nhello\n\r\n"),
    ] {
        let server = start(name);
        let mut peer = Peer::ask(&server, 1);
        assert_eq!(peer.exactly(head.len()), head, "{name}");
        assert_eq!(peer.exactly(more.len() * 20_000), more.repeat(20_000), "{name}");
        drop(server);
        assert_ne!(peer.rest().0, "", "what was under way arrives, then it ends");
    }
}

#[test]
fn many_hints_come_before_the_answer() {
    let server = start("many-1xx");
    let mut peer = Peer::ask(&server, 1);
    peer.end();
    let (bytes, end) = peer.rest();
    assert_eq!((bytes.matches("HTTP/1.1 103 Early Hints\r\n").count(), end), (100, "FIN"));
    assert!(bytes.ends_with("\r\n\r\nhello\n"));
}

#[test]
fn unasked_speaks_first() {
    let server = start("unasked");
    let mut peer = Peer::connect(&server);
    assert_eq!(peer.exactly(17), "HTTP/1.1 200 OK\r\n");
    assert_eq!((server.connections(), server.requests()), (1, 0));
}

#[test]
fn bodies_of_requests_are_read_whole() {
    let server = start("http10-keepalive");
    let mut peer = Peer::connect(&server);
    peer.0.write_all(b"POST / HTTP/1.1\r\nContent-Length: 7\r\n\r\n\r\n\r\nabc").unwrap();
    peer.0.write_all(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n").unwrap();
    peer.0.write_all(ASK.as_bytes()).unwrap();
    peer.end();
    assert_eq!(peer.rest().0.matches("HTTP/1.0 200 OK").count(), 3);
    assert_eq!(server.requests(), 3);
}
