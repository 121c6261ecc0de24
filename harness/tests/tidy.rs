//! The house rules as tests. They find what a reviewer would otherwise have to look for in every change.

mod repository;

#[path = "repository/modules.rs"]
mod modules;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use approaches::registry::APPROACHES;
use repository::{SourceFile, root, rust_files};

/// Maximum number of lines of a file, without its unit tests.
const MAIN_LINES: usize = 60;
const APPROACH_LINES: usize = 200;
const FILE_LINES: usize = 300;

/// The crates that each crate may depend on, with dependencies of every kind.
const EDGES: [(&str, &[&str]); 12] = [
    ("approaches", &["clients", "net", "proto", "results", "servers"]),
    ("clients", &["net", "proto"]),
    ("complexity", &["results"]),
    ("gate", &["results", "stats"]),
    (
        "harness",
        &[
            "approaches",
            "clients",
            "complexity",
            "gate",
            "net",
            "proto",
            "reports",
            "results",
            "scenario",
            "servers",
            "stats",
        ],
    ),
    ("net", &[]),
    ("proto", &[]),
    ("reports", &["complexity", "gate", "results", "stats"]),
    ("results", &[]),
    ("scenario", &["approaches", "proto", "results", "servers"]),
    ("servers", &["net", "proto"]),
    ("stats", &["results"]),
];

/// Documents that must list every approach.
const DOCUMENTS_WITH_EVERY_APPROACH: [&str; 1] = ["README.md"];

#[test]
fn no_code_outside_the_registry_names_an_approach() {
    let allowed = |file: &SourceFile, name: &str| {
        let of_name = APPROACHES.iter().filter(|approach| approach.name == name);
        let mut own = of_name.flat_map(|approach| [approach.server_source.path, approach.client_source.path]);
        let is_own = own.any(|path| path == file.path || file.path.starts_with(&path.replace(".rs", "/")));
        file.is_test() || file.path == "harness/approaches/src/registry.rs" || is_own
    };
    let mut violations = Vec::new();
    for file in rust_files() {
        for word in file.words.iter().filter(|word| word.is_literal) {
            // The name of a variant is its approach, a slash and a setting.
            let name = word.text.split('/').next().unwrap_or_default();
            if APPROACHES.iter().any(|approach| approach.name == name) && !allowed(&file, name) {
                violations.push(format!("{}:{}: {}", file.path, word.line, file.line(word.line)));
            }
        }
    }
    assert!(violations.is_empty(), "use the facts of an approach instead of its name:\n{}", violations.join("\n"));
}

#[test]
fn files_and_functions_stay_within_their_limits() {
    let is_approach = |path: &str| {
        APPROACHES.iter().any(|approach| [approach.server_source.path, approach.client_source.path].contains(&path))
    };
    let budget = |file: &SourceFile| match file.path.as_str() {
        path if path.ends_with("/src/main.rs") => MAIN_LINES,
        path if is_approach(path) => APPROACH_LINES,
        _ => FILE_LINES,
    };
    expect_none("a file is too long", |file| {
        let lines = file.text.lines().count() - file.test_lines;
        (lines > budget(file)).then(|| format!("{lines} lines of at most {}", budget(file)))
    });
}

#[test]
fn every_module_states_its_responsibility() {
    expect_none("a module has no `//!`", |file| {
        (!file.text.starts_with("//! ")).then(|| "must start with its responsibility".to_owned())
    });
}

#[test]
fn entry_modules_have_no_logic() {
    let is_entry = |path: &str| path.ends_with("/src/lib.rs") || (path.ends_with("/mod.rs") && path.contains("/src/"));
    expect_none("an entry module has a function", |file| {
        let function = file.words.iter().find(|word| !word.is_literal && word.text == "fn");
        function.filter(|_| is_entry(&file.path)).map(|word| file.line(word.line).to_owned())
    });
}

#[test]
fn crates_depend_only_on_what_the_design_allows() {
    let folders = crates();
    let members: BTreeSet<String> = folders.keys().cloned().collect();
    assert_eq!(members, EDGES.map(|(name, _)| name.to_owned()).into(), "a crate is missing or has no edges here");
    for (name, edges) in EDGES {
        let text = fs::read_to_string(folders[name].join("Cargo.toml")).expect("the crate has a manifest");
        let manifest: toml::Table = text.parse().expect("it is valid TOML");
        let mut seen = BTreeSet::new();
        collect_edges(&manifest, &members, &mut seen);
        assert_eq!(seen, edges.iter().map(|&edge| edge.to_owned()).collect(), "{name} depends on other crates");
    }
}

/// Returns the crates by the names of their folders.
fn crates() -> BTreeMap<String, PathBuf> {
    let mut crates = BTreeMap::new();
    for parent in [root(), root().join("reports"), root().join("harness")] {
        for entry in fs::read_dir(parent).expect("the folder is readable") {
            let folder = entry.expect("the folder is readable").path();
            if folder.join("Cargo.toml").exists() {
                let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
                assert!(crates.insert(name, folder).is_none(), "two crates have the same name");
            }
        }
    }
    crates
}

