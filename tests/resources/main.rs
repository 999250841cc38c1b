//! Resources that cross plugins: who owns them, where calls with them go, and when they end.

#![cfg(feature = "runtime")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod calls;
mod chains;
mod ends;
mod errors;
mod fan_out;
mod guests;
mod host_resources;
mod hostile;
mod model;
mod owners;
mod places;
mod sample;
mod third_party;
