//! The hot core of Thor: the canonical quote event and everything that must be decided once and fast about it.
//!
//! The core has no I/O, no clock and no environment: time, sources and displays are arguments. Python's side of it is in
//! `python`, compiled only with the feature of that name.

pub mod backtest;
pub mod bars;
pub mod batch;
pub mod cell;
pub mod classify;
pub mod columns;
pub mod copy;
pub mod copy_read;
pub mod display;
pub mod encode;
pub mod entries;
pub mod error;
pub mod event;
mod fast;
mod fill;
pub mod heard;
pub mod history;
pub mod intervals;
mod json;
pub mod latency;
pub mod latest;
pub mod levels;
pub mod market;
pub mod merge;
pub mod meta;
pub mod parse;
pub mod price;
pub mod price_column;
pub mod quality;
pub mod reply;
pub mod resp;
pub mod rules;
pub mod schwab;
mod shared;
pub mod sheet;
pub mod snapshot;
pub mod sse;
pub mod stream_merge;
pub mod symbol;
pub mod ticks;
pub mod time;
pub mod timeline;

#[cfg(feature = "python")]
mod python;
