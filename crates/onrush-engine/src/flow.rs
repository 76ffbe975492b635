//! Scenarios: what a virtual user does in one iteration, played step by step.
//!
//! A [`FlowCaller`] is the scenarios' side of the seam that the drivers play: an iteration is a walk through a flow.
//! What users know and say is `onrush-user`'s; how requests go over the wire is `onrush-net`'s; here the two meet, and
//! what comes of it is counted.

mod ask;
mod batch;
mod board;
mod clients;
mod conns;
mod iteration;
mod mix;
mod origins;
mod retries;
mod send;
mod sleepers;
mod spans;
mod tokens;
mod tracer;
mod walk;

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use onrush_metrics::{StopReason, Tally};
use onrush_net::clock::Instant;
use onrush_net::{Client, Kept, Share};
use onrush_pace::Segment;
use onrush_plan::{Plan, Play, Stop};
use onrush_user::{Drawer, Filled, Identity, Jar, Looked, Scene, Script, SetupValues, User};

use self::board::Board;
use self::clients::Clients;
pub(crate) use self::clients::Setups;
use self::conns::{Conn, Conns};
use self::iteration::Iteration;
use self::mix::Mix;
use self::origins::Origins;
use self::retries::Budgets;
use self::sleepers::Sleepers;
use self::tokens::Tokens;
pub(crate) use self::tracer::Told;
use self::tracer::Tracer;
use self::walk::{Halt, Walk, Walked};
use crate::caller::{Caller, Due, Who};
use crate::control::Control;
use crate::error::RunError;
use crate::gathering::Gathering;
use crate::wall::Wall;

/// Plays scenarios.
pub(crate) struct FlowCaller {
    script: Rc<Script>,
    drawer: Rc<Drawer>,
    clients: Clients,
    mixes: Vec<Mix>,
    board: Board,
    budgets: Budgets,
    origins: Origins,
    tokens: Tokens,
    sleepers: Rc<Sleepers>,
    wall: Wall,
    control: Control,
    redirects: u32,
    users: Cell<usize>,
    spare: RefCell<Spare>,
    /// Once the run has begun.
    gathering: OnceCell<Rc<Gathering>>,
    /// Only where a single user is watched.
    tracer: Option<Box<Tracer>>,
}

/// Buffers that are not in use.
#[derive(Debug, Default)]
struct Spare {
    #[expect(clippy::vec_box, reason = "they move out and in at every request")]
    filled: Vec<Box<Filled>>,
    #[expect(clippy::vec_box, reason = "they move out and in at every request")]
    looked: Vec<Box<Looked>>,
    kept: Vec<Kept>,
}

/// Buffers that are kept: as many as there may be in use between two looks at the clock.
const MOST_SPARE: usize = 64;

/// What a user is between its iterations.
pub(crate) struct FlowLane {
    who: Who,
    iterations: u64,
    session: Option<Box<Visit>>,
}

/// A user in a scenario.
struct Visit {
    scenario: usize,
    user: User,
    conns: Conns,
    jar: RefCell<Jar>,
}

impl FlowCaller {
    /// What one worker plays of `play`.
    pub(crate) fn new(
        plan: &Plan,
        play: &Arc<Play>,
        setups: &Setups,
        share: Share,
        shared: &SetupValues,
        control: &Control,
    ) -> Result<Self, RunError> {
        let script = Script::new(play, plan.seed, plan.tracing).map_err(|error| RunError::Script(error.to_string()))?;
        script.share(shared);
        let drawer = Rc::new(Drawer::new(&script, Segment::new(share.index, share.of)));
        let mixes = play.tracks.iter().enumerate().map(|(number, track)| {
            // Away from the seeds of arrivals.
            Mix::new(track, plan.seed.wrapping_add(0x006d_6978 + number as u64))
        });
        Ok(Self {
            mixes: mixes.collect(),
            board: Board::new(&play.series),
            budgets: Budgets::new(play),
            clients: Clients::new(play, setups, share)?,
            drawer,
            script,
            origins: Origins::default(),
            tokens: Tokens::default(),
            sleepers: Rc::default(),
            wall: Wall::new(),
            control: control.clone(),
            redirects: plan.client.redirects,
            users: Cell::default(),
            spare: RefCell::default(),
            gathering: OnceCell::new(),
            tracer: None,
        })
    }

