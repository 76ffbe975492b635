//! The slowest requests: in the summary, in the JSON, and in what is made of the record.
