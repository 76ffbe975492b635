//! From a scenario file and the flags beside it to a plan.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use onrush_lang::{Document, Files, Overrides, Settings};
use onrush_plan::{ClientSettings, InFlight, Plan, Protocol, Work};

use super::{Surroundings, client, duration, most_users, when_full};
use crate::args::{FileArgs, RunArgs};
use crate::exit::Wrong;

const ENDINGS: &[&str] = &["yaml", "yml"];

/// The file that a run is about, if it is about one.
pub(crate) fn file_of(args: &RunArgs) -> Option<&Path> {
    let [target] = &*args.targets else { return None };
    let path = Path::new(target);
    let is_file = path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)));
    (is_file && !target.contains("://")).then_some(path)
}

/// What flags say that one-liners have, too, instead of the file.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Given<'a> {
    /// The load.
    pub(crate) load: Option<&'a str>,
    /// When the run ends before its load does.
    pub(crate) until: Option<&'a str>,
}

impl<'a> Given<'a> {
    /// Of a run.
    pub(crate) fn of(args: &'a RunArgs) -> Self {
        Self { load: args.load.as_deref(), until: args.until.as_deref() }
    }
}

/// Files that are named by where a scenario file is, and the real environment.
pub(crate) struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// The files beside a scenario file.
    pub(crate) fn beside(file: &Path) -> Self {
        Self { folder: file.parent().map(Path::to_owned).unwrap_or_default() }
    }
}

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(self.folder.join(path)).map_err(|error| error.to_string())
    }

    fn open(&self, path: &str) -> Result<Box<dyn Read + '_>, String> {
        let file = File::open(self.folder.join(path)).map_err(|error| error.to_string())?;
        Ok(Box::new(BufReader::with_capacity(1 << 20, file)))
    }

    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

/// Reads a file and what it names.
pub(crate) fn read(path: &Path, said: &FileArgs, given: Given<'_>, files: &dyn Files) -> Result<Document, Wrong> {
    let name = path.display().to_string();
    let text = match std::fs::read(path) {
        Err(error) => return Err(Wrong(format!("cannot read {name}: {error}"))),
        Ok(bytes) => String::from_utf8(bytes).map_err(|_| Wrong(format!("{name} is not text in UTF-8")))?,
    };
    parse(&name, &text, said, given, files)
}

/// Reads the text of a file.
pub(crate) fn parse(
    name: &str,
    text: &str,
    said: &FileArgs,
    given: Given<'_>,
    files: &dyn Files,
) -> Result<Document, Wrong> {
    let pair = |text: &String| {
        let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
        let pair = pair.map(|(name, value)| (name.to_owned(), value.to_owned()));
        pair.ok_or_else(|| Wrong(format!("--env {text}: write NAME=VALUE")))
    };
    let overrides = Overrides {
        target: said.target.clone(),
        load: given.load.map(str::to_owned),
        until: given.until.map(str::to_owned),
        scenario: said.scenario.clone(),
        env: said.env.iter().map(pair).collect::<Result<_, _>>()?,
    };
    onrush_lang::parse_scenario(name, text, files, &overrides).map_err(|faults| Wrong(faults.to_string()))
}

/// The plan of a document; flags go before what the file says.
pub(crate) fn plan(document: Document, args: &RunArgs, surroundings: &Surroundings) -> Result<Plan, Wrong> {
    refuse(args)?;
    let Document { play, settings, .. } = document;
    let work = Work::Play(Arc::new(play));
    let flag = |flag: &str, text: &Option<String>| text.as_deref().map(|text| duration(flag, text)).transpose();
    let limit = args.max_in_flight.or(settings.max_in_flight);
    let plan = Plan {
        samples: crate::outputs::samples(&args.output),
        in_flight: InFlight {
            max: limit.unwrap_or_else(|| most_users(surroundings.descriptors)),
            when_full: when_full(args.when_full).or(settings.when_full).unwrap_or(onrush_plan::WhenFull::Wait),
        },
        threads: args.threads.unwrap_or(surroundings.cores.max(1)),
        seed: args.seed.or(settings.seed).unwrap_or_else(super::any_seed),
        warmup: flag("--warmup", &args.warmup)?.or(settings.warmup).unwrap_or_default(),
        until: settings.until.clone(),
        graceful_stop: flag("--graceful-stop", &args.graceful_stop)?.or(settings.graceful_stop).unwrap_or(super::GRACE),
        client: client(args, &settings, surroundings)?,
        work,
    };
    plan.checked().map_err(|error| Wrong(error.to_string()))
}

fn client(args: &RunArgs, settings: &Settings, surroundings: &Surroundings) -> Result<ClientSettings, Wrong> {
    let flags = client::settings(args, &surroundings.proxy)?;
    let tls = match &settings.tls {
        Some(file) => client::tls_over(file, args, flags.tls)?,
        None => flags.tls,
    };
    Ok(ClientSettings {
        protocol: if settings.http2 == Some(true) { Protocol::Http2 { streams: 1 } } else { flags.protocol },
        timeout: settings.timeout.filter(|_| args.timeout.is_none()).unwrap_or(flags.timeout),
        connect_timeout: settings
            .connect_timeout
            .filter(|_| args.connect_timeout.is_none())
            .unwrap_or(flags.connect_timeout),
        redirects: args.redirects.unwrap_or(settings.redirects),
        tls,
        ..flags
    })
}

/// Flags that say what the file says in more words.
fn refuse(args: &RunArgs) -> Result<(), Wrong> {
    let given = [
        ("--connections", args.connections.is_some(), "--load \"20 users for 1m\""),
        ("--duration", args.duration.is_some(), "--load \"20 users for 1m\""),
        ("--requests", args.requests.is_some(), "--load \"1000 iterations by 20 users\""),
        ("--rate", args.rate.is_some(), "--load \"100/s for 1m\""),
        ("--urls", args.urls.is_some(), "steps in the file"),
        ("--method", args.method.is_some(), "the file"),
        ("--header", !args.headers.is_empty(), "`headers:` in the file"),
        ("--data", args.data.is_some(), "`body:` in the file"),
        ("--data-file", args.data_file.is_some(), "`file:` in the file"),
        ("--json", args.json.is_some(), "`json:` in the file"),
        ("--user", args.user.is_some(), "`auth:` in the file"),
        ("--bearer", args.bearer.is_some(), "`auth:` in the file"),
        ("--compressed", args.compressed, "`headers:` in the file"),
        ("--host-header", args.host_header.is_some(), "`headers:` in the file"),
        ("--pipeline", args.pipeline.is_some(), "`batch:` in the file"),
        ("--streams", args.streams.is_some(), "`batch:` in the file"),
    ];
    match given.iter().find(|(_, is_given, _)| *is_given) {
        None => Ok(()),
        Some((flag, _, instead)) => Err(Wrong(format!("{flag} does not go with a scenario file: use {instead}"))),
    }
}
