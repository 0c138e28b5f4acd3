//! Sends numbered events at a steady rate, into a Redis stream, by HTTP or as lines. Each carries when it was due, so that a
//! sender who is late does not hide its own delay.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use crate::now_us;
use crate::options::Options;

/// The symbols of the numbered events, in turn.
pub(crate) const SYMBOLS: [&str; 11] = ["YM", "ES", "NQ", "RTY", "CL", "SI", "HG", "GC", "VX", "DX", "ZB"];
/// Events that are due within this time are sent together; the first of them waits no longer.
const TICK_US: u64 = 500;

enum Target {
    Lines(io::Stdout),
    Redis { server: UnixStream, stream: String },
    Http { server: TcpStream, host: String, path: String },
}

/// Publishes `--count` events at `--rate` a second from `--first` on, over `--symbols` symbols.
pub(crate) fn run(options: &Options) -> io::Result<()> {
    let rate: f64 = options.number("rate", 100.0)?;
    let count: u64 = options.number("count", 100)?;
    let first: u64 = options.number("first", 1)?;
    let symbols: usize = options.number("symbols", SYMBOLS.len())?;
    let mut target = connect(options)?;
    let started = now_us();
    let mut sent = 0;
    while sent < count {
        let now = now_us();
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let due = |n: u64| started + (n as f64 * 1e6 / rate) as u64;
        if due(sent) > now {
            thread::sleep(Duration::from_micros((due(sent) - now).max(TICK_US / 10)));
            continue;
        }
        let mut ready = Vec::new();
        while sent < count && due(sent) <= now {
            ready.push(event(first + sent, due(sent), symbols));
            sent += 1;
        }
        target.send(&ready)?;
    }
    Ok(())
}

fn connect(options: &Options) -> io::Result<Target> {
    let to = options.text("to")?;
    if to == "lines" {
        return Ok(Target::Lines(io::stdout()));
    }
    if let Some(path) = to.strip_prefix("redis:") {
        let server = UnixStream::connect(path)?;
        let stream = options.text("stream")?.to_owned();
        let mut answers = server.try_clone()?;
        thread::spawn(move || {
            let mut thrown_away = vec![0; 65_536];
            while matches!(answers.read(&mut thrown_away), Ok(1..)) {}
        });
        return Ok(Target::Redis { server, stream });
    }
    let (host, path) =
        to.split_once('/').ok_or_else(|| io::Error::other("--to is lines, redis:SOCKET or HOST:PORT/PATH"))?;
    let server = TcpStream::connect(host)?;
    server.set_nodelay(true)?;
    Ok(Target::Http { server, host: host.to_owned(), path: format!("/{path}") })
}

impl Target {
    fn send(&mut self, events: &[String]) -> io::Result<()> {
        match self {
            Self::Lines(out) => {
                let mut lines = events.join("\n").into_bytes();
                lines.push(b'\n');
                let mut out = out.lock();
                out.write_all(&lines)?;
                out.flush()
            }
            Self::Redis { server, stream } => {
                let mut request = Vec::with_capacity(events.len() * 320);
                for event in events {
                    write!(request, "*5\r\n$4\r\nXADD\r\n${}\r\n{stream}\r\n", stream.len())?;
                    write!(request, "$1\r\n*\r\n$4\r\ndata\r\n${}\r\n{event}\r\n", event.len())?;
                }
                server.write_all(&request)
            }
            Self::Http { server, host, path } => events.iter().try_for_each(|event| {
                let head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n");
                server.write_all(format!("{head}Content-Length: {}\r\n\r\n{event}", event.len()).as_bytes())?;
                skip_answer(server)
            }),
        }
    }
}

/// Reads one answer to its end: its head, then as much as `Content-Length` says.
fn skip_answer(server: &mut TcpStream) -> io::Result<()> {
    let mut answer = Vec::new();
    let mut piece = [0; 4_096];
    loop {
        if let Some(end) = memchr::memmem::find(&answer, b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
            if !head.starts_with("http/1.1 2") {
                return Err(io::Error::other(head));
            }
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
            if answer.len() >= end + 4 + length.unwrap_or(0) {
                return Ok(());
            }
        }
        match server.read(&mut piece)? {
            0 => return Err(io::Error::other("the server closed the connection")),
            count => answer.extend_from_slice(&piece[..count]),
        }
    }
}

/// A canonical event like those of a market, numbered, with when it was due.
fn event(number: u64, due_us: u64, symbols: usize) -> String {
    let at = usize::try_from(number).unwrap_or(0) % symbols;
    let symbol = SYMBOLS.get(at).map_or_else(|| format!("S{at:03}"), |symbol| (*symbol).to_owned());
    let bid = 4_700 + number % 100;
    format!(
        "{{\"v\":1,\"symbol\":\"{symbol}\",\"ts\":\"2026-11-24T08:31:05.{:06}Z\",\"source\":\"MOCK\",\"last\":{bid}.25,\
         \"bid\":{bid}.0,\"ask\":{bid}.5,\"lastSize\":{},\"bidSize\":9,\"askSize\":13,\"seq\":{number},\
         \"condition\":null,\"venue\":\"CME\",\"meta\":{{\"at\":{due_us}}}}}",
        number % 1_000_000,
        number % 50,
    )
}
