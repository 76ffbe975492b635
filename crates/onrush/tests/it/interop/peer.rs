//! A server program that is run for one test: found, started on free ports, ended, its log read.

use std::ffi::OsStr;
use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};

use rustix::process::Signal;

use crate::harness::{Folder, Playing, Run, skip, until};

/// A server that runs. It is ended when the test is.
pub(super) struct Peer {
    playing: Playing,
    ports: Vec<u16>,
    goodbye: Signal,
    log: PathBuf,
}

/// Where a program is. Without it the test is skipped, unless the surroundings say that it must not be.
pub(super) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/usr/local/sbin", "/sbin"].map(PathBuf::from);
    let found = std::env::split_paths(&path).chain(system).map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() {
        let is_required = std::env::var_os("ONRUSH_REQUIRE_PEERS").is_some_and(|value| value == "1");
        assert!(!is_required, "{name} is not installed, and ONRUSH_REQUIRE_PEERS=1 asks for it");
        skip(&format!("{name} is not installed"));
    }
    found
}

pub(super) fn command<S: AsRef<OsStr>>(program: &Path, arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// Whether a program's output has a word in it.
pub(super) fn says<const N: usize>(program: &Path, arguments: [&str; N], word: &str) -> bool {
    let output = Command::new(program).args(arguments).output().unwrap();
    String::from_utf8_lossy(&output.stdout).contains(word)
}

impl Peer {
    /// Starts what `command` makes of some free ports, and waits until it listens on all of them. Somebody
    /// else may take one of them at the last moment; then others are tried. `goodbye` ends it.
    pub(super) fn start(home: &Folder, ports: usize, goodbye: Signal, command: impl Fn(&[u16]) -> Command) -> Self {
        let mut tried = Vec::new();
        for _ in 0..3 {
            let ports: Vec<_> = (0..ports).map(|_| free_port()).collect();
            // What programs keep in the home folder of their user stays in the one of the test.
            let run = Run::of(command(&ports)).env("HOME", home.path("")).env("XDG_DATA_HOME", home.path("data"));
            let run = run.env("XDG_CONFIG_HOME", home.path("config"));
            // A file takes everything at once; a full pipe makes some programs leave lines out.
            let log = home.path(&format!("{}.log", ports[0]));
            let mut playing = run.stdout(File::create(&log).unwrap()).start();
            let listens = |port: &u16| TcpStream::connect(("127.0.0.1", *port)).is_ok();
            until(|| playing.is_over() || ports.iter().all(listens), || format!("a server on {ports:?}"));
            if !playing.is_over() {
                return Self { playing, ports, goodbye, log };
            }
            tried.push(playing.end());
        }
        panic!("does not start: {tried:#?}");
    }

    pub(super) fn port(&self, number: usize) -> u16 {
        self.ports[number]
    }

    /// Lets it end in its own way, and returns all that it has printed. Servers that log to standard error
    /// have to write without being lossy.
    pub(super) fn stop(self) -> String {
        self.playing.signal(self.goodbye);
        let ended = self.playing.end();
        std::fs::read_to_string(&self.log).unwrap() + &ended.stderr
    }
}

/// A port below those that the system gives to clients, so that no connection takes it meanwhile.
pub(super) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + (std::process::id() % 1000) as u16 * 10;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
