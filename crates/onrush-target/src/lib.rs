//! onrush-target
