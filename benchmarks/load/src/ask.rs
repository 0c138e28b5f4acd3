//! Asks for one path at a steady rate over some connections. A delay counts from when a request was due, so that an
//! answer that makes the next request late does not hide it.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::histogram::Histogram;
use crate::message::head_end;
use crate::now_us;
use crate::options::Options;

/// Asks `--address` for `--path` with the header `--cookie`, `--rate` times a second over `--connections` connections
/// for `--seconds`.
pub(crate) fn run(options: &Options) -> io::Result<()> {
    let address = options.text("address")?.to_owned();
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {address}\r\nCookie: {}\r\n\r\n",
        options.text("path")?,
        options.text("cookie")?
    );
    let connections: u64 = options.number("connections", 4)?;
    let rate: f64 = options.number("rate", 100.0)?;
    let seconds: f64 = options.number("seconds", 5.0)?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let count = (rate * seconds) as u64;
    let started = now_us();
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let due = move |n: u64| started + (n as f64 * 1e6 / rate) as u64;
    let threads: Vec<_> = (0..connections)
        .map(|first| {
            let (address, request) = (address.clone(), request.clone());
            thread::spawn(move || {
                let turns = (first..count).step_by(usize::try_from(connections).unwrap_or(1));
                ask(&address, &request, turns.map(due))
            })
        })
        .collect();
    let mut latency = Histogram::new();
    for asking in threads {
        let delays = asking.join().map_err(|_| io::Error::other("a connection's thread failed"))??;
        delays.into_iter().for_each(|delay| latency.add(delay));
    }
    println!("{{{}}}", latency.json("latency"));
    Ok(())
}

/// The delay of each request, one after the other.
fn ask(address: &str, request: &str, due: impl Iterator<Item = u64>) -> io::Result<Vec<u64>> {
    let mut server = TcpStream::connect(address)?;
    server.set_nodelay(true)?;
    let mut answer = vec![0; 1 << 20];
    due.map(|at| {
        if let Some(early) = at.checked_sub(now_us()) {
            thread::sleep(Duration::from_micros(early));
        }
        server.write_all(request.as_bytes())?;
        read_answer(&mut server, &mut answer)?;
        Ok(now_us().saturating_sub(at))
    })
    .collect()
}

/// Reads one answer to its end, as its Content-Length says.
fn read_answer(server: &mut TcpStream, answer: &mut [u8]) -> io::Result<()> {
    let mut count = 0;
    let mut whole = usize::MAX;
    while count < whole {
        match server.read(&mut answer[count..])? {
            0 => return Err(io::Error::other("the server closed the connection, or the answer is too long")),
            more => count += more,
        }
        if whole == usize::MAX
            && let Some(end) = head_end(&answer[..count])?
        {
            let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            let length: usize = length.ok_or_else(|| io::Error::other("an answer without its length"))?;
            whole = end + length;
        }
    }
    Ok(())
}
