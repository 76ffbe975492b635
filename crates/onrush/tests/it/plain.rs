//! A plain server that answers everything with `ok`, or as a test says, and remembers what it was asked, byte for
//! byte, and by whom.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

/// One request as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// `GET / HTTP/1.1`
    pub(crate) line: String,
    /// Names as they were written.
    pub(crate) headers: Vec<(String, String)>,
    /// As text; [`Asked::bytes`] are what came.
    pub(crate) body: String,
    pub(crate) bytes: Vec<u8>,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let found = headers.next().map(|(_, value)| value.as_str());
        assert!(headers.next().is_none(), "{name} is there twice: {:?}", self.headers);
        found
    }

    /// How many it took on the wire, as we write requests.
    pub(crate) fn bytes(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.len() + ": \r\n".len() + value.len());
        self.line.len() + "\r\n\r\n".len() + headers.sum::<usize>() + self.body.len()
    }

    /// `/path?query`
    pub(crate) fn target(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }
}

/// A whole answer; its headers are `Name: value`.
pub(crate) fn answer(status: u16, headers: &[&str], body: &str) -> String {
    let headers = headers.iter().map(|header| header.to_string() + "\r\n").collect::<Vec<_>>().concat();
    format!("HTTP/1.1 {status} So\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// How a server answers: whole answers, as they go over the wire.
type Answering = dyn Fn(&Asked) -> String + Send + Sync;

/// A server that runs until it is dropped.
pub(crate) struct Plain {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Seen {
    asked: Vec<Asked>,
    peers: BTreeSet<IpAddr>,
    open: Vec<TcpStream>,
    ended: bool,
}

impl Plain {
    pub(crate) fn start() -> Self {
        Self::start_at("127.0.0.1:0").unwrap()
    }

    pub(crate) fn start_at(address: &str) -> io::Result<Self> {
        Self::bind(address, Arc::new(|_: &Asked| answer(200, &[], "ok\n")))
    }

    /// One that answers as it is told. What it was asked is remembered before.
    pub(crate) fn answering(how: impl Fn(&Asked) -> String + Send + Sync + 'static) -> Self {
        Self::bind("127.0.0.1:0", Arc::new(how)).unwrap()
    }

    fn bind(address: &str, how: Arc<Answering>) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let seen = Arc::<Mutex<Seen>>::default();
        let shared = Arc::clone(&seen);
        let thread = Some(std::thread::spawn(move || accept(&listener, &shared, &how)));
        Ok(Self { address, seen, thread })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<Asked> {
        self.seen().asked.clone()
    }

    /// Everybody who has connected.
    pub(crate) fn peers(&self) -> BTreeSet<IpAddr> {
        self.seen().peers.clone()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        let open = {
            let mut seen = self.seen();
            seen.ended = true;
            std::mem::take(&mut seen.open)
        };
        // Wakes those who read, and the one who accepts.
        open.iter().for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn accept(listener: &TcpListener, seen: &Arc<Mutex<Seen>>, how: &Arc<Answering>) {
    for stream in listener.incoming().map_while(Result::ok) {
        let mut known = seen.lock().unwrap();
        if known.ended {
            return;
        }
        known.peers.extend(stream.peer_addr().map(|peer| peer.ip()));
        known.open.extend(stream.try_clone());
        let (seen, how) = (Arc::clone(seen), Arc::clone(how));
        std::thread::spawn(move || {
            // The client going away is how a connection ends.
            let _ = serve(&stream, &seen, &*how);
        });
    }
}

fn serve(stream: &TcpStream, seen: &Mutex<Seen>, how: &Answering) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(asked) = read(&mut reader)? {
        let closes = asked.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        seen.lock().unwrap().asked.push(asked.clone());
        (&*stream).write_all(how(&asked).as_bytes())?;
        if closes {
            return Ok(());
        }
    }
    Ok(())
}

fn read(reader: &mut impl BufRead) -> io::Result<Option<Asked>> {
    let mut asked = Asked { line: line(reader)?, ..Asked::default() };
    if asked.line.is_empty() {
        return Ok(None);
    }
    loop {
        let header = line(reader)?;
        let Some((name, value)) = header.split_once(':') else { break };
        asked.headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let length = asked.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    asked.body = String::from_utf8_lossy(&body).into_owned();
    asked.bytes = body;
    Ok(Some(asked))
}

fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}
