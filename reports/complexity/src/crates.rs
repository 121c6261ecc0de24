//! The third-party crates that a source names, and all their dependencies by the lock file.
//!
//! The lock file covers all platforms and features, so a closure may be larger than what is built. Crates of this repository are
//! not followed, because both ends share them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use syn::{
    File, Macro, Path,
    visit::{self, Visit},
};

use super::{
    imports::{imports, segments},
    syntax,
};

/// A crate in one version.
pub(super) type Version = (String, String);

/// The packages of a lock file with their dependencies.
pub(super) struct Lock {
    packages: BTreeMap<Version, Package>,
}

#[derive(Deserialize)]
struct LockFile {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    /// Its source. `None` for crates of this repository.
    source: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

impl Lock {
    /// Reads the text of a lock file.
    pub(super) fn read(text: &str) -> Result<Self, toml::de::Error> {
        let file: LockFile = toml::from_str(text)?;
        let key = |package: &Package| (package.name.clone(), package.version.clone());
        Ok(Self { packages: file.package.into_iter().map(|package| (key(&package), package)).collect() })
    }

    /// Dependencies of a package.
    fn needed(&self, package: &Package) -> Vec<Version> {
        package.dependencies.iter().filter_map(|dependency| self.find(dependency)).collect()
    }

    /// `name`, or `name version` if there are several versions.
    fn find(&self, dependency: &str) -> Option<Version> {
        let mut words = dependency.split(' ');
        let (name, version) = (words.next()?, words.next());
        let mut named = self.packages.keys().filter(|(other, _)| other == name);
        named.find(|(_, other)| version.is_none_or(|version| version == other)).cloned()
    }

    /// Returns the third-party crates that these roots name and the package `own` depends on.
    pub(super) fn named(&self, own: &str, roots: &BTreeSet<String>) -> BTreeSet<Version> {
        let package = self.packages.values().find(|package| package.name == own && package.source.is_none());
        let needed = package.map_or_else(Vec::new, |package| self.needed(package));
        needed.into_iter().filter(|key| self.is_foreign(key) && roots.contains(&key.0.replace('-', "_"))).collect()
    }

    fn is_foreign(&self, key: &Version) -> bool {
        self.packages.get(key).is_some_and(|package| package.source.is_some())
    }

    /// Returns these crates and all their dependencies.
    pub(super) fn closure(&self, named: &BTreeSet<Version>) -> BTreeSet<Version> {
        let mut closure = BTreeSet::new();
        let mut open: Vec<Version> = named.iter().cloned().collect();
        while let Some(key) = open.pop() {
            if let Some(package) = self.packages.get(&key)
                && closure.insert(key)
            {
                open.extend(self.needed(package));
            }
        }
        closure
    }
}

/// Returns the first words of paths that can be crates: of each import, and of each path whose first word is not
/// imported.
pub(super) fn roots(file: &File) -> BTreeSet<String> {
    let imports = imports(file);
    let mut roots = Roots(BTreeSet::new());
    roots.visit_file(file);
    roots.0.retain(|root| !imports.contains_key(root));
    roots.0.extend(imports.into_values().filter_map(|path| path.into_iter().next()));
    roots.0
}

struct Roots(BTreeSet<String>);

impl<'ast> Visit<'ast> for Roots {
    fn visit_path(&mut self, path: &'ast Path) {
        if path.segments.len() > 1 {
            self.0.extend(segments(path).into_iter().next());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        if let Ok(inside) = syntax::inside(call) {
            syntax::visit_inside(self, &inside);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
        [[package]]
        name = "own"
        version = "0.1.0"
        dependencies = ["a-b", "c 2.0.0", "other"]

        [[package]]
        name = "other"
        version = "0.1.0"
        dependencies = ["d"]

        [[package]]
        name = "a-b"
        version = "1.0.0"
        source = "registry"
        dependencies = ["c 1.0.0"]

        [[package]]
        name = "c"
        version = "1.0.0"
        source = "registry"

        [[package]]
        name = "c"
        version = "2.0.0"
        source = "registry"
        dependencies = ["a-b", "d"]

        [[package]]
        name = "d"
        version = "1.0.0"
        source = "registry"
    "#;

    fn sizes(text: &str) -> [usize; 2] {
        let lock = Lock::read(LOCK).unwrap();
        let named = lock.named("own", &roots(&syntax::read(text).unwrap()));
        [named.len(), lock.closure(&named).len()]
    }

    #[test]
    fn a_crate_brings_its_dependencies_in_their_versions() {
        assert_eq!(sizes("use a_b::{C, D};"), [1, 2]);
        assert_eq!(sizes("use c::C;"), [1, 4], "a cycle has an end");
        assert_eq!(sizes("fn f() { c::d(a_b::e!()) }"), [2, 4]);
    }

    #[test]
    fn unknown_and_workspace_crates_do_not_count() {
        assert_eq!(sizes("use other::X; use d::Y; use std::z; use crate::a_b;"), [0, 0]);
        assert_eq!(sizes("use crate::a_b; fn f() { a_b::g() }"), [0, 0]);
        assert_eq!(sizes("#[cfg(test)] mod tests { use a_b::X; }"), [0, 0]);
        assert_eq!(sizes("fn f() { select! { _ = a_b::g() => {} } }"), [1, 2]);
    }
}