    /// Plays the set-up or the tear-down once.
    pub(crate) async fn play_once(&self, scene: Scene) -> Result<SetupValues, String> {
        let mut visit = self.visit(scene, 0);
        let now = Instant::now();
        let walked = self.walk(&mut visit, 0, now).await;
        match (walked.outcome, walked.first_failure) {
            // What came first is why the rest went wrong.
            (_, Some((series, failure))) => Err(format!("{}: {failure}", self.board.name(series))),
            (Err(Halt::Failed(failure) | Halt::Exhausted(failure) | Halt::AtEnd(failure)), None) => {
                Err(failure.to_string())
            }
            (Err(Halt::Stop(Stop::Run)), None) if scene == Scene::Setup => Err("`stop: run` says so".to_owned()),
            _ => Ok(visit.user.setup_values()),
        }
    }

    fn visit(&self, scene: Scene, number: u64) -> Visit {
        let scenario = if let Scene::Scenario(place) = scene { place as usize } else { 0 };
        let place = self.users.replace(self.users.get() + 1);
        let (client, protocol) = (self.clients.of(scene), self.clients.protocol());
        Visit {
            scenario,
            user: User::new(&self.script, &self.drawer, scene, Identity { user: number }),
            conns: Conns::new(client, protocol, place),
            jar: RefCell::default(),
        }
    }

    /// Walks through the flow of a visit.
    async fn walk(&self, visit: &mut Visit, number: u64, ready: Instant) -> Walked {
        if let Err(trouble) = visit.user.begin_iteration(number, self.wall.at(ready)) {
            let outcome = Err(trouble.into());
            return Walked { ended: Instant::now(), outcome, failed: 0, first_failure: None, is_nowhere: false };
        }
        let scene = visit.user.scene();
        let part = self.script.part(scene);
        let walk = Walk {
            caller: self,
            client: self.clients.of(scene),
            part,
            user: RefCell::new(&mut visit.user),
            jar: &visit.jar,
            free_at: Cell::new(ready),
            places: Cell::new(0),
            failed: Cell::new(0),
            first_failure: RefCell::default(),
            asked: Cell::new(false),
            reached: Cell::new(false),
        };
        let outcome = walk.walk(&part.flow, &mut visit.conns).await;
        let ended = walk.free_at.get();
        if ended <= ready {
            // Nothing was waited for: the others want their turn, too.
            tokio::task::yield_now().await;
        }
        let is_nowhere = walk.asked.get() && !walk.reached.get();
        let failed = walk.failed.get();
        Walked { ended, outcome, failed, first_failure: walk.first_failure.take(), is_nowhere }
    }

    /// The scenario and the global number of whoever takes what is due.
    fn role(&self, lane: &FlowLane, due: Due) -> (usize, u64) {
        let mix = &self.mixes[lane.who.track];
        let (scenario, number) = match lane.who.number {
            Some(number) => (mix.of_user(number), number),
            None => (mix.of_arrival(due.number), due.number),
        };
        // Users of different loads do not share a number.
        (scenario, number * self.mixes.len() as u64 + lane.who.track as u64)
    }

    async fn iterate(&self, lane: &mut FlowLane, due: Due) -> Iteration {
        // A closed user was free a moment ago, when its last iteration had ended or its pace allowed.
        let stays = lane.who.number.is_some();
        let started = if stays { due.at } else { Instant::now() };
        let is_new = lane.session.is_none() || !stays;
        if is_new {
            self.arrive(lane, due);
        }
        let iteration = lane.iterations;
        lane.iterations += 1;
        let Some(visit) = &mut lane.session else { return Iteration::of_nobody(started) };
        let ready = due.at;
        let part = self.script.scenario(visit.scenario);
        let pending = self.board.asks(part.series, ready);
        let walked = self.walk(visit, iteration, ready).await;
        let ended = walked.ended.max(started);
        let next = part.pace.as_ref().map_or(ended, |pace| ended.max(ready + visit.user.think(pace)));
        let iteration = self.conclude(Iteration::new(started, ended, next), walked, stays);
        pending.walked(ended, iteration.failure.as_ref());
        iteration
    }

    /// Somebody comes: to an open load with each arrival, though over connections that are there.
    fn arrive(&self, lane: &mut FlowLane, due: Due) {
        let (scenario, number) = self.role(lane, due);
        let scene = Scene::Scenario(scenario as u32);
        lane.iterations = 0;
        match &mut lane.session {
            Some(visit) if self.clients.are_same(visit.scenario, scenario) => {
                visit.scenario = scenario;
                visit.user = User::new(&self.script, &self.drawer, scene, Identity { user: number });
                visit.jar.borrow_mut().clear();
            }
            session => *session = Some(Box::new(self.visit(scene, number))),
        }
    }

