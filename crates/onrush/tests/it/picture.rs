//! The picture on a real terminal: it comes, it goes, and everything is as it was afterwards, however the run ends.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use onrush_target::{Running, Service, ServiceSettings};
use rustix::fs::{Mode, OFlags};
use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::harness::{Folder, ONRUSH, Playing, Run, until};

const ENTER: &str = "\u{1b}[?1049h";
const LEAVE: &str = "\u{1b}[?1049l";

/// A terminal, and the run that has it.
struct Terminal {
    master: File,
    seen: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
    playing: Playing,
}

/// What was seen on a terminal, and the exit code.
struct Seen {
    code: i32,
    text: String,
    /// Whether lines are edited and shown again, as shells leave it.
    is_usual: bool,
}

impl Terminal {
    /// Runs `onrush` in the foreground of a terminal of its own.
    fn run(size: (u16, u16), variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        resize(&master, size);
        let name = ptsname(&master, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave: OwnedFd = rustix::fs::open(&*name, flags, Mode::empty()).unwrap();
        let master = File::from(master);
        let seen = Arc::<Mutex<Vec<u8>>>::default();
        let reader = std::thread::spawn({
            let (mut from, seen) = (master.try_clone().unwrap(), Arc::clone(&seen));
            move || {
                let mut bytes = [0; 4096];
                // It ends with an error when nobody has the other side any more.
                while let Ok(number @ 1..) = from.read(&mut bytes) {
                    seen.lock().unwrap().extend_from_slice(&bytes[..number]);
                }
            }
        });
        // A session of its own, whose terminal this is: else there is no foreground and no Ctrl-C.
        let mut command = Command::new("setsid");
        command.args(["--ctty", ONRUSH]);
        let mut run = Run::of(command).env("TERM", "xterm").args(arguments.iter().copied());
        for (name, value) in variables {
            run = run.env(name, value);
        }
        let [out, error] = [slave.try_clone().unwrap(), slave.try_clone().unwrap()];
        let playing = run.stdin(slave).stdout(out).stderr(error).start();
        Self { master, seen, reader, playing }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.seen.lock().unwrap()).into_owned()
    }

    /// Waits until the picture says so.
    fn until(&self, what: &str) {
        until(|| picture(&self.text()).contains(what), || format!("no {what:?} in {}", picture(&self.text())));
    }

    /// Waits until there is a verdict, whichever a busy machine deserves.
    fn until_it_is_judged(&self) {
        let has_verdict = |picture: String| picture.contains("so far: ") || picture.contains("so far, ");
        until(|| has_verdict(picture(&self.text())), || picture(&self.text()));
    }

    fn press(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).unwrap();
    }

    fn end(self) -> Seen {
        let code = self.playing.finish().code;
        self.reader.join().unwrap();
        let text = String::from_utf8_lossy(&self.seen.lock().unwrap()).into_owned();
        let modes = tcgetattr(&self.master).unwrap().local_modes;
        Seen { code, text, is_usual: modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG) }
    }
}

impl Seen {
    /// What was written before the picture, the picture as it was last, and what was written after it: it came and went,
    /// once, and nothing of it is left.
    #[track_caller]
    fn parts(&self) -> [String; 3] {
        let found = (self.text.matches(ENTER).count(), self.text.matches(LEAVE).count(), self.is_usual);
        assert_eq!(found, (1, 1, true), "{:?}", self.text);
        let (until, rest) = self.text.split_once(LEAVE).unwrap();
        let (before, drawn) = until.split_once(ENTER).unwrap();
        assert!(!rest.contains("\u{1b}[?") && drawn.ends_with("\u{1b}[?25h"), "{rest:?}");
        [before.to_owned(), picture(drawn), rest.to_owned()]
    }
}

