//! What people and machines read, as whole texts: the summary, JSON, progress.

mod arbitrary;
mod blocks;
mod fixtures;
mod json;
mod progress;
mod shared;
mod summary;
mod traced;
mod tui;
