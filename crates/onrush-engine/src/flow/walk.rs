//! A user's walk through a flow: one act after the other, on time.

use std::cell::{Cell, RefCell};
use std::pin::Pin;

use onrush_metrics::{ErrorKind, Traced};
use onrush_net::clock::Instant;
use onrush_net::{Client, Failure};
use onrush_plan::{SeriesId, Spread, Stop, VariableId};
use onrush_user::{Act, Formula, Jar, Part, Trouble, TroubleKind, User};

use super::FlowCaller;
use super::conns::Conns;

/// One iteration of a user.
pub(super) struct Walk<'a> {
    pub(super) caller: &'a FlowCaller,
    pub(super) client: &'a Client,
    pub(super) part: &'a Part,
    /// Borrowed for a moment at a time: the requests of a batch share the user.
    pub(super) user: RefCell<&'a mut User>,
    pub(super) jar: &'a RefCell<Jar>,
    /// When the user is ready for what comes next: what is sent then is due then.
    pub(super) free_at: Cell<Instant>,
    /// Requests that had their turn so far.
    pub(super) places: Cell<u32>,
    /// Requests that have failed so far.
    pub(super) failed: Cell<u64>,
    /// The first of them, or that did not give what had to be saved, and why.
    pub(super) first_failure: RefCell<Option<(SeriesId, Failure)>>,
    /// Whether there was any request.
    pub(super) asked: Cell<bool>,
    /// Whether one of them was written to a connection.
    pub(super) reached: Cell<bool>,
}

/// How a walk ended.
pub(super) struct Walked {
    pub(super) ended: Instant,
    /// Why early, if it was.
    pub(super) outcome: Result<(), Halt>,
    /// Requests that failed.
    pub(super) failed: u64,
    /// The first of them, or that did not give what had to be saved, and why.
    pub(super) first_failure: Option<(SeriesId, Failure)>,
    /// There were requests, and no connection for any of them.
    pub(super) is_nowhere: bool,
}

/// Why a walk ends early.
#[derive(Debug)]
pub(super) enum Halt {
    /// It cannot go on.
    Failed(Failure),
    /// Somebody said so.
    Stop(Stop),
    /// A feeder has no further row.
    Exhausted(Failure),
    /// The rows of a feeder have ended, as the plan says.
    AtEnd(Failure),
}

impl Halt {
    /// A request could not be made of its step.
    pub(super) fn unsent(step: &str, trouble: &Trouble) -> Self {
        Self::told(trouble, format!("`{step}` was not sent: {trouble}"))
    }

    fn told(trouble: &Trouble, text: String) -> Self {
        let failure = script_failure(text);
        match trouble.kind() {
            TroubleKind::Exhausted => Self::Exhausted(failure),
            TroubleKind::AtEnd => Self::AtEnd(failure),
            _ => Self::Failed(failure),
        }
    }
}

impl From<Trouble> for Halt {
    fn from(trouble: Trouble) -> Self {
        Self::told(&trouble, trouble.to_string())
    }
}

type Walking<'w> = Pin<Box<dyn Future<Output = Result<(), Halt>> + 'w>>;

