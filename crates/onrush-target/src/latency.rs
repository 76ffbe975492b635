//! How long the service takes: the distributions, how they are written, and how one value is drawn. It does not wait.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::dice::Dice;
use crate::duration;

/// No drawn latency is longer than this: the tails of the distributions reach to infinity, and nobody waits that long.
const LONGEST: Duration = Duration::from_secs(3600);

/// The time that the service takes for one request, beside what the machine itself needs. Drawn values lie within 0 and one hour.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Latency {
    /// Answer as fast as possible.
    #[default]
    None,
    /// Always the same.
    Constant(Duration),
    /// Evenly spread from the first to the second.
    Uniform(Duration, Duration),
    /// The bell curve, cut off at 0.
    Normal {
        /// The mean of the curve before it is cut off.
        mean: Duration,
        /// Its standard deviation.
        sd: Duration,
    },
    /// As real services often are: `median · e^(sigma · z)` for a standard normal `z`.
    LogNormal {
        /// Half of the values are below.
        median: Duration,
        /// The deviation of the logarithm: 0.5 gives a p99 of 3.2 medians, 1.0 one of 10.
        sigma: f64,
    },
    /// Memoryless, as in the textbook queue.
    Exponential {
        /// The mean.
        mean: Duration,
    },
}

/// What is wrong with a latency that was written down.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0}; latency is one of: 5ms · uniform 1ms..10ms · normal 20ms±5ms · lognormal 20ms 0.5 · exponential 10ms · none"
)]
pub struct LatencyError(String);

impl Latency {
    /// Draws one value.
    pub(crate) fn sample(&self, dice: &Dice) -> Duration {
        let seconds = match *self {
            Self::None => return Duration::ZERO,
            Self::Constant(value) => return value,
            Self::Uniform(from, to) => from.as_secs_f64() + (to.as_secs_f64() - from.as_secs_f64()) * dice.unit(),
            Self::Normal { mean, sd } => mean.as_secs_f64() + sd.as_secs_f64() * dice.normal(),
            Self::LogNormal { median, sigma } => median.as_secs_f64() * (sigma * dice.normal()).exp(),
            Self::Exponential { mean } => mean.as_secs_f64() * -(1.0 - dice.unit()).ln(),
        };
        Duration::from_secs_f64(seconds.clamp(0.0, LONGEST.as_secs_f64()))
    }
}

impl FromStr for Latency {
    type Err = LatencyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        match name {
            "none" if rest.is_empty() => Ok(Self::None),
            "constant" => Ok(Self::Constant(time(rest)?)),
            "uniform" => uniform(rest),
            "normal" => normal(rest),
            "lognormal" => lognormal(rest),
            "exponential" => Ok(Self::Exponential { mean: time(rest)? }),
            _ if name.starts_with(|c: char| c.is_ascii_digit()) => Ok(Self::Constant(time(text)?)),
            _ => Err(LatencyError(format!("`{name}` is not a known distribution"))),
        }
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Constant(value) => write!(f, "{value:?}"),
            Self::Uniform(from, to) => write!(f, "uniform {from:?}..{to:?}"),
            Self::Normal { mean, sd } => write!(f, "normal {mean:?}±{sd:?}"),
            Self::LogNormal { median, sigma } => write!(f, "lognormal {median:?} {sigma}"),
            Self::Exponential { mean } => write!(f, "exponential {mean:?}"),
        }
    }
}

fn time(text: &str) -> Result<Duration, LatencyError> {
    let value = duration::parse(text).map_err(LatencyError)?;
    if value > LONGEST {
        return Err(LatencyError(format!("`{text}` is longer than an hour")));
    }
    Ok(value)
}

fn uniform(text: &str) -> Result<Latency, LatencyError> {
    let (from, to) = text
        .split_once("..")
        .ok_or_else(|| LatencyError(format!("`uniform {text}` needs two ends, as in 1ms..10ms")))?;
    let (from, to) = (time(from)?, time(to)?);
    if from > to {
        return Err(LatencyError(format!("`uniform {text}` ends before it begins")));
    }
    Ok(Latency::Uniform(from, to))
}

