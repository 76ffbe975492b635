//! Scenario files: each kind of step does what it says, draws come out as written, and what goes wrong is told.

mod answers;
mod bodies;
mod data;
mod examples;
mod farewell;
mod includes;
mod kit;
mod luck;
mod mistakes;
mod patience;
mod proxies;
mod runs;
mod sessions;
mod signatures;
mod spans;
mod steps;
mod tls;
mod tokens;
mod troubles;
