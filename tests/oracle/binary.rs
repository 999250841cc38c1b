//! Real components for the plugins: text that is generated, and kept once it is binary.

use std::cell::RefCell;
use std::collections::HashMap;

use super::model::{Extern, Function, Plugin};
use super::types::Ty;

thread_local! {
    static KNOWN: RefCell<HashMap<String, Vec<u8>>> = RefCell::default();
}

/// The component of a plugin.
pub fn component(plugin: &Plugin) -> Vec<u8> {
    let text = wat(plugin);
    KNOWN.with_borrow_mut(|known| {
        if let Some(bytes) = known.get(&text) {
            return bytes.clone();
        }
        let bytes = match plugweave::world::componentize(text.as_bytes(), None, None) {
            Ok(bytes) => bytes.into_owned(),
            Err(error) => panic!("{error}: {text}"),
        };
        known.insert(text, bytes.clone());
        bytes
    })
}

/// The component as text.
pub fn wat(plugin: &Plugin) -> String {
    let imports: String = plugin.imports.iter().map(import).collect();
    let numbered = || plugin.exports.iter().enumerate();
    let code: String = numbered()
        .flat_map(|(number, export)| export.functions.iter().map(move |function| core_function(number, function)))
        .collect();
    let exports: String = numbered().map(|(number, exported)| export(number, exported)).collect();
    format!(
        "(component\n{imports}(core module $code\n  (memory (export \"memory\") 1)\n  (func (export \"realloc\") (param \
         i32 i32 i32 i32) (result i32) unreachable)\n{code})\n(core instance $core (instantiate $code))\n{exports})"
    )
}

/// The types that need a definition, each once, what they consist of first.
pub fn definitions(functions: &[Function]) -> Vec<&Ty> {
    fn collect<'a>(ty: &'a Ty, found: &mut Vec<&'a Ty>) {
        for child in ty.children() {
            collect(child, found);
        }
        if ty.is_defined() && !found.contains(&ty) {
            found.push(ty);
        }
    }
    let mut found = Vec::new();
    for function in functions {
        for (_, ty) in &function.params {
            collect(ty, &mut found);
        }
        function.result.iter().for_each(|ty| collect(ty, &mut found));
    }
    found
}

/// The name of a definition among others: definitions of one name may differ, so they are numbered.
pub fn name_in<'a>(definitions: &'a [&'a Ty], prefix: &'a str) -> impl Fn(&Ty) -> String + 'a {
    move |ty| format!("{prefix}t{}", definitions.iter().position(|other| *other == ty).unwrap_or_default())
}

fn signature(function: &Function, name: &dyn Fn(&Ty) -> String) -> String {
    let param = |(param, ty): &(&str, Ty)| format!(" (param \"{param}\" {})", ty.wat(name));
    let params: String = function.params.iter().map(param).collect();
    let result = function.result.as_ref().map(|ty| format!(" (result {})", ty.wat(name))).unwrap_or_default();
    format!("{params}{result}")
}

fn import(import: &Extern) -> String {
    let functions = &import.functions;
    let definitions = definitions(functions);
    let name = name_in(&definitions, "$");
    if import.name.is_bare() {
        let signature = functions.iter().map(|function| signature(function, &name)).collect::<String>();
        return format!("(import \"{}\" (func{signature}))\n", import.name);
    }
    let defined = |(number, ty): (usize, &&Ty)| {
        let text = ty.wat_definition(&name);
        format!("  (type $d{number} {text})\n  (export \"t{number}\" (type $t{number} (eq $d{number})))\n")
    };
    let exported =
        |function: &Function| format!("  (export \"{}\" (func{}))\n", function.name, signature(function, &name));
    let types: String = match functions.is_empty() {
        true => "  (type $t (record (field \"a\" u32)))\n  (export \"t\" (type (eq $t)))\n".to_owned(),
        false => definitions.iter().enumerate().map(defined).collect(),
    };
    let functions: String = functions.iter().map(exported).collect();
    format!("(import \"{}\" (instance\n{types}{functions}))\n", import.name)
}

fn core_function(number: usize, function: &Function) -> String {
    let mut params: Vec<&str> = function.params.iter().flat_map(|(_, ty)| ty.flat()).collect();
    if params.len() > 16 {
        params = vec!["i32"];
    }
    let result = match function.result.as_ref().map(Ty::flat).as_deref() {
        None => "",
        Some([one]) => one,
        Some(_) => "i32",
    };
    format!(
        "  (func (export \"{number}-{}\") (param {}) (result {result}) unreachable)\n",
        function.name,
        params.join(" ")
    )
}

fn export(number: usize, export: &Extern) -> String {
    let definitions = definitions(&export.functions);
    let prefix = format!("${number}-");
    let name = name_in(&definitions, &prefix);
    let lifted = |function: &Function| {
        format!(
            "(func ${number}-fn-{0}{1} (canon lift (core func $core \"{number}-{0}\") (memory $core \"memory\") (realloc \
             (func $core \"realloc\"))))\n",
            function.name,
            signature(function, &name)
        )
    };
    let functions: String = export.functions.iter().map(lifted).collect();
    if export.name.is_bare() {
        return format!("{functions}(export \"{0}\" (func ${number}-fn-{0}))\n", export.name);
    }
    let defined = |ty: &&Ty| format!("(type {} {})\n", name(ty), ty.wat_definition(&name));
    let types: String = definitions.iter().map(defined).collect();
    let type_of = |ty: &&Ty| format!(" (export \"{}\" (type {}))", name_in(&definitions, "")(ty), name(ty));
    let offered: String = definitions.iter().map(type_of).collect();
    let function_of = |function: &Function| format!(" (export \"{0}\" (func ${number}-fn-{0}))", function.name);
    let called: String = export.functions.iter().map(function_of).collect();
    format!(
        "{types}{functions}(instance ${number}{offered}{called})\n(export \"{}\" (instance ${number}))\n",
        export.name
    )
}
