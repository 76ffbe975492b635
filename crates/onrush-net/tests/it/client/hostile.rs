//! Every hostile server of `onrush-target`: the first and the second request of a user, one row a mode.

use std::time::Duration;

use onrush_plan::ClientSettings;
use onrush_target::{Hostile, HostileServer};

use crate::support::{User, kind, play};

/// What two requests in a row come to, and how many connections they take.
const ROWS: &[(Hostile, &str, &str, u64)] = &[
    (Hostile::Refuse, "connect refused", "connect refused", 0),
    (Hostile::SlowFirstByte(Duration::from_millis(5)), "200", "200", 1),
    (Hostile::Drip(Duration::ZERO), "200", "200", 1),
    (Hostile::ResetMidResponse, "reset", "reset", 2),
    (Hostile::Truncate, "closed early", "closed early", 2),
    (Hostile::TooLong, "protocol", "protocol", 2),
    (Hostile::BadChunk, "protocol", "protocol", 2),
    (Hostile::BadChunkSize, "protocol", "protocol", 2),
    (Hostile::EndlessHeader, "protocol", "protocol", 2),
    (Hostile::EndlessChunks, "protocol", "protocol", 2),
    (Hostile::HugeContentLength, "protocol", "protocol", 2),
    (Hostile::CloseBetweenIdle, "200", "200", 2),
    (Hostile::CloseMid, "200", "200", 2),
    (Hostile::Http10, "200", "200", 2),
    (Hostile::Http10KeepAlive, "200", "200", 1),
    (Hostile::Garbage, "protocol", "protocol", 2),
    (Hostile::HalfClose, "200", "200", 2),
    (Hostile::Continue100, "200", "200", 1),
    (Hostile::Many1xx, "200", "200", 1),
    (Hostile::BareLf, "200", "200", 1),
    (Hostile::NoReason, "200", "200", 1),
    (Hostile::LowerCaseHeaders, "200", "200", 1),
    (Hostile::ConflictingContentLengths, "protocol", "protocol", 2),
    (Hostile::ContentLengthAndChunked, "200", "200", 1),
    (Hostile::CloseDelimited, "200", "200", 2),
    (Hostile::Status204WithBody, "protocol", "protocol", 2),
    (Hostile::Trailers, "200", "200", 1),
    (Hostile::Upgrade101, "protocol", "protocol", 2),
];

#[test]
fn every_mode_has_its_verdict() {
    play(async {
        for (mode, first, second, connections) in ROWS {
            let server = HostileServer::start(*mode).unwrap();
            let mut user = User::new(ClientSettings { max_body: 1 << 20, ..ClientSettings::default() });
            let one = user.get(&server.url()).await;
            let two = user.get(&server.url()).await;
            let got = (kind(&one), kind(&two), server.connections());
            assert_eq!(got, ((*first).to_owned(), (*second).to_owned(), *connections), "{mode}: {one:?} {two:?}");
        }
    });
}

/// Modes whose outcome is one of a few: what the system reports first is a matter of time.
#[test]
fn modes_that_race_stay_within_their_kinds() {
    play(async {
        for (mode, kinds) in [
            (Hostile::ResetOnAccept, &["reset", "connect reset", "connect failed"][..]),
            (Hostile::Unasked, &["protocol", "200"][..]),
        ] {
            let server = HostileServer::start(mode).unwrap();
            let exchange = User::plain().get(&server.url()).await;
            assert!(kinds.contains(&kind(&exchange).as_str()), "{mode}: {exchange:?}");
        }
        let server = HostileServer::start(Hostile::AcceptAndSayNothing).unwrap();
        let timeout = Duration::from_millis(30);
        let exchange = User::new(ClientSettings { timeout, ..ClientSettings::default() }).get(&server.url()).await;
        assert_eq!(kind(&exchange), "timeout");
    });
}

#[test]
fn no_mode_is_forgotten() {
    let elsewhere = [Hostile::ResetOnAccept.name(), Hostile::Unasked.name(), Hostile::AcceptAndSayNothing.name()];
    let mut known: Vec<_> = ROWS.iter().map(|row| row.0.name()).chain(elsewhere).collect();
    let mut all: Vec<_> = Hostile::ALL.iter().map(|mode| mode.name()).collect();
    known.sort_unstable();
    all.sort_unstable();
    assert_eq!(known, all);
}
