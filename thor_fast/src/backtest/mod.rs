//! The backtest kernel: what a strategy would have done, on the same integers that run live.
//!
//! `engine` plays events, orders and fills one after another and knows every rule; `bars`, `ticks` and `sweep` do the
//! plain cases at the speed of memory and are held equal to it by tests. `metrics`, `simulation` and `overfitting` judge
//! what came out, `plain` says where the engine's rules come to the plain case. Nothing here reads a clock, draws from hidden randomness or depends on the number of threads.

pub mod account;
pub mod bars;
pub mod engine;
pub mod indicators;
pub mod market;
pub mod matching;
pub mod metrics;
pub mod money;
pub mod open_capture;
pub mod order;
pub mod overfitting;
pub mod plain;
pub mod random;
pub mod simulation;
pub mod sweep;
pub mod ticks;
mod wide;
