//! The uses in the code of a file: paths, and methods by their receivers.
//!
//! The receiver of a method is known if it is `self`, an argument, a local variable, a field, an element or what a
//! function returns, and all types on the way are written in the folder; references, `Arc`, `Vec`, `Option` and the
//! like are looked through. Where it is not known, all files count that define a method of that name, unless it is
//! one of [`COMMON`]: then a use of *one* of them is meant, and it is wrong only if none may be used.

use std::collections::{BTreeMap, BTreeSet};

use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::token::{Brace, Bracket, Paren};
use syn::visit::{self, Visit};
use syn::{
    Attribute, Block, Expr, ExprClosure, ExprForLoop, ExprLet, ExprMethodCall, Ident, ImplItemFn, Item, ItemFn,
    ItemImpl, ItemMod, ItemTrait, ItemUse, Local, Macro, Member, Pat, Path, Signature, Token, TraitItemFn,
    VisRestricted,
};

use super::uses::{FileIndex, Folder, Function, Kind, TypeKey, Use, any_for_tests, is_for_tests, of_file, segments};

/// Names that the standard library gives to methods too. They count only where the receiver is known.
pub const COMMON: &[&str] = &[
    "add",
    "advance",
    "and_then",
    "as_bytes",
    "as_mut",
    "as_ref",
    "as_slice",
    "as_str",
    "borrow",
    "borrow_mut",
    "by_ref",
    "chain",
    "clear",
    "clone",
    "cloned",
    "close",
    "cmp",
    "collect",
    "contains",
    "copied",
    "count",
    "default",
    "drain",
    "drop",
    "elapsed",
    "end",
    "entry",
    "enumerate",
    "eq",
    "err",
    "expect",
    "extend",
    "filter",
    "find",
    "finish",
    "first",
    "flush",
    "fmt",
    "fold",
    "for_each",
    "from",
    "get",
    "get_mut",
    "hash",
    "id",
    "index",
    "insert",
    "into",
    "into_iter",
    "is_empty",
    "is_none",
    "is_some",
    "iter",
    "iter_mut",
    "join",
    "keys",
    "kind",
    "last",
    "len",
    "load",
    "lock",
    "map",
    "max",
    "min",
    "name",
    "next",
    "notify",
    "ok",
    "open",
    "or",
    "or_insert",
    "parse",
    "path",
    "pop",
    "position",
    "push",
    "read",
    "record",
    "recv",
    "remove",
    "replace",
    "reserve",
    "rev",
    "run",
    "send",
    "set",
    "skip",
    "sort",
    "spawn",
    "split",
    "start",
    "status",
    "store",
    "sub",
    "sum",
    "swap",
    "take",
    "then",
    "to_owned",
    "to_string",
    "try_from",
    "try_into",
    "unwrap",
    "update",
    "values",
    "wait",
    "wake",
    "with",
    "write",
    "zip",
];

/// Methods of `Option`, `Arc`, `Vec` and the like that hand out what is in them.
const PASSING: &[&str] = &[
    "as_deref",
    "as_mut",
    "as_ref",
    "borrow",
    "borrow_mut",
    "clone",
    "cloned",
    "copied",
    "deref",
    "entry",
    "expect",
    "first",
    "get",
    "get_mut",
    "insert",
    "into_inner",
    "iter",
    "iter_mut",
    "last",
    "lock",
    "next",
    "ok",
    "ok_or",
    "ok_or_else",
    "or_default",
    "or_insert_with",
    "pop",
    "read",
    "remove",
    "replace",
    "take",
    "unwrap",
    "unwrap_or_default",
    "unwrap_or_else",
    "upgrade",
    "values",
    "write",
    "filter",
    "find",
    "map_err",
    "downgrade",
];

impl Folder {
    /// All uses of other files of the folder.
    pub fn uses(&self) -> BTreeSet<Use> {
        let mut found = BTreeSet::new();
        for (index, file) in self.files.iter().enumerate() {
            let mut bodies =
                Bodies { folder: self, file: index, own: None, locals: BTreeMap::new(), inline: 0, found: &mut found };
            for path in &file.private {
                bodies.note_path(path);
            }
            file.syntax.items.iter().for_each(|item| bodies.visit_item(item));
        }
        found
    }
}

struct Bodies<'a> {
    folder: &'a Folder,
    file: FileIndex,
    /// The type whose `impl` block this is.
    own: Option<TypeKey>,
    locals: BTreeMap<String, Kind>,
    /// How many modules within the file are around.
    inline: usize,
    found: &'a mut BTreeSet<Use>,
}

impl<'a> Bodies<'a> {
    fn note(&mut self, to: &BTreeSet<FileIndex>, what: String) {
        if to.is_empty() || to.contains(&self.file) {
            return;
        }
        let name = |file: &FileIndex| self.folder.files[*file].name.clone();
        self.found.insert(Use { from: name(&self.file), to: to.iter().map(name).collect(), what });
    }

