//! Makes text from the peer safe to show in a message.

use std::fmt::Display;

/// Escapes the characters that a terminal would act on or not show: control characters, and those that change the
/// direction of writing. Text that is already escaped does not change.
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
    fn escapes_only_unprintable_characters() {
        assert_eq!(printable(&"a \"b\" 'c' \\ caf\u{e9}"), "a \"b\" 'c' \\ caf\u{e9}");
        let escaped = printable(&"\u{1b}[2J\r\n\0\u{202e}\u{2066}\u{200f}\u{85}");
        assert_eq!(escaped, r"\u{1b}[2J\r\n\0\u{202e}\u{2066}\u{200f}\u{85}");
        assert_eq!(printable(&escaped), escaped);
    }
}
