//! What a synthetic half looks like: figures that follow from its name and its lines, so that the metrics do not all
//! agree.

use reports::schema::{Cognitive, Complexity, Crates, Obligations};

/// A half of so many lines.
pub fn half(side: &str, name: &str, code_lines: u32) -> Complexity {
    let generated = name.starts_with("grpc-") && name != "grpc-web";
    let names = |count: u32, what: &str| (0..count).map(|index| format!("{what}{index}")).collect::<Vec<_>>();
    Complexity {
        sources: vec![format!("{side}/src/{}.rs", name.replace('-', "_"))],
        code_lines,
        generated_lines: if generated { 190 } else { 0 },
        proto_lines: if generated { 60 } else { 0 },
        cognitive: Cognitive { sum: code_lines / 5, worst: code_lines / 12, worst_function: "Half::next".into() },
        crates: Crates {
            named: names(2 + u32::from(generated), "crate-"),
            named_beyond_floor: names(u32::from(generated), "crate-"),
            closure: 60 + code_lines / 10,
            closure_beyond_floor: code_lines / 10,
        },
        obligations: Obligations {
            timers: code_lines / 40,
            suspension_points: code_lines / 15,
            error_kinds: names(code_lines / 30, "Error::Kind"),
            knobs: names(1, "knob-"),
            message_kinds: names(code_lines / 25, "Message::Kind"),
            remembered: names(code_lines / 20, "Half.field_"),
            states: Vec::new(),
        },
    }
}
