//! What was asked for: a plan, and what is said about it.

use std::time::Duration;

use onrush_lang::Document;
use onrush_metrics::{RunInfo, Stage};
use onrush_pace::duration_text;
use onrush_plan::{Header, Plan, Request, Work};

use crate::args::RunArgs;
use crate::exit::Wrong;
use crate::lower::{self, Surroundings, scenario};
use crate::machine::machine;

/// Requests of a one-liner that are told one by one.
const MOST_REQUESTS: usize = 20;

/// A plan, and what people are told about it.
pub(crate) struct Asked {
    pub(crate) plan: Plan,
    /// The plan in words, a line each, without secrets.
    pub(crate) words: Vec<String>,
    /// What is worth saying before it is played.
    pub(crate) notes: Vec<String>,
    /// What results are called by.
    pub(crate) name: String,
    /// Pages of the service's own figures.
    pub(crate) observe: Vec<String>,
}

impl Asked {
    /// What the arguments of a one-liner ask for.
    pub(crate) fn in_one_line(args: &RunArgs, surroundings: &Surroundings) -> Result<Self, Wrong> {
        let plan = lower::plan(args, surroundings)?;
        let words = words(&plan);
        let host = plan.work.targets().first().and_then(|url| url.host_str().map(str::to_owned));
        Ok(Self { plan, words, notes: Vec::new(), name: host.unwrap_or_default(), observe: Vec::new() })
    }

    /// What a scenario file called `name` and the flags beside it ask for.
    pub(crate) fn in_a_file(
        name: &str,
        document: Document,
        args: &RunArgs,
        surroundings: &Surroundings,
    ) -> Result<Self, Wrong> {
        let notes = document.warnings.iter().map(|warning| format!("warning: {warning}")).collect();
        let words = lines(&onrush_lang::describe(&document));
        let name = std::path::Path::new(name).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let observe = document.settings.observe.clone();
        Ok(Self { plan: scenario::plan(document, args, surroundings)?, words, notes, name, observe })
    }

    /// What the outputs tell about it.
    pub(crate) fn info(&self, limited_by_files: bool, surroundings: &Surroundings) -> RunInfo {
        let work = &self.plan.work;
        RunInfo {
            targets: work.targets().into_iter().map(onrush_user::veiled_url).collect(),
            load: work.load_text(),
            protocol: self.plan.client.protocol.name().to_owned(),
            lanes: self.plan.client.protocol.lanes(),
            duration: work.duration(),
            // Users of scenarios send as many as their luck and the service make of it.
            requests: work.iterations().filter(|_| work.series().is_empty()),
            warmup: self.plan.warmup,
            open: work.is_open(),
            batches: work.has_batches(),
            limited_by_files,
            threads: self.plan.threads,
            seed: self.plan.seed,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            series: work.series().to_vec(),
            // Both are told by the engine when it begins.
            started_at: Duration::ZERO,
            until: None,
            stages: stages(work),
            thresholds: work.thresholds().iter().map(|threshold| threshold.text.clone()).collect(),
            plan: self.words.clone(),
            machine: machine(surroundings),
            // Known when it begins to be read.
            observed: Vec::new(),
            // Where others look at traces is nothing of the plan.
            trace_link: None,
        }
    }
}

fn lines(text: &str) -> Vec<String> {
    text.trim_end().lines().map(str::to_owned).collect()
}

/// What is played when. After a stage that takes as long as the service makes of it, nobody knows.
fn stages(work: &Work) -> Vec<Stage> {
    let owners = owners(work);
    let mut stages = Vec::new();
    for ((load, starts), scenario) in work.loads().zip(owners) {
        let mut from = Some(starts);
        for stage in load.stages() {
            let until = from.zip(stage.lasts()).map(|(from, lasts): (Duration, _)| from + lasts);
            stages.push(Stage { scenario: scenario.clone(), text: stage.to_string(), from, until });
            from = until;
        }
    }
    stages
}

/// Whose each load is: no name where there is only one.
fn owners(work: &Work) -> Vec<String> {
    match work {
        Work::Play(play) if play.tracks.len() > 1 => {
            let name = |(scenario, _): &(usize, f64)| play.scenarios[*scenario].name.clone();
            play.tracks.iter().map(|track| track.mix.iter().map(name).collect::<Vec<_>>().join(", ")).collect()
        }
        _ => vec![String::new()],
    }
}

/// What a one-liner asks for, without what may be secret: of headers the names, of bodies the length.
fn words(plan: &Plan) -> Vec<String> {
    let Work::Turns { requests, .. } = &plan.work else { return Vec::new() };
    let client = &plan.client;
    let mut words: Vec<_> = requests.iter().take(MOST_REQUESTS).map(request_in_words).collect();
    if requests.len() > MOST_REQUESTS {
        words.push(format!("and {} more", requests.len() - MOST_REQUESTS));
    }
    words.push(format!("at most {} in flight", plan.in_flight.max));
    let [timeout, connect] = [client.timeout, client.connect_timeout].map(duration_text);
    words.push(format!("timeout {timeout}, {connect} of it to connect; redirects followed: {}", client.redirects));
    words
}

fn request_in_words(request: &Request) -> String {
    let names: Vec<_> = request.headers().iter().map(Header::name).collect();
    let headers = if names.is_empty() { String::new() } else { format!(" with {}", names.join(", ")) };
    let body = match request.body().len() {
        0 => String::new(),
        length => format!(" and a body of {length} bytes"),
    };
    format!("{} {}{headers}{body}", request.method(), onrush_user::veiled_url(request.url()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_a_one_liner_has_no_secrets() {
        let header = Header::new("X-Auth", "hush").expect("a header");
        let request = Request::new("POST", "http://tok:pw@a.test/p?q=1&access_token=hush").expect("a request");
        let request = request.with_header(header).with_body("hush");
        let told = request_in_words(&request);
        assert!(!told.contains("hush") && told.contains("X-Auth") && told.contains("4 bytes"), "{told}");
    }
}
