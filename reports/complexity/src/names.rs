//! What names mean in a half, as far as the syntax says: what is imported from where, which types are errors, and which
//! type `Self` is. No name is resolved beyond its file.

use std::collections::{BTreeMap, BTreeSet};

use syn::{
    Expr, ExprCall, File, GenericArgument, ItemImpl, ItemUse, Macro, Pat, PatTupleStruct, Path, PathArguments, Type,
    TypePath, UseTree,
    visit::{self, Visit},
};

use super::syntax;

/// What one file imports: for each name that it gives, the path behind it.
pub(super) type Imports = BTreeMap<String, Vec<String>>;

/// The imports of a file, wherever in it they stand.
pub(super) fn imports(file: &File) -> Imports {
    let mut found = Found { imports: Imports::new() };
    found.visit_file(file);
    found.imports
}

struct Found {
    imports: Imports,
}

impl<'ast> Visit<'ast> for Found {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.add(Vec::new(), &item.tree);
    }
}

impl Found {
    fn add(&mut self, mut before: Vec<String>, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.add(before, &path.tree);
            }
            UseTree::Name(name) if name.ident == "self" => self.name(before.last().cloned(), before),
            UseTree::Name(name) => {
                before.push(name.ident.to_string());
                self.name(before.last().cloned(), before);
            }
            UseTree::Rename(rename) => {
                before.push(rename.ident.to_string());
                self.name(Some(rename.rename.to_string()), before);
            }
            // Gives no name that could be asked for; its path still says which crate.
            UseTree::Glob(_) => self.name(before.last().map(|last| format!("{last}::*")), before),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add(before.clone(), tree)),
        }
    }

    fn name(&mut self, name: Option<String>, path: Vec<String>) {
        // `_` stands for many; each is kept under what it imports.
        let name = name.map(|name| if name == "_" { format!("_::{}", path.join("::")) } else { name });
        self.imports.extend(name.map(|name| (name, path)));
    }
}

/// The identifiers of a path.
pub(super) fn segments(path: &Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

/// The type that an `impl` is of, without its arguments.
pub(super) fn type_name(of: &Type) -> Option<String> {
    match of {
        Type::Path(path) => segments(&path.path).pop(),
        _ => None,
    }
}

/// Types that stand for what went wrong because of where they stand in these files: as the error of a `Result`, in an
/// `Err(…)`, or as what such a one is made `From`.
pub(super) fn errors(files: &[File]) -> BTreeSet<String> {
    let mut errors = Errors::default();
    files.iter().for_each(|file| errors.visit_file(file));
    for (made, from) in &errors.conversions {
        if errors.types.contains(made) {
            errors.types.insert(from.clone());
        }
    }
    errors.types.retain(|name| is_type(name) && name != "Self");
    errors.types
}

#[derive(Default)]
struct Errors {
    types: BTreeSet<String>,
    /// What is made, and what it is made from.
    conversions: Vec<(String, String)>,
}

impl Errors {
    /// The type before the last name: `Ended` of `Ended::Closed`.
    fn owner(&mut self, path: &Path) {
        let owner = segments(path).into_iter().rev().nth(1);
        self.types.extend(owner.filter(|owner| is_type(owner)));
    }

    fn pattern(&mut self, pattern: &Pat) {
        match pattern {
            Pat::Path(path) => self.owner(&path.path),
            Pat::TupleStruct(tuple) => self.owner(&tuple.path),
            Pat::Struct(fields) => self.owner(&fields.path),
            Pat::Ident(named) => named.subpat.iter().for_each(|(_, inner)| self.pattern(inner)),
            Pat::Or(either) => either.cases.iter().for_each(|case| self.pattern(case)),
            _ => {}
        }
    }
}

/// The plain type that is the argument at this place of a path that ends in this name.
fn argument(path: &Path, name: &str, place: usize) -> Option<String> {
    let last = path.segments.last().filter(|last| last.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    let Some(GenericArgument::Type(Type::Path(of))) = arguments.args.iter().nth(place) else { return None };
    of.path.segments.last().is_some_and(|last| last.arguments.is_none()).then(|| segments(&of.path).pop())?
}

impl<'ast> Visit<'ast> for Errors {
    fn visit_type_path(&mut self, path: &'ast TypePath) {
        self.types.extend(argument(&path.path, "Result", 1));
        visit::visit_type_path(self, path);
    }

    fn visit_item_impl(&mut self, block: &'ast ItemImpl) {
        let from = block.trait_.as_ref().and_then(|implemented| argument(&implemented.0, "From", 0));
        self.conversions.extend(type_name(&block.self_ty).zip(from));
        visit::visit_item_impl(self, block);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if matches!(&*call.func, Expr::Path(function) if function.path.is_ident("Err")) {
            match call.args.first() {
                Some(Expr::Path(path)) => self.owner(&path.path),
                Some(Expr::Struct(built)) => self.owner(&built.path),
                Some(Expr::Call(made)) => {
                    if let Expr::Path(path) = &*made.func {
                        self.owner(&path.path);
                    }
                }
                _ => {}
            }
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_pat_tuple_struct(&mut self, pattern: &'ast PatTupleStruct) {
        if pattern.path.is_ident("Err") {
            pattern.elems.iter().for_each(|inner| self.pattern(inner));
        }
        visit::visit_pat_tuple_struct(self, pattern);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        if let Ok(inside) = syntax::inside(call) {
            syntax::visit_inside(self, &inside);
        }
    }
}

/// `LikeThis`, as types and variants are written.
pub(super) fn is_type(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase()) && !is_constant(name)
}

/// `LIKE_THIS`, as constants are written.
pub(super) fn is_constant(name: &str) -> bool {
    name.len() > 1 && !name.contains(|letter: char| letter.is_ascii_lowercase())
}
