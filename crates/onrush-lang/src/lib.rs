//! onrush-lang
