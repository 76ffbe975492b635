//! Runs the real binary, bounded in time, and holds every run to what is true of all runs: no panic, no
//! hang, and counters that add up.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// The binary under test.
pub(crate) const ONRUSH: &str = env!("CARGO_BIN_EXE_onrush");

/// No run of these tests takes longer, however busy the machine is.
const LIMIT: Duration = Duration::from_secs(40);

/// Variables of the surroundings that would change what is printed or where requests go.
const FOREIGN: &[&str] = &[
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "NO_COLOR",
    "COLUMNS",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "RUST_BACKTRACE",
];

/// A run to be.
pub(crate) struct Run {
    command: Command,
}

/// A run that goes on. It is ended when the test is.
pub(crate) struct Playing {
    pid: Pid,
    ended: Receiver<ExitStatus>,
    stdout: Option<JoinHandle<String>>,
    stderr: Option<JoinHandle<String>>,
    status: Option<ExitStatus>,
}

/// How a process has ended, and what it printed.
#[derive(Debug)]
pub(crate) struct Ended {
    status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A run that has ended.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The exit code.
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// What a run with `--format json` came to; the counters have been checked.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) code: i32,
    pub(crate) json: Value,
    pub(crate) stderr: String,
}

impl Run {
    /// `onrush` with these arguments, as they are typed.
    pub(crate) fn new<S: Into<OsString>>(arguments: impl IntoIterator<Item = S>) -> Self {
        Self::of(Command::new(ONRUSH)).args(arguments)
    }

    /// Another program that becomes `onrush` in the end: the program and all arguments are in `command`.
    pub(crate) fn of(mut command: Command) -> Self {
        FOREIGN.iter().for_each(|name| {
            command.env_remove(name);
        });
        // Nothing is saved unless a test wants it.
        command.env("ONRUSH_RESULTS", "");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { command }
    }

    pub(crate) fn args<S: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments.into_iter().map(Into::into));
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<Path>) -> Self {
        self.command.env(name, value.as_ref());
        self
    }

    pub(crate) fn stdin(mut self, from: impl Into<Stdio>) -> Self {
        self.command.stdin(from);
        self
    }

    /// Standard output goes there and is empty in [`Finished`].
    pub(crate) fn stdout(mut self, to: impl Into<Stdio>) -> Self {
        self.command.stdout(to);
        self
    }

    /// Standard error goes there and is empty in [`Finished`].
    pub(crate) fn stderr(mut self, to: impl Into<Stdio>) -> Self {
        self.command.stderr(to);
        self
    }

    pub(crate) fn start(mut self) -> Playing {
        let mut child = self.command.spawn().unwrap();
        let pid = Pid::from_child(&child);
        let (stdout, stderr) = (child.stdout.take().map(gather), child.stderr.take().map(gather));
        let (send, ended) = channel();
        std::thread::spawn(move || send.send(child.wait().unwrap()));
        Playing { pid, ended, stdout, stderr, status: None }
    }

    pub(crate) fn finish(self) -> Finished {
        self.start().finish()
    }

    /// Adds `run`'s JSON to the arguments, plays it, and checks what is true of every outcome.
    pub(crate) fn report(self) -> Report {
        self.args(["--format", "json"]).finish().report()
    }
}

impl Playing {
    /// The number of the process.
    pub(crate) fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).unwrap();
    }

    /// Whether it has ended already.
    pub(crate) fn is_over(&mut self) -> bool {
        self.status = self.status.or_else(|| self.ended.try_recv().ok());
        self.status.is_some()
    }

    /// Waits for the end, however it comes. Panics if it takes too long.
    pub(crate) fn end(mut self) -> Ended {
        let Some(status) = self.status.or_else(|| self.ended.recv_timeout(LIMIT).ok()) else {
            panic!("{} did not end within {LIMIT:?}", self.pid.as_raw_nonzero());
        };
        self.status = Some(status);
        let text = |gathered: Option<JoinHandle<String>>| gathered.map_or_else(String::new, |all| all.join().unwrap());
        Ended { status, stdout: text(self.stdout.take()), stderr: text(self.stderr.take()) }
    }

    /// Waits for the end. Panics if it takes too long, or if the binary panicked.
    pub(crate) fn finish(self) -> Finished {
        let Ended { status, stdout, stderr } = self.end();
        assert!(!stderr.contains("panicked"), "{stderr}");
        let Some(code) = status.code() else { panic!("ended by {status}: {stderr}") };
        assert_ne!(code, 101, "a panic: {stderr}");
        Finished { code, stdout, stderr }
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        if !self.is_over() {
            // It may have ended in this very moment; then there is nothing to end.
            let _ = kill_process(self.pid, Signal::KILL);
        }
    }
}

