//! onrush
