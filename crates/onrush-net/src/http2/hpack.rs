//! Header compression, RFC 7541: a decoder for what peers send, an encoder for what was made ready to be sent.

mod decoder;
mod encoder;
mod table;

pub(super) use decoder::{Decoder, Malformed};
pub(super) use encoder::{Block, Encoder};
