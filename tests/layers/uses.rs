//! Which file of a folder uses which other: what the names in its code mean.
//!
//! - A path counts as a use of the file that *defines* the item. Re-exports (`pub use`) only pass names on: neither is
//!   one a use of its own, nor does what it passes on count as a use of the file that it stands in.
//! - A method counts as a use of each file with the `impl` block (or the trait) that defines it; see
//!   [`bodies`](super::bodies) for how its receiver is found.
//! - What is for tests only does not count. What comes from other folders does not either: `LAYERS` holds that.

use std::collections::{BTreeMap, BTreeSet};

use syn::{
    Attribute, Fields, FnArg, GenericArgument, ImplItem, Item, ItemImpl, Path, PathArguments, ReturnType, Signature,
    TraitItem, Type, TypeParamBound, UseTree, Visibility,
};

/// A file, by its place in [`Folder::files`].
pub type FileIndex = usize;

/// A struct, enum or trait: where it is defined, and its name.
pub type TypeKey = (FileIndex, String);

/// What is known of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// It is of the folder, or holds one that is.
    Own(TypeKey),
    /// There is none of the folder in it.
    Foreign,
    Unknown,
}

/// One use: of exactly one file, or of one of several where a method's receiver is not known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    pub from: String,
    pub to: BTreeSet<String>,
    /// What is used, as written.
    pub what: String,
}

/// A function: the file with its body, and what it returns.
#[derive(Debug, Clone)]
pub struct Function {
    pub files: BTreeSet<FileIndex>,
    pub returns: Kind,
}

pub struct File {
    pub name: String,
    /// Beneath the folder: none for its `mod.rs`.
    pub module: Vec<String>,
    pub syntax: syn::File,
    items: BTreeSet<String>,
    imports: BTreeMap<String, Vec<String>>,
    globs: Vec<Vec<String>>,
    /// The paths of `use` items that are no re-exports.
    pub private: Vec<Vec<String>>,
}

pub struct Folder {
    name: String,
    pub files: Vec<File>,
    /// Methods and associated functions.
    pub methods: BTreeMap<TypeKey, BTreeMap<String, Function>>,
    pub fields: BTreeMap<TypeKey, BTreeMap<String, Kind>>,
    pub functions: BTreeMap<TypeKey, Function>,
    /// Where inherent `impl` blocks of a type are.
    impls: BTreeMap<TypeKey, BTreeSet<FileIndex>>,
}

/// Most imports that lead from a name to its item.
const DEEPEST: usize = 16;

