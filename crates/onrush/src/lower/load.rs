//! The load from the short flags or from the grammar.

use std::num::{IntErrorKind, ParseIntError};
use std::time::Duration;

use onrush_lang::{parse_load, parse_rate};
use onrush_pace::{Profile, Rate, Spacing, Stage};

use super::{duration, shown};
use crate::args::RunArgs;
use crate::exit::Wrong;

/// Users, unless a number is asked for.
const USERS: u32 = 50;
/// Time, unless a time or a number of requests is asked for.
const LASTS: Duration = Duration::from_secs(10);

pub(super) fn profile(args: &RunArgs, warmup: Duration) -> Result<Profile, Wrong> {
    if let Some(load) = &args.load {
        return parse_load(load).map_err(|diagnostic| shown(&diagnostic, "--load", load));
    }
    let stage = stage(args, warmup)?;
    Profile::new(vec![stage]).map_err(|error| Wrong(format!("the load `{stage}` cannot be played: {}", error.flaw)))
}

fn stage(args: &RunArgs, warmup: Duration) -> Result<Stage, Wrong> {
    let lasts = args.duration.as_deref().map(|text| duration("--duration", text)).transpose()?;
    // A duration of zero is a mistake that a warm-up must not hide.
    let with_warmup = |lasts: Duration| if lasts.is_zero() { lasts } else { lasts + warmup };
    let requests = args.requests.as_deref().map(requests).transpose()?;
    if requests.is_some() && !warmup.is_zero() {
        return Err(Wrong("--warmup leaves out a time, and --requests has none: use --duration".to_owned()));
    }
    if let Some(text) = &args.rate {
        let rate = parse_rate(text).map_err(|diagnostic| shown(&diagnostic, "--rate", text))?;
        let lasts = match (requests, lasts) {
            (Some(_), Some(_)) => {
                return Err(Wrong("--rate goes with --duration or with --requests, not with both".to_owned()));
            }
            (Some(number), None) => time_for(number, rate)?,
            (None, lasts) => with_warmup(lasts.unwrap_or(LASTS)),
        };
        return Ok(Stage::Arrivals { from: rate, to: rate, lasts, spacing: Spacing::Even });
    }
    Ok(match requests {
        Some(total) => {
            let most = u32::try_from(total).unwrap_or(u32::MAX).max(1);
            Stage::Iterations { total, users: args.connections.unwrap_or(USERS.min(most)), within: lasts }
        }
        None => {
            let users = args.connections.unwrap_or(USERS);
            Stage::Users { from: users, to: users, lasts: with_warmup(lasts.unwrap_or(LASTS)) }
        }
    })
}

/// A number of requests; more than fit 32 bits are welcome.
fn requests(text: &str) -> Result<u64, Wrong> {
    let digits: String = text.chars().filter(|letter| *letter != '_').collect();
    digits.parse().map_err(|error: ParseIntError| {
        Wrong(match error.kind() {
            IntErrorKind::PosOverflow => format!("--requests {text} is more than can be counted ({})", u64::MAX),
            _ => format!("`{text}` is not a number of requests: --requests takes a whole number such as 10000"),
        })
    })
}

/// The time in which just `number` requests arrive.
fn time_for(number: u64, rate: Rate) -> Result<Duration, Wrong> {
    let nothing = || Wrong("a rate of 0 never makes a request".to_owned());
    if number == 0 {
        return Err(Wrong("--requests 0 asks for nothing".to_owned()));
    }
    let lasts = rate.time_for(number).ok_or_else(nothing)?;
    Ok(lasts)
}
