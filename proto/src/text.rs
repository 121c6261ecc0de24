//! Text of the other side, as it may stand in a message that somebody reads.

use std::fmt::Display;

/// The text with what a terminal would obey, or not show, in its escaped form: control characters, and those that turn
/// the direction of writing. Text that is escaped already stays as it is.
pub fn printable(text: &impl Display) -> String {
    let mut shown = String::new();
    for character in text.to_string().chars() {
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_would_not_be_seen_is_escaped() {
        assert_eq!(printable(&"a \"b\" 'c' \\ caf\u{e9}"), "a \"b\" 'c' \\ caf\u{e9}");
        let escaped = printable(&"\u{1b}[2J\r\n\0\u{202e}\u{2066}\u{200f}\u{85}");
        assert_eq!(escaped, r"\u{1b}[2J\r\n\0\u{202e}\u{2066}\u{200f}\u{85}");
        assert_eq!(printable(&escaped), escaped);
    }
}
