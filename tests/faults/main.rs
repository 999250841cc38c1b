//! Faults that were found from outside, each in a file named after its row in the list of findings: A for hostile
//! input, B for apps that `check` accepted and that then failed. Each file holds the input that was found and
//! others of its kind. Misleading messages, part C of the list, are cases in `tests/cases/faults`.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]

#[path = "../support/bombs.rs"]
mod bombs;
mod bounded;
mod compile_process;

mod a10_hoarded_handles;
mod a11_open_files;
mod a12_pipes_and_devices;
mod a13_foreign_text;
mod a14_blocked_log;
mod a15_contained;
mod a1_nested_blocks;
mod a2_nested_loops;
mod a3_large_values;
mod a4_slow_destructors;
mod a5_replaced_folders;
mod a6_memory_of_check;
mod a7_time_of_check;
mod a8_branch_tables;
mod a9_uses_of_wit;
mod apps;
mod b10_foreign_modules;
mod b1_wasi_types;
mod b2_wasi_releases;
mod b3_unstable_items;
mod b4_bare_names;
mod b5_inspected_types;
mod b6_void_as_string;
mod b7_guest_folders;
mod b8_numbers_and_exits;
mod b9_undecodable_folder;
#[allow(dead_code, reason = "not all of it is needed here")]
#[path = "../support/guest.rs"]
mod guest;
#[allow(dead_code, reason = "not all of it is needed here")]
#[path = "../wasi/place.rs"]
mod place;
mod program;
