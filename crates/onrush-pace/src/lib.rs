//! When to fire: load profiles and their segments as pure arithmetic.
//!
//! A [`Profile`] is what was asked for, a list of [`Stage`]s that play one after the other. Its
//! [`Phase`]s are what is played: runs of stages of one kind. An open phase is a function from arrival
//! number to time, a closed one says which user is there when, a counted one how much there is to do.
//! Every one of them can be divided into [`Segment`]s, and the segments of any division add up to the
//! whole exactly: that is what lets threads and machines play a profile without talking to each other.
//!
//! This crate knows no async, no clock, no I/O and no ambient randomness. Times are offsets from the
//! start of a phase; random arrivals flow from a seed that is an argument.

mod closed;
mod counted;
mod decimal;
mod duration;
mod open;
mod profile;
mod random;
mod rate;
mod segment;
mod stage;

pub use closed::{Closed, Span, UserShare};
pub use counted::{Counted, Quota, Share};
pub use decimal::{number_length, scaled};
pub use duration::{DurationError, DurationFlaw, TIME_UNITS, duration_text, parse_duration};
pub use open::{Arrival, Arrivals, Open};
pub use profile::{Flaw, Phase, Profile, ProfileError};
pub use random::Random;
pub use rate::{Per, Rate};
pub use segment::Segment;
pub use stage::{Spacing, Stage};