impl Folder {
    /// Reads the sources of a folder: `(path beneath it, text)`.
    ///
    /// # Panics
    /// If one is no Rust.
    pub fn read<'a>(name: &str, sources: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let files = sources.into_iter().map(|(name, text)| file(name, text)).collect();
        let mut folder = Self {
            name: name.to_owned(),
            files,
            methods: BTreeMap::new(),
            fields: BTreeMap::new(),
            functions: BTreeMap::new(),
            impls: BTreeMap::new(),
        };
        for index in 0..folder.files.len() {
            let items = std::mem::take(&mut folder.files[index].syntax.items);
            folder.declare(index, &items);
            folder.files[index].syntax.items = items;
        }
        folder
    }

    /// The files with inherent `impl` blocks of each type.
    pub fn spread(&self) -> impl Iterator<Item = (&str, Vec<&str>)> {
        let name = |file: &FileIndex| self.files[*file].name.as_str();
        self.impls.iter().map(move |((_, ty), files)| (ty.as_str(), files.iter().map(name).collect()))
    }

    /// All files that define a method of this name.
    pub fn defining(&self, method: &str) -> BTreeSet<FileIndex> {
        self.methods.values().filter_map(|methods| methods.get(method)).flat_map(|it| it.files.clone()).collect()
    }

    /// What a path in a file means: the file that defines it, and the rest of the path from the item on.
    pub fn resolve(&self, file: FileIndex, path: &[String]) -> Option<(FileIndex, Vec<String>)> {
        self.find(&self.absolute(file, path, 0)?, 0)
    }

    /// The first type of the folder in a type: `Slot` in `&Vec<CachePadded<Slot>>`.
    pub fn type_in(&self, file: FileIndex, own: Option<&TypeKey>, ty: &Type) -> Kind {
        match ty {
            Type::Reference(it) => self.type_in(file, own, &it.elem),
            Type::Paren(it) => self.type_in(file, own, &it.elem),
            Type::Group(it) => self.type_in(file, own, &it.elem),
            Type::Slice(it) => self.type_in(file, own, &it.elem),
            Type::Array(it) => self.type_in(file, own, &it.elem),
            Type::TraitObject(it) => self.bound(file, it.bounds.iter()),
            Type::ImplTrait(it) => self.bound(file, it.bounds.iter()),
            Type::Path(it) if it.path.is_ident("Self") => own.cloned().map_or(Kind::Unknown, Kind::Own),
            Type::Path(it) => self.named(file, own, &it.path),
            Type::Tuple(it) if it.elems.is_empty() => Kind::Foreign,
            _ => Kind::Unknown,
        }
    }

    fn named(&self, file: FileIndex, own: Option<&TypeKey>, path: &Path) -> Kind {
        let names = segments(path);
        if let Some(key) = self.type_key(file, &names) {
            return Kind::Own(key);
        }
        let Some(last) = path.segments.last() else { return Kind::Unknown };
        let mut types = match &last.arguments {
            PathArguments::AngleBracketed(arguments) => arguments.args.iter().collect::<Vec<_>>(),
            _ => Vec::new(),
        };
        // The values of a map; the success of a result.
        if last.ident.to_string().ends_with("Map") {
            types.reverse();
        }
        let first = types.into_iter().find_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        });
        match first {
            Some(ty) => self.type_in(file, own, ty),
            None => self.foreign(file, &names),
        }
    }

    /// A name alone may also be a parameter, whose bounds may be traits of the folder.
    fn foreign(&self, file: FileIndex, path: &[String]) -> Kind {
        let [name] = path else { return Kind::Foreign };
        let is_primitive = name.starts_with(|first: char| first.is_ascii_lowercase()) || name == "String";
        let is_foreign = is_primitive || self.files[file].imports.contains_key(name);
        if is_foreign && self.resolve(file, path).is_none() { Kind::Foreign } else { Kind::Unknown }
    }

    fn bound<'a>(&self, file: FileIndex, mut bounds: impl Iterator<Item = &'a TypeParamBound>) -> Kind {
        let key = bounds.find_map(|bound| match bound {
            TypeParamBound::Trait(bound) => self.type_key(file, &segments(&bound.path)),
            _ => None,
        });
        key.map_or(Kind::Unknown, Kind::Own)
    }

    pub fn type_key(&self, file: FileIndex, path: &[String]) -> Option<TypeKey> {
        match self.resolve(file, path)? {
            (file, rest) if rest.len() == 1 && self.files[file].items.contains(&rest[0]) => {
                Some((file, rest.into_iter().next()?))
            }
            _ => None,
        }
    }

    /// From the folder on; nothing for what lies outside. `depth` ends imports that lead in a ring.
    fn absolute(&self, index: FileIndex, path: &[String], depth: usize) -> Option<Vec<String>> {
        let file = &self.files[index];
        let (first, rest) = path.split_first().filter(|_| depth < DEEPEST)?;
        let is_child = || self.is_module(&[file.module.as_slice(), std::slice::from_ref(first)].concat());
        match first.as_str() {
            "crate" => (rest.first()? == &self.name).then(|| rest[1..].to_vec()),
            "self" => Some([file.module.as_slice(), rest].concat()),
            "super" => {
                let up = path.iter().take_while(|segment| *segment == "super").count();
                let kept = file.module.len().checked_sub(up)?;
                Some([&file.module[..kept], &path[up..]].concat())
            }
            _ if file.items.contains(first) || is_child() => Some([file.module.as_slice(), path].concat()),
            _ => match file.imports.get(first) {
                Some(import) => Some([self.absolute(index, import, depth + 1)?, rest.to_vec()].concat()),
                None => file.globs.iter().find_map(|glob| self.through(index, glob, path, depth + 1)),
            },
        }
    }

    /// The path behind a glob import, if that brings it.
    fn through(&self, index: FileIndex, glob: &[String], path: &[String], depth: usize) -> Option<Vec<String>> {
        let absolute = [self.absolute(index, glob, depth)?, path.to_vec()].concat();
        let (found, rest) = self.find(&absolute, depth)?;
        rest.first().is_some_and(|item| self.files[found].items.contains(item)).then_some(absolute)
    }

    fn is_module(&self, module: &[String]) -> bool {
        self.files.iter().any(|file| file.module == module)
    }

    fn find(&self, path: &[String], depth: usize) -> Option<(FileIndex, Vec<String>)> {
        let longest = (0..=path.len()).rev().find(|length| self.is_module(&path[..*length]))?;
        let index = self.files.iter().position(|file| file.module == path[..longest])?;
        let (file, rest) = (&self.files[index], &path[longest..]);
        let Some((first, after)) = rest.split_first().filter(|_| depth < DEEPEST) else {
            return Some((index, rest.to_vec()));
        };
        if file.items.contains(first) {
            return Some((index, rest.to_vec()));
        }
        if let Some(import) = file.imports.get(first) {
            let absolute = self.absolute(index, import, depth + 1)?;
            return self.find(&[absolute, after.to_vec()].concat(), depth + 1);
        }
        match file.globs.iter().find_map(|glob| self.through(index, glob, rest, depth + 1)) {
            Some(absolute) => self.find(&absolute, depth + 1),
            None => Some((index, rest.to_vec())),
        }
    }

    /// Fills in methods, fields and functions.
    fn declare(&mut self, file: FileIndex, items: &[Item]) {
        for item in items.iter().filter(|item| !is_for_tests(item)) {
            match item {
                Item::Mod(it) => {
                    if let Some((_, items)) = &it.content {
                        self.declare(file, items);
                    }
                }
                Item::Struct(it) => self.declare_fields(file, &it.ident.to_string(), &it.fields),
                Item::Trait(it) => {
                    let key = (file, it.ident.to_string());
                    for item in &it.items {
                        if let TraitItem::Fn(function) = item {
                            self.declare_method(file, &key, &function.sig);
                        }
                    }
                }
                Item::Fn(it) => {
                    let returns = self.returned(file, None, &it.sig);
                    let function = Function { files: [file].into(), returns };
                    self.functions.insert((file, it.sig.ident.to_string()), function);
                }
                Item::Impl(it) if it.trait_.is_none() => self.declare_impl(file, it),
                _ => {}
            }
        }
    }

    fn declare_impl(&mut self, file: FileIndex, block: &ItemImpl) {
        let Kind::Own(key) = self.type_in(file, None, &block.self_ty) else { return };
        self.impls.entry(key.clone()).or_default().insert(file);
        for item in &block.items {
            match item {
                ImplItem::Fn(function) if !any_for_tests(&function.attrs) => {
                    self.declare_method(file, &key, &function.sig);
                }
                _ => {}
            }
        }
    }

    fn declare_method(&mut self, file: FileIndex, key: &TypeKey, signature: &Signature) {
        let returns = self.returned(file, Some(key), signature);
        let methods = self.methods.entry(key.clone()).or_default();
        let new = Function { files: BTreeSet::new(), returns };
        methods.entry(signature.ident.to_string()).or_insert(new).files.insert(file);
    }

    fn declare_fields(&mut self, file: FileIndex, name: &str, fields: &Fields) {
        let key = (file, name.to_owned());
        for (index, field) in fields.iter().enumerate() {
            let name = field.ident.as_ref().map_or_else(|| index.to_string(), ToString::to_string);
            let ty = self.type_in(file, Some(&key), &field.ty);
            self.fields.entry(key.clone()).or_default().insert(name, ty);
        }
    }

    fn returned(&self, file: FileIndex, own: Option<&TypeKey>, signature: &Signature) -> Kind {
        match &signature.output {
            ReturnType::Type(_, ty) => self.type_in(file, own, ty),
            ReturnType::Default => Kind::Foreign,
        }
    }

    /// The types of a function's arguments, by name.
    pub fn arguments(&self, file: FileIndex, own: Option<&TypeKey>, signature: &Signature) -> BTreeMap<String, Kind> {
        let named = signature.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(input) => match &*input.pat {
                syn::Pat::Ident(name) => Some((name.ident.to_string(), self.type_in(file, own, &input.ty))),
                _ => None,
            },
            FnArg::Receiver(_) => None,
        });
        named.collect()
    }
}

