//! Tells what a single user does, step by step, for whoever writes the scenario. In load there is none, and a request
//! asks once whether there is.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

use onrush_metrics::{Traced, TracedAnswer, TracedBody, TracedEnd, TracedExchange, TracedPart};
use onrush_net::clock::Instant;
use onrush_net::{Exchange, Kept, Prepared};
use onrush_plan::Stop;
use onrush_user::{
    Call, Looked, Scene, Script, SetupValues, User, Value, disguises, is_secret_name, shown_value, veiled_body,
    veiled_header, without_secret,
};

use super::FlowCaller;
use super::send::{Body, decoded};
use super::walk::{Halt, Walked};

/// Bytes of a body that are shown.
const SHOWN: usize = 2048;
/// Bytes of an answer that are kept to be shown where nothing else is to be kept of it.
pub(super) const KEPT: usize = 64 * 1024;

/// What has been told and not yet been heard.
pub(crate) type Told = Rc<RefCell<VecDeque<Traced>>>;

/// The one who tells.
pub(super) struct Tracer {
    script: Rc<Script>,
    told: Told,
    requests: Cell<u64>,
    /// What was saved under a name such as `token`.
    saved: RefCell<BTreeSet<String>>,
}

impl Tracer {
    /// Text without the secrets of the plan and those that were saved.
    fn masked(&self, text: &str) -> String {
        let masked = self.script.masked(text);
        self.saved.borrow().iter().rev().fold(masked, |text, secret| without_secret(&text, secret))
    }

    /// A value that was saved, as it may be shown.
    fn saved(&self, name: &str, value: &Value) -> String {
        let is_plain = value.as_str().is_some() || value.is_number();
        if is_plain && is_secret_name(name) {
            let disguises = disguises(&value.to_string());
            self.saved.borrow_mut().extend(disguises.into_iter().filter(|text| !text.is_empty()));
            return "\"***\"".to_owned();
        }
        veiled_body(&self.masked(&shown_value(value)))
    }

    pub(super) fn tell(&self, traced: Traced) {
        self.told.borrow_mut().push_back(traced);
    }

    /// A request was sent, and answered or not.
    pub(super) fn sent(&self, prepared: &Prepared, exchange: &Exchange, kept: &Kept) {
        let (head, body) = prepared.shown();
        self.exchange(&head, self.body(body, false), exchange, kept, true);
    }

    /// The same for a request whose bodies are credentials.
    pub(super) fn sent_credentials(&self, prepared: &Prepared, exchange: &Exchange, kept: &Kept) {
        let (head, body) = prepared.shown();
        self.exchange(&head, hidden(body), exchange, kept, false);
    }

    fn exchange(&self, head: &str, body: TracedBody, exchange: &Exchange, kept: &Kept, shows: bool) {
        self.requests.set(self.requests.get() + 1);
        let answer = exchange.result.as_ref().ok().map(|status| {
            let Body { bytes, is_cut, .. } = decoded(kept, KEPT.max(kept.body().len()));
            let body = if shows { self.body(&bytes, is_cut) } else { hidden(&bytes) };
            TracedAnswer { head: self.answer_head(*status, kept), body }
        });
        let request = head.lines().map(|line| self.line(line)).collect();
        self.tell(Traced::Sent(Box::new(TracedExchange { request, body, answer, time: exchange.service_time() })));
    }

