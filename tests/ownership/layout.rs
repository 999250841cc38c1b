//! The WIT and the manifests of an app.

use std::fmt::Write;

use plugweave::{App, StartOptions, check::check, files::Memory};

use super::graph::{Failing, Fan, Graph, Plugin, Sight};
use super::guest;

/// An interface of the app: `t` things, `k` kept handles, `s` the same where failures are values, `c` control,
/// `w` what several can be asked at once, `x` the same with failures as values, `y` without.
pub fn interface(kind: char, number: usize) -> String {
    format!("t:t/{kind}{number}@1.0.0")
}

/// The app, which has no problems and starts.
pub fn start(graph: &Graph) -> App {
    let wit = wit(graph);
    let mut files = Memory::default().with("t.wit", wit.clone());
    let mut bind = "[bind]\n".to_owned();
    for (number, plugin) in graph.plugins.iter().enumerate() {
        files = files
            .with(format!("p{number}.wat"), guest::module(graph, number))
            .with(format!("p{number}.toml"), manifest(graph, number));
        for view in &plugin.views {
            if let Sight::Alien(owner) = view.sight {
                let _ = writeln!(bind, "p{number}.\"{}\" = [\"p{owner}\"]", interface('t', view.ty));
            }
        }
        for (ty, kind, fan) in fans(plugin) {
            let ids: Vec<String> = fan.providers.iter().map(|provider| format!("\"p{provider}\"")).collect();
            let _ = writeln!(bind, "p{number}.\"{}\" = [{}]", interface(kind, ty), ids.join(", "));
        }
    }
    let checked = check(&files.with("app.toml", bind)).unwrap();
    let app = App::of_checked(checked, StartOptions::default());
    let app = app.unwrap_or_else(|error| panic!("{error}\n{wit}\n{}", manifest(graph, graph.plugins.len() - 1)));
    assert!(app.failures().is_empty(), "{:?}", app.failures());
    app
}

/// The fans of a plugin, with their types and the kinds of their interfaces.
fn fans(plugin: &Plugin) -> impl Iterator<Item = (usize, char, &Fan)> {
    let fans = plugin.views.iter().zip(&plugin.fans);
    fans.filter_map(|(view, fan)| fan.as_ref().map(|fan| (view.ty, guest::fan_kind(fan), fan)))
}

fn manifest(graph: &Graph, number: usize) -> String {
    let plugin = &graph.plugins[number];
    let mut text = format!(
        "[plugin]\ncomponent = \"p{number}.wat\"\nwit = \"t.wit\"\nworld = \"p{number}\"\n\
         [limits]\nrestart = {{ max = 1000000, within = \"1s\" }}\n[exports]\n"
    );
    let own = plugin.own.map(|ty| interface('t', ty));
    let shown = graph.kept(number).map(|(_, view)| interface('w', view.ty));
    for export in [interface('k', number), interface('c', number)].into_iter().chain(own).chain(shown) {
        let _ = writeln!(text, "\"{export}\" = {{}}");
    }
    text += "[imports]\n";
    for view in plugin.views.iter().filter(|view| matches!(view.sight, Sight::Alien(_))) {
        let _ = writeln!(text, "\"{}\" = \"exactly-one\"", interface('t', view.ty));
    }
    for (ty, kind, fan) in fans(plugin) {
        let failing = if fan.failing == Failing::Skipped { ", on-failure = \"skip\"" } else { "" };
        let (import, from) = (interface(kind, ty), interface('w', ty));
        let _ = writeln!(text, "\"{import}\" = {{ cardinality = \"any\", from = \"{from}\"{failing} }}");
    }
    for link in &plugin.links {
        let kept = interface('k', link.to);
        let _ = if link.soft {
            let soft = interface('s', link.to);
            writeln!(text, "\"{soft}\" = {{ cardinality = \"exactly-one\", from = \"{kept}\" }}")
        } else {
            writeln!(text, "\"{kept}\" = \"exactly-one\"")
        };
    }
    text
}

