//! Header compression, RFC 7541: a decoder for what peers send, and the encoding of what is prepared.

mod decoder;
mod encoder;
mod table;

pub(super) use decoder::{Decoder, Malformed};
pub(super) use encoder::{Block, TABLE_EMPTIED};
