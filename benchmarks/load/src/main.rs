//! The load behind `thor bench live`: `listen` opens event streams and checks every event, `churn` does so with clients
//! that come and go, `publish` sends events at a steady rate, `ask` asks for a path at one. Cheap on purpose: the machine belongs to what is measured.

mod ask;
mod churn;
mod histogram;
mod listen;
mod message;
mod options;
mod publish;

use std::process::ExitCode;

/// Microseconds of the machine's monotonic clock, the same in every process and in Python's `time.monotonic_ns`.
pub(crate) fn now_us() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0) / 1_000
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let verb = words.next().unwrap_or_default();
    let done = options::Options::read(words).and_then(|options| match verb.as_str() {
        "listen" => listen::run(&options),
        "churn" => churn::run(&options),
        "ask" => ask::run(&options),
        "publish" => publish::run(&options),
        _ => Err(std::io::Error::other("the first word is listen, churn, publish or ask")),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("thor_load: {error}");
            ExitCode::FAILURE
        }
    }
}