fn wit(graph: &Graph) -> String {
    let mut wit = "package t:t@1.0.0;\n".to_owned();
    for ty in 0..graph.types {
        let _ = write!(
            wit,
            "interface t{ty} {{
  resource thing{ty} {{
    constructor(n: u32);
    value: func() -> u32;
    bump: func() -> u32;
  }}
  many: func(first: u32, count: u32) -> list<thing{ty}>;
  same: func(a: borrow<thing{ty}>, b: borrow<thing{ty}>) -> u32;
  sum: func(all: list<borrow<thing{ty}>>) -> u32;
  finish: func(t: thing{ty}) -> u32;
}}
"
        );
        for (kind, number, one) in [
            ('w', "u32".to_owned(), format!("thing{ty}")),
            ('x', "list<result<u32>>".to_owned(), format!("list<result<thing{ty}>>")),
            ('y', "list<u32>".to_owned(), format!("list<thing{ty}>")),
        ] {
            let _ = write!(
                wit,
                "interface {kind}{ty} {{
  use t{ty}.{{thing{ty}}};
  show: func(t: borrow<thing{ty}>) -> {number};
  offer: func(slot: u32) -> {one};
}}
"
            );
        }
    }
    for (number, plugin) in graph.plugins.iter().enumerate() {
        wit += &keeping(graph, number, 'k');
        wit += &keeping(graph, number, 's');
        wit += &control(plugin, number);
        wit += &world(graph, number);
    }
    wit
}

/// What a plugin does with the handles of others.
fn keeping(graph: &Graph, number: usize, kind: char) -> String {
    let soft = kind == 's';
    let reply = |ty: &str| if soft { format!("result<{ty}, dispatch-error>") } else { ty.to_owned() };
    let mut wit = format!("interface {kind}{number} {{\n");
    if soft {
        wit += "  record dispatch-error { code: string, provider: string, message: string }\n";
    }
    for (_, view) in graph.kept(number) {
        let ty = view.ty;
        let thing = format!("thing{ty}");
        let _ = write!(
            wit,
            "  use t{ty}.{{{thing}}};
  put-t{ty}: func(slot: u32, t: {thing}) -> {number};
  look-t{ty}: func(t: borrow<{thing}>, path: u32) -> {number};
  take-t{ty}: func(slot: u32) -> {one};
  put-many-t{ty}: func(slot: u32, all: list<{thing}>) -> {number};
  take-many-t{ty}: func(slot: u32, count: u32) -> {all};
  swap-t{ty}: func(slot: u32, t: option<{thing}>) -> {maybe};
",
            number = reply("u32"),
            one = reply(&thing),
            all = reply(&format!("list<{thing}>")),
            maybe = reply(&format!("option<{thing}>")),
        );
    }
    wit + "}\n"
}

/// What the host tells a plugin to do.
fn control(plugin: &Plugin, number: usize) -> String {
    let mut wit = format!("interface c{number} {{\n");
    for (name, parameters) in guest::controls(plugin) {
        let names = ["a", "b", "c", "d"].iter().take(parameters).map(|name| format!("{name}: u32"));
        let _ = writeln!(wit, "  {name}: func({}) -> u32;", names.collect::<Vec<_>>().join(", "));
    }
    wit + "}\n"
}

fn world(graph: &Graph, number: usize) -> String {
    let plugin = &graph.plugins[number];
    let mut wit = format!("world p{number} {{\n  export k{number};\n  export c{number};\n");
    if let Some(ty) = plugin.own {
        let _ = writeln!(wit, "  export t{ty};");
    }
    for view in plugin.views.iter().filter(|view| view.sight != Sight::Native) {
        let _ = writeln!(wit, "  import t{};", view.ty);
    }
    for (_, view) in graph.kept(number) {
        let _ = writeln!(wit, "  export w{};", view.ty);
    }
    for (ty, kind, _) in fans(plugin) {
        let _ = writeln!(wit, "  import {kind}{ty};");
    }
    for link in &plugin.links {
        let _ = writeln!(wit, "  import {}{};", if link.soft { 's' } else { 'k' }, link.to);
    }
    wit + "}\n"
}
