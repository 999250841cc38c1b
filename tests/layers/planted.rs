//! Knots that are planted in small folders, and found.

use super::groups::{Group, wrong};
use super::uses::Folder;

/// `early.rs` may use `owner.rs` and `mod.rs` only; `later.rs` and `last.rs` come after it.
const ORDER: &[Group<'_>] = &[&["owner.rs"], &["mod.rs"], &["early.rs"], &["later.rs"], &["deep"]];

const MOD: &str = "
    mod deep; mod early; mod later; mod owner;
    pub use later::Passed;
    pub struct Inner { owner: Owner, slots: Vec<CachePadded<Slot>>, name: String }
    use owner::{Owner, Slot};
";

const OWNER: &str = "
    pub struct Owner;
    pub struct Slot;
    impl Owner { pub fn turn(&self) -> Turn { Turn } pub fn both(&self) {} }
    impl Slot { pub fn cell(&self) {} pub fn take(&self) {} }
";

const LATER: &str = "
    use super::Inner;
    pub struct Passed;
    pub struct Later;
    impl Passed { pub fn make() -> Self { Passed } pub fn drain(&self) {} pub fn both(&self) {} pub fn push(&self) {} }
    impl Later { pub fn count(&self) {} pub fn after(&self) {} }
    impl Inner {
        pub fn enter(&self) -> Result<Later, Error> { todo!() }
        pub fn take(&self) {}
        pub fn fresh() {}
    }
    pub fn free() -> Later { Later }
    pub trait Lends { fn lend(&self); }
";

fn folder(early: &str) -> Folder {
    let files = [("mod.rs", MOD), ("owner.rs", OWNER), ("early.rs", early), ("later.rs", LATER), ("deep/mod.rs", "")];
    Folder::read("runtime", files)
}

/// What `early.rs` must not use, as written.
fn planted(early: &str) -> Vec<String> {
    let wrong = wrong(&folder(early), ORDER);
    assert!(wrong.iter().all(|wrong| wrong.starts_with("early.rs: must not use ")), "{wrong:#?}");
    let names = wrong.iter().map(|wrong| wrong.split('`').nth(1).unwrap().to_owned());
    names.collect()
}

/// In a method of `Inner`.
fn in_inner(body: &str) -> Vec<String> {
    let mut found =
        planted(&format!("use super::Inner;\nimpl Inner {{ fn early(&self, inner: &Inner) {{ {body} }} }}"));
    found.retain(|name| name != "super::Inner");
    found
}

#[test]
fn paths_are_found_in_every_form() {
    assert_eq!(planted("use super::later::Later;"), ["super::later::Later"]);
    assert_eq!(planted("use crate::runtime::later::{self, Later as L};"), ["crate::runtime::later::Later"]);
    assert_eq!(planted("use super::{later, owner};\nfn f() { later::free() }"), ["later::free"]);
    assert_eq!(planted("fn f() { super::later::free() }"), ["super::later::free"]);
    assert_eq!(planted("fn f(x: &dyn super::later::Lends) {}"), ["super::later::Lends"]);
    assert_eq!(planted("fn f() { let x = format!(\"{}\", super::later::free()); }"), ["super::later::free"]);
    assert_eq!(planted("mod real { use super::super::later::Later; }"), ["super::later::Later"]);
    assert_eq!(planted("macro_rules! m { ($x:expr) => { super::later::free($x) } }"), ["super::later::free"]);
}

#[test]
fn what_is_passed_on_is_used_where_it_is_defined() {
    assert_eq!(planted("use super::Passed;"), ["super::Passed"]);
    assert_eq!(planted("use super::*;\nfn f() { Passed::make() }"), ["Passed::make"]);
    // Passing on is no use: `mod.rs` does so.
    assert!(planted("use super::Inner;").is_empty());
}

#[test]
fn methods_are_found_whose_type_is_known() {
    assert_eq!(in_inner("self.enter();"), ["Inner::enter"]);
    assert_eq!(in_inner("Self::fresh(); Inner::fresh();"), ["Inner::fresh", "Self::fresh"]);
    assert_eq!(in_inner("inner.take();"), ["Inner::take"]);
    assert_eq!(in_inner("let other = Arc::clone(inner); work(|| other.take());"), ["Inner::take"]);
    assert_eq!(in_inner("let Some(other) = Some(self) else { return }; other.take();"), ["Inner::take"]);
    assert_eq!(in_inner("debug!(plugin = %self.take(), \"{}\", self.enter());"), ["Inner::enter", "Inner::take"]);
    assert_eq!(in_inner("let later = self.enter()?; later.count();"), ["Inner::enter", "Later::count"]);
    assert_eq!(in_inner("let it = super::later::free(); it.count();"), ["Later::count", "super::later::free"]);
    assert_eq!(in_inner("[1].map(Self::take);"), ["Self::take"]);
}

#[test]
fn methods_are_found_whose_type_is_not_known() {
    assert_eq!(in_inner("somewhere().drain_it(); it.enter();"), [".enter()"]);
    assert_eq!(planted("fn f(x: impl Fn()) { each(|it| it.after()); }"), [".after()"]);
    assert_eq!(planted("macro_rules! m { ($x:expr) => { $x.after($x) } }"), [".after()"]);
    assert_eq!(planted("fn f<L: Any>(x: L) { x.lend() }"), [".lend()"]);
}

#[test]
fn what_is_in_order_is_no_knot() {
    // The receiver tells whose `take` it is.
    assert!(in_inner("self.slots[0].take(); for slot in &self.slots { slot.take(); }").is_empty());
    assert!(in_inner("self.owner.turn(); self.owner.both();").is_empty());
    // Names of the standard library mean it, unless the receiver is known.
    assert!(in_inner("it.push(1); it.count();").is_empty());
    // So do all methods of what is known to be of no type of the folder.
    assert!(in_inner("self.name.enter(); let text: String = make(); text.after(); \"\".drain();").is_empty());
    // One of two may be meant, and one may be used.
    assert!(in_inner("it.both();").is_empty());
    assert!(in_inner("it.early();").is_empty());
    assert!(planted("// super::later::free()\nfn f() { \"super::later::free()\"; }").is_empty());
    assert!(planted("#[cfg(test)]\nmod checks { use super::super::later::Later; }").is_empty());
    assert!(
        planted("#[cfg(test)]\nuse super::later::Later;\n#[cfg(test)]\nfn f() { super::later::free() }").is_empty()
    );
    assert!(planted("use std::later::Later;\nfn f() { later::free() }").is_empty());
}

#[test]
fn a_method_of_several_later_files_is_a_knot() {
    let files = [
        ("a.rs", "fn f() { it.lent() }"),
        ("b.rs", "struct B; impl B { fn lent(&self) {} }"),
        ("c.rs", "struct C; impl C { fn lent(&self) {} }"),
    ];
    let found = wrong(&Folder::read("x", files), &[&["a.rs"], &["b.rs"], &["c.rs"]]);
    assert_eq!(found, ["a.rs: must not use `.lent()` of b.rs or c.rs, which come later"]);
    assert!(wrong(&Folder::read("x", files), &[&["b.rs"], &["a.rs"], &["c.rs"]]).is_empty());
}

#[test]
fn a_group_may_have_a_knot_in_it() {
    let files =
        [("a.rs", "use super::b::B; pub struct A;"), ("b.rs", "use super::a::A; pub struct B;"), ("mod.rs", "")];
    let found = wrong(&Folder::read("x", files), &[&["a.rs"], &["b.rs"], &["mod.rs"]]);
    assert_eq!(found, ["a.rs: must not use `super::b::B` of b.rs, which comes later"]);
    assert!(wrong(&Folder::read("x", files), &[&["a.rs", "b.rs"], &["mod.rs"]]).is_empty());
}

#[test]
fn a_type_without_an_owner_is_told() {
    let spread = "use super::Inner; impl Inner {}";
    let files = [("mod.rs", "struct Inner;"), ("a.rs", spread), ("b.rs", spread), ("c.rs", spread), ("d.rs", spread)];
    let order: &[Group<'_>] = &[&["mod.rs"], &["a.rs", "b.rs", "c.rs", "d.rs"]];
    assert_eq!(wrong(&Folder::read("x", files), order), ["`Inner` has methods in 4 files: a.rs, b.rs, c.rs, d.rs"]);
    let files = &files[..4];
    let fewer: &[Group<'_>] = &[&["mod.rs"], &["a.rs", "b.rs", "c.rs"]];
    assert!(wrong(&Folder::read("x", files.iter().copied()), fewer).is_empty());
}

#[test]
fn each_file_has_a_group() {
    let files = [("mod.rs", "struct Inner;"), ("a.rs", "use super::Inner;"), ("deep/b.rs", "use crate::x::Inner;")];
    let order: &[Group<'_>] = &[&["mod.rs"], &["gone.rs"]];
    assert_eq!(
        wrong(&Folder::read("x", files), order),
        [
            "a.rs: is in no group; it uses mod.rs, and is used by none",
            "deep/b.rs: is in no group; it uses mod.rs, and is used by none",
            "`gone.rs` is in a group, but there is no such file",
        ]
    );
    assert!(wrong(&Folder::read("x", files), &[&["mod.rs"], &["a.rs"], &["deep"]]).is_empty());
}
