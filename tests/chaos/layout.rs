//! The WIT and the manifests of an app.

use std::fmt::Write;
use std::sync::Arc;

use plugweave::{App, Assembly};

use super::guest::{self, slot_interface};
use super::host::{self, World};
use super::topology::{FUEL, SHORT, Topology};

/// The app, compiled and linked.
pub fn assemble(topology: &Topology, world: &Arc<World>) -> Arc<Assembly> {
    let mut builder = host::offer(App::builder(), world.clone())
        .file("c.wit", wit(topology))
        .file("depot.wat", guest::DEPOT)
        .file("depot.toml", DEPOT);
    let mut bind = "[bind]\n".to_owned();
    for (number, node) in topology.nodes.iter().enumerate() {
        builder = builder
            .file(format!("p{number}.wat"), guest::module(number, node))
            .file(format!("p{number}.toml"), manifest(topology, number));
        for (index, slot) in node.slots.iter().enumerate() {
            let ids: Vec<String> = slot.providers.iter().map(|provider| format!("\"p{provider}\"")).collect();
            let _ = writeln!(bind, "p{number}.\"{}\" = [{}]", slot_interface(number, index), ids.join(", "));
        }
    }
    let app = builder.file("app.toml", bind).build();
    let app = app.unwrap_or_else(|error| panic!("{error}\n{}", wit(topology)));
    assert!(app.failures().is_empty(), "{:?}", app.failures());
    app.assembly().clone()
}

const DEPOT: &str = r#"[plugin]
component = "depot.wat"
wit = "c.wit"
world = "depot"
[limits]
restart = { max = 1000000, within = "60s" }
[exports]
"c:c/things@1.0.0" = {}
"c:c/watch@1.0.0" = {}
"#;

fn manifest(topology: &Topology, number: usize) -> String {
    let node = &topology.nodes[number];
    let restart = match node.restarts {
        None => "{ max = 1000000, within = \"60s\" }".to_owned(),
        Some(0) => "\"never\"".to_owned(),
        Some(most) => format!("{{ max = {most}, within = \"1h\" }}"),
    };
    let mut text = format!(
        "[plugin]\ncomponent = \"p{number}.wat\"\nwit = \"c.wit\"\nworld = \"p{number}\"\n\
         [limits]\nmemory = \"1 MiB\"\nhandles = 100\nrestart = {restart}\n"
    );
    if node.fuel {
        let _ = writeln!(text, "fuel = {FUEL}");
    }
    if let Some(depth) = node.call_depth {
        let _ = writeln!(text, "call-depth = {depth}");
    }
    if node.impatient {
        let _ = writeln!(text, "timeout = \"{SHORT}ms\"");
    }
    text += "[exports]\n\"c:c/node@1.0.0\" = {}\n\"c:c/watch@1.0.0\" = {}\n\
             [imports]\n\"c:c/host@1.0.0\" = \"exactly-one\"\n\"c:c/things@1.0.0\" = \"exactly-one\"\n";
    for (index, slot) in node.slots.iter().enumerate() {
        let late = if slot.late { ", late = true" } else { "" };
        let skip = if slot.shape.skip { ", on-failure = \"skip\"" } else { "" };
        let _ = writeln!(
            text,
            "\"{}\" = {{ cardinality = \"{}\", from = \"c:c/node@1.0.0\"{late}{skip} }}",
            slot_interface(number, index),
            slot.shape.cardinality()
        );
    }
    text
}

fn wit(topology: &Topology) -> String {
    let mut wit = host::WIT.to_owned() + WIT;
    for (number, node) in topology.nodes.iter().enumerate() {
        let mut world = format!("world p{number} {{\n  import host;\n  import things;\n");
        if node.wasi {
            world += "  import wasi:cli/exit@0.2.0;\n  import wasi:clocks/monotonic-clock@0.2.0;\n";
        }
        for (index, slot) in node.slots.iter().enumerate() {
            let reply = slot.shape.wit();
            let mut more = String::new();
            if slot.shape.takes() {
                let _ = writeln!(more, "  given: func(script: string, t: thing) -> {reply};");
            }
            if slot.shape.is_plain() {
                more += "  poke: func(path: u32) -> u32;\n";
            }
            let _ = write!(
                wit,
                "interface n{number}s{index} {{
  use things.{{thing}};
  use answers.{{answer}};
  record dispatch-error {{ code: string, provider: string, message: string }}
  act: func(script: string) -> {reply};
  lent: func(script: string, t: borrow<thing>) -> {reply};
{more}}}
"
            );
            let _ = writeln!(world, "  import n{number}s{index};");
        }
        wit += &world;
        wit += "  export node;\n  export watch;\n}\n";
    }
    wit + WASI
}

const WIT: &str = "
interface answers {
  enum mark { a, b, c }
  record answer {
    /// Of all that the node was told to do, and of what others have answered it.
    hash: u32,
    /// How many failures it has got over of which it does not know that they were no rings.
    doubt: u32,
    letter: char,
    mark: mark,
    text: string,
  }
}
interface things {
  resource thing {
    constructor(n: u32);
    value: func() -> u32;
  }
}
interface node {
  use things.{thing};
  use answers.{answer};
  act: func(script: string) -> answer;
  lent: func(script: string, t: borrow<thing>) -> answer;
  given: func(script: string, t: thing) -> answer;
  /// Asks the next one on a path.
  poke: func(path: u32) -> u32;
}
interface watch {
  /// How often it has been called since it was started, what it keeps, and how often it is called now.
  stat: func() -> tuple<u32, u32, u32>;
}
world depot { export things; export watch; }
";

const WASI: &str = "
package wasi:cli@0.2.0 {
  interface exit { exit: func(status: result); }
}
package wasi:io@0.2.0 {
  interface poll { resource pollable { block: func(); } }
}
package wasi:clocks@0.2.0 {
  interface monotonic-clock {
    use wasi:io/poll@0.2.0.{pollable};
    subscribe-duration: func(when: u64) -> pollable;
  }
}
";
