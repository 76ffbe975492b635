//! How a hostile server treats one connection, from its first byte to its end.

use std::io;
use std::time::Duration;

use super::Hostile;
use super::canned::{self, GOOD, Then};
use super::wire::Wire;

/// Plays the mode on a connection. Errors are those of the client going away, which is as good an end as any.
pub(super) async fn play(mode: Hostile, mut wire: Wire) -> io::Result<()> {
    if let Some((answer, then)) = canned::of(mode) {
        return can(wire, answer.as_bytes(), then).await;
    }
    match mode {
        Hostile::ResetOnAccept => wire.reset(),
        Hostile::SlowFirstByte(time) => slow_first_byte(wire, time).await,
        Hostile::Drip(time) => drip(wire, time).await,
        Hostile::CloseMid => close_mid(wire).await,
        Hostile::Unasked => unasked(wire).await,
        Hostile::EndlessHeader => endless(wire, "HTTP/1.1 200 OK\r\n", "X-Endless: and on and on\r\n").await,
        Hostile::EndlessChunks => {
            endless(wire, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "6\r\nhello\n\r\n").await
        }
        // Nobody comes here by `Refuse`, and the canned ones are done.
        _ => wire.listen().await,
    }
}

async fn can(mut wire: Wire, answer: &[u8], then: Then) -> io::Result<()> {
    while wire.request().await? {
        wire.send(answer).await?;
        match then {
            Then::Next => {}
            Then::Close => return wire.close().await,
            Then::HalfClose => {
                wire.finish().await?;
                return wire.listen().await;
            }
            Then::Reset => return wire.reset(),
        }
    }
    Ok(())
}

async fn slow_first_byte(mut wire: Wire, time: Duration) -> io::Result<()> {
    while wire.request().await? {
        tokio::time::sleep(time).await;
        wire.send(GOOD.as_bytes()).await?;
    }
    Ok(())
}

async fn drip(mut wire: Wire, time: Duration) -> io::Result<()> {
    while wire.request().await? {
        for byte in GOOD.as_bytes().chunks(1) {
            wire.send(byte).await?;
            tokio::time::sleep(time).await;
        }
    }
    Ok(())
}

async fn close_mid(mut wire: Wire) -> io::Result<()> {
    if wire.request().await? {
        wire.send(GOOD.as_bytes()).await?;
        wire.request().await?;
    }
    wire.close().await
}

async fn unasked(mut wire: Wire) -> io::Result<()> {
    wire.send(GOOD.as_bytes()).await?;
    while wire.request().await? {
        wire.send(GOOD.repeat(2).as_bytes()).await?;
    }
    Ok(())
}

/// As fast as the client reads, until it ends.
async fn endless(mut wire: Wire, head: &str, more: &str) -> io::Result<()> {
    if wire.request().await? {
        wire.send(head.as_bytes()).await?;
        let more = more.repeat(500);
        loop {
            wire.send(more.as_bytes()).await?;
        }
    }
    Ok(())
}
