//! One stage of a load profile, as it was asked for.

use std::fmt;
use std::time::Duration;

use crate::duration_text;
use crate::rate::Rate;

/// How much, for how long, after which law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Closed: a number of users loop; it changes evenly from one number to the other.
    Users {
        /// At the beginning.
        from: u32,
        /// At the end.
        to: u32,
        /// For how long.
        lasts: Duration,
    },
    /// Closed: users share a number of iterations.
    Iterations {
        /// All iterations together.
        total: u64,
        /// Users that do them.
        users: u32,
        /// No iteration is begun after this.
        within: Option<Duration>,
    },
    /// Closed: every user does the same number of iterations.
    IterationsEach {
        /// Iterations of one user.
        each: u64,
        /// Users that do them.
        users: u32,
        /// No iteration is begun after this.
        within: Option<Duration>,
    },
    /// Open: arrivals start at a rate that changes evenly from one value to the other.
    Arrivals {
        /// At the beginning.
        from: Rate,
        /// At the end.
        to: Rate,
        /// For how long.
        lasts: Duration,
        /// How arrivals lie between their neighbours.
        spacing: Spacing,
    },
}

/// How the arrivals of an open stage are spaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spacing {
    /// As evenly as the rate allows.
    #[default]
    Even,
    /// At random and independently, as the requests of many people are: a Poisson process.
    Poisson,
}

impl Stage {
    /// For how long; `None` when that depends on the service.
    pub fn lasts(&self) -> Option<Duration> {
        match self {
            Self::Users { lasts, .. } | Self::Arrivals { lasts, .. } => Some(*lasts),
            Self::Iterations { .. } | Self::IterationsEach { .. } => None,
        }
    }
}

/// In the words of the load grammar, which read back as the same stage.
impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Users { from, to, lasts } if from == to => write!(f, "{} for {}", users(*to), duration_text(*lasts)),
            Self::Users { from, to, lasts } => write!(f, "{from} -> {} over {}", users(*to), duration_text(*lasts)),
            Self::Iterations { total, users: count, within } => {
                write!(f, "{} by {}{}", iterations(*total), users(*count), Within(*within))
            }
            Self::IterationsEach { each, users: count, within } => {
                write!(f, "{} each by {}{}", iterations(*each), users(*count), Within(*within))
            }
            Self::Arrivals { from, to, lasts, spacing } => {
                let law = if *spacing == Spacing::Poisson { "poisson " } else { "" };
                let lasts = duration_text(*lasts);
                if from == to {
                    write!(f, "{law}{to} for {lasts}")
                } else {
                    write!(f, "{law}{from} -> {to} over {lasts}")
                }
            }
        }
    }
}

struct Within(Option<Duration>);

impl fmt::Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |within| write!(f, " within {}", duration_text(within)))
    }
}

fn users(count: u32) -> String {
    format!("{count} {}", if count == 1 { "user" } else { "users" })
}

fn iterations(count: u64) -> String {
    format!("{count} {}", if count == 1 { "iteration" } else { "iterations" })
}
