//! What people and machines read, as whole texts: the summary, JSON, progress.

mod arbitrary;
mod blocks;
mod compare;
mod files;
mod fixtures;
mod json;
mod page;
mod progress;
mod schema;
mod shared;
mod summary;
mod traced;
mod tui;
mod web;
