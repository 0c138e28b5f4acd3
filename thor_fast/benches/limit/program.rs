//! The limit that `thor bench core` holds the parser against: the cheapest thing that reads the same bytes.
//!
//! Started with a file of events, one a line, it answers orders on standard input, one a line, with the processor time
//! of the work in nanoseconds an event: `tape N` parses every event N times into simd-json's tape, buffers reused;
//! `memory N` copies the whole file N times. It never looks at what the events mean.

use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, Write};

use cpu_time::ThreadTime;
use simd_json::{Buffers, Tape, fill_tape};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: limit FILE")?;
    let file = std::fs::read(path)?;
    let mut events: Vec<Vec<u8>> =
        file.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect();
    let before = events.clone();
    tape(&mut events, 1)?;
    if events != before {
        // It resolves escapes in place: a second pass would read other bytes than the first.
        return Err("the events hold escapes".into());
    }
    let count = u32::try_from(events.len())?;
    let mut answers = std::io::stdout().lock();
    for order in std::io::stdin().lock().lines() {
        let order = order?;
        let (name, passes) = order.split_once(' ').ok_or("an order is a name and a number")?;
        let passes: u32 = passes.parse()?;
        let started = ThreadTime::now();
        match name {
            "tape" => tape(&mut events, passes)?,
            "memory" => memory(&file, passes),
            _ => return Err("orders are tape and memory".into()),
        }
        let nanoseconds = started.elapsed().as_secs_f64() * 1e9 / f64::from(passes) / f64::from(count);
        writeln!(answers, "{nanoseconds}")?;
        answers.flush()?;
    }
    Ok(())
}

fn tape(events: &mut [Vec<u8>], passes: u32) -> Result<(), simd_json::Error> {
    let mut buffers = Buffers::new(1_024);
    let mut kept = Tape::null();
    for _ in 0..passes {
        for event in &mut *events {
            let mut tape = kept.reset();
            fill_tape(event, &mut buffers, &mut tape)?;
            black_box(&tape);
            kept = tape.reset();
        }
    }
    Ok(())
}

fn memory(file: &[u8], passes: u32) {
    let mut copy = vec![0; file.len()];
    for _ in 0..passes {
        copy.copy_from_slice(black_box(file));
        black_box(&copy);
    }
}