pub fn segments(path: &Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

fn file(name: &str, text: &str) -> File {
    let syntax = syn::parse_file(text).unwrap_or_else(|error| panic!("{name} is no Rust: {error}"));
    let path = name.trim_end_matches(".rs");
    let path = if path == "mod" { "" } else { path.trim_end_matches("/mod") };
    let module = path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let mut file = File {
        name: name.to_owned(),
        module,
        items: BTreeSet::new(),
        imports: BTreeMap::new(),
        globs: Vec::new(),
        private: Vec::new(),
        syntax: syn::File { shebang: None, frontmatter: None, attrs: Vec::new(), items: Vec::new() },
    };
    file.note(&syntax.items, 0);
    file.syntax = syntax;
    file
}

impl File {
    fn note(&mut self, items: &[Item], inline: usize) {
        for item in items.iter().filter(|item| !is_for_tests(item)) {
            let name = match item {
                Item::Use(it) => {
                    let is_private = matches!(it.vis, Visibility::Inherited);
                    self.note_use(&it.tree, &mut Vec::new(), Named { is_private, inline });
                    continue;
                }
                Item::Mod(it) => {
                    if let Some((_, items)) = &it.content {
                        self.note(items, inline + 1);
                    }
                    continue;
                }
                Item::Const(it) => &it.ident,
                Item::Enum(it) => &it.ident,
                Item::Fn(it) => &it.sig.ident,
                Item::Static(it) => &it.ident,
                Item::Struct(it) => &it.ident,
                Item::Trait(it) => &it.ident,
                Item::Type(it) => &it.ident,
                Item::Union(it) => &it.ident,
                Item::Macro(it) => match &it.ident {
                    Some(ident) => ident,
                    None => continue,
                },
                _ => continue,
            };
            self.items.insert(name.to_string());
        }
    }

    fn note_use(&mut self, tree: &UseTree, path: &mut Vec<String>, named: Named) {
        match tree {
            UseTree::Path(it) => {
                path.push(it.ident.to_string());
                self.note_use(&it.tree, path, named);
                path.pop();
            }
            UseTree::Name(it) => self.note_leaf(path, &it.ident.to_string(), &it.ident.to_string(), named),
            UseTree::Rename(it) => self.note_leaf(path, &it.ident.to_string(), &it.rename.to_string(), named),
            UseTree::Glob(_) => self.globs.push(of_file(path, named.inline)),
            UseTree::Group(it) => it.items.iter().for_each(|tree| self.note_use(tree, path, named)),
        }
    }

    /// `use a::{self}` names `a`.
    fn note_leaf(&mut self, path: &[String], name: &str, alias: &str, named: Named) {
        let mut full = path.to_vec();
        if name != "self" || full.is_empty() {
            full.push(name.to_owned());
        }
        let full = of_file(&full, named.inline);
        let alias = if alias == "self" { full.last().cloned() } else { Some(alias.to_owned()) };
        if named.is_private {
            self.private.push(full.clone());
        }
        // What names itself is there already: a macro, and what a module within the file takes from around it.
        let alias = alias.filter(|alias| alias != "_" && full != [alias.as_str()] && full != ["self", alias]);
        if let Some(alias) = alias {
            self.imports.insert(alias, full);
        }
    }
}

/// How a `use` names things.
#[derive(Clone, Copy)]
struct Named {
    is_private: bool,
    /// How many modules within the file are around it.
    inline: usize,
}

/// A path as it is from outside the modules within a file: these do not count as modules.
pub fn of_file(path: &[String], inline: usize) -> Vec<String> {
    let up = path.iter().take_while(|segment| *segment == "super").count().min(inline);
    match &path[up..] {
        rest if up == 0 || rest.first().is_some_and(|first| first == "super") => rest.to_vec(),
        rest => [&["self".to_owned()], rest].concat(),
    }
}

pub fn any_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute.parse_args::<Path>().is_ok_and(|condition| condition.is_ident("test"))
    })
}

pub fn is_for_tests(item: &Item) -> bool {
    any_for_tests(match item {
        Item::Const(it) => &it.attrs,
        Item::Enum(it) => &it.attrs,
        Item::Fn(it) => &it.attrs,
        Item::Impl(it) => &it.attrs,
        Item::Macro(it) => &it.attrs,
        Item::Mod(it) => &it.attrs,
        Item::Static(it) => &it.attrs,
        Item::Struct(it) => &it.attrs,
        Item::Trait(it) => &it.attrs,
        Item::Type(it) => &it.attrs,
        Item::Use(it) => &it.attrs,
        _ => &[],
    })
}