    fn conclude(&self, mut iteration: Iteration, walked: Walked, stays: bool) -> Iteration {
        iteration.is_nowhere = walked.is_nowhere;
        match walked.outcome {
            Ok(()) | Err(Halt::Stop(Stop::Iteration)) => {}
            Err(Halt::Failed(failure)) => iteration.failure = Some(failure),
            Err(Halt::Stop(Stop::User)) => iteration.is_last = true,
            Err(Halt::Stop(Stop::Run)) => {
                iteration.is_last = true;
                self.control.end(StopReason::Script);
            }
            // Whoever stays has done what there was to do; an arrival has come in vain.
            Err(Halt::AtEnd(_)) if stays => iteration.is_last = true,
            Err(Halt::Exhausted(failure) | Halt::AtEnd(failure)) => {
                iteration.is_last = true;
                iteration.failure = Some(failure);
            }
        }
        iteration
    }

    fn board(&self) -> &Board {
        &self.board
    }

    fn tracer(&self) -> Option<&Tracer> {
        self.tracer.as_deref()
    }

    /// Where spans go; nowhere before the run has begun.
    fn gathering(&self) -> Option<&Gathering> {
        self.gathering.get().map(|gathering| &**gathering)
    }

    fn budgets(&self) -> &Budgets {
        &self.budgets
    }

    fn sleepers(&self) -> &Rc<Sleepers> {
        &self.sleepers
    }

    fn origins(&self) -> &Origins {
        &self.origins
    }

    /// A connection beside those of a user.
    fn another_conn(&self, client: &Client) -> Conn {
        Conns::new(client, self.clients.protocol(), self.users.get()).first
    }

    fn filled(&self) -> Box<Filled> {
        self.spare.borrow_mut().filled.pop().unwrap_or_default()
    }

    #[expect(clippy::unnecessary_box_returns, reason = "a user would carry its room while it looks")]
    fn looked(&self) -> Box<Looked> {
        self.spare.borrow_mut().looked.pop().unwrap_or_default()
    }

    fn kept(&self) -> Kept {
        self.spare.borrow_mut().kept.pop().unwrap_or_default()
    }

    fn take_back_filled(&self, filled: Box<Filled>) {
        keep(&mut self.spare.borrow_mut().filled, filled);
    }

    fn take_back_looked(&self, looked: Box<Looked>) {
        keep(&mut self.spare.borrow_mut().looked, looked);
    }

    fn take_back_kept(&self, kept: Kept) {
        keep(&mut self.spare.borrow_mut().kept, kept);
    }
}

fn keep<T>(buffers: &mut Vec<T>, buffer: T) {
    if buffers.len() < MOST_SPARE {
        buffers.push(buffer);
    }
}

impl Caller for FlowCaller {
    type Lane = FlowLane;
    type Done = Iteration;
    const PACES: bool = true;

    fn user(&self, who: Who) -> Vec<FlowLane> {
        vec![FlowLane { who, iterations: 0, session: None }]
    }

    fn call(&self, lane: &mut FlowLane, _: u64, due: Due) -> impl Future<Output = Iteration> {
        // On the heap, or every user that waits for its turn would carry the room of one who walks.
        Box::pin(self.iterate(lane, due))
    }

    async fn call_batch(&self, lane: &mut FlowLane, turn: u64, count: usize) -> Vec<Iteration> {
        let mut done = Vec::with_capacity(count);
        for _ in 0..count {
            done.push(self.call(lane, turn, Due { at: Instant::now(), number: turn }).await);
        }
        done
    }

    fn begin(&self, measured_from: Instant, measured_until: Option<Instant>, gathering: &Rc<Gathering>) {
        self.board.begin(measured_from, measured_until, gathering);
        let _ = self.gathering.set(Rc::clone(gathering));
    }

    fn stop(&self, now: Instant) {
        self.board.stop(now);
    }

    fn take_series(&self) -> Vec<Tally> {
        self.board.take()
    }
}

#[cfg(all(test, target_pointer_width = "64"))]
mod tests {
    use super::*;

    /// Users think by the ten thousand, and each carries the room of the step that it may take next.
    #[test]
    fn a_walking_user_needs_little_room() {
        fn iterating<F>(_: fn(&'static FlowCaller, &'static mut FlowLane, Due) -> F) -> usize {
            size_of::<F>()
        }
        fn asking<F>(_: fn(&'static Walk<'static>, &'static onrush_user::Call, &'static mut Conn) -> F) -> usize {
            size_of::<F>()
        }
        let bytes = [iterating(FlowCaller::iterate), asking(Walk::ask), size_of::<Visit>()];
        assert!(bytes[0] <= 336 && bytes[1] <= 944 && bytes[2] <= 304, "{bytes:?} bytes");
    }
}
