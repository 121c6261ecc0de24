//! Complexity of one half of an approach: lines of code of the source that ran, and the band they fall in.
//!
//! Counts Rust and nothing else, from the text alone. A counter of its own because the library for it brings eighty
//! crates and a C compiler to count one language.

use crate::schema::Complexity;

/// Most lines of code that count as low.
pub const LOW_LINES: u32 = 125;
/// Most lines of code that count as medium; more are high.
pub const MEDIUM_LINES: u32 = 225;

/// The rule of [`band`], for printing under a table.
#[must_use]
pub fn rule() -> String {
    format!("low: at most {LOW_LINES} lines of code; medium: at most {MEDIUM_LINES}; high: more")
}

/// The article's word for so many lines of code. The bounds are fixed and not taken from the run, so that a band does
/// not change with what else was measured. They were set so that the eleven approaches' halves, as they stood when the
/// bounds were chosen, fall into three groups of about the same size: a band says how a half compares with the others.
#[must_use]
pub fn band(code_lines: u32) -> &'static str {
    match code_lines {
        lines if lines <= LOW_LINES => "low",
        lines if lines <= MEDIUM_LINES => "medium",
        _ => "high",
    }
}

/// Measures the Rust source `text` that lies at `path` in the repository: lines that are neither blank nor comment.
/// The unit tests, from `#[cfg(test)]` before a `mod` to the end, are left out.
#[must_use]
pub fn measure(path: &str, text: &str) -> Complexity {
    let mut state = State::Code;
    let mut code_lines = 0;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let starts_tests = line.trim() == "#[cfg(test)]" && lines.peek().is_some_and(|next| is_module(next));
        if state == State::Code && starts_tests {
            break;
        }
        if has_code(line, &mut state) {
            code_lines += 1;
        }
    }
    Complexity { sources: vec![path.to_owned()], code_lines }
}

fn is_module(line: &str) -> bool {
    line.trim_start().starts_with("mod ")
}

/// What the start of a line lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Code,
    /// Block comments nest; this is the depth.
    Comment(usize),
    Text,
    /// A raw string literal ends at a quote and so many hashes.
    RawText(usize),
}

/// Whether the line has anything but comment and space; `state` goes on to the start of the next.
fn has_code(line: &str, state: &mut State) -> bool {
    let mut code = false;
    let mut rest = line;
    while let Some(character) = rest.chars().next() {
        code |= matches!(state, State::Text | State::RawText(_)) && !character.is_whitespace();
        let length = match *state {
            State::Code if rest.starts_with("//") => return code,
            State::Code => {
                code |= !character.is_whitespace() && !rest.starts_with("/*");
                step_in_code(rest, character, state)
            }
            State::Comment(depth) if rest.starts_with("/*") => {
                *state = State::Comment(depth + 1);
                2
            }
            State::Comment(depth) if rest.starts_with("*/") => {
                *state = if depth == 1 { State::Code } else { State::Comment(depth - 1) };
                2
            }
            State::Text if character == '\\' => 2,
            State::Text if character == '"' => {
                *state = State::Code;
                1
            }
            State::RawText(hashes) if character == '"' && hashes_of(&rest[1..]) >= hashes => {
                *state = State::Code;
                1 + hashes
            }
            State::Comment(_) | State::Text | State::RawText(_) => character.len_utf8(),
        };
        rest = rest.get(length..).unwrap_or("");
    }
    code
}

/// Bytes to go on in code, into what begins there.
fn step_in_code(rest: &str, character: char, state: &mut State) -> usize {
    if rest.starts_with("/*") {
        *state = State::Comment(1);
        return 2;
    }
    if character == '"' {
        *state = State::Text;
        return 1;
    }
    if character == '\'' {
        return character_literal(rest).unwrap_or(1);
    }
    if !character.is_alphanumeric() && character != '_' {
        return character.len_utf8();
    }
    // A whole word, so that the `r` at the end of a name does not start a raw string literal.
    let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    let after = &rest[word..];
    let hashes = hashes_of(after);
    if matches!(&rest[..word], "r" | "br" | "cr") && after[hashes..].starts_with('"') {
        *state = State::RawText(hashes);
        return word + hashes + 1;
    }
    word
}

/// Length of the character literal that starts here; none where the quote starts a lifetime.
fn character_literal(rest: &str) -> Option<usize> {
    let inner = &rest[1..];
    let first = inner.chars().next()?;
    if first == '\\' {
        let escaped = inner.get(2..)?;
        return escaped.find('\'').map(|end| end + 4);
    }
    inner[first.len_utf8()..].starts_with('\'').then(|| first.len_utf8() + 2)
}

fn hashes_of(text: &str) -> usize {
    text.bytes().take_while(|byte| *byte == b'#').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> u32 {
        measure("x.rs", text).code_lines
    }

    #[test]
    fn blank_lines_and_comments_do_not_count() {
        assert_eq!(lines("//! Docs.\n\n/// More.\nfn x() {\n    // why\n    1 // how\n}\n"), 3);
        assert_eq!(lines("/* a\n b /* c */\n d */ let x = 1;\n/* e */ /* f */\n"), 1);
    }

    #[test]
    fn tests_and_what_follows_do_not_count() {
        assert_eq!(lines("fn x() {}\n\n#[cfg(test)]\nmod tests {\n    fn y() {}\n}\n"), 1);
        assert_eq!(lines("#[cfg(test)]\nfn helper() {}\n"), 2);
    }

    #[test]
    fn what_looks_like_a_comment_in_a_literal_counts() {
        assert_eq!(lines("let a = \"// no\n  /* no\n\nyes\";\n"), 3);
        assert_eq!(lines("let a = r#\"\n// \"no\n\"#;\nlet b = 1;\n"), 4);
        assert_eq!(lines("let a = '\"'; // quote\n// out\nlet b = '\\'';\n// out\nlet c = b'\\\\';\n// out\n"), 3);
        assert_eq!(lines("let a = \"\\\\\";\n// out\nlet b = \"\\\"//\";\n// out\n"), 2);
        assert_eq!(lines("fn x<'a>(y: &'a str) -> &'a str { y }\n// out\n"), 1);
    }

    #[test]
    fn bands_include_their_bounds() {
        assert_eq!(
            [LOW_LINES, LOW_LINES + 1, MEDIUM_LINES, MEDIUM_LINES + 1].map(band),
            ["low", "medium", "medium", "high"]
        );
    }
}
