//! Every type of value, dispatched both ways: from the host into a consumer, through the dispatcher
//! into a provider, and all the way back.
//!
//! One pair of core modules serves every type. A function under test is
//! `func(v: tuple<T, u8>, p0: u32, …, p15: u32) -> tuple<T, u8>`: it has more parameters than are
//! passed flat, so that they arrive as one pointer to a record of them all, whose first field is `v`;
//! and its result is more than one flat value, so that it is returned as a pointer to the same layout.
//! A provider that returns the pointer it was given so echoes any `T`, whatever its size.

#![cfg(feature = "runtime")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod compound;
mod echo;
mod lists;
mod primitives;
mod random;
#[path = "../support/mod.rs"]
mod support;
mod text;
