//! Arrivals per time, exactly.

use std::fmt;

const MILLION: u64 = 1_000_000;

/// A rate in millionths of an arrival per hour, so that 500/s, 30/m, 100/h and 0.5/s are all exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(u64);

/// The time that a rate is told in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// `/s`
    Second,
    /// `/m`
    Minute,
    /// `/h`
    Hour,
}

impl Rate {
    /// Nothing arrives.
    pub const ZERO: Self = Self(0);
    /// A thousand million arrivals a second: far past what any machine makes, and safe to calculate with.
    pub const MAX: Self = Self(1_000_000_000 * MILLION * 3600);

    /// `millionths` of an arrival per unit of time; `None` past [`Rate::MAX`].
    pub fn from_millionths(millionths: u64, per: Per) -> Option<Self> {
        millionths.checked_mul(per.in_an_hour()).map(Self).filter(|rate| *rate <= Self::MAX)
    }

    /// Whole arrivals per second; `None` past [`Rate::MAX`].
    pub fn per_second(arrivals: u64) -> Option<Self> {
        Self::from_millionths(arrivals.checked_mul(MILLION)?, Per::Second)
    }

    /// Arrivals per second, as near as a float comes.
    pub fn as_per_second(self) -> f64 {
        self.0 as f64 / (3600 * MILLION) as f64
    }

    /// The longest time in which no more than `arrivals` evenly spaced arrivals come, to the nanosecond;
    /// `None` if they never do, or not within the longest duration there is.
    pub fn time_for(self, arrivals: u64) -> Option<std::time::Duration> {
        const NANOS_PER_HOUR: u128 = 3_600_000_000_000;
        let nanos = (u128::from(arrivals) * u128::from(MILLION) * NANOS_PER_HOUR).checked_div(self.0.into())?;
        u64::try_from(nanos).ok().map(std::time::Duration::from_nanos)
    }

    pub(crate) fn millionths_per_hour(self) -> u64 {
        self.0
    }
}

impl Per {
    const fn in_an_hour(self) -> u64 {
        match self {
            Self::Second => 3600,
            Self::Minute => 60,
            Self::Hour => 1,
        }
    }

    const fn suffix(self) -> &'static str {
        match self {
            Self::Second => "/s",
            Self::Minute => "/m",
            Self::Hour => "/h",
        }
    }
}

/// In the largest unit in which the rate is exact with six decimals, so that it reads back as the same rate.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = |per: &Per| self.0.is_multiple_of(per.in_an_hour());
        let per = [Per::Second, Per::Minute].into_iter().find(exact).unwrap_or(Per::Hour);
        let millionths = self.0 / per.in_an_hour();
        let (whole, part) = (millionths / MILLION, millionths % MILLION);
        if part == 0 {
            return write!(f, "{whole}{}", per.suffix());
        }
        let decimals = format!("{part:06}");
        write!(f, "{whole}.{}{}", decimals.trim_end_matches('0'), per.suffix())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_exact_and_read_well() {
        for (millionths, per, expected) in [
            (500 * MILLION, Per::Second, "500/s"),
            (30 * MILLION, Per::Minute, "0.5/s"),
            (1000 * MILLION, Per::Minute, "1000/m"),
            (MILLION, Per::Hour, "1/h"),
            (MILLION / 4, Per::Second, "0.25/s"),
            (1, Per::Hour, "0.000001/h"),
            (0, Per::Minute, "0/s"),
        ] {
            assert_eq!(Rate::from_millionths(millionths, per).unwrap().to_string(), expected);
        }
        assert_eq!(Rate::per_second(1_000_000_000), Some(Rate::MAX));
        assert_eq!(Rate::per_second(1_000_000_001), None);
        assert_eq!(Rate::per_second(u64::MAX), None);
        assert_eq!(Rate::ZERO.time_for(5), None);
        assert_eq!(
            Rate::per_second(3).and_then(|rate| rate.time_for(10)).map(|time| time.as_nanos()),
            Some(3_333_333_333)
        );
    }
}
