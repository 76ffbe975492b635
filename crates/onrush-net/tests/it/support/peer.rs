//! A peer on the loopback that does what a list says, connection by connection, and keeps what it read.

use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// One thing that a peer does.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Reads a request with its body.
    Request,
    /// Reads so many bytes.
    Read(usize),
    Send(Vec<u8>),
    /// Answers each request with the same bytes, to the end of the connection.
    Always(Vec<u8>),
    /// Passes bytes on to somebody else, both ways.
    Relay(SocketAddr),
    /// Waits until [`Peer::go`] is called.
    Wait,
    /// Ends the connection in order; what is not read by then makes it a reset.
    Close,
    Reset,
}

/// What came over one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) bytes: Vec<u8>,
    pub(crate) from: Option<SocketAddr>,
    pub(crate) ended: bool,
}

pub(crate) struct Peer {
    address: SocketAddr,
    seen: Rc<RefCell<Vec<Seen>>>,
    go: Rc<Notify>,
    task: tokio::task::JoinHandle<()>,
}

/// A 200 with a body.
pub(crate) fn answer(body: &str) -> Act {
    Act::Send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
}

/// An address of the loopback by its last number.
pub(crate) fn loopback(last: u8) -> IpAddr {
    Ipv4Addr::new(127, 0, 0, last).into()
}

impl Act {
    pub(crate) fn send(text: impl Into<Vec<u8>>) -> Self {
        Self::Send(text.into())
    }
}

impl Peer {
    /// Plays one list for each connection; past the last list, the last one again.
    pub(crate) async fn start(lists: Vec<Vec<Act>>) -> Self {
        Self::on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap(), lists)
    }

    fn on(listener: TcpListener, lists: Vec<Vec<Act>>) -> Self {
        let (seen, go) = (Rc::<RefCell<Vec<Seen>>>::default(), Rc::<Notify>::default());
        let address = listener.local_addr().unwrap();
        let task = tokio::task::spawn_local(accept(listener, lists, Rc::clone(&seen), Rc::clone(&go)));
        Self { address, seen, go, task }
    }

    /// Answers every request of every connection with the same bytes.
    pub(crate) async fn answering(answer: &str) -> Self {
        Self::answering_at(Ipv4Addr::LOCALHOST.into(), answer).await
    }

    pub(crate) async fn answering_at(ip: IpAddr, answer: &str) -> Self {
        Self::on(TcpListener::bind((ip, 0)).await.unwrap(), always(answer))
    }

    /// Peers at 127.0.0.1 and so on, all at one port.
    pub(crate) async fn row(count: u8, answer: &str) -> Vec<Self> {
        loop {
            // The port that is free at one address may be taken at another: then another one is tried.
            if let Ok(listeners) = listen_in_a_row(count).await {
                return listeners.into_iter().map(|listener| Self::on(listener, always(answer))).collect();
            }
        }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Lets those go on that wait.
    pub(crate) fn go(&self) {
        self.go.notify_one();
    }

    /// Connections accepted so far.
    pub(crate) fn connections(&self) -> usize {
        self.seen.borrow().len()
    }

    /// What came over a connection, as text.
    pub(crate) fn text(&self, connection: usize) -> String {
        String::from_utf8_lossy(&self.seen.borrow()[connection].bytes).into_owned()
    }

    pub(crate) fn bytes(&self, connection: usize) -> Vec<u8> {
        self.seen.borrow()[connection].bytes.clone()
    }

    /// The request lines of a connection.
    pub(crate) fn lines(&self, connection: usize) -> Vec<String> {
        self.text(connection).lines().filter(|line| line.ends_with(" HTTP/1.1")).map(str::to_owned).collect()
    }

    pub(crate) fn from(&self, connection: usize) -> IpAddr {
        self.seen.borrow()[connection].from.unwrap().ip()
    }

    /// Waits until the peer has come to the end of its list on a connection, and the event loop has had its
    /// turn since: whatever the peer has done is known to this side.
    pub(crate) async fn ended(&self, connection: usize) {
        while !self.seen.borrow().get(connection).is_some_and(|seen| seen.ended) {
            tokio::task::yield_now().await;
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let (mine, theirs) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        let (mut mine, mut theirs) = (mine.unwrap(), theirs.unwrap().0);
        let (_, read) = tokio::join!(mine.write_u8(0), theirs.read_u8());
        read.unwrap();
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn always(answer: &str) -> Vec<Vec<Act>> {
    vec![vec![Act::Always(answer.into())]]
}

async fn listen_in_a_row(count: u8) -> std::io::Result<Vec<TcpListener>> {
    let mut listeners = vec![TcpListener::bind((loopback(1), 0)).await?];
    let port = listeners[0].local_addr()?.port();
    for last in 2..=count {
        listeners.push(TcpListener::bind((loopback(last), port)).await?);
    }
    Ok(listeners)
}

async fn accept(listener: TcpListener, lists: Vec<Vec<Act>>, seen: Rc<RefCell<Vec<Seen>>>, go: Rc<Notify>) {
    let mut open = tokio::task::JoinSet::new();
    for number in 0.. {
        let (stream, from) = listener.accept().await.unwrap();
        seen.borrow_mut().push(Seen { from: Some(from), ..Seen::default() });
        let acts = lists.get(number).or(lists.last()).cloned().unwrap_or_default();
        open.spawn_local(perform(stream, acts, number, Rc::clone(&seen), Rc::clone(&go)));
    }
}

/// The client going away ends the list: what it was about is judged by the client's side.
async fn perform(mut stream: TcpStream, acts: Vec<Act>, number: usize, seen: Rc<RefCell<Vec<Seen>>>, go: Rc<Notify>) {
    let mut stays = true;
    for act in acts {
        let done = match act {
            Act::Request => request(&mut stream, number, &seen).await,
            Act::Read(count) => exactly(&mut stream, count, number, &seen).await,
            Act::Send(bytes) => stream.write_all(&bytes).await.is_ok(),
            Act::Always(bytes) => {
                while request(&mut stream, number, &seen).await && stream.write_all(&bytes).await.is_ok() {}
                false
            }
            Act::Relay(to) => {
                let mut other = TcpStream::connect(to).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut other).await;
                false
            }
            Act::Wait => {
                go.notified().await;
                true
            }
            Act::Close => {
                stays = false;
                false
            }
            Act::Reset => {
                stream.set_zero_linger().unwrap();
                stays = false;
                false
            }
        };
        if !done {
            break;
        }
    }
    let stream = stays.then_some(stream);
    seen.borrow_mut()[number].ended = true;
    if stream.is_some() {
        std::future::pending::<()>().await;
    }
}

async fn exactly(stream: &mut TcpStream, count: usize, number: usize, seen: &RefCell<Vec<Seen>>) -> bool {
    for _ in 0..count {
        let Ok(byte) = stream.read_u8().await else { return false };
        seen.borrow_mut()[number].bytes.push(byte);
    }
    true
}

async fn request(stream: &mut TcpStream, number: usize, seen: &RefCell<Vec<Seen>>) -> bool {
    let start = seen.borrow()[number].bytes.len();
    while !seen.borrow()[number].bytes[start..].ends_with(b"\r\n\r\n") {
        if !exactly(stream, 1, number, seen).await {
            return false;
        }
    }
    let head = String::from_utf8_lossy(&seen.borrow()[number].bytes[start..]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    exactly(stream, length.unwrap_or(0), number, seen).await
}
