//! From what was typed to a valid plan. What is wrong with it is told here, with its place, before
//! anything is sent.

mod client;
mod host;
mod idle;
mod load;
mod requests;
pub(crate) mod scenario;
mod sources;
mod tracing;

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use onrush_lang::Diagnostic;
use onrush_plan::{InFlight, Plan, Until, WhenFull, Work};

use crate::args::{RunArgs, WhenFullArg};
use crate::exit::Wrong;

pub(crate) use self::client::{ProxySource, proxy_of_environment};

/// How long requests in flight may take to finish, unless something else is asked for.
const GRACE: Duration = Duration::from_secs(30);
/// Requests of an open load in flight unless something else is asked for.
const MAX_IN_FLIGHT: u32 = 10_000;
/// Users of an open load of scenarios at a time, unless something else is asked for.
const MOST_USERS: u32 = 1_000_000;
/// More worker threads than this are a mistake: there is no machine with so many cores to keep busy.
const MOST_THREADS: usize = 1024;

/// What of the surroundings has a part in the plan: an argument, so that tests need no environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    /// CPU cores.
    pub(crate) cores: usize,
    /// Files that may be open, where there is a limit.
    pub(crate) descriptors: Option<u64>,
    /// Proxies from the environment.
    pub(crate) proxy: ProxySource,
}

/// The plan that the arguments mean.
pub(crate) fn plan(args: &RunArgs, surroundings: &Surroundings) -> Result<Plan, Wrong> {
    if let Some(flag) = of_file(args) {
        return Err(Wrong(format!("{flag} is about scenario files, and there is none")));
    }
    if let Some(threads) = args.threads.filter(|threads| *threads > MOST_THREADS) {
        return Err(Wrong(format!("--threads {threads}: more than {MOST_THREADS} threads only wait for each other")));
    }
    let warmup = args.warmup.as_deref().map_or(Ok(Duration::ZERO), |text| duration("--warmup", text))?;
    let client = client::settings(args, &surroundings.proxy)?;
    let load = load::profile(args, warmup)?;
    let requests = requests::requests(args)?;
    idle::check(args, &load, &requests)?;
    client::check_rules(&client, &requests)?;
    let plan = Plan {
        samples: crate::outputs::samples(&args.output),
        tracing: tracing::tracing(args),
        in_flight: in_flight(args, &load, surroundings.descriptors),
        work: Work::Turns { load, requests },
        client,
        threads: args.threads.unwrap_or(surroundings.cores.max(1)),
        seed: args.seed.unwrap_or_else(any_seed),
        warmup,
        until: until(args)?,
        graceful_stop: args.graceful_stop.as_deref().map_or(Ok(GRACE), |text| duration("--graceful-stop", text))?,
    };
    plan.checked().map_err(|error| Wrong(error.to_string()))
}

fn of_file(args: &RunArgs) -> Option<&'static str> {
    let said = &args.file;
    let given =
        [("--env", !said.env.is_empty()), ("--target", said.target.is_some()), ("--scenario", said.scenario.is_some())];
    given.iter().find(|(_, is_given)| *is_given).map(|(flag, _)| *flag)
}

/// Whether the open-files limit sets the in-flight limit, which nobody has asked for.
pub(crate) fn is_limited_by_descriptors(args: &RunArgs, plan: &Plan, descriptors: Option<u64>) -> bool {
    let is_asked = args.max_in_flight.is_some() || args.connections.is_some();
    // A scenario file may ask for a limit, too.
    let is_theirs = descriptors.is_some_and(|limit| limit.max(1) == u64::from(plan.in_flight.max));
    plan.work.has_arrivals() && !is_asked && is_theirs && plan.in_flight.max < MAX_IN_FLIGHT
}

fn in_flight(args: &RunArgs, load: &onrush_pace::Profile, descriptors: Option<u64>) -> InFlight {
    let asked = args.max_in_flight.or(args.connections.filter(|_| load.has_arrivals()));
    InFlight {
        max: asked.unwrap_or_else(|| in_flight_limit(descriptors)),
        when_full: when_full(args.when_full).unwrap_or(WhenFull::Wait),
    }
}

/// Users of scenarios mostly think, and each holds a connection.
fn most_users(descriptors: Option<u64>) -> u32 {
    descriptors.map_or(MOST_USERS, |limit| u32::try_from(limit).unwrap_or(u32::MAX).min(MOST_USERS)).max(1)
}

/// As many as are usual, and as there can be.
fn in_flight_limit(descriptors: Option<u64>) -> u32 {
    let possible = descriptors.map_or(u32::MAX, |limit| u32::try_from(limit).unwrap_or(u32::MAX));
    MAX_IN_FLIGHT.min(possible).max(1)
}

fn when_full(asked: Option<WhenFullArg>) -> Option<WhenFull> {
    asked.map(|asked| match asked {
        WhenFullArg::Wait => WhenFull::Wait,
        WhenFullArg::Drop => WhenFull::Drop,
    })
}

/// A seed that nobody asked for: the standard library's own source of randomness for hash maps. 32 bits
/// are short enough to type again.
fn any_seed() -> u64 {
    RandomState::new().hash_one(std::process::id()) >> 32
}

/// When the run may end before its load does.
fn until(args: &RunArgs) -> Result<Option<Until>, Wrong> {
    let parse =
        |text: &String| onrush_lang::parse_until(text).map_err(|diagnostic| shown(&diagnostic, "--until", text));
    args.until.as_ref().map(parse).transpose()
}

/// A duration argument, or what is wrong with it.
pub(crate) fn duration(flag: &str, text: &str) -> Result<Duration, Wrong> {
    onrush_lang::parse_duration(text).map_err(|diagnostic| shown(&diagnostic, flag, text))
}

fn shown(diagnostic: &Diagnostic, flag: &str, text: &str) -> Wrong {
    Wrong(diagnostic.render(flag, text))
}
