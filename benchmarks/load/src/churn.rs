//! Clients that come and go, each going on behind the last event it had: nothing may be missing, nothing come twice.
//!
//! Of 25 clients one takes every event, five are conflated at 4 Hz, and the others want one symbol each. A client stays
//! for 2 to 30 s and leaves without a word; mostly it is back within two seconds, of ten times once within ten, and of
//! two hundred once within thirty, when only Redis holds what it lacks.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream as Connection};
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Registry, Token};

use crate::histogram::Histogram;
use crate::message::{Patterns, head_end};
use crate::now_us;
use crate::options::Options;
use crate::publish::SYMBOLS;

const BUFFER_BYTES: usize = 1 << 20;
const EVENTS: usize = 1_024;
const TURN: Duration = Duration::from_millis(10);
const SECOND_US: u64 = 1_000_000;

/// What a client takes of the numbered events.
#[derive(Clone, Copy)]
enum Wants {
    Every,
    /// The symbol at this place among the publisher's.
    Symbol(u64),
    Newest,
}

struct Client {
    wants: Wants,
    socket: Option<TcpStream>,
    /// When it leaves or comes back.
    next_us: u64,
    came_us: u64,
    answered: bool,
    rest: Vec<u8>,
    /// The number of the last event, 0 before the first.
    last: u64,
    last_id: Vec<u8>,
    random: u64,
}

#[derive(Default)]
struct Seen {
    events: u64,
    bytes: u64,
    opened: u64,
    resumed: u64,
    lost: u64,
    doubled: u64,
    /// Resets, and clients that were conflated though they did not ask for it.
    told: u64,
    /// Streams that the server ended.
    closed: u64,
}

struct Crowd {
    clients: Vec<Client>,
    address: SocketAddr,
    path: String,
    patterns: Patterns,
    seen: Seen,
    /// Delays of events that were due while their client was there.
    latency: Histogram,
}

/// Keeps `--clients` coming to `--address` and `--path` and going until event `--until` is due to be there, then waits
/// until all have everything, for `--seconds` in all at the most. Says READY when the first ones are there.
pub(crate) fn run(options: &Options) -> io::Result<()> {
    let clients = options.number("clients", 500)?;
    let until: u64 = options.number("until", u64::MAX)?;
    let mut crowd = Crowd {
        clients: (0..clients).map(Client::new).collect(),
        address: options.text("address")?.parse().map_err(io::Error::other)?,
        path: options.text("path")?.to_owned(),
        patterns: Patterns::new(),
        seen: Seen::default(),
        latency: Histogram::new(),
    };
    let ends = now_us() + options.number("seconds", 60)? * SECOND_US;
    crowd.listen(until, ends)?;
    crowd.report(until);
    Ok(())
}

impl Crowd {
    fn listen(&mut self, until: u64, ends: u64) -> io::Result<()> {
        let mut poll = Poll::new()?;
        let mut events = Events::with_capacity(EVENTS);
        let mut buffer = vec![0; BUFFER_BYTES];
        let mut said = false;
        let mut looked = 0;
        loop {
            let now = now_us();
            if now >= looked + 10_000 {
                looked = now;
                // Once somebody has the last event nobody leaves any more.
                let over = self.clients.iter().any(|client| client.last >= until);
                if now >= ends || (over && self.clients.iter().all(|client| client.has_all(until))) {
                    return Ok(());
                }
                self.move_on(now, over, poll.registry())?;
            }
            poll.poll(&mut events, Some(TURN))?;
            for event in &events {
                let Some(client) = self.clients.get_mut(event.token().0) else { continue };
                client.read(&mut buffer, &self.patterns, &mut self.seen, &mut self.latency)?;
            }
            if !said && self.clients.iter().all(|client| client.answered) {
                said = true;
                println!("READY");
            }
        }
    }

    /// Lets those come and go whose time it is.
    fn move_on(&mut self, now: u64, over: bool, registry: &Registry) -> io::Result<()> {
        for (token, client) in self.clients.iter_mut().enumerate() {
            if client.socket.is_none() && (client.next_us <= now || over) {
                client.open(self.address, &self.path, Token(token), registry)?;
                client.next_us = now + client.between(2 * SECOND_US, 30 * SECOND_US);
                self.seen.opened += 1;
                self.seen.resumed += u64::from(client.last > 0);
            } else if client.socket.is_some() && client.next_us <= now && !over && client.answered {
                client.leave();
                let longest = match client.between(0, 200) {
                    0 => 30,
                    1..20 => 10,
                    _ => 2,
                };
                client.next_us = now + client.between(50_000, longest * SECOND_US);
            }
        }
        Ok(())
    }

    fn report(&self, until: u64) {
        let seen = &self.seen;
        let behind = self.clients.iter().filter(|client| !client.has_all(until)).count();
        println!(
            "{{\"events\":{},\"bytes\":{},\"opened\":{},\"resumed\":{},\"lost\":{},\"doubled\":{},\"told\":{},\
             \"closed\":{},\"behind\":{behind},{}}}",
            seen.events,
            seen.bytes,
            seen.opened,
            seen.resumed,
            seen.lost,
            seen.doubled,
            seen.told,
            seen.closed,
            self.latency.json("latency"),
        );
    }
}