/// Collects the crates of this repository from every dependency table, including those for one target.
fn collect_edges(table: &toml::Table, members: &BTreeSet<String>, seen: &mut BTreeSet<String>) {
    for (key, value) in table {
        let toml::Value::Table(inner) = value else { continue };
        if key.ends_with("dependencies") {
            seen.extend(inner.keys().filter(|name| members.contains(*name)).cloned());
        } else {
            collect_edges(inner, members, seen);
        }
    }
}

#[test]
fn no_cycle_of_modules_has_more_than_two_files() {
    let files = rust_files();
    let cycles = modules::cycles(&modules::references(&files));
    let long: Vec<String> = cycles.iter().filter(|cycle| cycle.len() > 2).map(|cycle| format!("{cycle:?}")).collect();
    assert!(long.is_empty(), "move the shared code to the module that it belongs to:\n{}", long.join("\n"));
}

/// An approach does not know how its connections are made, so TLS, proxies and networks need no change in it.
#[test]
fn only_the_net_crate_opens_connections() {
    let words = ["TcpStream", "TcpListener", "TcpSocket", "UnixStream", "socket2", "set_nodelay"];
    let schemes = ["http://{", "https://{", "ws://{", "wss://{"];
    expect_none("a server or client opens a connection by itself", |file| {
        let is_end = ["servers/src/", "clients/src/"].iter().any(|folder| file.path.starts_with(folder));
        let objection = file.words.iter().find(|word| {
            if word.is_literal {
                schemes.iter().any(|scheme| word.text.contains(scheme))
            } else {
                words.contains(&word.text.as_str())
            }
        });
        objection.filter(|_| is_end && !file.is_test()).map(|word| file.line(word.line).to_owned())
    });
}

/// Code that reads the kernel's files is in the `host` folder. The only exception is what a child reads about itself.
#[test]
fn only_the_host_folder_reads_the_kernel() {
    let own_process = ["harness/src/agent/process.rs", "harness/src/agent/interruption.rs"];
    expect_none("harness code outside the host folder reads the kernel's files", |file| {
        let is_free = file.is_test()
            || !file.path.starts_with("harness/")
            || file.path.starts_with("harness/src/host/")
            || own_process.contains(&file.path.as_str());
        let reads = |literal: &str| ["/proc/", "/sys/"].iter().any(|folder| literal.starts_with(folder));
        let objection =
            file.words.iter().find(|word| if word.is_literal { reads(&word.text) } else { word.text == "procfs" });
        objection.filter(|_| !is_free).map(|word| file.line(word.line).to_owned())
    });
}

#[test]
fn harness_folders_depend_one_way() {
    let mut files = rust_files();
    files.retain(|file| file.path.starts_with("harness/src/"));
    let cycles = modules::cycles(&modules::of_parts(&modules::references(&files)));
    let cycles: Vec<String> = cycles.iter().map(|cycle| format!("{cycle:?}")).collect();
    assert!(cycles.is_empty(), "move the shared code to the module that it belongs to:\n{}", cycles.join("\n"));
}

#[test]
fn links_between_documents_resolve() {
    let mut broken = Vec::new();
    for document in documents() {
        let text = fs::read_to_string(&document).expect("it was just listed");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") || link.contains(char::is_whitespace) {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { document.clone() } else { document.with_file_name("").join(path) };
            let leads = match fs::read_to_string(&target) {
                Ok(text) => anchor.is_empty() || has_anchor(&text, anchor),
                Err(_) => target.is_dir() && anchor.is_empty(),
            };
            if !leads {
                broken.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "these links are broken:\n{}", broken.join("\n"));
}

/// Returns the Markdown files in the root and in `docs`.
fn documents() -> Vec<PathBuf> {
    let folders = [root(), root().join("docs")];
    let paths = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("the folder is readable"));
    let paths = paths.map(|entry| entry.expect("the folder is readable").path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// Returns whether a document has this anchor, either as an `id` or as the slug of a heading.
fn has_anchor(text: &str, anchor: &str) -> bool {
    let slug = |heading: &str| {
        let kept = heading.to_lowercase().replace(|it: char| !it.is_alphanumeric() && !" -_".contains(it), "");
        kept.trim().replace(' ', "-")
    };
    let headings = text.lines().filter(|line| line.starts_with('#'));
    text.contains(&format!("id=\"{anchor}\""))
        || headings.map(|line| slug(line.trim_start_matches('#'))).any(|it| it == anchor)
}

#[test]
fn documents_list_every_approach() {
    for document in DOCUMENTS_WITH_EVERY_APPROACH {
        let text = fs::read_to_string(root().join(document)).unwrap_or_else(|error| panic!("{document}: {error}"));
        let is_absent = |name: &&str| !text.contains(&format!("`{name}`"));
        let absent: Vec<&str> = APPROACHES.iter().map(|approach| approach.name).filter(is_absent).collect();
        assert!(absent.is_empty(), "{document} does not list {absent:?}");
    }
}

/// Asserts that `objection` returns `None` for every file.
fn expect_none(rule: &str, objection: impl Fn(&SourceFile) -> Option<String>) {
    let files = rust_files();
    let objections = files.iter().filter_map(|file| objection(file).map(|it| format!("{}: {it}", file.path)));
    let objections: Vec<String> = objections.collect();
    assert!(objections.is_empty(), "{rule}:\n{}", objections.join("\n"));
}