    /// The file that defines an item, and the one with the body of an associated function.
    fn note_path(&mut self, path: &[String]) {
        if let (Some("Self"), Some(own)) = (path.first().map(String::as_str), self.own.clone()) {
            return self.note_associated(&own, &path[1..], path);
        }
        let Some((file, rest)) = self.folder.resolve(self.file, &of_file(path, self.inline)) else { return };
        let Some(item) = rest.first() else { return };
        self.note(&[file].into(), path.join("::"));
        self.note_associated(&(file, item.clone()), &rest[1..], path);
    }

    fn note_associated(&mut self, key: &TypeKey, rest: &[String], path: &[String]) {
        if let Some(method) = rest.first().and_then(|name| self.folder.methods.get(key)?.get(name)) {
            self.note(&method.files.clone(), path.join("::"));
        }
    }

    fn note_method(&mut self, receiver: &Kind, name: &str) {
        if let Kind::Own(key) = receiver
            && let Some(method) = self.method(key, name)
        {
            return self.note(&method.files, format!("{}::{name}", key.1));
        }
        if *receiver != Kind::Foreign && !COMMON.contains(&name) {
            self.note(&self.folder.defining(name), format!(".{name}()"));
        }
    }

    fn method(&self, key: &TypeKey, name: &str) -> Option<&'a Function> {
        self.folder.methods.get(key)?.get(name)
    }

    fn type_of(&self, expression: &Expr) -> Kind {
        match expression {
            Expr::Path(it) => match it.path.get_ident().map(ToString::to_string) {
                Some(name) if name == "self" => self.own.clone().map_or(Kind::Unknown, Kind::Own),
                Some(name) => self.locals.get(&name).cloned().unwrap_or(Kind::Unknown),
                None => Kind::Unknown,
            },
            Expr::Field(it) => {
                let name = match &it.member {
                    Member::Named(name) => name.to_string(),
                    Member::Unnamed(index) => index.index.to_string(),
                };
                match self.type_of(&it.base) {
                    Kind::Own(base) => self.folder.fields.get(&base).and_then(|fields| fields.get(&name).cloned()),
                    other => Some(other),
                }
                .unwrap_or(Kind::Unknown)
            }
            Expr::MethodCall(it) => self.type_of_call(it),
            Expr::Call(it) => match &*it.func {
                Expr::Path(function) => self.returned(&segments(&function.path), it.args.first()),
                _ => Kind::Unknown,
            },
            Expr::Struct(it) => self.type_named(&segments(&it.path)).map_or(Kind::Unknown, Kind::Own),
            Expr::Index(it) => self.type_of(&it.expr),
            Expr::Reference(it) => self.type_of(&it.expr),
            Expr::Paren(it) => self.type_of(&it.expr),
            Expr::Group(it) => self.type_of(&it.expr),
            Expr::Try(it) => self.type_of(&it.expr),
            Expr::Unary(it) => self.type_of(&it.expr),
            Expr::Lit(_) => Kind::Foreign,
            _ => Kind::Unknown,
        }
    }

    fn type_of_call(&self, call: &ExprMethodCall) -> Kind {
        let name = call.method.to_string();
        match self.type_of(&call.receiver) {
            Kind::Own(receiver) => match self.method(&receiver, &name) {
                Some(method) => method.returns.clone(),
                None if PASSING.contains(&name.as_str()) => Kind::Own(receiver),
                None => Kind::Unknown,
            },
            // What holds nothing of the folder gives nothing of it, unless it is told what to give.
            Kind::Foreign if call.turbofish.is_none() && call.args.is_empty() => Kind::Foreign,
            _ => Kind::Unknown,
        }
    }

    fn type_named(&self, path: &[String]) -> Option<TypeKey> {
        if path.first()? == "Self" { self.own.clone() } else { self.folder.type_key(self.file, path) }
    }

    /// What a function returns that is called by its path. `Arc::clone(&x)` is an `x`, and so is `Some(x)`.
    fn returned(&self, path: &[String], argument: Option<&Expr>) -> Kind {
        if let [ty @ .., name] = path
            && let Some(method) = self.type_named(ty).as_ref().and_then(|key| self.method(key, name))
        {
            return method.returns.clone();
        }
        if let Some((file, rest)) = self.folder.resolve(self.file, path) {
            let function = rest.first().and_then(|name| self.folder.functions.get(&(file, name.clone())));
            return function.filter(|_| rest.len() == 1).map_or(Kind::Unknown, |function| function.returns.clone());
        }
        let wraps = ["clone", "new", "Some", "Ok", "from", "upgrade"];
        match argument.filter(|_| path.last().is_some_and(|name| wraps.contains(&name.as_str()))) {
            Some(argument) => self.type_of(argument),
            None => Kind::Unknown,
        }
    }

    /// Names a variable. It hides what had its name before, also if its own type is not known.
    fn bind(&mut self, pattern: &Pat, ty: Kind) {
        match pattern {
            Pat::Ident(it) => _ = self.locals.insert(it.ident.to_string(), ty),
            Pat::Type(it) => match self.folder.type_in(self.file, self.own.as_ref(), &it.ty) {
                Kind::Unknown => self.bind(&it.pat, ty),
                written => self.bind(&it.pat, written),
            },
            Pat::Reference(it) => self.bind(&it.pat, ty),
            Pat::Paren(it) => self.bind(&it.pat, ty),
            Pat::TupleStruct(it) => {
                let passes = it.path.is_ident("Some") || it.path.is_ident("Ok");
                let ty = if passes { ty } else { Kind::Unknown };
                it.elems.iter().for_each(|pattern| self.bind(pattern, ty.clone()));
            }
            Pat::Tuple(it) => it.elems.iter().for_each(|pattern| self.bind(pattern, Kind::Unknown)),
            Pat::Struct(it) => it.fields.iter().for_each(|field| self.bind(&field.pat, Kind::Unknown)),
            _ => {}
        }
    }

    fn within(&mut self, signature: &Signature, visit: impl FnOnce(&mut Self)) {
        let arguments = self.folder.arguments(self.file, self.own.as_ref(), signature);
        let outer = std::mem::replace(&mut self.locals, arguments);
        visit(self);
        self.locals = outer;
    }

    /// Everything in the tokens of a macro that can be read as an expression; of the rest, paths and methods.
    fn scan(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        while !input.is_empty() {
            let ahead = input.fork();
            if let Ok(expression) = ahead.parse::<Expr>() {
                input.advance_to(&ahead);
                self.visit_expr(&expression);
                continue;
            }
            let ahead = input.fork();
            if let Ok(path) = ahead.call(Path::parse_mod_style) {
                input.advance_to(&ahead);
                self.visit_path(&path);
                continue;
            }
            if input.peek(Token![.]) && input.peek2(Ident) && input.peek3(Paren) {
                input.parse::<Token![.]>()?;
                self.note_method(&Kind::Unknown, &input.parse::<Ident>()?.to_string());
                continue;
            }
            let content;
            if input.peek(Paren) {
                syn::parenthesized!(content in input);
                self.scan(&content)?;
            } else if input.peek(Brace) {
                syn::braced!(content in input);
                self.scan(&content)?;
            } else if input.peek(Bracket) {
                syn::bracketed!(content in input);
                self.scan(&content)?;
            } else {
                input.step(|cursor| match cursor.token_tree() {
                    Some((_, rest)) => Ok(((), rest)),
                    None => Err(cursor.error("no token")),
                })?;
            }
        }
        Ok(())
    }
}

