//! A proxy of three kinds: forward, CONNECT, SOCKS 5.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use onrush_target::Running;

/// A proxy of all three kinds. It leads everybody to one service, whatever they ask for, and notes what
/// that was: `GET http://…`, `CONNECT host:port`, `SOCKS host:port`. It lasts as long as the test process.
pub(crate) struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub(crate) fn to(service: &Running) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self { address: listener.local_addr().unwrap(), asked: Arc::default() };
        let (service, asked) = (service.addr(), Arc::clone(&proxy.asked));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let asked = Arc::clone(&asked);
                std::thread::spawn(move || serve(client, service, &asked));
            }
        });
        proxy
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was asked for since this was last called, in no order.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn serve(mut client: TcpStream, service: SocketAddr, asked: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut first = [0];
    if client.peek(&mut first)? == 0 {
        return Ok(());
    }
    let mut upstream = TcpStream::connect(service)?;
    if first == [5] {
        asked.lock().unwrap().push(socks(&mut client)?);
        return relay(client, upstream);
    }
    let mut reader = BufReader::new(client.try_clone()?);
    let head = head(&mut reader)?;
    let line = head.lines().next().unwrap_or_default();
    let credentials = head.lines().find_map(|line| line.strip_prefix("Proxy-Authorization: ")).unwrap_or("nobody");
    let what = line.trim_end_matches(" HTTP/1.1");
    asked.lock().unwrap().push(format!("{what} by {credentials}"));
    if !what.starts_with("CONNECT ") {
        // The service takes the absolute form as well.
        upstream.write_all(head.as_bytes())?;
        upstream.write_all(reader.buffer())?;
    } else if what.contains("refused.example.com") {
        return client.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    } else {
        client.write_all(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")?;
    }
    relay(client, upstream)
}

fn head(reader: &mut impl BufRead) -> io::Result<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            break;
        }
    }
    Ok(head)
}

/// The other side of RFC 1928 and, where a password is offered, RFC 1929.
fn socks(client: &mut TcpStream) -> io::Result<String> {
    let methods = take(client, 2)?[1];
    let has_password = take(client, methods)?.contains(&2);
    client.write_all(&[5, if has_password { 2 } else { 0 }])?;
    let mut by = "nobody".to_owned();
    if has_password {
        let length = take(client, 2)?[1];
        let user = text(client, length)?;
        let length = take(client, 1)?[0];
        by = format!("{user}:{}", text(client, length)?);
        client.write_all(&[1, 0])?;
    }
    let host = match take(client, 4)?[3] {
        1 => take(client, 4)?.iter().map(u8::to_string).collect::<Vec<_>>().join("."),
        _ => {
            let length = take(client, 1)?[0];
            text(client, length)?
        }
    };
    let port = take(client, 2)?;
    client.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 1])?;
    Ok(format!("SOCKS {host}:{} by {by}", u16::from_be_bytes([port[0], port[1]])))
}

fn take(client: &mut TcpStream, length: u8) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length.into()];
    client.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn text(client: &mut TcpStream, length: u8) -> io::Result<String> {
    Ok(String::from_utf8_lossy(&take(client, length)?).into_owned())
}

fn relay(client: TcpStream, service: TcpStream) -> io::Result<()> {
    let (mut from_client, mut to_client) = (client.try_clone()?, client);
    let (mut from_service, mut to_service) = (service.try_clone()?, service);
    let back = std::thread::spawn(move || {
        let _ = io::copy(&mut from_service, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let _ = io::copy(&mut from_client, &mut to_service);
    let _ = to_service.shutdown(Shutdown::Both);
    let _ = back.join();
    Ok(())
}
