//! The picture of a run on the terminal: who draws it when, and what the keys do. What it looks like is the report's.
//!
//! Two threads share it: that of the output brings events, one of its own waits for keys and looks whether the terminal
//! has another size. Either draws when something has changed. Both are far from the workers.

mod screen;

use std::io::{self, IsTerminal, Stderr, stderr, stdin, stdout};
use std::os::fd::{AsFd, OwnedFd};
use std::panic;
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::thread::{self, JoinHandle};

use onrush_metrics::Event;
use onrush_report::{Asked, Dashboard, Key, Output, Progress, Style};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Signal, getpid, kill_process};

use self::screen::Size;
pub(crate) use self::screen::leave_at_once;
use crate::terminal::{held, hold};

/// Results that are written when the run is over; others on standard output would be written into the picture.
const AT_THE_END: &[&str] = &["summary=-", "json=-"];
/// How long a changed size goes unseen at most.
const LOOK_EVERY: Timespec = Timespec { tv_sec: 0, tv_nsec: 250_000_000 };
/// Between two pictures that keys ask for: whoever keeps one pressed needs no more of them.
const REST: Timespec = Timespec { tv_sec: 0, tv_nsec: 80_000_000 };

/// The picture of a run as an output.
pub(crate) struct Ui {
    shared: Arc<Mutex<Shared>>,
    /// What is written where the picture cannot be.
    lines: Progress<Stderr>,
    keys: Option<Keys>,
}

/// The thread that waits for keys. It ends when the other end of its pipe is gone.
struct Keys {
    thread: JoinHandle<()>,
    end: OwnedFd,
}

struct Shared {
    dashboard: Dashboard,
    drawn: Option<Size>,
}

impl Ui {
    /// Whether there is a terminal, for all that we say and hear, that is large enough and is ours.
    pub(crate) fn is_possible(outputs: &[String]) -> bool {
        let is_terminal = stdin().is_terminal() && stdout().is_terminal() && stderr().is_terminal();
        let can_draw = std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
        let is_still = outputs.iter().filter(|asked| asked.ends_with("=-")).all(|asked| AT_THE_END.contains(&&**asked));
        let (columns, lines) = Dashboard::LEAST;
        is_terminal
            && can_draw
            && is_still
            && screen::is_ours()
            && screen::size().is_some_and(|size| size.0 >= columns && size.1 >= lines)
    }

    /// A picture that appears when the run begins. What is said waits from now on: the thread that draws it begins in
    /// its own time.
    pub(crate) fn new(lines: Progress<Stderr>, style: Style) -> Self {
        hold();
        let shared = Shared { dashboard: Dashboard::new(style), drawn: None };
        Self { shared: Arc::new(Mutex::new(shared)), lines, keys: None }
    }

    fn begin(&mut self, event: &Event) -> io::Result<()> {
        // What is played is told where it can still be read afterwards.
        self.lines.on_event(event)?;
        leave_on_panic();
        screen::enter()?;
        let (heard, end) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        let shared = Arc::clone(&self.shared);
        let thread = thread::Builder::new().name("keys".to_owned()).spawn(move || listen(&shared, &heard))?;
        self.keys = Some(Keys { thread, end });
        Ok(())
    }

    fn end(&mut self) {
        if let Some(Keys { thread, end }) = self.keys.take() {
            drop(end);
            // It has nothing to say.
            let _ = thread.join();
        }
        screen::leave();
    }
}

impl Output for Ui {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        lock(&self.shared).dashboard.on_event(event);
        match event {
            Event::Started(_) => self.begin(event)?,
            Event::Finished(_) => {
                self.end();
                return Ok(());
            }
            _ => {}
        }
        match screen::is_gone() {
            true => self.lines.on_event(event),
            false => lock(&self.shared).draw(),
        }
    }
}

impl Drop for Ui {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn draw(&mut self) -> io::Result<()> {
        let Some(size) = screen::size().filter(|_| screen::is_up()) else { return Ok(()) };
        self.dashboard.set_notes(held());
        self.drawn = Some(size);
        let text = self.dashboard.draw(size.0, size.1);
        screen::write(&text)
    }

    /// Takes keys; whether the picture is another one now.
    fn press(&mut self, bytes: &[u8]) -> bool {
        let mut is_new = false;
        for key in Key::read(bytes) {
            match key {
                Key::Control('z') => {
                    screen::stand_still(Signal::TSTP);
                    self.dashboard.forget();
                    is_new = true;
                }
                Key::Control('\\') => screen::stand_still(Signal::QUIT),
                key => match self.dashboard.on_key(key) {
                    Asked::Nothing => {}
                    Asked::Draw => is_new = true,
                    Asked::Stop => {
                        is_new = true;
                        // As if somebody had pressed Ctrl-C, which the terminal turns into this signal by itself.
                        let _ = kill_process(getpid(), Signal::INT);
                    }
                },
            }
        }
        is_new
    }
}

/// Takes keys and looks at the size until the other end of `end` is gone.
fn listen(shared: &Mutex<Shared>, end: &OwnedFd) {
    let input = stdin();
    let mut is_open = true;
    loop {
        let bytes = match wait(&input, end, is_open && screen::is_ours()) {
            Heard::End => return,
            Heard::Nothing => Vec::new(),
            Heard::Bytes(bytes) => bytes,
            // The terminal is gone.
            Heard::Closed => {
                is_open = false;
                Vec::new()
            }
        };
        let mut shared = lock(shared);
        let is_back = screen::come_back();
        if is_back {
            shared.dashboard.forget();
        }
        let has_changed = shared.press(&bytes);
        if has_changed || is_back || screen::size() != shared.drawn {
            // Whoever brings the events hears of it when a write fails, too.
            let _ = shared.draw();
        }
        drop(shared);
        if has_changed && is_gone(end, &REST) {
            return;
        }
    }
}

/// What became of waiting.
enum Heard {
    Bytes(Vec<u8>),
    Nothing,
    Closed,
    End,
}

fn wait(input: &impl AsFd, end: &OwnedFd, listens: bool) -> Heard {
    let mut both = [PollFd::new(end, PollFlags::IN), PollFd::new(input, PollFlags::IN)];
    let asked = if listens { &mut both[..] } else { &mut both[..1] };
    match poll(asked, Some(&LOOK_EVERY)) {
        Ok(0) | Err(Errno::INTR) => return Heard::Nothing,
        Err(_) => return Heard::End,
        Ok(_) if !asked[0].revents().is_empty() => return Heard::End,
        Ok(_) => {}
    }
    let mut bytes = [0; 256];
    match rustix::io::read(input, &mut bytes) {
        Ok(0) | Err(Errno::IO | Errno::BADF) => Heard::Closed,
        Ok(number) => Heard::Bytes(bytes[..number].to_vec()),
        Err(_) => Heard::Nothing,
    }
}

/// Waits this long; whether the other end is gone.
fn is_gone(end: &OwnedFd, time: &Timespec) -> bool {
    let mut asked = [PollFd::new(end, PollFlags::IN)];
    poll(&mut asked, Some(time)).is_ok_and(|number| number > 0)
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a panic says is to be read on a terminal that works.
fn leave_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            screen::leave();
            before(info);
        }));
    });
}