impl Walk<'_> {
    /// Walks through a flow. On the heap, since flows hold flows.
    pub(super) fn walk<'w>(&'w self, flow: &'w [Act], conns: &'w mut Conns) -> Walking<'w> {
        Box::pin(async move {
            for act in flow {
                match act {
                    Act::Request(call) => self.ask(call, &mut conns.first).await?,
                    Act::Think(spread) => self.think(spread).await,
                    other => self.act(other, conns).await?,
                }
            }
            Ok(())
        })
    }

    /// What takes a box of its own, so that the usual acts do not carry its room.
    fn act<'w>(&'w self, act: &'w Act, conns: &'w mut Conns) -> Walking<'w> {
        Box::pin(async move {
            match act {
                Act::Request(call) => self.ask(call, &mut conns.first).await,
                Act::Think(spread) => {
                    self.think(spread).await;
                    Ok(())
                }
                Act::Group { series, flow } => self.group(*series, flow, conns).await,
                Act::Repeat { times, counter, flow } => self.repeat(times, *counter, flow, conns).await,
                Act::While { condition, at_most, flow } => self.repeat_while(condition, *at_most, flow, conns).await,
                Act::ForEach { variable, list, flow } => self.for_each(*variable, list, flow, conns).await,
                Act::When { condition, then, otherwise } => {
                    let holds = self.user.borrow_mut().decide(condition)?;
                    self.walk(if holds { then } else { otherwise }, conns).await
                }
                Act::Choose(choice) => {
                    let flow = self.user.borrow_mut().choose(choice);
                    self.walk(flow, conns).await
                }
                Act::Shuffle(flows) => {
                    let order = self.user.borrow_mut().order(flows.len());
                    for place in order {
                        self.walk(&flows[place], conns).await?;
                    }
                    Ok(())
                }
                Act::Batch { requests, at_once } => self.batch(requests, *at_once, conns).await,
                Act::Set(settings) => Ok(self.user.borrow_mut().set(settings)?),
                Act::Stop(stop) => Err(Halt::Stop(*stop)),
            }
        })
    }

    /// Waits until a time after the user was ready, however late that was noticed: delays do not add up.
    async fn think(&self, spread: &Spread) {
        let time = self.user.borrow_mut().think(spread);
        if let Some(tracer) = self.caller.tracer() {
            return tracer.tell(Traced::Thought(time));
        }
        let due = self.free_at.get() + time;
        self.free_at.set(due);
        self.caller.sleepers().until(due).await;
    }

    async fn group(&self, series: SeriesId, flow: &[Act], conns: &mut Conns) -> Result<(), Halt> {
        let (begun, failed) = (self.free_at.get(), self.failed.get());
        let pending = self.caller.board().asks(series, begun);
        let walked = self.walk(flow, conns).await;
        let failure = match &walked {
            Err(Halt::Failed(failure) | Halt::Exhausted(failure)) => Some(failure.clone()),
            _ if self.failed.get() > failed => Some(script_failure("a request of the group failed")),
            _ => None,
        };
        pending.walked(self.free_at.get(), failure.as_ref());
        walked
    }

    async fn repeat(
        &self,
        times: &Formula,
        counter: Option<VariableId>,
        flow: &[Act],
        conns: &mut Conns,
    ) -> Result<(), Halt> {
        let times = self.user.borrow_mut().times(times)?;
        for number in 0..times {
            if let Some(variable) = counter {
                self.user.borrow_mut().assign(variable, number.into());
            }
            self.pass(flow, conns).await?;
        }
        Ok(())
    }

    async fn repeat_while(
        &self,
        condition: &Formula,
        at_most: u32,
        flow: &[Act],
        conns: &mut Conns,
    ) -> Result<(), Halt> {
        for _ in 0..at_most {
            if !self.user.borrow_mut().holds(condition)? {
                return Ok(());
            }
            self.pass(flow, conns).await?;
        }
        if self.user.borrow_mut().holds(condition)? {
            let text = format!("`while` has gone round {at_most} times and its condition still holds");
            return Err(Halt::Failed(script_failure(text)));
        }
        Ok(())
    }

    async fn for_each(
        &self,
        variable: VariableId,
        list: &Formula,
        flow: &[Act],
        conns: &mut Conns,
    ) -> Result<(), Halt> {
        let entries = self.user.borrow_mut().entries(list)?;
        for entry in entries {
            self.user.borrow_mut().assign(variable, entry);
            self.pass(flow, conns).await?;
        }
        Ok(())
    }

    /// One pass of a loop. One that sends nothing and waits for nothing must let the others have their turn.
    async fn pass(&self, flow: &[Act], conns: &mut Conns) -> Result<(), Halt> {
        let before = self.free_at.get();
        self.walk(flow, conns).await?;
        if self.free_at.get() == before {
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}

/// A failure of the scenario itself.
fn script_failure(text: impl Into<Box<str>>) -> Failure {
    Failure::new(ErrorKind::Script, text)
}
