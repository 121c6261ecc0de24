//! Unique names of files and tags, from names in a result file: letters, digits, dots, dashes and underscores, short
//! enough for every file system.

use std::collections::BTreeMap;

use results::schema::Load;

use crate::rows::{LoadPoint, Row};

/// Maximum length of a name, without its number.
const LENGTH: usize = 80;
/// Maximum length of a load, so that a name with variant and number stays short enough.
const LOAD_LENGTH: usize = 100;

/// Returns each row with a unique name: its variant, and its load if there are several.
pub(super) fn row_names(loads: &[LoadPoint]) -> Vec<(String, &Row)> {
    let mut taken = BTreeMap::new();
    let rows = loads.iter().flat_map(|point| point.rows.iter().map(move |row| (&point.load, row)));
    rows.map(|(load, row)| {
        let load = if loads.len() > 1 { load_name(load) } else { String::new() };
        (unique(&format!("{}{load}", safe(&row.variant)), &mut taken), row)
    })
    .collect()
}

fn load_name(load: &Load) -> String {
    let payload = if load.payload_bytes > 0 { format!("-{}-bytes", load.payload_bytes) } else { String::new() };
    let rate = load.events_per_second;
    // A number may have three hundred digits.
    let rate = if (1e-6..1e15).contains(&rate) { rate.to_string() } else { format!("{rate:e}") };
    format!("-{}-clients-{rate}-a-second{payload}", load.clients).chars().take(LOAD_LENGTH).collect()
}

/// Replaces characters that have a meaning for a file system, a log or a shell.
fn safe(name: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || ".-_".contains(character);
    let plain: String = name.chars().map(|character| if is_plain(character) { character } else { '-' }).collect();
    let plain: String = plain.trim_start_matches(['.', '-']).chars().take(LENGTH).collect();
    if plain.is_empty() { "unnamed".to_owned() } else { plain }
}

/// Appends a number if the name is taken, regardless of case. `taken` has the names with the next number of each.
fn unique(name: &str, taken: &mut BTreeMap<String, usize>) -> String {
    let first = taken.get(&name.to_lowercase()).copied().unwrap_or(1);
    for number in first.. {
        let numbered = if number == 1 { name.to_owned() } else { format!("{name}-{number}") };
        if !taken.contains_key(&numbered.to_lowercase()) {
            taken.insert(numbered.to_lowercase(), 2);
            taken.insert(name.to_lowercase(), number + 1);
            return numbered;
        }
    }
    unreachable!("there is always another number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_name_leaves_its_folder() {
        for (name, expected) in [
            ("short-poll/1s", "short-poll-1s"),
            ("../../etc/passwd", "etc-passwd"),
            ("..", "unnamed"),
            ("", "unnamed"),
            ("a b,c\n\u{202e}d\0", "a-b-c--d-"),
        ] {
            assert_eq!(safe(name), expected);
        }
        assert_eq!(safe(&"x".repeat(500)).len(), LENGTH);
    }

    #[test]
    fn no_two_file_names_are_equal() {
        let mut taken = BTreeMap::new();
        let names = ["a", "A", "a", "a-2"].map(|name| unique(name, &mut taken));
        assert_eq!(names, ["a", "A-2", "a-3", "a-2-2"]);
    }
}
