//! onrush-net