/// What a terminal shows that was sent `text`. It knows what the picture is drawn with, and nothing else.
fn picture(text: &str) -> String {
    let mut rows: Vec<Vec<char>> = Vec::new();
    let (mut row, mut column) = (0, 0);
    let mut rest = text.chars();
    while let Some(char) = rest.next() {
        match char {
            '\u{1b}' => {
                // The rest of the sequence may be on its way.
                let Some(end) = rest.as_str().find(|char| matches!(char, '@'..='Z' | '`'..='~')) else { break };
                let command = rest.as_str()[..=end].strip_prefix('[').unwrap();
                rest = rest.as_str()[end + 1..].chars();
                match command.strip_suffix('H').and_then(|place| place.split_once(';')) {
                    Some((line, place)) => {
                        (row, column) = (line.parse::<usize>().unwrap() - 1, place.parse::<usize>().unwrap() - 1);
                    }
                    None if command == "2J" || command.starts_with("?1049") => rows.clear(),
                    None => assert!(command.ends_with(['m', 'h', 'l', 'K']), "{command}"),
                }
            }
            '\r' => column = 0,
            '\n' => row += 1,
            char => {
                rows.resize(rows.len().max(row + 1), Vec::new());
                let line = &mut rows[row];
                line.resize(line.len().max(column + 1), ' ');
                line[column] = char;
                column += 1;
            }
        }
    }
    rows.into_iter().map(|line| line.into_iter().collect::<String>() + "\n").collect()
}