impl<'ast> Visit<'ast> for Bodies<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_for_tests(item) {
            visit::visit_item(self, item);
        }
    }

    // Those are in `File::private`.
    fn visit_item_use(&mut self, _: &'ast ItemUse) {}

    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_vis_restricted(&mut self, _: &'ast VisRestricted) {}

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        self.inline += 1;
        visit::visit_item_mod(self, module);
        self.inline -= 1;
    }

    fn visit_item_impl(&mut self, block: &'ast ItemImpl) {
        let own = match self.folder.type_in(self.file, None, &block.self_ty) {
            Kind::Own(key) => Some(key),
            _ => None,
        };
        let outer = std::mem::replace(&mut self.own, own);
        visit::visit_item_impl(self, block);
        self.own = outer;
    }

    fn visit_item_trait(&mut self, block: &'ast ItemTrait) {
        let outer = self.own.replace((self.file, block.ident.to_string()));
        visit::visit_item_trait(self, block);
        self.own = outer;
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.within(&function.sig, |bodies| visit::visit_item_fn(bodies, function));
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        if !any_for_tests(&function.attrs) {
            self.within(&function.sig, |bodies| visit::visit_impl_item_fn(bodies, function));
        }
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        self.within(&function.sig, |bodies| visit::visit_trait_item_fn(bodies, function));
    }

    fn visit_block(&mut self, block: &'ast Block) {
        let outer = self.locals.clone();
        visit::visit_block(self, block);
        self.locals = outer;
    }

    fn visit_local(&mut self, local: &'ast Local) {
        visit::visit_local(self, local);
        let ty = local.init.as_ref().map_or(Kind::Unknown, |init| self.type_of(&init.expr));
        self.bind(&local.pat, ty);
    }

    fn visit_expr_let(&mut self, condition: &'ast ExprLet) {
        visit::visit_expr_let(self, condition);
        let ty = self.type_of(&condition.expr);
        self.bind(&condition.pat, ty);
    }

    fn visit_expr_for_loop(&mut self, each: &'ast ExprForLoop) {
        let ty = self.type_of(&each.expr);
        self.bind(&each.pat, ty);
        visit::visit_expr_for_loop(self, each);
    }

    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        let outer = self.locals.clone();
        closure.inputs.iter().for_each(|input| self.bind(input, Kind::Unknown));
        visit::visit_expr_closure(self, closure);
        self.locals = outer;
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let receiver = self.type_of(&call.receiver);
        self.note_method(&receiver, &call.method.to_string());
        visit::visit_expr_method_call(self, call);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let is_local = path.get_ident().is_some_and(|name| self.locals.contains_key(&name.to_string()));
        if path.leading_colon.is_none() && !is_local {
            self.note_path(&segments(path));
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        let scanned = (|input: ParseStream<'_>| self.scan(input)).parse2(call.tokens.clone());
        assert!(scanned.is_ok(), "{scanned:?}");
    }
}
