//! Every row of the table of reply shapes: a consumer declares a reply type `C`, its providers answer
//! `R`, and what the consumer gets is held against an oracle that is written from the table alone.
//!
//! One app for each `R` covers the whole table. Its consumer `hub` imports one interface for each
//! cardinality, number of providers and policy, with one function for each `C`, and exports the same
//! interfaces: what it gets from a function it gives back, as it lies in its memory. Each bit of the
//! argument makes one provider trap. Every plugin counts the calls that it has completed, and begins
//! anew when it is started again: so one sees who was called, and who was torn down.

#![cfg(feature = "runtime")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod hub;
mod refused;
mod rows;
mod single;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod wit;
