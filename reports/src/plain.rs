//! Text from result files as a terminal, a page or an export may be given it. A terminal obeys control characters, and
//! a name may hold some.

/// Characters of a value that are printed.
const LONGEST: usize = 72;

/// With a mark in place of each character that is not printable.
pub(crate) fn text(text: &str) -> String {
    text.chars().map(printable).collect()
}

/// The character, or a mark in place of one that would change what stands around it: controls, and what turns the
/// direction of writing.
pub(crate) fn printable(character: char) -> char {
    let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if turns || character.is_control() { char::REPLACEMENT_CHARACTER } else { character }
}

/// In one line: with a space in place of each control character.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// Cut where it is longer than a line may bear.
pub(crate) fn short(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    format!("{}…", text.chars().take(LONGEST).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_given_nothing_to_obey() {
        assert_eq!(text("a\u{1b}[2Jb\r\nc\u{202e}d"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}c\u{fffd}d");
        assert_eq!(short(&"ä".repeat(100)).chars().count(), 73);
    }
}