fn normal(text: &str) -> Result<Latency, LatencyError> {
    let (mean, sd) = pair(text, '±')
        .ok_or_else(|| LatencyError(format!("`normal {text}` needs a mean and a deviation, as in 20ms±5ms")))?;
    Ok(Latency::Normal { mean: time(mean)?, sd: time(sd)? })
}

fn lognormal(text: &str) -> Result<Latency, LatencyError> {
    let wrong = || LatencyError(format!("`lognormal {text}` needs a median and a sigma from 0 to 10, as in 20ms 0.5"));
    let (median, sigma) = pair(text, ' ').ok_or_else(wrong)?;
    let sigma = sigma.parse().ok().filter(|sigma| (0.0..=10.0).contains(sigma)).ok_or_else(wrong)?;
    Ok(Latency::LogNormal { median: time(median)?, sigma })
}

/// Splits in two at `mark`, or at white space.
fn pair(text: &str, mark: char) -> Option<(&str, &str)> {
    let (first, second) = text.split_once(mark).or_else(|| text.split_once(char::is_whitespace))?;
    Some((first.trim(), second.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn what_people_write() {
        let table = [
            ("none", Latency::None),
            ("5ms", Latency::Constant(5 * MS)),
            ("constant 1.5s", Latency::Constant(1500 * MS)),
            ("uniform 1ms..10ms", Latency::Uniform(MS, 10 * MS)),
            ("normal 20ms±5ms", Latency::Normal { mean: 20 * MS, sd: 5 * MS }),
            ("normal 20ms 5ms", Latency::Normal { mean: 20 * MS, sd: 5 * MS }),
            ("lognormal 20ms 0.5", Latency::LogNormal { median: 20 * MS, sigma: 0.5 }),
            ("  exponential   10ms ", Latency::Exponential { mean: 10 * MS }),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse(), Ok(expected), "{text}");
            assert_eq!(expected.to_string().parse(), Ok(expected), "{expected} reads back");
        }
    }

    #[test]
    fn what_people_write_wrongly() {
        let table = [
            ("", "`` is not a known distribution"),
            ("gamma 5ms", "`gamma` is not a known distribution"),
            ("5 parsecs", "`5 parsecs` is not a duration"),
            ("2h", "longer than an hour"),
            ("uniform 5ms", "needs two ends"),
            ("uniform 5ms..1ms", "ends before it begins"),
            ("normal 5ms", "needs a mean and a deviation"),
            ("lognormal 5ms", "needs a median and a sigma"),
            ("lognormal 5ms -1", "sigma from 0 to 10"),
            ("lognormal 5ms 5ms", "sigma from 0 to 10"),
            ("exponential", "`` is not a duration"),
        ];
        for (text, part) in table {
            let message = text.parse::<Latency>().unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn samples_follow_their_distribution() {
        // (distribution, expected p50, p90, p99 in ms), from tables of the distributions
        let table = [
            ("none", [0.0, 0.0, 0.0]),
            ("5ms", [5.0, 5.0, 5.0]),
            ("uniform 0ms..100ms", [50.0, 90.0, 99.0]),
            ("normal 200ms±50ms", [200.0, 264.08, 316.32]),
            ("normal 0ms±50ms", [0.0, 64.08, 116.32]),
            ("lognormal 20ms 0.5", [20.0, 37.96, 64.0]),
            ("exponential 10ms", [6.931, 23.026, 46.05]),
        ];
        for (text, expected) in table {
            let latency: Latency = text.parse().unwrap();
            let dice = Dice::new(42, 0);
            let mut samples: Vec<f64> = (0..200_000).map(|_| latency.sample(&dice).as_secs_f64() * 1e3).collect();
            samples.sort_by(f64::total_cmp);
            for (share, expected) in [0.5, 0.9, 0.99].into_iter().zip(expected) {
                let got = samples[(share * 2e5) as usize];
                assert!(
                    (got - expected).abs() <= expected * 0.02 + 0.1,
                    "{text} at {share}: {got}, expected {expected}"
                );
            }
        }
    }

    #[test]
    fn no_sample_is_longer_than_an_hour() {
        let latency: Latency = "lognormal 1h 10".parse().unwrap();
        let dice = Dice::new(1, 0);
        assert!((0..1000).all(|_| latency.sample(&dice) <= LONGEST));
    }
}
