//! Tests of the registry: its entries are correct, and an approach consists only of its entry, its own files and two
//! `mod` lines.

mod repository;

use std::{collections::BTreeSet, path::Path};

use approaches::registry::{APPROACHES, Approach, Exchange, Setting, Source, Values};
use repository::{SourceFile, root, rust_files};

/// Names that users and scripts rely on, in the order of lists and reports.
const NAMES: [&str; 11] = [
    "short-poll",
    "conditional-get",
    "long-poll",
    "sse",
    "websocket",
    "grpc-unary",
    "grpc-stream",
    "grpc-bidi",
    "grpc-web",
    "webhook",
    "raw-tcp",
];
/// Modules of servers and clients that do not count as part of an approach, because all approaches may use them.
const COMMON_MODULES: [&str; 9] =
    ["arrival", "context", "drain", "fanout", "http", "hub", "retry", "subscription", "unfinished"];
/// Rows of the article's table.
const ARTICLE_ROWS: [&str; 6] =
    ["Short polling", "Long polling", "SSE", "WebSocket", "gRPC server streaming", "gRPC bidirectional"];

#[test]
fn every_promised_approach_is_registered_in_order() {
    let names: Vec<&str> = APPROACHES.iter().map(|approach| approach.name).collect();
    assert_eq!(names, NAMES);
}

#[test]
fn names_are_unique_and_kebab_case() {
    let names: BTreeSet<&str> = APPROACHES.iter().map(|approach| approach.name).collect();
    assert_eq!(names.len(), APPROACHES.len());
    assert!(names.iter().all(|name| is_kebab_case(name)), "{names:?}");
}

#[test]
fn each_row_of_the_articles_table_has_one_approach() {
    let rows: Vec<&str> =
        APPROACHES.iter().filter_map(|approach| approach.facts.article.map(|words| words[0])).collect();
    assert_eq!(rows, ARTICLE_ROWS);
}

#[test]
fn exactly_one_floor_comes_last() {
    let floors: Vec<bool> = APPROACHES.iter().map(|approach| approach.facts.floor).collect();
    assert_eq!(floors.iter().filter(|is_floor| **is_floor).count(), 1);
    assert_eq!(floors.last(), Some(&true));
}

#[test]
fn no_fact_is_empty() {
    for approach in APPROACHES {
        let summary = approach.facts.summary;
        assert!(!summary.is_empty() && !summary.ends_with('.'), "{}: `{summary}`", approach.name);
    }
}

#[test]
fn every_server_has_a_command_to_try_it() {
    for Approach { name, facts, .. } in APPROACHES {
        let line = facts.first_try;
        assert!(line.matches("{address}").count() == 1 && !line.contains('\n'), "{name}: {line}");
        let of_grpc = name.starts_with("grpc-") && !name.ends_with("-web");
        assert_eq!(line.starts_with("grpcurl -plaintext "), of_grpc, "{name}: {line}");
        assert_eq!(line == "curl http://{address}/", !of_grpc && !facts.floor, "{name}: {line}");
    }
}

#[test]
fn settings_are_valid() {
    for Approach { name, settings, facts, .. } in APPROACHES {
        let names: BTreeSet<&str> = settings.iter().map(|setting| setting.name).collect();
        assert_eq!(names.len(), settings.len(), "{name} has a setting twice");
        assert!(names.iter().all(|name| is_kebab_case(name)), "{name}: {names:?}");
        settings.iter().for_each(|setting| assert_values(name, setting));
        if let Exchange::Poll(wanted) | Exchange::Hold(wanted) = facts.exchange {
            let has_it = |setting: &Setting| setting.name == wanted && matches!(setting.values, Values::Duration(_));
            assert!(settings.iter().any(has_it), "{name} has no duration `{wanted}`");
        }
    }
}

fn assert_values(approach: &str, setting: &Setting) {
    match setting.values {
        Values::Duration(default) => {
            let duration = proto::parse_duration(default);
            assert!(duration.is_ok_and(|it| !it.is_zero()), "{approach}: {} is {default}", setting.name);
        }
        Values::Choice(choices) => {
            let distinct: BTreeSet<&&str> = choices.iter().collect();
            assert!(choices.len() >= 2 && distinct.len() == choices.len(), "{approach}: {choices:?}");
            // A choice is one part of a variant's name: `websocket/binary`, `websocket/128KiB`.
            let is_one_part = |choice: &&str| choice.chars().all(|it| it.is_ascii_alphanumeric() || it == '-');
            assert!(choices.iter().all(is_one_part), "{approach}: {choices:?}");
        }
    }
}

