//! Schwab's streamer: frames of text in, quotes merged per symbol and candidate events out.
//!
//! The server sends only what changed, so the state of each symbol is kept here and each change is told whole. Numbers of
//! fields mean other things in each service; [`fields`] holds them. Connecting, logging in and trying again are no part of
//! this: the clock is an argument, and nothing here does I/O.

pub mod fields;
pub mod frame;
pub mod quote;
