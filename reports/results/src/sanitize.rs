//! Makes text from files safe for a terminal, a page or an export. A name may contain control characters, which a
//! terminal obeys.

/// Maximum length of a printed value, in characters.
const LONGEST: usize = 72;

/// Replaces each character that is not printable.
#[must_use]
pub fn text(text: &str) -> String {
    text.chars().map(printable).collect()
}

/// Returns the character, or a replacement if a terminal would obey it.
#[must_use]
pub fn printable(character: char) -> char {
    if is_obeyed(character) { char::REPLACEMENT_CHARACTER } else { character }
}

/// Returns whether a character affects other text instead of being visible: control characters, line separators,
/// direction marks and tags.
#[must_use]
pub fn is_obeyed(character: char) -> bool {
    let acts = matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}' | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}'
    );
    acts || character.is_control()
}

/// Replaces each control character with a space, so that the text stays in one line.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// Cuts a text to the length of a line.
#[must_use]
pub fn short(text: &str) -> String {
    cut(text, LONGEST)
}

/// Cuts a text to this many characters. A `…` marks a cut.
#[must_use]
pub fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Returns a name as a code span of Markdown, without markup, links or mentions.
#[must_use]
pub fn code(name: &str) -> String {
    format!("`{}`", one_line(name).replace('`', "'").replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_control_characters() {
        assert_eq!(text("a\u{1b}[2Jb\r\nc\u{202e}d"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}c\u{fffd}d");
        assert_eq!(short(&"ä".repeat(100)).chars().count(), 73);
    }

    #[test]
    fn a_name_stays_within_its_cell() {
        assert_eq!(code("a|b`c\nd"), "`a\\|b'c d`");
    }
}
