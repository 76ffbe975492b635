//! onrush-report
