//! As much of Thrift's compact protocol as the heads of Parquet need.
//! <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>

/// A value.
pub(super) enum Value {
    Int(i32),
    Long(i64),
    Text(String),
    List(Vec<Self>),
    /// Fields by their numbers, in rising order.
    Struct(Vec<(u8, Self)>),
}

impl Value {
    fn code(&self) -> u8 {
        match self {
            Self::Int(_) => 5,
            Self::Long(_) => 6,
            Self::Text(_) => 8,
            Self::List(_) => 9,
            Self::Struct(_) => 12,
        }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.put(&mut bytes);
        bytes
    }

    fn put(&self, to: &mut Vec<u8>) {
        match self {
            Self::Int(number) => put_signed(to, i64::from(*number)),
            Self::Long(number) => put_signed(to, *number),
            Self::Text(text) => {
                put_number(to, text.len() as u64);
                to.extend_from_slice(text.as_bytes());
            }
            Self::List(items) => {
                // Empty lists are of structs, which is as good as anything.
                let code = items.first().map_or(12, Self::code);
                match u8::try_from(items.len()) {
                    Ok(length @ 0..15) => to.push(length << 4 | code),
                    _ => {
                        to.push(0xf0 | code);
                        put_number(to, items.len() as u64);
                    }
                }
                items.iter().for_each(|item| item.put(to));
            }
            Self::Struct(fields) => {
                let mut last = 0;
                for (number, value) in fields {
                    to.push((number - last) << 4 | value.code());
                    value.put(to);
                    last = *number;
                }
                to.push(0);
            }
        }
    }
}

fn put_signed(to: &mut Vec<u8>, number: i64) {
    put_number(to, ((number << 1) ^ (number >> 63)) as u64);
}

fn put_number(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}
