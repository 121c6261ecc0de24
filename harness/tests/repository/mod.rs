//! Reads the repository's Rust source as tokens, so that comments and line breaks do not affect a rule about names in
//! code. It contains no rules itself.

use std::{
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A Rust file of the repository.
pub(crate) struct SourceFile {
    /// Path relative to the root, with forward slashes.
    pub(crate) path: String,
    /// The whole text, including comments.
    pub(crate) text: String,
    /// Tokens without comments, attributes and unit tests.
    pub(crate) code: TokenStream,
    /// Identifiers and string literals of `code`, in order.
    pub(crate) words: Vec<Word>,
    /// Number of lines of unit tests.
    pub(crate) test_lines: usize,
}

/// An identifier or string literal.
pub(crate) struct Word {
    /// The identifier, or the text between the quotes.
    pub(crate) text: String,
    /// Whether it is a string literal.
    pub(crate) is_literal: bool,
    /// Line in the file, counted from 1.
    pub(crate) line: usize,
}

impl SourceFile {
    /// Returns whether the file only belongs to tests or benchmarks.
    pub(crate) fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.contains("/benches/") || self.path.ends_with("tests.rs")
    }

    /// Returns the line with this number, counted from 1, without indentation.
    pub(crate) fn line(&self, number: usize) -> &str {
        self.text.lines().nth(number - 1).unwrap_or_default().trim()
    }

    fn read(root: &Path, path: &Path) -> Self {
        let relative = path.strip_prefix(root).expect("it was found under the root");
        let text = fs::read_to_string(path).expect("it was just listed");
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{}: {error}", relative.display()));
        let path = relative.to_string_lossy().replace('\\', "/");
        let mut file = Self { path, text, code: TokenStream::new(), words: Vec::new(), test_lines: 0 };
        file.code = without_tests(tokens, &mut file.test_lines);
        collect_words(&file.code, &mut file.words);
        file
    }
}

/// Returns the code without attributes and unit tests. Adds the lines of the unit tests to `test_lines`.
fn without_tests(tokens: TokenStream, test_lines: &mut usize) -> TokenStream {
    let mut tokens = tokens.into_iter().peekable();
    let mut kept = Vec::new();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(mark) if mark.as_char() == '#' => {
                tokens.next_if(|next| matches!(next, TokenTree::Punct(inner) if inner.as_char() == '!'));
                let is_attribute = |next: &TokenTree| matches!(next, TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket);
                let attribute = tokens.next_if(is_attribute).map_or(String::new(), |group| group.to_string());
                if attribute.replace(' ', "") == "[cfg(test)]" {
                    *test_lines += lines_of_item(mark.span().start().line, &mut tokens);
                }
            }
            TokenTree::Group(group) => {
                let inner = without_tests(group.stream(), test_lines);
                kept.push(TokenTree::Group(Group::new(group.delimiter(), inner)));
            }
            token => kept.push(token),
        }
    }
    kept.into_iter().collect()
}

/// Skips the item that follows an attribute, up to its block or semicolon, and returns its number of lines.
fn lines_of_item(first_line: usize, tokens: &mut impl Iterator<Item = TokenTree>) -> usize {
    let is_end = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(mark) => mark.as_char() == ';',
        _ => false,
    };
    tokens.find(is_end).map_or(0, |end| end.span().end().line - first_line + 1)
}

fn collect_words(code: &TokenStream, words: &mut Vec<Word>) {
    for token in code.clone() {
        match token {
            TokenTree::Group(group) => collect_words(&group.stream(), words),
            TokenTree::Ident(identifier) => {
                let line = identifier.span().start().line;
                words.push(Word { text: identifier.to_string(), is_literal: false, line });
            }
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                // A literal such as '"' has a single quote mark and no text between two.
                if let Some((quoted, _)) = text.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"')) {
                    words.push(Word { text: quoted.to_owned(), is_literal: true, line: literal.span().start().line });
                }
            }
            TokenTree::Punct(_) => {}
        }
    }
}

/// Returns the root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is a folder of the repository").to_owned()
}

/// Returns all hand-written Rust files, sorted by path.
pub(crate) fn rust_files() -> Vec<SourceFile> {
    let root = root();
    let mut paths = Vec::new();
    find(&root, &mut paths);
    paths.sort();
    paths.iter().map(|path| SourceFile::read(&root, path)).collect()
}

fn find(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is readable") {
        let path = entry.expect("the folder is readable").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // Runs write into a folder called `results`, which is also the name of a crate.
        let is_written = name == "results" && !path.join("Cargo.toml").exists();
        let is_foreign = name.starts_with('.') || is_written || ["target", "generated"].contains(&name.as_str());
        if path.is_dir() && !is_foreign {
            find(&path, paths);
        } else if name.ends_with(".rs") {
            paths.push(path);
        }
    }
}
