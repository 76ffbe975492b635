//! What kinds of users do: the lowered form of a scenario file.

use std::time::Duration;

use onrush_metrics::SeriesInfo;
use onrush_pace::Profile;
use url::Url;

use crate::{Credentials, Expr, Feeder, RequestStep, Secret, Spread, Template, Threshold, TlsSettings};

/// Everything that a scenario file says, but for how the wire is used.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Play {
    /// The kinds of users.
    pub scenarios: Vec<Scenario>,
    /// Where requests go, as the file says it.
    pub targets: Vec<Url>,
    /// Which load brings which of them; never empty.
    pub tracks: Vec<Track>,
    /// Rows that users draw from.
    pub feeders: Vec<Feeder>,
    /// The names of all variables; a variable is known by its place here.
    pub variables: Vec<String>,
    /// Values that are known before the run: variables of the file, the environment that it reads.
    pub constants: Vec<(VariableId, Constant)>,
    /// What is counted apart; requests, groups and scenarios refer to it by their place.
    pub series: Vec<SeriesInfo>,
    /// Done once before the load; what it saves is given to every user.
    pub setup: Flow,
    /// Done once after the load.
    pub teardown: Flow,
    /// Whether set-up and tear-down keep cookies.
    pub phases_keep_cookies: bool,
    /// Conditions on the run.
    pub thresholds: Vec<Threshold>,
}

impl Play {
    /// Every request of every flow.
    pub fn requests(&self) -> Vec<&RequestStep> {
        let mut found = Vec::new();
        let flows = self.scenarios.iter().map(|scenario| &scenario.flow).chain([&self.setup, &self.teardown]);
        flows.for_each(|flow| gather(flow, &mut found));
        found
    }

    /// Whether users of any scenario have several requests in flight at a time.
    pub fn has_batches(&self) -> bool {
        self.scenarios.iter().any(|scenario| has_batches(&scenario.flow))
    }
}

fn gather<'a>(flow: &'a [Step], found: &mut Vec<&'a RequestStep>) {
    for step in flow {
        match step {
            Step::Request(request) => found.push(request),
            Step::Batch { requests, .. } => found.extend(requests),
            _ => step.flows().into_iter().for_each(|flow| gather(flow, found)),
        }
    }
}

fn has_batches(flow: &[Step]) -> bool {
    flow.iter().any(|step| matches!(step, Step::Batch { .. }) || step.flows().into_iter().any(|flow| has_batches(flow)))
}

/// A load profile and the scenarios that it brings.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// How much, when, from `starts` on.
    pub load: Profile,
    /// How long after the beginning of the run it begins.
    pub starts: Duration,
    /// Scenarios by their place, with their weights. Weights are positive.
    pub mix: Vec<(usize, f64)>,
}

/// What a kind of user does.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Its name, unique in the file.
    pub name: String,
    /// One iteration.
    pub flow: Flow,
    /// Its iterations are counted here.
    pub series: SeriesId,
    /// An iteration begins at the earliest so long after the one before (closed loads).
    pub pace: Option<Spread>,
    /// Headers of every request.
    pub headers: Vec<(String, Template)>,
    /// How every request proves who it is from, unless it says so itself.
    pub auth: Option<Credentials>,
    /// Whether a user keeps cookies.
    pub cookies: bool,
    /// TLS of its own, such as a client certificate; else the run's.
    pub tls: Option<TlsSettings>,
    /// Values of variables for this scenario alone, over those of the file.
    pub constants: Vec<(VariableId, Constant)>,
    /// Feeders by their place, of which each iteration draws a row at its beginning.
    pub draws: Vec<usize>,
    /// A budget for retries: at most so many for each request meant (0.1: one in ten), over the scenario's users of one
    /// worker. `None`: as many as each step allows.
    pub retry_budget: Option<f64>,
}

/// Steps, one after the other.
pub type Flow = Vec<Step>;

/// The place of a variable in [`Play::variables`].
pub type VariableId = usize;

/// One thing that a user does.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Sends a request and looks at the answer.
    Request(Box<RequestStep>),
    /// Waits, as people do.
    Think(Spread),
    /// Steps that are timed together, think times included.
    Group {
        /// Its times are counted here.
        series: SeriesId,
        /// What belongs together.
        flow: Flow,
    },
    /// The same a number of times.
    Repeat {
        /// How often; negative is never.
        times: Expr,
        /// The variable that counts from 0, if one is wanted.
        counter: Option<VariableId>,
        /// What is repeated.
        flow: Flow,
    },
    /// The same while a condition holds.
    While {
        /// Asked before every pass.
        condition: Expr,
        /// At most so often.
        at_most: u32,
        /// What is repeated.
        flow: Flow,
    },
    /// The same for each entry of a list.
    ForEach {
        /// Gets the entry.
        variable: VariableId,
        /// The list.
        list: Expr,
        /// What is repeated.
        flow: Flow,
    },
    /// One of two.
    When {
        /// Decides.
        condition: Condition,
        /// If it holds.
        then: Flow,
        /// If not.
        otherwise: Flow,
    },
    /// One of several, drawn by weight. Weights are positive.
    Choose(Vec<(f64, Flow)>),
    /// All of them, in an order drawn each time.
    Shuffle(Vec<Flow>),
    /// Requests that are in flight together; the step ends when all have ended.
    Batch {
        /// The requests.
        requests: Vec<RequestStep>,
        /// At most so many at a time; at least 1.
        at_once: usize,
    },
    /// Gives variables values.
    Set(Vec<(VariableId, Value)>),
    /// Ends something early.
    Stop(Stop),
}

impl Step {
    /// The flows that it may walk through.
    pub fn flows(&self) -> Vec<&Flow> {
        match self {
            Self::Group { flow, .. }
            | Self::Repeat { flow, .. }
            | Self::While { flow, .. }
            | Self::ForEach { flow, .. } => vec![flow],
            Self::When { then, otherwise, .. } => vec![then, otherwise],
            Self::Choose(branches) => branches.iter().map(|(_, flow)| flow).collect(),
            Self::Shuffle(flows) => flows.iter().collect(),
            Self::Request(_) | Self::Batch { .. } | Self::Think(_) | Self::Set(_) | Self::Stop(_) => Vec::new(),
        }
    }
}

/// What ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// This iteration.
    Iteration,
    /// This user: no further iteration of it (closed loads; else as `Iteration`).
    User,
    /// The whole run.
    Run,
}

/// What decides between two flows.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// So often, from 0 to 1.
    Chance(f64),
    /// Whether an expression is true.
    Holds(Expr),
}

/// What a variable gets.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text with holes; a text that is one hole keeps the kind of its value.
    Text(Template),
    /// The value of an expression.
    Of(Expr),
    /// As it is.
    Constant(Constant),
}

/// A value that is known before the run.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Text.
    Text(String),
    /// Text that is never shown.
    Secret(Secret),
    /// A list.
    List(Vec<Constant>),
    /// Names and values in order.
    Map(Vec<(String, Constant)>),
}

/// The place of a series in [`Play::series`].
pub type SeriesId = usize;

/// The check in which those are counted that are too many to be counted apart.
pub const OTHER_CHECKS: &str = "(other checks)";
