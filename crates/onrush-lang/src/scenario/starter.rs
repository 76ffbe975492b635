//! The file to begin with.

/// A commented scenario file, as `onrush new` writes it. It needs nothing but a shop: `onrush serve --listen 7070`.
pub const STARTER: &str = include_str!("starter.yaml");
