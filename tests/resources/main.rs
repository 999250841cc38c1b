//! Resources that cross plugins: who owns them, where calls with them go, and when they end.

#![cfg(feature = "runtime")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod calls;
mod fan_out;
mod guests;
mod sample;
