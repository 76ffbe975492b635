//! onrush-pace
