//! Streams by chance: well-formed responses in all shapes, then damaged, split anywhere.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::Stream;

/// A piece of damage to the bytes of a response.
#[derive(Clone, Debug)]
enum Damage {
    Replace(Index, u8),
    Insert(Index, &'static str),
    Remove(Index),
    Repeat(Index, Index),
    Cut(Index),
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        match self {
            Self::Replace(at, byte) => bytes[at.index(length)] = *byte,
            Self::Insert(at, text) => {
                let at = at.index(length);
                bytes.splice(at..at, text.bytes());
            }
            Self::Remove(at) => drop(bytes.remove(at.index(length))),
            Self::Repeat(one, other) => {
                let (one, other) = (one.index(length), other.index(length));
                let again = bytes[one.min(other)..one.max(other)].to_vec();
                bytes.splice(one.min(other)..one.min(other), again);
            }
            Self::Cut(at) => bytes.truncate(at.index(length)),
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let byte = prop_oneof![select(b"\r\n :;,0159afAF\t\0\x7f\x80".to_vec()), any::<u8>()];
    prop_oneof![
        (any::<Index>(), byte).prop_map(|(at, byte)| Damage::Replace(at, byte)),
        (any::<Index>(), select(TEXTS)).prop_map(|(at, text)| Damage::Insert(at, text)),
        any::<Index>().prop_map(Damage::Remove),
        (any::<Index>(), any::<Index>()).prop_map(|(one, other)| Damage::Repeat(one, other)),
        any::<Index>().prop_map(Damage::Cut),
    ]
}

/// What damage inserts.
const TEXTS: &[&str] =
    &["\r\n", "\n", "\r", ",", " ", "0", "\r\n\r\n", "Connection: close\r\n", "Content-Length: 3\r\n", "1\r\n"];

/// Headers that say nothing of the framing, or something that changes it.
const FIELDS: &[&str] = &[
    "Server: a",
    "Date: Thu, 01 Jan 1970 00:00:00 GMT",
    "Connection: close",
    "Connection: keep-alive",
    "Connection: Upgrade, close",
    "Keep-Alive: timeout=5, max=100",
    "Content-Length: 5",
    "Content-Length: 5, 5",
    "Content-Length: 7",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip",
    "Location: /elsewhere",
    "X-Empty:",
];

/// A body and the field that announces it.
fn framed() -> impl Strategy<Value = (String, Vec<u8>)> {
    let body = || "[ -~\r\n]{0,40}";
    let extension = select(&["", ";a", " ", ";a=\"b\""][..]);
    let chunks = vec(("[ -~\r\n]{1,20}", extension), 0..4);
    prop_oneof![
        body().prop_map(|body| (format!("Content-Length: {}\r\n", body.len()), body.into_bytes())),
        body().prop_map(|body| (String::new(), body.into_bytes())),
        (chunks, any::<bool>()).prop_map(|(chunks, with_trailer)| {
            let one = |(data, extension): &(String, &str)| format!("{:x}{extension}\r\n{data}\r\n", data.len());
            let data: String = chunks.iter().map(one).collect();
            let trailer = if with_trailer { "A: b\r\n" } else { "" };
            ("Transfer-Encoding: chunked\r\n".to_owned(), format!("{data}0\r\n{trailer}\r\n").into_bytes())
        }),
    ]
}

fn response() -> impl Strategy<Value = Vec<u8>> {
    let interim = select(&["", "", "", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Hints\r\nLink: a\r\n\r\n"][..]);
    let version = select(&["1.1", "1.1", "1.1", "1.0"][..]);
    let status = select(&[200, 200, 200, 204, 206, 301, 304, 404, 500, 101][..]);
    let fields = vec(select(FIELDS), 0..3);
    let end = select(&["\r\n", "\r\n", "\r\n", "\n"][..]);
    (interim, version, status, fields, framed(), end).prop_map(|(interim, version, status, fields, framed, end)| {
        let (announced, body) = framed;
        let fields: String = fields.iter().flat_map(|field| [*field, end]).collect();
        let head = format!("{interim}HTTP/{version} {status} Reason{end}{fields}{announced}{end}");
        [head.into_bytes(), body].concat()
    })
}

fn stream() -> impl Strategy<Value = Stream> {
    let damages = prop_oneof![2 => Just(Vec::new()), 3 => vec(damage(), 1..4)];
    let head = prop::bool::weighted(0.15);
    (head, response(), damages, vec(any::<Index>(), 0..6)).prop_map(|(head, mut bytes, damages, cuts)| {
        damages.iter().for_each(|damage| damage.apply(&mut bytes));
        let length = bytes.len().max(1);
        Stream::whole(head, bytes).split(cuts.iter().map(|cut| cut.index(length)))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn any_stream_means_the_same_to_both(stream in stream()) {
        if let Err(outcomes) = stream.compare() {
            prop_assert!(false, "{stream:?}\n ours: {}\nhyper: {}", outcomes.0, outcomes.1);
        }
    }
}