    fn answer_head(&self, status: u16, kept: &Kept) -> Vec<String> {
        let text = String::from_utf8_lossy(kept.head());
        // The status of HTTP/2 is a field like others there, and is told as that of HTTP/1.1 is.
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with(':'));
        let status = (!text.starts_with("HTTP/")).then(|| format!("HTTP/2 {status}"));
        status.into_iter().chain(lines.map(|line| self.line(line))).collect()
    }

    fn line(&self, line: &str) -> String {
        veiled_header(&self.masked(line))
    }

    /// Secrets are masked before anything is cut off: half a secret is still one.
    fn body(&self, bytes: &[u8], is_cut: bool) -> TracedBody {
        let length = bytes.len() as u64;
        let Some(text) = text_of(bytes) else { return TracedBody { text: None, bytes: length, is_cut } };
        let masked = veiled_body(&self.masked(text));
        let end = (0..=SHOWN.min(masked.len())).rev().find(|end| masked.is_char_boundary(*end)).unwrap_or_default();
        let is_cut = is_cut || end < masked.len();
        let text = masked.get(..end).filter(|text| !text.is_empty()).map(str::to_owned);
        TracedBody { text, bytes: length, is_cut }
    }

    /// What was found in an answer.
    pub(super) fn looked(&self, call: &Call, user: &User, looked: &Looked) {
        for (place, (name, value)) in call.saves(user).enumerate() {
            let value = match looked.missing(place) {
                Some(trouble) => Err(self.masked(trouble.message())),
                None => Ok(self.saved(name, value)),
            };
            self.tell(Traced::Saved { name: name.to_owned(), value });
        }
        for (number, name) in call.checks().enumerate() {
            let failed = looked.failed().iter().find(|failed| failed.check == number);
            let failed = failed.map(|failed| self.masked(&failed.told_of(name)));
            self.tell(Traced::Checked { name: name.to_owned(), failed });
        }
    }

    /// A `Set-Cookie` header was taken, or not.
    pub(super) fn cookie(&self, header: &str, refused: Option<String>) {
        let name = header.split(['=', ';']).next().unwrap_or_default().trim().to_owned();
        self.tell(Traced::Cookie { name, refused });
    }

    /// A redirect is followed.
    pub(super) fn redirected(&self, to: &str) {
        self.tell(Traced::Redirected { to: self.masked(to) });
    }

    /// An attempt has failed.
    pub(super) fn failed(&self, why: &str) {
        self.tell(Traced::Failed(self.masked(why)));
    }
}

impl FlowCaller {
    /// The same, telling all that a user does.
    pub(crate) fn traced(mut self, told: &Told) -> Self {
        let (script, told) = (Rc::clone(&self.script), Rc::clone(told));
        self.tracer = Some(Box::new(Tracer { script, told, requests: Cell::new(0), saved: RefCell::default() }));
        self
    }

    /// Walks through a part once and tells it; whether all was well, and what was saved.
    pub(crate) async fn walk_once(&self, scene: Scene, part: TracedPart) -> (bool, SetupValues) {
        self.tell(Traced::Began(part.clone()));
        let mut visit = self.visit(scene, 0);
        let begun = Instant::now();
        let Walked { outcome, failed, .. } = self.walk(&mut visit, 0, begun).await;
        if let Some(pace) = &self.script.part(scene).pace {
            let pace = visit.user.think(pace);
            self.tell(Traced::Paced(pace));
        }
        let end = self.end(outcome);
        let is_well = failed == 0 && !matches!(end, TracedEnd::Failed(_));
        let requests = self.tracer.as_ref().map_or(0, |tracer| tracer.requests.take());
        self.tell(Traced::Ended { part, end, requests, failed, took: begun.elapsed() });
        (is_well, visit.user.setup_values())
    }

    fn end(&self, walked: Result<(), Halt>) -> TracedEnd {
        match walked {
            Ok(()) => TracedEnd::Completed,
            Err(Halt::Stop(Stop::Iteration)) => TracedEnd::Stopped("iteration"),
            Err(Halt::Stop(Stop::User)) => TracedEnd::Stopped("user"),
            Err(Halt::Stop(Stop::Run)) => TracedEnd::Stopped("run"),
            Err(Halt::Failed(failure) | Halt::Exhausted(failure) | Halt::AtEnd(failure)) => {
                TracedEnd::Failed(self.script.masked(&failure.to_string()))
            }
        }
    }

    fn tell(&self, traced: Traced) {
        if let Some(tracer) = &self.tracer {
            tracer.tell(traced);
        }
    }
}

/// The text that bytes are, but for a character that was cut at the end; nothing if they are something else.
fn text_of(bytes: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()?,
        Err(_) => return None,
    };
    let is_strange = |char: char| char.is_control() && !matches!(char, '\n' | '\r' | '\t');
    (!text.contains(is_strange)).then_some(text)
}

fn hidden(body: &[u8]) -> TracedBody {
    let text = (!body.is_empty()).then(|| "(credentials, not shown)".to_owned());
    TracedBody { text, bytes: body.len() as u64, is_cut: false }
}
