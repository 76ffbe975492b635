//! A name server on the loopback: answers from a table that a test changes as it goes, and counts.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;

use tokio::net::UdpSocket;

/// What is known of a name.
#[derive(Clone, Debug)]
pub(crate) enum Known {
    /// Addresses and their time to live in seconds.
    Addresses(u32, Vec<IpAddr>),
    /// An answer code: 2 is a failure of the server, 3 no such name, 5 a refusal.
    Code(u8),
    /// Addresses to questions for IPv4, a failure to those for IPv6.
    OnlyIpv4Works(Vec<IpAddr>),
    Silence,
}

pub(crate) struct NameServer {
    address: SocketAddr,
    zone: Rc<RefCell<HashMap<String, Known>>>,
    asked: Rc<RefCell<Vec<(String, u16)>>>,
    task: tokio::task::JoinHandle<()>,
}

const A: u16 = 1;
const AAAA: u16 = 28;

impl NameServer {
    pub(crate) async fn start() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        let (zone, asked) = (Rc::<RefCell<HashMap<_, _>>>::default(), Rc::<RefCell<Vec<_>>>::default());
        let task = tokio::task::spawn_local(serve(socket, Rc::clone(&zone), Rc::clone(&asked)));
        Self { address, zone, asked, task }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.address
    }

    /// What is told of `name` from now on.
    pub(crate) fn tell(&self, name: &str, known: Known) {
        self.zone.borrow_mut().insert(name.to_owned(), known);
    }

    /// Questions for the IPv4 addresses of a name so far; each comes with one for IPv6.
    pub(crate) fn asked(&self, name: &str) -> usize {
        self.asked.borrow().iter().filter(|(asked, kind)| asked == name && *kind == A).count()
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(socket: UdpSocket, zone: Rc<RefCell<HashMap<String, Known>>>, asked: Rc<RefCell<Vec<(String, u16)>>>) {
    let mut packet = [0; 1500];
    loop {
        let (length, from) = socket.recv_from(&mut packet).await.unwrap();
        let (name, kind, question) = read_question(&packet[12..length]);
        asked.borrow_mut().push((name.clone(), kind));
        let known = zone.borrow().get(&name).cloned().unwrap_or(Known::Code(3));
        let (code, ttl, addresses) = match known {
            Known::Silence => continue,
            Known::Code(code) => (code, 0, Vec::new()),
            Known::Addresses(ttl, addresses) => (0, ttl, addresses),
            Known::OnlyIpv4Works(_) if kind == AAAA => (2, 0, Vec::new()),
            Known::OnlyIpv4Works(addresses) => (0, 60, addresses),
        };
        let records = addresses.iter().filter(|ip| kind == if ip.is_ipv4() { A } else { AAAA });
        let records: Vec<_> = records.map(|ip| record(*ip, ttl)).collect();
        let flags = [packet[2] & 1 | 0x80, 0x80 | code];
        let counts = [0, 1, 0, records.len() as u8, 0, 0, 0, 0];
        let answer = [&packet[..2], &flags, &counts, question, &records.concat()].concat();
        socket.send_to(&answer, from).await.unwrap();
    }
}

/// The name, the kind and the bytes of the question at the start of `bytes` (RFC 1035 §4.1.2).
fn read_question(bytes: &[u8]) -> (String, u16, &[u8]) {
    let mut labels = Vec::new();
    let mut at = 0;
    while bytes[at] != 0 {
        let end = at + 1 + usize::from(bytes[at]);
        labels.push(String::from_utf8_lossy(&bytes[at + 1..end]).to_ascii_lowercase());
        at = end;
    }
    (labels.join("."), u16::from_be_bytes([bytes[at + 1], bytes[at + 2]]), &bytes[..at + 5])
}

/// An address of the name in the question (RFC 1035 §4.1.3).
fn record(ip: IpAddr, ttl: u32) -> Vec<u8> {
    let (kind, data) = match ip {
        IpAddr::V4(ip) => (A, ip.octets().to_vec()),
        IpAddr::V6(ip) => (AAAA, ip.octets().to_vec()),
    };
    let head = [0xc0, 12, 0, kind as u8, 0, 1];
    [&head[..], &ttl.to_be_bytes(), &(data.len() as u16).to_be_bytes(), &data].concat()
}