impl Finished {
    /// Reads standard output as the JSON of a run.
    pub(crate) fn report(self) -> Report {
        let Ok(json) = serde_json::from_str(&self.stdout) else {
            panic!("exit code {}, no JSON in {:?}: {}", self.code, self.stdout, self.stderr);
        };
        let report = Report { code: self.code, json, stderr: self.stderr };
        report.check_laws();
        report
    }
}

impl Report {
    /// A number by its path, such as `/requests/completed`.
    pub(crate) fn number(&self, path: &str) -> u64 {
        let value = self.json.pointer(path).unwrap_or_else(|| panic!("no {path} in {:#}", self.json));
        value.as_u64().unwrap_or_else(|| panic!("{path} is {value}"))
    }

    /// A text by its path, such as `/verdict/soundness`.
    pub(crate) fn text(&self, path: &str) -> &str {
        self.json.pointer(path).and_then(Value::as_str).unwrap_or_else(|| panic!("no {path} in {:#}", self.json))
    }

    pub(crate) fn requests(&self, counter: &str) -> u64 {
        self.number(&format!("/requests/{counter}"))
    }

    /// Statuses and kinds of errors with their counts: `2×200, 1×timeout`. A bad status is named once.
    pub(crate) fn outcomes(&self) -> Vec<(String, u64)> {
        let statuses = self.json["statuses"].as_object().unwrap().iter();
        let mut outcomes: Vec<_> = statuses.map(|(status, count)| (status.clone(), count.as_u64().unwrap())).collect();
        let errors = self.json["errors"].as_array().unwrap().iter();
        let errors = errors.map(|row| (row["kind"].as_str().unwrap().to_owned(), row["count"].as_u64().unwrap()));
        outcomes.extend(errors.filter(|(kind, _)| kind != "status"));
        outcomes
    }

    /// The example of an error, where there was one of that kind.
    pub(crate) fn example(&self, kind: &str) -> &str {
        let mut rows = self.json["errors"].as_array().unwrap().iter();
        let row = rows.find(|row| row["kind"] == kind).unwrap_or_else(|| panic!("no {kind}: {}", self.json["errors"]));
        row["example"].as_str().unwrap()
    }

    /// The run was played to its end, and so many requests were answered well; nothing else happened.
    #[track_caller]
    pub(crate) fn all_well(&self, count: u64) -> &Self {
        let got = (self.code, self.requests("started"), self.requests("completed"), self.outcomes());
        let expected = (0, count, count, vec![("200".to_owned(), count)]);
        assert_eq!(got, expected, "{}\n{}", self.json["errors"], self.stderr);
        self
    }

    fn check_laws(&self) {
        let of = |name| self.requests(name);
        let counters = &self.json["requests"];
        assert_eq!(of("intended"), of("started") + of("dropped") + of("unstarted"), "{counters}");
        assert_eq!(of("started"), of("completed") + of("failed") + of("cut_off"), "{counters}");
        let (statuses, errors) = (&self.json["statuses"], self.json["errors"].as_array().unwrap());
        let answered: u64 = statuses.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
        let failed: u64 = errors.iter().map(|row| row["count"].as_u64().unwrap()).sum();
        // Those that were answered, and are failures all the same.
        let bad = errors.iter().filter(|row| row["kind"] == "status" || row["kind"] == "check");
        let bad: u64 = bad.map(|row| row["count"].as_u64().unwrap()).sum();
        assert_eq!(failed, of("failed"), "every failure has a kind: {errors:?}");
        assert_eq!(answered + failed - bad, of("completed") + of("failed"), "{statuses} {errors:?}");
        assert!(errors.iter().all(|row| row["example"].is_string()), "every kind has an example: {errors:?}");
        let reused = self.number("/connections/requests_on_reused");
        let repeated = self.number("/connections/unanswered_repeats");
        assert!(reused + repeated <= of("sent_with_repeats"), "{reused} {repeated} {counters}");
        self.check_series();
    }

