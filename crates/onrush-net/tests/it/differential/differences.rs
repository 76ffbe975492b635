//! Where we differ from hyper on purpose. Everything else is a bug of one of the two.

use super::{Outcome, Stream};

/// A difference that is meant.
pub(super) struct Difference {
    pub(super) name: &'static str,
    /// Why ours is what this project wants.
    #[expect(dead_code, reason = "for people who read the table")]
    why: &'static str,
    explains: fn(&Stream, &Outcome, &Outcome) -> bool,
}

pub(super) const DIFFERENCES: &[Difference] = &[
    Difference {
        name: "options beside odd bytes",
        why: "RFC 9110 §5.5: bytes above 0x7f are opaque data; they do not make the options and codings beside \
              them void. hyper ignores a field with such a byte as a whole.",
        explains: |stream, _, _| stream.lines().any(|line| is_option(&line) && !line.is_ascii()),
    },
    Difference {
        name: "bytes that nobody asked for",
        why: "RFC 9112 §6.3: what follows the last answer may be part of it, with a wrong length. hyper ends the \
              connection and says nothing; a measurement must not: when they come together with the end of the \
              answer the exchange fails.",
        explains: |_, ours, theirs| {
            matches!((ours, theirs), (
                Outcome::Excess { status, body },
                Outcome::Answer { status: theirs, body: read, reusable: false, before_close: true },
            ) if status == theirs && body == read)
        },
    },
    Difference {
        name: "nonsense is noticed at once",
        why: "RFC 9112 §4: either way the answer is refused, but hyper looks at the later pieces of a head only when \
              its end is there: a peer that speaks something else is then a timeout instead of a protocol error.",
        explains: |stream, ours, theirs| {
            !stream.cuts.is_empty()
                && *ours == Outcome::Refused { before_close: true }
                && *theirs == Outcome::Refused { before_close: false }
        },
    },
    Difference {
        name: "trailers are not looked into",
        why: "RFC 9112 §7.1.2: a recipient may discard trailers. Ours does, up to 16 KiB; hyper parses them, and \
              refuses malformed ones and more than a hundred.",
        explains: |stream, ours, theirs| {
            stream.has("chunked")
                && !matches!(ours, Outcome::Refused { .. })
                && matches!(theirs, Outcome::Refused { .. })
        },
    },
    Difference {
        name: "a flood of interim answers",
        why: "RFC 9110 §15.2: a client must be able to read several; over a hundred is an attack or a loop. hyper \
              reads them for ever.",
        explains: |stream, ours, _| {
            let interim = stream.lines().filter(|line| line.starts_with(b"http/1.1 1")).count();
            matches!(ours, Outcome::Refused { .. }) && interim > 100
        },
    },
    Difference {
        name: "an upgrade that nobody asked for",
        why: "RFC 9110 §15.2.2: a server switches only to what the client has asked for. hyper leaves it to its user to \
              see that 101 is no answer; here it would count as a success.",
        explains: |stream, ours, theirs| {
            (stream.has("http/1.1 101") || stream.has("http/1.0 101"))
                && matches!(ours, Outcome::Refused { .. })
                && matches!(theirs, Outcome::Answer { status: 101, .. } | Outcome::Excess { status: 101, .. })
        },
    },
    Difference {
        name: "the two largest lengths",
        why: "RFC 9110 §8.6: any number is a valid length. hyper keeps 2^64-1 and 2^64-2 for itself and refuses the \
              head; ours finds the body too short when the peer closes.",
        explains: |stream, ours, theirs| {
            (stream.has("18446744073709551615") || stream.has("18446744073709551614"))
                && *ours == Outcome::Refused { before_close: false }
                && *theirs == Outcome::Refused { before_close: true }
        },
    },
];

/// The difference that accounts for two outcomes, if one does.
pub(super) fn explain(stream: &Stream, ours: &Outcome, theirs: &Outcome) -> Option<&'static Difference> {
    DIFFERENCES.iter().find(|difference| (difference.explains)(stream, ours, theirs))
}

impl Stream {
    /// In whatever case.
    fn has(&self, text: &str) -> bool {
        self.bytes.to_ascii_lowercase().windows(text.len()).any(|window| window == text.as_bytes())
    }

    /// Lines in lower case.
    fn lines(&self) -> impl Iterator<Item = Vec<u8>> {
        self.bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_ascii_lowercase)
    }
}

fn is_option(line: &[u8]) -> bool {
    line.starts_with(b"connection:") || line.starts_with(b"transfer-encoding:")
}
