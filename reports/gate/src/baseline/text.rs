//! The baseline's text, written so that its diff reads well in review.

use super::{Baseline, Count};

impl Baseline {
    /// The file's text: keys in their order, a count on a line.
    #[must_use]
    pub fn text(&self) -> String {
        let cells = self.cells.iter().map(|(cell, phases)| {
            let phases = phases.iter().map(|(name, phase)| {
                let counts =
                    phase.counts.iter().map(|(metric, count)| format!("{}: {}", quoted(metric), number(*count)));
                let fields = [
                    format!("\"units\": {}", phase.units),
                    format!("\"unit\": {}", quoted(&phase.unit_name)),
                    format!("\"counts\": {}", block(4, counts)),
                ];
                format!("{}: {}", quoted(name), block(3, fields))
            });
            format!("{}: {}", quoted(cell), block(2, phases))
        });
        let fields = [
            format!("\"schema_version\": {}", self.schema_version),
            format!("\"tool_version\": {}", quoted(&self.tool_version)),
            format!("\"revision\": {}", quoted(&self.revision)),
            format!("\"compiler\": {}", quoted(&self.compiler)),
            format!("\"script\": {}", quoted(&self.script)),
            format!("\"cells\": {}", block(1, cells)),
        ];
        block(0, fields) + "\n"
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("text can be written")
}

fn number(count: Count) -> String {
    let Count { low, high } = count;
    if count.is_exact() { low.to_string() } else { format!("{{ \"low\": {low}, \"high\": {high} }}") }
}

/// An object whose members stand on lines of their own.
fn block(depth: usize, members: impl IntoIterator<Item = String>) -> String {
    let indent = "  ".repeat(depth);
    let members: Vec<String> = members.into_iter().map(|member| format!("{indent}  {member}")).collect();
    format!("{{\n{}\n{indent}}}", members.join(",\n"))
}
