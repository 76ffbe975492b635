//! What hyper's client connection makes of a stream.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::client::conn::http1::{self, Connection, SendRequest};

use super::script::{Script, settle};
use super::{Outcome, Stream};

pub(super) fn read(stream: &Stream) -> Outcome {
    let script = Script::new(stream.pieces());
    let (mut sender, connection) = connect(script.clone());
    let method = if stream.head { "HEAD" } else { "GET" };
    let request = Request::builder().method(method).uri("/").header("host", "a.example.com");
    let answering = sender.send_request(request.body(Empty::new()).unwrap());
    let mut answering = pin!(async {
        let (head, body) = answering.await?.into_parts();
        let body = body.collect().await?.to_bytes();
        hyper::Result::Ok((head.status.as_u16(), body.escape_ascii().to_string()))
    });
    let (mut connection, mut answer) = (Some(connection), None);
    let mut drive = || {
        settle(|cx| {
            if connection.as_mut().is_some_and(|connection| std::pin::Pin::new(connection).poll(cx).is_ready()) {
                connection = None;
            }
            if answer.is_none()
                && let Poll::Ready(done) = answering.as_mut().poll(cx)
            {
                answer = Some(done);
            }
        });
        answer.is_some()
    };
    let before_close = drive();
    let reusable = before_close && sender.is_ready();
    if !before_close {
        script.close();
        assert!(drive(), "an answer or an error once the peer has closed");
    }
    match answer {
        Some(Ok((status, body))) => Outcome::Answer { status, body, before_close, reusable },
        _ => Outcome::Refused { before_close },
    }
}

type Body = Empty<Bytes>;

fn connect(script: Script) -> (SendRequest<Body>, Connection<Script, Body>) {
    let mut shaking = pin!(http1::handshake(script));
    let mut shaken = None;
    settle(|cx| {
        if let Poll::Ready(done) = shaking.as_mut().poll(cx) {
            shaken = done.ok();
        }
    });
    shaken.expect("a handshake of HTTP/1.1 has nothing to wait for")
}
