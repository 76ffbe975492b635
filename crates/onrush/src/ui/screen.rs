//! The terminal while a picture fills it: its other screen, keys without echo, and everything as it was afterwards.
//!
//! There is one terminal, so there is one state of it, that anybody may end at any time: a panic, a third Ctrl-C. Ctrl-C
//! stays with the terminal, which makes it a signal for all who wait in the foreground, as it does without a picture.

use std::io::{self, Write, stderr, stdin};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use rustix::process::{Signal, getpgrp, kill_current_process_group};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr,
};

use crate::terminal::release;

/// The other screen, without a cursor.
const ENTER: &str = "\u{1b}[?1049h\u{1b}[?25l";
const LEAVE: &str = "\u{1b}[0m\u{1b}[?25h\u{1b}[?1049l";
/// A key that means nothing to the terminal.
const NO_KEY: u8 = if cfg!(any(target_os = "linux", target_os = "android")) { 0 } else { 0xff };

/// Columns and lines.
pub(super) type Size = (u16, u16);

static SCREEN: Mutex<Screen> = Mutex::new(Screen::Untouched);

enum Screen {
    Untouched,
    /// The picture is shown; how the terminal was before.
    Up(Box<Termios>),
    /// Somebody has put the run into the background, where the terminal is not ours.
    Hidden,
    /// It is over for good.
    Gone,
}

fn screen() -> MutexGuard<'static, Screen> {
    SCREEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the terminal is ours: whoever changes it from the background is stopped by the system.
pub(super) fn is_ours() -> bool {
    tcgetpgrp(stdin()).is_ok_and(|group| group == getpgrp())
}

/// How large the terminal is; `None` where it does not say.
pub(super) fn size() -> Option<Size> {
    let size = tcgetwinsize(stderr()).ok()?;
    (size.ws_col > 0 && size.ws_row > 0).then_some((size.ws_col, size.ws_row))
}

pub(super) fn is_up() -> bool {
    matches!(*screen(), Screen::Up(_))
}

pub(super) fn is_gone() -> bool {
    matches!(*screen(), Screen::Gone)
}

/// Takes the terminal, unless it is not ours now or was given up for good.
pub(super) fn enter() -> io::Result<()> {
    let mut screen = screen();
    match *screen {
        Screen::Up(_) | Screen::Gone => return Ok(()),
        Screen::Untouched | Screen::Hidden if !is_ours() => {
            *screen = Screen::Hidden;
            return Ok(());
        }
        Screen::Untouched | Screen::Hidden => {}
    }
    let before = tcgetattr(stdin())?;
    let mut modes = before.clone();
    modes.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
    modes.input_modes.remove(InputModes::IXON);
    // Both would leave the picture behind; they come as keys instead.
    modes.special_codes[SpecialCodeIndex::VSUSP] = NO_KEY;
    modes.special_codes[SpecialCodeIndex::VQUIT] = NO_KEY;
    modes.special_codes[SpecialCodeIndex::VMIN] = 1;
    modes.special_codes[SpecialCodeIndex::VTIME] = 0;
    tcsetattr(stdin(), OptionalActions::Now, &modes)?;
    *screen = Screen::Up(Box::new(before));
    send(ENTER)
}

/// Shows the picture again if it was hidden and the terminal is ours again.
pub(super) fn come_back() -> bool {
    let is_hidden = matches!(*screen(), Screen::Hidden);
    is_hidden && is_ours() && enter().is_ok() && is_up()
}

/// Writes into the picture, if it is shown.
pub(super) fn write(text: &str) -> io::Result<()> {
    let mut screen = screen();
    match *screen {
        Screen::Up(_) if is_ours() => send(text),
        // Whoever was stopped from outside and put into the background did not give the terminal back, and cannot now.
        Screen::Up(_) => {
            *screen = Screen::Hidden;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Gives the terminal back for good, and says what waited to be said.
pub(super) fn leave() {
    give_back(&mut screen(), Screen::Gone);
    release();
}

/// The same for somebody who cannot wait for a terminal that takes no more.
pub(crate) fn leave_at_once() {
    match SCREEN.try_lock() {
        Ok(mut screen) => give_back(&mut screen, Screen::Gone),
        Err(TryLockError::Poisoned(poisoned)) => give_back(&mut poisoned.into_inner(), Screen::Gone),
        Err(TryLockError::WouldBlock) => {}
    }
}

/// Gives the terminal back and lets the signal do what it does without a picture; returns when the run goes on.
pub(super) fn stand_still(signal: Signal) {
    give_back(&mut screen(), Screen::Hidden);
    // Who waits with us, such as the script that started us, is told, too.
    let _ = kill_current_process_group(signal);
}

fn give_back(screen: &mut Screen, next: Screen) {
    if let Screen::Up(before) = std::mem::replace(screen, next)
        && is_ours()
    {
        // A terminal that is gone needs nothing back.
        let _ = tcsetattr(stdin(), OptionalActions::Now, &before);
        let _ = send(LEAVE);
    }
}

fn send(text: &str) -> io::Result<()> {
    let mut to = stderr().lock();
    to.write_all(text.as_bytes())?;
    to.flush()
}
