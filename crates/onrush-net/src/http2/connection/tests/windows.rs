//! Flow control, in both directions.

use super::*;

/// Bytes of a body that were said, and how many frames that took.
fn body(said: &[String]) -> (usize, usize) {
    let sizes = said.iter().filter_map(|line| line.strip_prefix("DATA")?.split(' ').nth(2)?.parse::<usize>().ok());
    sizes.fold((0, 0), |(bytes, frames), size| (bytes + size, frames + 1))
}

#[test]
fn a_body_goes_as_far_as_the_windows() {
    let mut play = Play::greeted(&[]);
    let request = play.send("POST", &vec![b'x'; 200_000]);
    let said = play.said();
    assert_eq!(said[..2], ["HEADERS 1", "DATA 1 16384 bytes"]);
    assert_eq!(body(&said), (65_535, 4));
    play.hears(&window_update(1, 100_000));
    assert_eq!(body(&play.said()), (0, 0), "the connection's window is closed");
    play.hears(&window_update(0, 50_000));
    assert_eq!(body(&play.said()), (50_000, 4));
    play.hears(&window_update(0, 500_000));
    assert_eq!(body(&play.said()), (50_000, 4), "the stream's is");
    play.hears(&window_update(1, 500_000));
    let said = play.said();
    assert_eq!((body(&said), said.last().unwrap().as_str()), ((34_465, 3), "DATA 1 1697 bytes END"));
    play.hears(&headers(END_STREAM, 1, OK));
    let outcome = play.connection.take(play.keys[request]).unwrap();
    assert!((200_000..200_500).contains(&outcome.traffic.sent), "{:?}", outcome.traffic);
}

#[test]
fn a_change_of_the_initial_window_reaches_what_is_in_flight() {
    let mut play = Play::greeted(&[(4, 10_000)]);
    play.hears(&window_update(0, 1_000_000));
    play.send("POST", &vec![b'x'; 30_000]);
    assert_eq!(body(&play.said()).0, 10_000);
    play.hears(&settings(&[(4, 1000)]));
    play.hears(&window_update(1, 9500));
    assert_eq!(body(&play.said()).0, 500, "9,000 of them had been sent beyond the new window");
    play.hears(&settings(&[(4, 40_000)]));
    assert_eq!(body(&play.said()).0, 19_500);
    let other = play.get();
    play.said();
    play.hears(&window_update(3, MAX_31 - 40_000));
    play.hears(&settings(&[(4, 40_001)]));
    assert_eq!(play.became(other), "protocol: a setting makes a window too large (FLOW_CONTROL_ERROR)");
}

#[test]
fn bodies_take_turns() {
    let mut play = Play::greeted(&[(4, 0)]);
    play.send("POST", &vec![b'x'; 20_000]);
    play.send("POST", &vec![b'y'; 20_000]);
    assert_eq!(play.said(), ["HEADERS 1", "HEADERS 3"]);
    play.hears(&settings(&[(4, 1_000_000)]));
    let expected = ["DATA 1 16384 bytes", "DATA 3 16384 bytes", "DATA 1 3616 bytes END", "DATA 3 3616 bytes END"];
    assert_eq!(play.said()[1..], expected, "after the acknowledgement");
}

#[test]
fn what_waits_to_be_written_is_bounded() {
    let mut play = Play::greeted(&[(4, MAX_31)]);
    play.hears(&window_update(0, MAX_31 - FIRST_WINDOW));
    play.send("POST", &vec![b'x'; 10_000_000]);
    assert!(play.connection.waiting().len() < 100_000);
    assert_eq!(body(&play.said()).0, 10_000_000);
}

#[test]
fn an_answer_that_overtakes_its_request_is_the_answer() {
    let mut play = Play::greeted(&[]);
    let request = play.send("POST", &vec![b'x'; 100_000]);
    play.said();
    play.hears(&headers(END_STREAM, 1, &field(":status", "413")));
    assert_eq!((play.became(request).as_str(), play.said()), ("413", vec!["RST_STREAM 1 CANCEL".to_owned()]));
    play.hears(&[window_update(0, 100_000), window_update(1, 100_000)].concat());
    assert!(play.said().is_empty(), "nothing of it is left");
}

#[test]
fn long_heads_are_split_as_the_peer_wants_them() {
    let mut play = Play::greeted(&[(5, 16_384)]);
    let target = Target { method: "GET", scheme: "http", authority: "a", path: "/" };
    let value = vec![0xff; 40_000];
    let wire = Wire::new(&target, [("x", &value[..])], b"").unwrap();
    play.connection.open(Rc::new(wire), play.now);
    let said = play.said();
    assert_eq!(said[..2], ["HEADERS 1 END", "CONTINUATION 1 16384 bytes"]);
    assert_eq!(said.len(), 3);
}

#[test]
fn the_peer_gets_its_windows_back() {
    const PART: usize = 16_384;
    let mut play = Play::greeted(&[]);
    play.connection.limits.body = u64::MAX;
    play.get();
    play.get();
    play.said();
    play.hears(&[headers(0, 1, OK), headers(0, 3, OK)].concat());
    let mut said = Vec::new();
    for _ in 0..(CONNECTION_WINDOW / 2) as usize / PART {
        play.hears(&data(0, 1, &[0; PART]));
        said.extend(play.said());
    }
    assert_eq!(said.iter().filter(|line| *line == "WINDOW_UPDATE 1 +2097152").count(), 16);
    assert_eq!(said.iter().filter(|line| *line == "WINDOW_UPDATE 0 +33554432").count(), 1);
    assert_eq!(said.len(), 17);
}

/// Frames of padding alone fill windows, too.
#[test]
fn a_peer_that_does_not_keep_to_its_windows_is_stopped() {
    let mut play = Play::greeted(&[]);
    play.connection.limits.body = u64::MAX;
    let (one, other) = (play.get(), play.get());
    play.said();
    play.hears(&headers(0, 1, OK));
    let stream = play.connection.streams.find(1).unwrap();
    play.connection.streams.get(stream).unwrap().used = STREAM_WINDOW - 1;
    play.hears(&data(8, 1, &[0]));
    play.said();
    play.connection.streams.get(stream).unwrap().used = STREAM_WINDOW;
    play.hears(&data(8, 1, &[0]));
    assert_eq!(play.became(one), "protocol: the peer sent more than the stream's window");
    assert_eq!(play.said(), ["RST_STREAM 1 FLOW_CONTROL_ERROR"]);
    play.connection.used = CONNECTION_WINDOW;
    play.hears(&data(0, 1, &[0]));
    assert_eq!(play.became(other), "protocol: the peer sent more than the connection's window (FLOW_CONTROL_ERROR)");
}
