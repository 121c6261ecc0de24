//! Text from result files as a terminal, a page or an export may be given it. A terminal obeys control characters, and
//! a name may hold some.

/// Characters of a value that are printed.
const LONGEST: usize = 72;

/// With a mark in place of each character that is not printable.
#[must_use]
pub fn text(text: &str) -> String {
    text.chars().map(printable).collect()
}

/// The character, or a mark in place of one that a terminal obeys.
#[must_use]
pub fn printable(character: char) -> char {
    if is_obeyed(character) { char::REPLACEMENT_CHARACTER } else { character }
}

/// Whether a character changes what stands around it instead of being seen: controls, line separators, what turns the
/// direction of writing, and tags.
#[must_use]
pub fn is_obeyed(character: char) -> bool {
    let acts = matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}' | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}'
    );
    acts || character.is_control()
}

/// In one line: with a space in place of each control character.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// Cuts a text to what fits in a line.
#[must_use]
pub fn short(text: &str) -> String {
    cut(text, LONGEST)
}

/// Cuts a text to this many characters. A `…` marks a text that was longer.
#[must_use]
pub fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A name as a code span of Markdown, in which nothing means anything: no markup, no link, and nobody is mentioned.
#[must_use]
pub fn code(name: &str) -> String {
    format!("`{}`", one_line(name).replace('`', "'").replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_given_nothing_to_obey() {
        assert_eq!(text("a\u{1b}[2Jb\r\nc\u{202e}d"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}c\u{fffd}d");
        assert_eq!(short(&"ä".repeat(100)).chars().count(), 73);
    }

    #[test]
    fn a_name_stays_within_its_cell() {
        assert_eq!(code("a|b`c\nd"), "`a\\|b'c d`");
    }
}
