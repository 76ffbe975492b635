//! The least that a client costs: raw epoll, one request out, one read in, no parsing.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;

use rustix::event::epoll;

use crate::canned::ANSWER;
use crate::clock::{nanos, seconds};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: floor\r\nAccept: */*\r\n\r\n";

/// `floor ADDRESS CONNECTIONS SECONDS`
pub(crate) fn main(arguments: &[&str]) -> ExitCode {
    let parsed = match arguments {
        [addr, connections, secs] => (*addr, connections.parse().unwrap_or(1), secs.parse().unwrap_or(1)),
        _ => return ExitCode::from(104),
    };
    match run(parsed.0, parsed.1, parsed.2) {
        Ok(requests) => {
            println!("{requests} requests");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("floor: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(addr: &str, connections: usize, secs: u64) -> std::io::Result<u64> {
    let poll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let mut streams = Vec::new();
    for key in 0..connections {
        let mut stream = TcpStream::connect(addr)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        epoll::add(&poll, &stream, epoll::EventData::new_u64(key as u64), epoll::EventFlags::IN)?;
        stream.write_all(REQUEST)?;
        streams.push((stream, 0));
    }
    let mut events = Vec::with_capacity(1024);
    let mut buffer = vec![0; 64 * 1024];
    let mut requests = 0;
    let until = nanos() + seconds(secs);
    while nanos() < until {
        events.clear();
        epoll::wait(&poll, rustix::buffer::spare_capacity(&mut events), None)?;
        for event in &events {
            let (stream, received) = &mut streams[event.data.u64() as usize];
            *received += stream.read(&mut buffer)?;
            if *received >= ANSWER.len() {
                *received = 0;
                requests += 1;
                stream.write_all(REQUEST)?;
            }
        }
    }
    Ok(requests)
}
