//! Peers that send bytes of their own making: what only a real connection shows. What frames may not be is
//! tested beside the connection's state.

use std::net::SocketAddr;
use std::time::Duration;

use onrush_net::Exchange;
use onrush_plan::ClientSettings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::{check, settings};
use crate::support::{User, get, kind, play, post};

/// Settings, and a whole answer on stream 1 in three frames.
const ANSWER: &[u8] =
    b"\0\0\0\x04\0\0\0\0\0\0\0\x01\x01\x04\0\0\0\x01\x88\0\0\x02\0\0\0\0\0\x01he\0\0\x03\0\x01\0\0\0\x01llo";
const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0--------";

/// What a peer does once it has read a request.
#[derive(Clone, Copy, Debug)]
enum Then<'a> {
    /// Sends this and stays.
    Say(&'a [u8]),
    /// Sends this and closes the connection in order.
    Close(&'a [u8]),
    Reset,
    /// Sends this for ever, and reads nothing.
    Flood(&'static [u8]),
}

/// Reads frames up to the end of the first request.
async fn request(stream: &mut TcpStream) {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.unwrap();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let mut payload = vec![0; usize::from(u16::from_be_bytes([head[1], head[2]]))];
        stream.read_exact(&mut payload).await.unwrap();
        let ends_stream = head[4] & 1 == 1;
        if head[3] <= 1 && ends_stream {
            return;
        }
    }
}

async fn serve(mut stream: TcpStream, then: Then<'_>) {
    request(&mut stream).await;
    match then {
        Then::Say(bytes) => {
            stream.write_all(bytes).await.unwrap();
            std::future::pending::<()>().await;
        }
        Then::Close(bytes) => {
            stream.write_all(bytes).await.unwrap();
            stream.shutdown().await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
        Then::Reset => stream.set_zero_linger().unwrap(),
        Then::Flood(bytes) => {
            let many = bytes.repeat(1000);
            stream.write_all(SETTINGS).await.unwrap();
            while stream.write_all(&many).await.is_ok() {}
        }
    }
}

/// One request of a new user to a peer.
async fn asked(then: Then<'_>, is_order: bool) -> Exchange {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let listener = socket.listen(1).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let timeout = Duration::from_millis(500);
    let mut user = User::new(ClientSettings { timeout, ..settings() });
    let mut exchange = Box::pin(user.send(if is_order { post(&url) } else { get(&url) }));
    let (stream, _) = tokio::select! {
        accepted = listener.accept() => accepted.unwrap(),
        _ = &mut exchange => panic!("nothing has been answered"),
    };
    tokio::select! {
        exchange = &mut exchange => exchange,
        () = serve(stream, then) => exchange.await,
    }
}

fn said(exchange: &Exchange) -> String {
    exchange.result.as_ref().map_or_else(ToString::to_string, ToString::to_string)
}

#[test]
fn every_end_of_a_connection_has_its_name() {
    const WENT_AWAY: &[u8] = b"\0\0\0\x04\0\0\0\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\x01\0\0\0\x0b";
    const CLOSED: &str = "the peer closed the HTTP/2 connection before the answer was whole";
    play(async {
        for (then, expected, text) in [
            (Then::Say(ANSWER), "200", "200"),
            (Then::Close(ANSWER), "200", "200"),
            (
                Then::Say(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
                "protocol",
                "the peer answered in HTTP/1, not in HTTP/2 (PROTOCOL_ERROR)",
            ),
            (Then::Close(b""), "closed early", CLOSED),
            (Then::Close(SETTINGS), "closed early", CLOSED),
            (Then::Close(b"HTTP/1.1"), "closed early", CLOSED),
            (
                Then::Close(WENT_AWAY),
                "closed early",
                &format!("{CLOSED}; before that, the peer ended the HTTP/2 connection: ENHANCE_YOUR_CALM"),
            ),
            (
                Then::Say(b"\0\0\0\x06\0\0\0\0\0"),
                "protocol",
                "the peer did not begin with its settings (PROTOCOL_ERROR)",
            ),
            (Then::Reset, "reset", "Connection reset by peer (os error 104)"),
            (Then::Flood(PING), "protocol", "the peer wants 1000 answers and reads none (ENHANCE_YOUR_CALM)"),
            (Then::Flood(SETTINGS), "protocol", "the peer wants 1000 answers and reads none (ENHANCE_YOUR_CALM)"),
            (Then::Say(b""), "timeout", "no complete answer within 500ms"),
            (Then::Say(SETTINGS), "timeout", "no complete answer within 500ms"),
        ] {
            for is_order in [false, true] {
                let exchange = asked(then, is_order).await;
                assert_eq!(said(&exchange), text, "{then:?}");
                check(&exchange, expected, 1, 0, 0);
                assert!(exchange.sent == 1 && exchange.bytes_sent > 70, "{then:?}: {exchange:?}");
            }
        }
    });
}

#[test]
fn closing_at_every_byte_is_closing_early() {
    play(async {
        for cut in 0..ANSWER.len() {
            assert_eq!(kind(&asked(Then::Close(&ANSWER[..cut]), false).await), "closed early", "{cut}");
        }
    });
}
