//! Names, ports and addresses that lead nowhere.

use std::net::{SocketAddr, TcpListener, UdpSocket};

use crate::harness::{Report, Run, skip};

/// A DNS server that gives one kind of answer, until the test process ends.
fn name_server(answer: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            if let Some(answer) = answer(&buffer[..length]) {
                // Whoever asked may have lost patience.
                let _ = socket.send_to(&answer, from);
            }
        }
    });
    address
}

/// The header and the question of `query`, answered with a code and these IPv4 addresses.
fn answer(query: &[u8], code: u8, addresses: &[[u8; 4]]) -> Vec<u8> {
    let end = 12 + query[12..].iter().position(|byte| *byte == 0).unwrap() + 5;
    // An address of the other family is not asked for in vain: there just is none.
    let addresses = if query[end - 3] == 1 { addresses } else { &[] };
    let mut bytes = vec![query[0], query[1], 0x81, 0x80 | code, 0, 1, 0, addresses.len() as u8, 0, 0, 0, 0];
    bytes.extend(&query[12..end]);
    for address in addresses {
        // The name of the question, A, IN, a minute to live.
        bytes.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        bytes.extend(address);
    }
    bytes
}

fn ask(server: SocketAddr, url: &str, more: &[&str]) -> Report {
    let server = server.to_string();
    let fixed = [url, "-q", "-n2", "-c1", "--dns-server", &server];
    Run::new(fixed.iter().chain(more).copied()).report()
}

fn check(report: &Report, kind: &str, example: &str) {
    let outcomes = report.outcomes();
    assert!(outcomes.iter().all(|(name, _)| name == kind) && report.requests("failed") == 2, "{outcomes:?}");
    assert!(report.example(kind).contains(example), "{}", report.example(kind));
}

#[test]
fn hosts_that_nobody_knows() {
    // This one is known to nobody by decree (RFC 6761).
    let report = Run::new(["http://does-not-exist.invalid/", "-q", "-n2", "-c1"]).report();
    check(&report, "dns", "cannot resolve `does-not-exist.invalid`: there is no such host");
    for (code, words) in [(3, "there is no such host"), (2, ""), (0, "the name has no address")] {
        let server = name_server(move |query| Some(answer(query, code, &[])));
        let report = ask(server, "http://nowhere.example.com/", &[]);
        check(&report, "dns", &format!("cannot resolve `nowhere.example.com`: {words}"));
    }
}

#[test]
fn a_name_server_that_says_nothing() {
    let silent = name_server(|_| None);
    let report = ask(silent, "http://nowhere.example.com/", &["--connect-timeout", "200ms"]);
    check(&report, "dns", "resolving its name");
}

#[test]
fn every_address_of_a_name_has_its_turn_and_dead_ones_are_passed_over() {
    // The same port on two addresses; on the third nobody listens.
    let first = crate::plain::Plain::start();
    let port = first.address().port();
    let Ok(second) = crate::plain::Plain::start_at(&format!("127.0.0.2:{port}")) else {
        skip(&format!("this machine has no 127.0.0.2, or its port {port} is taken"));
        return;
    };
    let names = name_server(|query| Some(answer(query, 0, &[[127, 0, 0, 1], [127, 0, 0, 2], [127, 0, 0, 3]])));
    let url = format!("http://shop.example.com:{port}/");
    let report = Run::new([&*url, "-q", "-n12", "-c1", "-t1", "--no-keepalive", "--dns-server", &names.to_string()]);
    let report = report.report();
    report.all_well(12);
    assert_eq!(first.requests().len() + second.requests().len(), 12);
    assert!(first.requests().len() >= 4 && second.requests().len() >= 4, "{}", first.requests().len());
    assert!(report.number("/connections/address_fallbacks") >= 1);
}

#[test]
fn a_port_that_does_not_even_accept() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    // A queue of one, and nobody who takes from it: the system leaves further connections unanswered.
    rustix::net::listen(&listener, 0).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let report = Run::new([&*url, "-q", "-n6", "-c6", "--connect-timeout", "300ms", "--timeout", "600ms"]).report();
    let outcomes = report.outcomes();
    let kinds: Vec<_> = outcomes.iter().map(|(kind, _)| &**kind).collect();
    assert_eq!((kinds, report.requests("failed")), (vec!["connect timeout", "timeout"], 6));
    assert!(report.example("connect timeout").contains("waiting for the connection"));
}

#[test]
fn addresses_of_others_and_sockets_that_are_not_there() {
    let plain = crate::plain::Plain::start();
    let url = plain.url();
    for (url, address, words) in [
        (&*url, "203.0.113.7", "connections cannot come from 203.0.113.7: the address does not belong to this machine"),
        ("http://[::1]:80/", "127.0.0.1", "[::1]:80 cannot be reached from the source addresses"),
    ] {
        let refused = Run::new([url, "-q", "-n2", "-c1", "--source-ips", address]).finish();
        assert_eq!((refused.code, refused.stdout.as_str()), (104, ""));
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
    }
    let refused = Run::new([&*url, "-q", "-n2", "-c1", "--unix-socket", "/nonexistent/socket"]).finish();
    assert_eq!((refused.code, refused.stdout.as_str()), (104, ""));
    assert!(refused.stderr.contains("/nonexistent/socket: there is no such socket"), "{}", refused.stderr);
    // There is one, and nobody listens any more.
    let folder = crate::harness::Folder::new();
    let path = folder.path("left-behind");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let path = path.to_str().unwrap();
    let report = Run::new([&*url, "-q", "-n2", "-c1", "--unix-socket", path]).report();
    check(&report, "connect refused", path);
    assert_eq!(plain.requests().len(), 0);
}
