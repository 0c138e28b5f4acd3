//! Opens many event streams in one thread and checks what comes: every number once and in order, and how late.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream as Connection};
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::histogram::Histogram;
use crate::message::{Patterns, head_end};
use crate::now_us;
use crate::options::Options;

const BUFFER_BYTES: usize = 1 << 20;
const EVENTS: usize = 1_024;

struct Stream {
    socket: TcpStream,
    /// What has come of a message that is not whole yet.
    rest: Vec<u8>,
    answered: bool,
    last: u64,
    /// When the newest event of the last message was due.
    newest_us: u64,
    closed: bool,
}

struct Seen {
    events: u64,
    messages: u64,
    bytes: u64,
    gaps: u64,
    doubles: u64,
    told: u64,
    latency: Histogram,
    picture: Histogram,
}

/// Opens `--clients` streams of `--address` and `--path`, says READY once all were answered, and listens until every
/// client has seen the numbers `--from` to `--until`, nothing has come for `--idle-ms`, or `--seconds` are over.
/// `--stuck` more clients never read. `--conflated 1`: numbers may be missing.
pub(crate) fn run(options: &Options) -> io::Result<()> {
    let address: SocketAddr = options.text("address")?.parse().map_err(io::Error::other)?;
    let request =
        format!("GET {} HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n\r\n", options.text("path")?);
    let conflated = options.number("conflated", 0)? == 1;
    let first: u64 = options.number("from", 1)?;
    let until: u64 = options.number("until", u64::MAX)?;
    let idle_us = options.number("idle-ms", 1_000)? * 1_000;
    let clients = options.number("clients", 1)?;
    let mut poll = Poll::new()?;
    let _stuck = (0..options.number("stuck", 0)?).map(|_| open(address, &request)).collect::<io::Result<Vec<_>>>()?;
    let mut streams = Vec::new();
    for token in 0..clients {
        let connection = open(address, &request)?;
        connection.set_nonblocking(true)?;
        let mut socket = TcpStream::from_std(connection);
        poll.registry().register(&mut socket, Token(token), Interest::READABLE)?;
        streams.push(Stream {
            socket,
            rest: Vec::new(),
            answered: false,
            last: first - 1,
            newest_us: 0,
            closed: false,
        });
    }
    let patterns = Patterns::new();
    let mut seen = Seen {
        events: 0,
        messages: 0,
        bytes: 0,
        gaps: 0,
        doubles: 0,
        told: 0,
        latency: Histogram::new(),
        picture: Histogram::new(),
    };
    let mut events = Events::with_capacity(EVENTS);
    let mut buffer = vec![0; BUFFER_BYTES];
    let ends = now_us() + options.number("seconds", 10)? * 1_000_000;
    let (mut waiting, mut finished, mut heard) = (streams.len(), 0, u64::MAX);
    while now_us() < ends && finished < streams.len() && now_us().saturating_sub(heard) < idle_us {
        let before = seen.events;
        poll.poll(&mut events, Some(Duration::from_millis(50)))?;
        for event in &events {
            let stream = &mut streams[event.token().0];
            let (answered, last) = (stream.answered, stream.last);
            stream.read(&mut buffer, &patterns, &mut seen, conflated)?;
            finished += usize::from(last < until && stream.last >= until);
            if stream.answered && !answered {
                waiting -= 1;
                if waiting == 0 {
                    println!("READY");
                }
            }
        }
        if seen.events > before {
            heard = now_us();
        }
    }
    let behind =
        if until == u64::MAX { 0 } else { streams.iter().map(|stream| until.saturating_sub(stream.last)).sum() };
    let closed = streams.iter().filter(|stream| stream.closed).count();
    println!(
        "{{\"events\":{},\"messages\":{},\"bytes\":{},\"gaps\":{},\"doubles\":{},\"behind\":{behind},\"told\":{},\"closed\":{closed},{},{}}}",
        seen.events,
        seen.messages,
        seen.bytes,
        seen.gaps,
        seen.doubles,
        seen.told,
        seen.latency.json("latency"),
        seen.picture.json("picture"),
    );
    Ok(())
}

fn open(address: SocketAddr, request: &str) -> io::Result<Connection> {
    let mut connection = Connection::connect(address)?;
    connection.write_all(request.as_bytes())?;
    Ok(connection)
}

impl Stream {
    fn read(&mut self, buffer: &mut [u8], patterns: &Patterns, seen: &mut Seen, conflated: bool) -> io::Result<()> {
        loop {
            let kept = self.rest.len();
            buffer[..kept].copy_from_slice(&self.rest);
            let count = match self.socket.read(&mut buffer[kept..]) {
                Ok(0) => {
                    self.closed = true;
                    return Ok(());
                }
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            seen.bytes += count as u64;
            let mut data = &buffer[..kept + count];
            if !self.answered {
                match head_end(data)? {
                    Some(end) => {
                        self.answered = true;
                        data = &data[end..];
                    }
                    None => {
                        self.rest = data.to_vec();
                        return Ok(());
                    }
                }
            }
            let whole = memchr::memmem::rfind(data, b"\n\n").map_or(0, |at| at + 2);
            self.take(&data[..whole], patterns, seen, conflated);
            self.rest.clear();
            self.rest.extend_from_slice(&data[whole..]);
            if kept + count < buffer.len() {
                return Ok(());
            }
        }
    }

    /// Whole messages.
    fn take(&mut self, mut data: &[u8], patterns: &Patterns, seen: &mut Seen, conflated: bool) {
        let now = now_us();
        while let Some(end) = patterns.end.find(data) {
            self.message(&data[..end], now, patterns, seen, conflated);
            data = &data[end + 2..];
        }
    }

    fn message(&mut self, mut data: &[u8], now: u64, patterns: &Patterns, seen: &mut Seen, conflated: bool) {
        let (mut newest_us, mut newest) = (0, self.last);
        while let Some((number, due, rest)) = patterns.next_event(data) {
            data = rest;
            seen.events += 1;
            seen.latency.add(now.saturating_sub(due));
            newest_us = newest_us.max(due);
            if conflated {
                newest = newest.max(number);
            } else if number == self.last + 1 {
                self.last = number;
            } else if number <= self.last {
                seen.doubles += 1;
            } else {
                seen.gaps += number - self.last - 1;
                self.last = number;
            }
        }
        if newest_us == 0 {
            seen.told += u64::from(memchr::memmem::find(data, b"event: ").is_some());
            return;
        }
        seen.messages += 1;
        if conflated {
            seen.doubles += u64::from(newest == self.last);
            self.last = newest;
            if self.newest_us > 0 {
                seen.picture.add(now.saturating_sub(self.newest_us));
            }
            self.newest_us = newest_us;
        }
    }
}
