//! The smallest HTTP/1.1 server there is: every empty line of what comes in is answered with the same
//! bytes. It runs on one thread over raw epoll, counts, and notes when each request arrived.
//!
//! It never sleeps. Waking a core costs the waker some microseconds on a virtual machine, and a client would pay
//! that as often as it happens to be slower than the server. Where the server is another machine, no client pays it.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::event::epoll;

use crate::clock::nanos;
use crate::cpu;

/// What every request is answered with.
pub(crate) const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nServer: canned\r\nContent-Type: application/json\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 25\r\n\r\n{\"id\":7,\"name\":\"A lamp\"}\n";
const LISTENER: u64 = u64::MAX;

/// `canned SECONDS`: the server alone.
#[expect(clippy::disallowed_methods, reason = "there is nothing to wait for but the time")]
pub(crate) fn main(arguments: &[&str]) -> std::process::ExitCode {
    let seconds = arguments.first().and_then(|text| text.parse().ok()).unwrap_or(60);
    match Canned::start(Manner::Answers) {
        Ok(server) => {
            println!("http://{}/", server.addr);
            std::thread::sleep(Duration::from_secs(seconds));
            println!("{} requests", server.requests());
            std::process::ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("canned server: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

/// What the server does beside answering and counting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Manner {
    #[default]
    Answers,
    /// It notes when each request arrived.
    NotesTimes,
    /// It leaves every request of a connection but the first without an answer.
    AnswersOnce,
}

/// A connection, how much of the empty line after a head has been seen, and requests seen on it.
struct Connection {
    stream: TcpStream,
    matched: u8,
    requests: usize,
}

/// A server that runs until it is dropped.
pub(crate) struct Canned {
    pub(crate) addr: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<std::thread::JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    requests: AtomicU64,
    first_at: AtomicU64,
    stop: AtomicBool,
    manner: Manner,
    times: Mutex<Vec<u64>>,
}

impl Canned {
    /// A server on a free port of 127.0.0.1, on the servers' core.
    pub(crate) fn start(manner: Manner) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        // The standard library's backlog of 128 is too short for a thousand connections at once.
        rustix::net::listen(&listener, 4096)?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared { manner, ..Shared::default() });
        let inner = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            cpu::pin(cpu::SERVER);
            if let Err(error) = serve(&listener, &inner) {
                eprintln!("canned server: {error}");
            }
        });
        Ok(Self { addr, shared, thread: Some(thread) })
    }

    /// Requests answered so far.
    pub(crate) fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }

    /// When the first request since [`Canned::forget`] arrived.
    pub(crate) fn first_at(&self) -> Option<u64> {
        Some(self.shared.first_at.load(Ordering::Relaxed)).filter(|at| *at > 0)
    }

    /// When requests arrived, in nanoseconds.
    pub(crate) fn take_times(&self) -> Vec<u64> {
        self.shared.times.lock().map(|mut times| std::mem::take(&mut *times)).unwrap_or_default()
    }

    /// Forgets arrivals.
    pub(crate) fn forget(&self) {
        self.shared.first_at.store(0, Ordering::Relaxed);
        self.take_times();
    }
}

impl Drop for Canned {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(listener: &TcpListener, shared: &Shared) -> std::io::Result<()> {
    let poll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    epoll::add(&poll, listener, epoll::EventData::new_u64(LISTENER), epoll::EventFlags::IN)?;
    let mut connections: HashMap<u64, Connection> = HashMap::new();
    let mut events = Vec::with_capacity(1024);
    let mut buffer = vec![0; 64 * 1024];
    let at_once = rustix::time::Timespec::default();
    while !shared.stop.load(Ordering::Relaxed) {
        events.clear();
        match epoll::wait(&poll, rustix::buffer::spare_capacity(&mut events), Some(&at_once)) {
            Err(rustix::io::Errno::INTR) => continue,
            waited => waited?,
        };
        for event in &events {
            match event.data.u64() {
                LISTENER => accept(listener, &poll, &mut connections)?,
                key => {
                    let open = connections.get_mut(&key).is_some_and(|peer| answer(peer, &mut buffer, shared));
                    if !open {
                        connections.remove(&key);
                    }
                }
            }
        }
    }
    Ok(())
}

fn accept(
    listener: &TcpListener,
    poll: &std::os::fd::OwnedFd,
    connections: &mut HashMap<u64, Connection>,
) -> std::io::Result<()> {
    while let Ok((stream, _)) = listener.accept() {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let key = stream.as_raw_fd().cast_unsigned().into();
        epoll::add(poll, &stream, epoll::EventData::new_u64(key), epoll::EventFlags::IN)?;
        connections.insert(key, Connection { stream, matched: 0, requests: 0 });
    }
    Ok(())
}

/// Reads once and answers every request that ended; false when the peer has closed.
fn answer(peer: &mut Connection, buffer: &mut [u8], shared: &Shared) -> bool {
    let length = match peer.stream.read(buffer) {
        Ok(0) => return false,
        Ok(length) => length,
        Err(error) => return error.kind() == std::io::ErrorKind::WouldBlock,
    };
    let mut ended = 0;
    for byte in &buffer[..length] {
        peer.matched = match (peer.matched, byte) {
            (0 | 2, b'\r') | (1 | 3, b'\n') => peer.matched + 1,
            (_, b'\r') => 1,
            _ => 0,
        };
        if peer.matched == 4 {
            peer.matched = 0;
            ended += 1;
        }
    }
    note(ended, shared);
    peer.requests += ended;
    if shared.manner == Manner::AnswersOnce && peer.requests > 1 {
        return true;
    }
    let answered =
        if ended == 1 { peer.stream.write_all(ANSWER) } else { peer.stream.write_all(&ANSWER.repeat(ended)) };
    answered.is_ok()
}

fn note(ended: usize, shared: &Shared) {
    let before = shared.requests.fetch_add(ended as u64, Ordering::Relaxed);
    if shared.manner == Manner::NotesTimes || shared.first_at.load(Ordering::Relaxed) == 0 || before == 0 {
        let now = nanos();
        let _ = shared.first_at.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
        if shared.manner == Manner::NotesTimes
            && let Ok(mut times) = shared.times.lock()
        {
            times.extend(std::iter::repeat_n(now, ended));
        }
    }
}
