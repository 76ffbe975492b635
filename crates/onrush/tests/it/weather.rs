//! Bad weather: servers that misbehave, names and ports that lead nowhere, a machine that runs out. Each
//! ends in a counted, named error; never in a panic, a hang or a silent zero.

mod certificates;
mod closed_ends;
mod exports;
mod hostile;
#[cfg(target_os = "linux")]
mod memory;
mod nowhere;
mod outputs;
mod scarcity;
mod signals;