impl Client {
    fn new(number: u64) -> Self {
        let wants = match number % 25 {
            0 => Wants::Every,
            1..=5 => Wants::Newest,
            _ => Wants::Symbol(number % SYMBOLS.len() as u64),
        };
        Self {
            wants,
            socket: None,
            next_us: 0,
            came_us: 0,
            answered: false,
            rest: Vec::new(),
            last: 0,
            last_id: Vec::new(),
            random: number + 1,
        }
    }

    /// A number from `low` up to but not with `high`, by xorshift: the same crowd in every run.
    fn between(&mut self, low: u64, high: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        low + (self.random >> 11) % (high - low)
    }

    fn open(&mut self, address: SocketAddr, path: &str, token: Token, registry: &Registry) -> io::Result<()> {
        let mut connection = Connection::connect(address)?;
        let query = match self.wants {
            Wants::Every => String::new(),
            Wants::Newest => "?conflate=4".to_owned(),
            Wants::Symbol(place) => format!("?symbols={}", SYMBOLS[usize::try_from(place).unwrap_or(0)]),
        };
        write!(connection, "GET {path}{query} HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n")?;
        if !self.last_id.is_empty() {
            write!(connection, "Last-Event-ID: {}\r\n", String::from_utf8_lossy(&self.last_id))?;
        }
        connection.write_all(b"\r\n")?;
        connection.set_nonblocking(true)?;
        let mut socket = TcpStream::from_std(connection);
        registry.register(&mut socket, token, Interest::READABLE)?;
        (self.socket, self.came_us, self.answered) = (Some(socket), now_us(), false);
        Ok(())
    }

    fn leave(&mut self) {
        self.socket = None;
        self.rest.clear();
    }

    /// Whether it has every event up to a number that concerns it.
    fn has_all(&self, until: u64) -> bool {
        match self.wants {
            Wants::Every | Wants::Newest => self.last >= until,
            Wants::Symbol(_) => self.last + SYMBOLS.len() as u64 > until,
        }
    }

    fn read(
        &mut self,
        buffer: &mut [u8],
        patterns: &Patterns,
        seen: &mut Seen,
        latency: &mut Histogram,
    ) -> io::Result<()> {
        loop {
            let Some(socket) = &mut self.socket else { return Ok(()) };
            let kept = self.rest.len();
            buffer[..kept].copy_from_slice(&self.rest);
            let count = match socket.read(&mut buffer[kept..]) {
                Ok(0) => {
                    seen.closed += 1;
                    self.leave();
                    return Ok(());
                }
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            seen.bytes += count as u64;
            let mut data = &buffer[..kept + count];
            if !self.answered {
                if let Some(end) = head_end(data)? {
                    self.answered = true;
                    data = &data[end..];
                } else {
                    self.rest = data.to_vec();
                    continue;
                }
            }
            let whole = memchr::memmem::rfind(data, b"\n\n").map_or(0, |at| at + 2);
            self.take(&data[..whole], patterns, seen, latency);
            self.rest.clear();
            self.rest.extend_from_slice(&data[whole..]);
            if kept + count < buffer.len() {
                return Ok(());
            }
        }
    }

    /// Whole messages.
    fn take(&mut self, mut data: &[u8], patterns: &Patterns, seen: &mut Seen, latency: &mut Histogram) {
        let now = now_us();
        if let Some(at) = memchr::memmem::rfind(data, b"id: ") {
            let id = &data[at + 4..];
            self.last_id = id[..memchr::memchr(b'\n', id).unwrap_or(id.len())].to_vec();
        }
        while let Some(end) = patterns.end.find(data) {
            self.message(&data[..end], now, patterns, seen, latency);
            data = &data[end + 2..];
        }
    }

    fn message(&mut self, mut data: &[u8], now: u64, patterns: &Patterns, seen: &mut Seen, latency: &mut Histogram) {
        let mut newest = 0;
        let whole = data;
        while let Some((number, due, rest)) = patterns.next_event(data) {
            data = rest;
            seen.events += 1;
            newest = newest.max(number);
            if matches!(self.wants, Wants::Newest) {
                continue;
            }
            if due >= self.came_us {
                latency.add(now.saturating_sub(due));
            }
            let step = if matches!(self.wants, Wants::Every) { 1 } else { SYMBOLS.len() as u64 };
            if self.last > 0 && number <= self.last {
                seen.doubled += 1;
                continue;
            }
            if self.last > 0 {
                seen.lost += (number - self.last - 1) / step;
            }
            self.last = number;
        }
        if newest == 0 {
            let of_ours = memchr::memmem::find(whole, b"event: reset").is_some()
                || memchr::memmem::find(whole, b"event: conflated").is_some();
            seen.told += u64::from(of_ours);
        } else if matches!(self.wants, Wants::Newest) {
            seen.doubled += u64::from(newest <= self.last);
            self.last = self.last.max(newest);
        }
    }
}
