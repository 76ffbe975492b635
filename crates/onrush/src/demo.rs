//! `onrush demo`: the embedded shop, and the example scenario played in it. What is played is a file that comes along,
//! shown with the command that plays it, so that it can be typed and changed.

use std::path::Path;
use std::time::Duration;

use onrush_lang::Files;
use onrush_target::{Latency, Service, ServiceSettings};

use crate::args::{DemoArgs, FileArgs, RunArgs};
use crate::asked::Asked;
use crate::exit::{Exit, Wrong};
use crate::lower::scenario::{self, Given};
use crate::run;
use crate::terminal::say;

/// The scenario, and what it reads. They are part of the program, so that the demonstration needs nothing else.
const NAME: &str = "examples/shop.yaml";
const SCENARIO: &str = include_str!("../../../examples/shop.yaml");
const SHOPPERS: (&str, &[u8]) = ("shoppers.csv", include_bytes!("../../../examples/shoppers.csv"));

/// How long the shop takes for an answer: half of the time less than this, and a p99 of 2.5 times as much.
const MEDIAN: Duration = Duration::from_millis(15);
const SIGMA: f64 = 0.4;
/// How often it fails.
const ERRORS: f64 = 0.002;
const ERROR_STATUS: u16 = 503;

/// Files that come with the program.
struct Embedded;

impl Files for Embedded {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let known = [SHOPPERS].into_iter().find(|(name, _)| Path::new(name) == Path::new(path));
        known.map(|(_, bytes)| bytes.to_vec()).ok_or_else(|| "it does not come with the program".to_owned())
    }

    fn variable(&self, _: &str) -> Option<String> {
        None
    }
}

/// Starts the shop on a free port and lets its users in.
pub(crate) fn demo(args: &DemoArgs) -> Result<Exit, Wrong> {
    onrush_engine::raise_descriptor_limit();
    let shop = Service::start(shop()).map_err(|error| Wrong(error.to_string()))?;
    let said = FileArgs { target: Some(shop.url()), ..FileArgs::default() };
    let given = Given { load: args.load.as_deref(), ..Given::default() };
    let document = scenario::parse(NAME, SCENARIO, &said, given, &Embedded)?;
    // Nothing is between us and the shop, whatever the environment says.
    let run_args = RunArgs { no_proxy: true, output: args.output.clone(), ..RunArgs::default() };
    let surroundings = run::surroundings();
    let asked = Asked::in_a_file(NAME, document, &run_args, &surroundings)?;
    if !args.output.quiet {
        introduce(&shop.url(), args.load.as_deref());
    }
    run::begin(asked, &run_args, &surroundings)
}

fn shop() -> ServiceSettings {
    ServiceSettings {
        latency: Latency::LogNormal { median: MEDIAN, sigma: SIGMA },
        errors: ERRORS,
        error_status: ERROR_STATUS,
        ..ServiceSettings::default()
    }
}

fn introduce(url: &str, load: Option<&str>) {
    let load = load.map(|load| format!(" --load '{load}'")).unwrap_or_default();
    say(&format!(
        "A small shop runs on a port of its own. It answers in about {} ms and fails {} % of the time, on purpose.\n\
         People come to look, to buy, with an app; the warehouse loads new products. {NAME} says how.\n\n\
         $ onrush run {NAME} --target {url}{load}\n",
        MEDIAN.as_millis(),
        ERRORS * 100.0,
    ));
}
