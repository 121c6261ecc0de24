//! Finds which file of a crate refers to which, from the paths in its code. A re-exported name belongs to the file that
//! defines it, so an entry module that only re-exports names makes no cycle. It contains no rules itself.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};

use super::repository::SourceFile;

/// Files of one crate by module: `harness/src/host/clock.rs` is `host`, `clock`.
type Modules<'a> = BTreeMap<Vec<String>, File<'a>>;

/// A path in code, one element per segment.
type Path = Vec<String>;

/// Imports already followed, by module and name. They end the search if an import refers to itself.
type Seen = BTreeSet<(Path, String)>;

/// The references of one file.
struct File<'a> {
    path: &'a str,
    /// Imported and re-exported paths, by their name in this file.
    imports: BTreeMap<String, Path>,
    /// All other paths in the code.
    mentions: BTreeSet<Path>,
}

/// Returns, per file of a crate's sources, the files of the same crate that its code refers to.
pub(crate) fn references(files: &[SourceFile]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut crates: BTreeMap<&str, Modules<'_>> = BTreeMap::new();
    for file in files.iter().filter(|file| !file.is_test() && !file.path.ends_with("/main.rs")) {
        let Some((folder, inside)) = file.path.split_once("/src/") else { continue };
        let (mut imports, mut mentions) = (BTreeMap::new(), BTreeSet::new());
        collect(&file.code, &mut imports, &mut mentions);
        let file = File { path: &file.path, imports, mentions };
        crates.entry(folder).or_default().insert(module_of(inside), file);
    }
    let mut references = BTreeMap::new();
    for modules in crates.values() {
        for (module, file) in modules {
            let paths = file.imports.values().chain(&file.mentions);
            let found = paths.filter_map(|path| match definition(modules, module, path, &mut Seen::new())? {
                Named::In(other) if other != file.path => Some(other),
                _ => None,
            });
            references.insert(file.path, found.collect());
        }
    }
    references
}

/// Returns the same references between the parts of a crate. A part is a folder in `src` with everything in it, or a
/// file in `src`.
pub(crate) fn of_parts<'a>(references: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut parts = BTreeMap::new();
    for (file, others) in references {
        let own = part_of(file);
        let found: &mut BTreeSet<&str> = parts.entry(own).or_default();
        found.extend(others.iter().map(|other| part_of(other)).filter(|other| *other != own));
    }
    parts
}

fn part_of(file: &str) -> &str {
    let sources = file.find("/src/").map_or(0, |place| place + "/src/".len());
    let end = file[sources..].find('/').map_or(file.len() - ".rs".len(), |length| sources + length);
    &file[..end]
}

/// Returns the sets of files in which each file refers, directly or indirectly, to every other one.
pub(crate) fn cycles<'a>(references: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<BTreeSet<&'a str>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        references.keys().map(|&file| (file, reached_from(file, references))).collect();
    let cycle = |file: &&'a str| -> BTreeSet<&'a str> {
        let comes_back = |other: &&&str| reached[**other].contains(file);
        reached[*file].iter().filter(comes_back).copied().collect()
    };
    references.keys().map(cycle).filter(|cycle| cycle.len() > 1).collect()
}

fn reached_from<'a>(file: &str, references: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = references[file].iter().copied().collect();
    while let Some(next) = open.pop() {
        if reached.insert(next) {
            open.extend(&references[next]);
        }
    }
    reached
}

/// Returns the module of a file, given its path below `src`.
fn module_of(inside: &str) -> Path {
    let mut module: Path = inside.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    module.pop_if(|last| last == "mod" || last == "lib");
    module
}

/// The target of a path.
enum Named<'a> {
    /// An item that this file defines.
    In(&'a str),
    /// A module itself, or an item of another crate.
    Elsewhere,
}

/// Resolves a path in this module. Returns `None` for an item that the module itself defines.
fn definition<'a>(modules: &Modules<'a>, module: &[String], path: &[String], seen: &mut Seen) -> Option<Named<'a>> {
    let mut place = module.to_owned();
    let is_relative = |word: &&String| ["crate", "self", "super"].contains(&word.as_str());
    let ups = path.iter().take_while(is_relative).count();
    for up in &path[..ups] {
        match up.as_str() {
            "crate" => place.clear(),
            "super" => drop(place.pop()),
            _ => {}
        }
    }
    match named(modules, &place, &path[ups..], seen) {
        None if ups > 0 => Some(Named::In(modules.get(&place)?.path)),
        named => named,
    }
}

/// Resolves a path that begins with a name in this module: a submodule or an import.
fn named<'a>(modules: &Modules<'a>, module: &[String], path: &[String], seen: &mut Seen) -> Option<Named<'a>> {
    let Some((first, rest)) = path.split_first() else { return Some(Named::Elsewhere) };
    let inner = [module, std::slice::from_ref(first)].concat();
    if let Some(file) = modules.get(&inner) {
        return named(modules, &inner, rest, seen).or(Some(Named::In(file.path)));
    }
    let imported = modules.get(module)?.imports.get(first)?;
    if !seen.insert((module.to_owned(), first.clone())) {
        return None;
    }
    definition(modules, module, &[imported, rest].concat(), seen).or(Some(Named::Elsewhere))
}

/// Collects the imports and all other paths in the code.
fn collect(code: &TokenStream, imports: &mut BTreeMap<String, Path>, mentions: &mut BTreeSet<Path>) {
    let tokens: Vec<TokenTree> = code.clone().into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            // `use<…>` in a type lists lifetimes.
            TokenTree::Ident(word) if word == "use" && !is_mark(tokens.get(at + 1), '<') => {
                let end = at + tokens[at..].iter().take_while(|token| !is_mark(Some(token), ';')).count();
                import(&tokens[at + 1..end], &[], imports);
                at = end;
            }
            TokenTree::Ident(_) => {
                let path = path_at(&tokens, &mut at);
                mentions.extend((path.len() > 1).then_some(path));
            }
            TokenTree::Group(group) => {
                collect(&group.stream(), imports, mentions);
                at += 1;
            }
            _ => at += 1,
        }
    }
}

/// Reads identifiers separated by `::`, and moves `at` past them.
fn path_at(tokens: &[TokenTree], at: &mut usize) -> Path {
    let mut path = Path::new();
    while let Some(TokenTree::Ident(word)) = tokens.get(*at) {
        path.push(word.to_string());
        *at += 1;
        if !(is_mark(tokens.get(*at), ':') && is_mark(tokens.get(*at + 1), ':')) {
            break;
        }
        *at += 2;
    }
    path
}

/// Reads one `use` tree.
fn import(tree: &[TokenTree], above: &[String], imports: &mut BTreeMap<String, Path>) {
    let mut at = 0;
    let path = [above, &path_at(tree, &mut at)].concat();
    match &tree[at..] {
        [TokenTree::Group(group), ..] => {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            inner.split(|token| is_mark(Some(token), ',')).for_each(|one| import(one, &path, imports));
        }
        // An import as `_` is stored under its path, so that it does not replace another one.
        [TokenTree::Ident(_), TokenTree::Ident(name), ..] => {
            let name = if name == "_" { path.join("::") } else { name.to_string() };
            imports.insert(name, path);
        }
        _ => {
            let path = if path.ends_with(&["self".to_owned()]) { &path[..path.len() - 1] } else { &path[..] };
            if let Some(name) = path.last() {
                imports.insert(name.clone(), path.to_owned());
            }
        }
    }
}

fn is_mark(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == mark)
}
