//! What holds for whatever a peer sends.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

/// Frames that are mostly right: the more of them are, the further a connection gets.
fn frames() -> impl Strategy<Value = Vec<u8>> {
    let id = || select(vec![1_u32, 1, 3, 5, 0, 2, 7]);
    let blocks =
        vec![OK.to_vec(), b"\x89".to_vec(), b"\x40\x01a\x01b".to_vec(), b"\x88\xbe".to_vec(), field(":status", "103")];
    let flags = || select(vec![0, 0, END_STREAM, END_STREAM, 8]);
    let body = || prop::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        4 => (flags(), id(), select(blocks)).prop_map(|(flags, id, block)| headers(flags, id, &block)),
        4 => (flags(), id(), body()).prop_map(|(flags, id, body)| data(flags, id, &body)),
        1 => (id(), 0..14_u32).prop_map(|(id, code)| reset(id, code)),
        1 => (1..8_u16, 0..100_000_u32).prop_map(|setting| settings(&[setting])),
        1 => Just(ping()),
        1 => (id(), 0..14_u32).prop_map(|(last, code)| go_away(last, code)),
        1 => (id(), 0..100_000_u32).prop_map(|(id, more)| window_update(id, more)),
        1 => (0..12_u8, any::<u8>(), id(), body()).prop_map(|(kind, flags, id, body)| frame(kind, flags, id, &body)),
        1 => body(),
    ]
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(frames(), 0..20).prop_map(|frames| [settings(&[]), frames.concat()].concat())
}

/// What three requests come to, and everything that we say, when bytes come in pieces.
fn played(bytes: &[u8], pieces: &[Index]) -> (Vec<String>, Vec<String>) {
    let mut play = Play::new();
    play.get();
    play.send("POST", &vec![b'x'; 100_000]);
    play.send("HEAD", &[]);
    let mut cuts: Vec<_> = pieces.iter().map(|piece| piece.index(bytes.len() + 1)).chain([0, bytes.len()]).collect();
    cuts.sort_unstable();
    cuts.windows(2).for_each(|cut| play.connection.receive(&bytes[cut[0]..cut[1]], play.now));
    assert!(play.connection.waiting().len() < 200_000 + bytes.len());
    let said = described(play.connection.waiting());
    play.ends();
    (said, (0..3).map(|number| play.became(number)).collect())
}

proptest! {
    #[test]
    fn where_bytes_are_split_makes_no_difference(bytes in stream(), pieces: Vec<Index>) {
        prop_assert_eq!(played(&bytes, &pieces), played(&bytes, &[]));
    }

    #[test]
    fn every_request_ends(bytes in prop_oneof![stream(), any::<Vec<u8>>()]) {
        let (_, became) = played(&bytes, &[]);
        prop_assert!(became.iter().all(|fate| fate != "…"), "{:?}", became);
    }

    #[test]
    fn requests_may_be_given_up_at_any_time(bytes in stream(), cut: Index, number in 0..3_usize) {
        let mut play = Play::new();
        for _ in 0..3 {
            play.get();
        }
        let (before, after) = bytes.split_at(cut.index(bytes.len()));
        play.hears(before);
        play.given_up(number);
        play.hears(after);
        play.ends();
        for other in (0..3).filter(|other| *other != number) {
            prop_assert_ne!(play.became(other), "…");
        }
        prop_assert_eq!(play.connection.streams.open(), 0);
    }
}