#[test]
fn choices_of_one_approach_make_different_variants() {
    for approach in APPROACHES {
        let mut seen = BTreeSet::new();
        for setting in approach.settings {
            let Values::Choice(choices) = setting.values else { continue };
            assert!(choices.iter().all(|choice| seen.insert(choice)), "{}: {choices:?}", approach.name);
        }
    }
}

#[test]
fn embedded_sources_are_the_files_of_the_repository() {
    for approach in APPROACHES {
        for (folder, Source { path, text, .. }) in sources(approach) {
            let file = std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
            assert!(path.starts_with(folder), "{path} is not under {folder}");
            assert!(!text.is_empty() && text == file, "{path} differs from its embedded copy");
        }
    }
}

/// Only an approach's own files, two `mod` lines and one registry line may name its module. Its own files are the ones
/// that its registry line embeds. The files of other approaches may use it.
#[test]
fn an_approach_is_its_files_two_mod_lines_and_one_registry_line() {
    let files = rust_files();
    let embedded: BTreeSet<&str> = APPROACHES.iter().flat_map(sources).map(|(_, source)| source.path).collect();
    let mut violations = Vec::new();
    for approach in APPROACHES {
        let module = module_of(approach);
        let declaration = format!("pub mod {module};");
        let registration = format!("approach!(\"{}\", {module},", approach.name);
        for file in files.iter().filter(|file| !file.is_test() && !file.path.starts_with("proto/")) {
            let lines = lines_with(file, module);
            let is_right = match file.path.as_str() {
                path if embedded.contains(path) => true,
                "servers/src/lib.rs" | "clients/src/lib.rs" => lines == [declaration.as_str()],
                "harness/approaches/src/registry.rs" => lines.len() == 1 && lines[0].starts_with(&registration),
                _ => lines.is_empty(),
            };
            if !is_right {
                violations.push(format!("{} names {module}: {lines:?}", file.path));
            }
        }
    }
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

/// An approach must embed every module that its own file uses, except the common ones. Otherwise its complexity could
/// hide in another file. A shared module may use code that only one approach needs.
#[test]
fn shared_code_counts_for_the_approach_that_uses_it() {
    let files = rust_files();
    let mut violations = Vec::new();
    for approach in APPROACHES {
        for (folder, source) in [("servers/src/", approach.server_source), ("clients/src/", approach.client_source)] {
            let own = files.iter().find(|file| file.path == source.path).expect("it is embedded");
            for path in files.iter().map(|file| file.path.as_str()).filter(|path| path.starts_with(folder)) {
                let module = path.trim_start_matches(folder).trim_end_matches(".rs");
                let is_used = !lines_with(own, module).is_empty();
                let is_counted = path == source.path || source.parts.iter().any(|part| part.path == path);
                if is_used && !is_counted && !COMMON_MODULES.contains(&module) {
                    violations.push(format!("{} uses {path}", approach.name));
                }
            }
        }
    }
    assert!(violations.is_empty(), "embed them in the registry line:\n{}", violations.join("\n"));
}

/// Returns the lines whose code has this identifier, once per occurrence.
fn lines_with<'a>(file: &'a SourceFile, identifier: &str) -> Vec<&'a str> {
    let words = file.words.iter().filter(|word| !word.is_literal && word.text == identifier);
    words.map(|word| file.line(word.line)).collect()
}

fn module_of(approach: &Approach) -> &'static str {
    let stem = |source: Source| Path::new(source.path).file_stem().and_then(|stem| stem.to_str()).expect("a file name");
    let (server, client) = (stem(approach.server_source), stem(approach.client_source));
    assert_eq!(server, client, "{} has two module names", approach.name);
    assert_eq!(server, approach.name.replace('-', "_"), "a module has the name of its approach");
    server
}

/// Returns the source files of an approach's server and client, each with its folder.
fn sources(approach: &Approach) -> Vec<(&'static str, Source)> {
    let halves = [("servers/src/", approach.server_source), ("clients/src/", approach.client_source)];
    let whole = |(folder, source): (&'static str, Source)| {
        std::iter::once(source).chain(source.parts.iter().copied()).map(move |source| (folder, source))
    };
    halves.into_iter().flat_map(whole).collect()
}

fn is_kebab_case(name: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit());
    name.split('-').all(is_word)
}