    /// Iterations and series obey the laws as requests do, and add up to the whole.
    fn check_series(&self) {
        let of = |counts: &Value, name: &str| counts[name].as_u64().unwrap();
        let series = self.json["series"].as_array().unwrap();
        let counts = series.iter().map(|row| &row["counts"]).chain([&self.json["iterations"]]);
        for counts in counts {
            let sum = |names: &[&str]| names.iter().map(|name| of(counts, name)).sum::<u64>();
            assert_eq!(of(counts, "intended"), sum(&["started", "dropped", "unstarted"]), "{counts}");
            assert_eq!(of(counts, "started"), sum(&["completed", "failed", "cut_off"]), "{counts}");
        }
        for (kind, whole) in [("requests", &self.json["requests"]), ("iterations", &self.json["iterations"])] {
            let rows = || series.iter().filter(|row| row["kind"] == kind).map(|row| &row["counts"]);
            for name in ["completed", "failed", "cut_off", "ended_in_time"] {
                let sum: u64 = rows().map(|counts| of(counts, name)).sum();
                assert!(series.is_empty() || sum == of(whole, name), "{name} of {kind}: {sum} and {whole}");
            }
        }
        for name in ["passed", "failed"] {
            let rows = series.iter().flat_map(|row| row["checks"].as_array().unwrap());
            let sum: u64 = rows.map(|row| of(row, name)).sum();
            assert_eq!(sum, of(&self.json["checks"], name), "checks {name}");
        }
        for row in series {
            let failed: u64 = row["errors"].as_array().unwrap().iter().map(|row| of(row, "count")).sum();
            assert_eq!(failed, of(&row["counts"], "failed"), "every failure has a kind: {row:#}");
        }
    }

    /// What was counted apart under a name.
    pub(crate) fn series(&self, kind: &str, name: &str) -> &Value {
        let mut series = self.json["series"].as_array().unwrap().iter();
        let found = series.find(|row| row["kind"] == kind && row["name"] == name);
        found.unwrap_or_else(|| panic!("no {kind} {name}: {:#}", self.json["series"]))
    }

    /// Completed, failed and cut off of a series.
    pub(crate) fn counts(&self, kind: &str, name: &str) -> [u64; 3] {
        let counts = &self.series(kind, name)["counts"];
        ["completed", "failed", "cut_off"].map(|name| counts[name].as_u64().unwrap())
    }

    /// Completed, failed and cut off iterations.
    pub(crate) fn iterations(&self) -> [u64; 3] {
        ["completed", "failed", "cut_off"].map(|name| self.number(&format!("/iterations/{name}")))
    }

    /// What the first failure of a kind in a series of iterations said.
    pub(crate) fn broken(&self, name: &str) -> (&str, &str) {
        let errors = self.series("iterations", name)["errors"].as_array().unwrap();
        let [row] = &**errors else { panic!("{errors:?}") };
        (row["kind"].as_str().unwrap(), row["example"].as_str().unwrap())
    }
}

/// A folder that goes when the test does.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("onrush-it-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Whatever is left there is the system's to clean up.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Says aloud that something was not tested.
pub(crate) fn skip(why: &str) {
    // Not by `println!`, which is kept from those who look only at what fails.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}

/// Looks again and again until something is so; panics with `told` if it never is.
pub(crate) fn until(mut is_so: impl FnMut() -> bool, told: impl Fn() -> String) {
    let (_nobody, pause) = channel::<()>();
    for _ in 0..LIMIT.as_millis() {
        if is_so() {
            return;
        }
        let _ = pause.recv_timeout(Duration::from_millis(1));
    }
    panic!("never came: {}", told());
}

fn gather(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = Vec::new();
        // What came until the error is what there is.
        let _ = from.read_to_end(&mut text);
        String::from_utf8(text).unwrap()
    })
}
