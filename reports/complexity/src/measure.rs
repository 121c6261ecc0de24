//! Measures one half of an approach on the source that ran: lines, cognitive complexity and dependencies.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use results::schema::{Cognitive, Complexity, Crates};
use syn::{File, Item, ItemMod};
use thiserror::Error;

use crate::{
    cognitive,
    crates::{self, Lock, Version},
    syntax,
};

/// A file of a half.
#[derive(Debug, Clone, Copy)]
pub struct SourceFile<'a> {
    /// Its path in the repository. The first folder is the package.
    pub path: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// The common inputs of all measurements.
pub struct Base {
    lock: Lock,
    services: Vec<Service>,
    proto_lines: u32,
}

/// Why a half cannot be measured.
#[derive(Debug, Error)]
pub enum Unmeasured {
    /// A source is not valid Rust, or has an unknown form of `select!`.
    #[error("cannot parse {path}: {source}")]
    Source {
        /// The file.
        path: String,
        /// The parser's reason.
        source: syn::Error,
    },
    /// The lock file is invalid.
    #[error("cannot read the lock file: {0}")]
    Lock(#[from] toml::de::Error),
}

/// Reads the lock file of the build, the generated code, and the .proto file.
///
/// # Errors
/// One of them is invalid.
pub fn base(lock: &str, generated: &[SourceFile<'_>], messages: &str) -> Result<Base, Unmeasured> {
    Ok(Base { lock: Lock::read(lock)?, services: services(generated)?, proto_lines: proto_lines(messages) })
}

/// Measures a half that consists of these files, the approach's own first. `floor` is the same half of the floor, whose
/// crates every approach needs.
///
/// # Errors
/// A source cannot be parsed.
pub fn measure(half: &[SourceFile<'_>], floor: &[SourceFile<'_>], base: &Base) -> Result<Complexity, Unmeasured> {
    let (files, services) = (parse(half)?, &base.services);
    let mut words = BTreeSet::new();
    files.iter().for_each(|file| identifiers(file.to_token_stream(), &mut words));
    let used: Vec<&Service> = services.iter().filter(|service| words.contains(&service.name)).collect();
    let mut named = named(half, &files, &base.lock);
    named.extend(used.iter().flat_map(|service| base.lock.named(&service.package, &service.roots)));
    let floor = base.lock.closure(&self::named(floor, &parse(floor)?, &base.lock));
    Ok(Complexity {
        sources: half.iter().map(|file| file.path.to_owned()).collect(),
        code_lines: files.iter().map(|file| syntax::lines(file.to_token_stream())).sum(),
        generated_lines: used.iter().map(|service| service.lines).sum(),
        proto_lines: if used.is_empty() { 0 } else { base.proto_lines },
        cognitive: cognitive(&files),
        crates: crates_of(&base.lock, &named, &floor),
        obligations: None,
    })
}

fn parse(files: &[SourceFile<'_>]) -> Result<Vec<File>, Unmeasured> {
    let read = |file: &SourceFile<'_>| {
        syntax::read(file.text).map_err(|source| Unmeasured::Source { path: file.path.to_owned(), source })
    };
    files.iter().map(read).collect()
}

/// Returns the crates that the files of one package name.
fn named(half: &[SourceFile<'_>], files: &[File], lock: &Lock) -> BTreeSet<Version> {
    let package = half.first().map_or("", |file| package_of(file.path));
    lock.named(package, &files.iter().flat_map(crates::roots).collect())
}

fn package_of(path: &str) -> &str {
    path.split('/').next().unwrap_or_default()
}

/// A generated client or service.
struct Service {
    name: String,
    package: String,
    lines: u32,
    roots: BTreeSet<String>,
}

/// Returns the generated modules with functions. The others contain messages.
fn services(generated: &[SourceFile<'_>]) -> Result<Vec<Service>, Unmeasured> {
    let mut services = Vec::new();
    for (source, file) in generated.iter().zip(parse(generated)?) {
        for module in file.items {
            let Item::Mod(module) = module else { continue };
            if has_functions(&module) {
                let (name, lines) = (module.ident.to_string(), syntax::lines(module.to_token_stream()));
                let alone = File { items: vec![Item::Mod(module)], ..syntax::read("").expect("nothing is a file") };
                let package = package_of(source.path).to_owned();
                services.push(Service { name, package, lines, roots: crates::roots(&alone) });
            }
        }
    }
    Ok(services)
}

fn has_functions(module: &ItemMod) -> bool {
    let alone = module.content.iter().flat_map(|(_, items)| items);
    alone.into_iter().any(|item| matches!(item, Item::Impl(_)))
}

fn identifiers(tokens: TokenStream, words: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(word) => {
                words.insert(word.to_string());
            }
            TokenTree::Group(group) => identifiers(group.stream(), words),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

fn proto_lines(text: &str) -> u32 {
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    u32::try_from(text.lines().filter(is_code).count()).expect("a file has fewer lines")
}

fn cognitive(files: &[File]) -> Cognitive {
    let functions: Vec<cognitive::Function> = files.iter().flat_map(cognitive::functions).collect();
    // Takes the first of equal ones.
    let worst = functions.iter().rev().max_by_key(|function| function.complexity);
    Cognitive {
        sum: functions.iter().map(|function| function.complexity).sum(),
        worst: worst.map_or(0, |function| function.complexity),
        worst_function: worst.map_or_else(String::new, |function| function.name.clone()),
    }
}

fn crates_of(lock: &Lock, named: &BTreeSet<Version>, floor: &BTreeSet<Version>) -> Crates {
    let closure = lock.closure(named);
    let names = |versions: &mut dyn Iterator<Item = &Version>| versions.map(|(name, _)| name.clone()).collect();
    let count = |count: usize| u32::try_from(count).expect("a lock file has fewer packages");
    Crates {
        named: names(&mut named.iter()),
        named_beyond_floor: names(&mut named.difference(floor)),
        closure: count(closure.len()),
        closure_beyond_floor: count(closure.difference(floor).count()),
    }
}
