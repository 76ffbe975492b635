//! onrush-engine
