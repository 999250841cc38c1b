//! `bindings WIT WORLD FOLDER` writes the C side of a world into a folder: a header, a source and an object file
//! with the world itself, which the linker puts into the module.

use std::env;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use wit_bindgen_core::{Files, wit_parser::Resolve};

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [wit, world, folder] = arguments.as_slice() else { bail!("usage: bindings WIT WORLD FOLDER") };
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(wit)?;
    let world = resolve.select_world(&[package], Some(world))?;
    let mut files = Files::default();
    wit_bindgen_c::Opts::default().build().generate(&mut resolve, world, &mut files)?;
    fs::create_dir_all(folder)?;
    for (name, content) in files.iter() {
        fs::write(Path::new(folder).join(name), content).with_context(|| format!("cannot write {name}"))?;
    }
    Ok(())
}
