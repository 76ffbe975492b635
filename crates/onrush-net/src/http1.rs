//! HTTP/1.1 from the client's side: a reader that takes bytes split anywhere and knows no I/O, and a
//! connection that drives it over a stream with time stamps.

mod chunked;
mod connection;
mod head;
mod reader;
mod usual;

pub use connection::{Answer, Broken, Connection, Flight};
pub use head::Head;
pub use reader::{Expect, Fed, Limits, Missing, ReadContext, ReadError, Reader, Sink};
