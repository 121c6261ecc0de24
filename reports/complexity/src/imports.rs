//! The imports of a file by name. Names are not resolved beyond the file.

use std::collections::BTreeMap;

use syn::{File, ItemUse, Path, UseTree, visit::Visit};

/// The imports of one file: the path behind each name.
pub(super) type Imports = BTreeMap<String, Vec<String>>;

/// Collects the imports of a file, at any depth.
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
            // It has no name, but its path still names the crate.
            UseTree::Glob(_) => self.name(before.last().map(|last| format!("{last}::*")), before),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add(before.clone(), tree)),
        }
    }

    fn name(&mut self, name: Option<String>, path: Vec<String>) {
        // There may be several `_`, so each is kept under what it imports.
        let name = name.map(|name| if name == "_" { format!("_::{}", path.join("::")) } else { name });
        self.imports.extend(name.map(|name| (name, path)));
    }
}

/// Returns the identifiers of a path.
pub(super) fn segments(path: &Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}
