//! What a virtual user knows and says: variables, templates, drawn data, what is read from answers, checks.
//!
//! A [`onrush_plan::Play`] is compiled once a worker; from then on users fill templates, draw rows and look at answers.
//! No I/O, no clock, no ambient randomness: answers, times and seeds are arguments. When something is sent, and how
//! it is recorded, is the engine's business; what the file looks like is `onrush-lang`'s.

mod syntax;

pub use syntax::{FUNCTIONS, Names, SyntaxError, check_expression};
