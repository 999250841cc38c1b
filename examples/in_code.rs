//! A till whose plugins are nowhere on disk: manifests built in code, WebAssembly as text, an interface
//! of the host without generated bindings, and calls with values whose types the till does not know.
//!
//! `cargo run --example in_code`

#![allow(clippy::print_stdout, reason = "this is a program")]

use std::error::Error;
use std::time::Duration;

use plugweave::diagnostic::Style;
use plugweave::manifest::ManifestBuilder;
use plugweave::model::Cardinality;
use plugweave::{App, AppBuilder, OpenError, Val};

const WIT: &str = "
package shop:till@1.0.0;

interface catalogue {
    price: func(item: u32) -> u32;
}

interface offer {
    total: func(item: u32, count: u32) -> u32;
}

world offering {
    import catalogue;
    export offer;
}
";

/// Prices in cents.
const CATALOGUE: [u32; 3] = [120, 299, 50];

/// A core module; with the WIT above it becomes a component. It asks for the price of one piece and
/// works out the total from `$price` and `$count`.
fn module(total: &str) -> String {
    format!(
        r#"(module
            (import "shop:till/catalogue@1.0.0" "price" (func $price-of (param i32) (result i32)))
            (func (export "shop:till/offer@1.0.0#total") (param $item i32) (param $count i32) (result i32)
                (local $price i32)
                (local.set $price (call $price-of (local.get $item)))
                {total}))"#
    )
}

const REGULAR: &str = "(i32.mul (local.get $price) (local.get $count))";

const THREE_FOR_TWO: &str =
    "(i32.mul (local.get $price) (i32.sub (local.get $count) (i32.div_u (local.get $count) (i32.const 3))))";

/// Spreads 100 cents over all pieces, and does not expect that there are none.
const SPREAD: &str = "(i32.mul (local.get $count)
    (i32.sub (local.get $price) (i32.div_u (i32.const 100) (local.get $count))))";

/// The manifest of a plugin that makes an offer.
fn offer(id: &str) -> ManifestBuilder {
    ManifestBuilder::new(id)
        .wit("shop.wit")
        .export("shop:till/offer@1.0.0")
        .import("shop:till/catalogue@1.0.0", Cardinality::ExactlyOne)
        .memory(1 << 20)
        .timeout(Duration::from_millis(500))
}

/// How often a plugin has asked for a price since it was started.
struct Asked(u32);

/// What offers its plugins the catalogue.
fn till() -> Result<AppBuilder, OpenError> {
    App::builder().file("shop.wit", WIT).host_interface(
        "shop:till/catalogue",
        WIT,
        |linker, state| {
            linker.instance("shop:till/catalogue@1.0.0")?.func_wrap("price", move |mut store, (item,): (u32,)| {
                let Asked(times) = state(store.data_mut());
                *times += 1;
                println!("    (question {times})");
                Ok((CATALOGUE.get(item as usize).copied().unwrap_or(0),))
            })
        },
        |_| Asked(0),
    )
}

fn main() -> Result<(), Box<dyn Error>> {
    let app = till()?
        .plugin(&offer("regular"), module(REGULAR))
        .plugin(&offer("spread"), module(SPREAD))
        .plugin(&offer("three-for-two"), module(THREE_FOR_TWO))
        .build()?;
    for callable in app.callables("shop:till/offer#total")? {
        println!("{} has {}: {}", callable.plugin, callable.function, callable.ty);
    }
    for (item, count) in [(0, 2), (1, 3), (2, 0)] {
        println!("{count} of item {item}:");
        for (plugin, total) in app.call_all("shop:till/offer#total", &[Val::U32(item), Val::U32(count)])? {
            match total {
                Ok(Some(Val::U32(cents))) => println!("  {plugin}: {cents}"),
                Ok(other) => println!("  {plugin} answers {other:?}"),
                Err(error) => println!("  {error}"),
            }
        }
    }

    println!("a call with a mistake:");
    match app.call_plugin("regular", "shop:till/offer#total", &[Val::U32(0), Val::String("two".into())]) {
        Ok(answer) => println!("  {answer:?}"),
        Err(error) => println!("  {error}"),
    }

    println!("a manifest with mistakes:");
    let mistaken = ManifestBuilder::new("mistaken")
        .wit("shop.wit")
        .export("shop:till/offers@1.0.0")
        .import("shop:till/catalogue@2.0.0", Cardinality::ExactlyOne);
    let checked = till()?.plugin(&mistaken, module(REGULAR)).check()?;
    println!("{}", checked.render(Style::Plain));
    Ok(())
}
