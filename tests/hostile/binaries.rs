//! Binaries that are valid, and costly or odd in some way: nesting, tables, types, names and sizes, each as large as
//! chance has it.

use std::fmt::Write as _;

use crate::bombs::{self, Hidden, Nest};
use crate::files::Files;
use crate::random::Random;

/// What is written into the manifest: nothing of the binary is offered.
const MANIFEST: &str = "[plugin]\ncomponent = 'a.wasm'\n[limits]\ntimeout = '100ms'\n";

/// The kinds of binaries.
const KINDS: [fn(&mut Random) -> Vec<u8>; 5] = [nesting, tables, types, names, sizes];

/// An app of one plugin with such a binary.
pub fn app(random: &mut Random) -> Files {
    let binary = random.pick(&KINDS)(random);
    vec![("a.wasm", binary), ("a.toml", MANIFEST.into())]
}

/// A number from 1 to another, small ones as likely as large ones.
fn scaled(random: &mut Random, most: u32) -> u32 {
    let bits = random.below(most.ilog2() as usize + 2);
    let bound = most.min(1 << bits);
    1 + u32::try_from(random.below(bound as usize)).unwrap()
}

fn nesting(random: &mut Random) -> Vec<u8> {
    let depth = scaled(random, 20_000);
    match random.below(8) {
        6 => bombs::loops_in_a_row(depth),
        7 => bombs::hidden_blocks(random.pick(&Hidden::ALL), scaled(random, 3_000), depth),
        0 => bombs::nested(random.pick(&[Nest::Block, Nest::If, Nest::IfElse]), depth, scaled(random, 20)),
        1 => bombs::nested(Nest::Loop, scaled(random, 100), scaled(random, 200)),
        2 => bombs::loops_with_branches(scaled(random, 70), scaled(random, 200)),
        3 => bombs::locals_in_loops(scaled(random, 3_000), scaled(random, 70), scaled(random, 4)),
        4 => bombs::loops_among_blocks(scaled(random, 100)),
        // Components in components, each of which takes a few bytes.
        _ => {
            let depth = scaled(random, 200) as usize;
            text(&format!("(component {}{})", "(component ".repeat(depth), ")".repeat(depth)))
        }
    }
}

fn tables(random: &mut Random) -> Vec<u8> {
    let (many, wide) = (scaled(random, 3_000), scaled(random, 1_000));
    match random.below(7) {
        6 => bombs::blocks_with_results(many * 10, scaled(random, 20) as usize),
        0 => bombs::results_to_each_block(many, wide, scaled(random, 10)),
        1 => bombs::parameters_to_each_loop(scaled(random, 100), wide),
        2 => bombs::wide_tables(scaled(random, 20), scaled(random, 65_000) as usize, wide, random.percent(50)),
        3 => bombs::plain_tables(scaled(random, 20), scaled(random, 65_000) as usize, 1),
        4 => bombs::wide_branches(many, wide),
        _ => bombs::unreachable_branches(many, wide),
    }
}

/// Types of values: wide, deep, and built of each other so that they double.
fn types(random: &mut Random) -> Vec<u8> {
    if random.percent(20) {
        return text(&bombs::nested_calls(
            scaled(random, 4) as usize,
            scaled(random, 300) as usize,
            scaled(random, 3_000) as usize,
        ));
    }
    let mut wat = String::from("(component (type $t0 string)\n");
    let levels = scaled(random, 60);
    for level in 1..=levels {
        let before = format!("$t{}", level - 1);
        let any = format!("$t{}", random.below(level as usize));
        let wide = scaled(random, 300);
        let _ = match random.below(6) {
            0 => writeln!(wat, "(type $t{level} (tuple {before} {any}))"),
            1 => writeln!(wat, "(type $t{level} (option {before}))"),
            2 => writeln!(wat, "(type $t{level} (list {before}))"),
            3 => writeln!(wat, "(type $t{level} (result {before} (error {any})))"),
            4 => {
                let fields: String = (0..wide).map(|field| format!("(field \"f{field}\" {any})")).collect();
                writeln!(wat, "(type $t{level} (record {fields}))")
            }
            _ => {
                let cases: String = (0..wide).map(|case| format!("(case \"c{case}\" {before})")).collect();
                writeln!(wat, "(type $t{level} (variant {cases}))")
            }
        };
    }
    let _ = write!(
        wat,
        "(core module $m (memory (export \"m\") 1) (func (export \"f\") (result i32) i32.const 0))
         (core instance $i (instantiate $m))
         (func (export \"f\") (result $t{levels}) (canon lift (core func $i \"f\") (memory $i \"m\"))))"
    );
    text(&wat)
}

/// Many names, long ones, and odd ones.
fn names(random: &mut Random) -> Vec<u8> {
    if random.percent(30) {
        let length = scaled(random, 50_000) as usize;
        let part = random.pick(&["x", "\u{202e}", "\u{1b}[31m", "é", "_ZN4core3fmt"]);
        return bombs::named(&part.repeat(length / part.len() + 1), scaled(random, 100));
    }
    let (count, length) = (scaled(random, 2_000), scaled(random, 200) as usize);
    let long = "n".repeat(length);
    let imports = random.percent(50);
    let items = (0..count).map(|item| match imports {
        true => format!("(import \"a:b/{long}{item}\" (instance))\n"),
        false => format!("(func (export \"{long}{item}\") (canon lift (core func $i \"f\")))\n"),
    });
    let items: String = items.collect();
    text(&format!("(component (core module $m (func (export \"f\"))) (core instance $i (instantiate $m))\n{items})"))
}

fn sizes(random: &mut Random) -> Vec<u8> {
    match random.below(9) {
        0 => bombs::many_locals(scaled(random, 20_000), scaled(random, 5_000)),
        1 => bombs::waiting_operands(scaled(random, 3_000), scaled(random, 5_000)),
        2 => bombs::declared_locals(scaled(random, 1_000)),
        3 => bombs::many_functions(scaled(random, 50_000)),
        4 => bombs::wide_calls(scaled(random, 1_000), scaled(random, 1_000) as usize),
        5 => bombs::long_function(scaled(random, 500_000)),
        6 => bombs::wide_blocks(scaled(random, 2_000), scaled(random, 1_000)),
        7 => bombs::far_data(scaled(random, 20) as usize, 1 + scaled(random, 1 << 27).cast_signed()),
        _ => bombs::far_elements(scaled(random, 50), u64::from(scaled(random, 1 << 20))),
    }
}

/// A component from its text; of one that the parser refuses, the text.
fn text(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).unwrap_or_else(|_| wat.into())
}