fn resize(master: &OwnedFd, (columns, lines): (u16, u16)) {
    let size = Winsize { ws_col: columns, ws_row: lines, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(master, size).unwrap();
}

fn service() -> Running {
    Service::start(ServiceSettings { grace: Duration::ZERO, ..ServiceSettings::default() }).unwrap()
}

const SIZE: (u16, u16) = (100, 30);

#[test]
fn it_comes_and_goes_and_the_summary_follows() {
    let service = service();
    let seen = Terminal::run(SIZE, &[], &[&service.url(), "-c2", "-d1500ms"]).end();
    let [before, picture, rest] = seen.parts();
    assert_eq!(seen.code, 0);
    assert!(before.contains("http://127.0.0.1") && before.contains("2 users for 1.5s"), "{before:?}");
    assert!(picture.contains("1 Overview") && picture.contains("so far"), "{picture}");
    assert!(rest.contains("VALID") || rest.contains("DEGRADED"), "{rest}");
    assert!(rest.contains("response time") && !rest.contains("1 Overview"), "{rest}");
}

/// The terminal makes a signal of it, with a picture as without.
#[test]
fn ctrl_c_is_what_it_always_was() {
    let service = service();
    let mut terminal = Terminal::run(SIZE, &[], &[&(service.url() + "/delay/300"), "-d1h", "-c4", "--timeout", "1h"]);
    terminal.until_it_is_judged();
    terminal.press("\u{3}");
    terminal.until("stopping");
    let seen = terminal.end();
    let [.., rest] = seen.parts();
    assert_eq!(seen.code, 105);
    assert!(rest.contains("Interrupted after") && !rest.contains("unanswered at the end"), "{rest}");
}

#[test]
fn twice_q_ends_at_once() {
    let service = service();
    let arguments = [&*(service.url() + "/delay/3600000"), "-d1h", "-c4", "--timeout", "1h", "--graceful-stop", "1h"];
    let mut terminal = Terminal::run(SIZE, &[], &arguments);
    terminal.until("nothing measured yet");
    terminal.press("q");
    terminal.until("again ends it now");
    terminal.press("q");
    let seen = terminal.end();
    let [.., rest] = seen.parts();
    assert_eq!(seen.code, 105);
    assert!(rest.contains("unanswered at the end"), "{rest}");
}

#[test]
fn being_asked_to_end_leaves_a_terminal_that_works() {
    let service = service();
    let terminal = Terminal::run(SIZE, &[], &[&service.url(), "-d1h", "-c2"]);
    terminal.until_it_is_judged();
    terminal.playing.signal(Signal::TERM);
    let seen = terminal.end();
    let [.., rest] = seen.parts();
    assert_eq!(seen.code, 105);
    assert!(rest.contains("Interrupted after"), "{rest}");
}

#[test]
fn a_terminal_that_goes_away_ends_the_run_as_it_always_did() {
    let service = service();
    let folder = Folder::new();
    let result = folder.path("result.json");
    let asked = format!("json={}", result.display());
    let terminal = Terminal::run(SIZE, &[], &[&service.url(), "-d1h", "-c2", "-o", &asked]);
    terminal.until_it_is_judged();
    let Terminal { master, reader, playing, .. } = terminal;
    // The reader has the other handle, and lets go of it when the run is over: it hangs up for good only then.
    playing.signal(Signal::HUP);
    drop(master);
    assert_eq!(playing.finish().code, 105);
    reader.join().unwrap();
    assert!(std::fs::read_to_string(result).unwrap().contains("interrupted"));
}

#[test]
fn what_is_said_waits_until_the_picture_is_gone() {
    let service = service();
    let folder = Folder::new();
    let file = folder.path("file");
    std::fs::write(&file, "").unwrap();
    let results = file.join("below a file");
    let arguments = [&*service.url(), "-c2", "-d1h", "--results", results.to_str().unwrap()];
    let mut terminal = Terminal::run(SIZE, &[], &arguments);
    terminal.until_it_is_judged();
    terminal.press("4");
    terminal.until("the run is not saved");
    terminal.press("q");
    let seen = terminal.end();
    let [.., rest] = seen.parts();
    assert_eq!(rest.matches("note: the run is not saved: ").count(), 1, "{rest}");
}

#[test]
fn pages_and_sizes() {
    let service = service();
    let mut terminal = Terminal::run(SIZE, &[], &[&service.url(), "-c2", "-d1h"]);
    terminal.until_it_is_judged();
    for (key, shows) in [("2", "where the time went"), ("3", "no request has failed"), ("4", "CPU of each worker")] {
        terminal.press(key);
        terminal.until(shows);
    }
    terminal.press("?");
    terminal.until("close this");
    terminal.press("p");
    terminal.until("display paused");
    resize(&terminal.master.try_clone().unwrap().into(), (30, 9));
    terminal.until("q stops the run");
    terminal.press("q");
    let seen = terminal.end();
    seen.parts();
    assert_eq!(seen.code, 105);
}

/// Nobody could wake a run that no shell waits for, so the system does not let it be stopped: the picture comes back.
#[test]
fn ctrl_z_gives_the_terminal_back_and_takes_it_again() {
    let service = service();
    let mut terminal = Terminal::run(SIZE, &[], &[&service.url(), "-c2", "-d1h"]);
    terminal.until_it_is_judged();
    terminal.press("\u{1a}");
    until(|| terminal.text().matches(ENTER).count() == 2, || terminal.text());
    terminal.until("1 Overview");
    terminal.press("q");
    let seen = terminal.end();
    assert_eq!((seen.code, seen.text.matches(LEAVE).count(), seen.is_usual), (105, 2, true), "{:?}", seen.text);
}

/// A run that never begins shows nothing but why.
#[test]
fn a_run_that_cannot_begin_has_no_picture() {
    let folder = Folder::new();
    let file = folder.path("scenario.yaml");
    let text = "target: http://127.0.0.1:1\nsetup:\n  - get: /\nscenarios:\n  a:\n    load: 1/s for 1s\n    flow:\n      - get: /\n";
    std::fs::write(&file, text).unwrap();
    let seen = Terminal::run(SIZE, &[], &[file.to_str().unwrap()]).end();
    assert_eq!((seen.code, seen.is_usual), (104, true), "{}", seen.text);
    assert!(!seen.text.contains(ENTER) && seen.text.contains("error: "), "{:?}", seen.text);
}

#[test]
fn where_it_cannot_be_or_is_not_wanted_there_are_lines() {
    let service = service();
    let url = service.url();
    for (size, variables, argument) in [
        (SIZE, &[][..], &["--no-ui"][..]),
        (SIZE, &[("TERM", "dumb")], &[]),
        (SIZE, &[("TERM", "")], &[]),
        ((39, 30), &[], &[]),
        ((100, 11), &[], &[]),
        ((0, 0), &[], &[]),
        (SIZE, &[], &["-q"]),
        (SIZE, &[], &["-o", "run=-"]),
    ] {
        let arguments = [&[&*url, "-c2", "-d300ms"], argument].concat();
        let seen = Terminal::run(size, variables, &arguments).end();
        assert_eq!((seen.code, seen.is_usual), (0, true), "{arguments:?}: {:?}", seen.text);
        assert!(!seen.text.contains("\u{1b}[?"), "{size:?} {variables:?} {arguments:?}: {:?}", seen.text);
    }
}

#[test]
fn without_colours_and_in_ascii() {
    let service = service();
    let variables = [("NO_COLOR", "1"), ("LC_ALL", "C")];
    let seen = Terminal::run(SIZE, &variables, &[&service.url(), "-c2", "-d1200ms"]).end();
    let [_, picture, _] = seen.parts();
    assert!(picture.is_ascii() && picture.contains("1 Overview"), "{picture}");
    let is_coloured = ["31m", "32m", "33m", "35m", "36m"].iter().any(|colour| seen.text.contains(colour));
    assert!(seen.text.is_ascii() && !is_coloured, "{:?}", seen.text);
}
