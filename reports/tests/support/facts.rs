//! Facts about the synthetic approaches. The complexity of client and server depends on the name and on the lines of
//! code, so the metrics do not all agree.

use results::schema::{ApproachFacts, ArticleWords, Cognitive, Complexity, Crates, Delivery, Flow, Side};

use super::Synthetic;

/// Returns the recorded facts about a synthetic approach.
pub fn of(approach: &Synthetic) -> ApproachFacts {
    ApproachFacts {
        name: approach.name.into(),
        summary: format!("what {} does", approach.name),
        flow: if approach.interval_ms + approach.hold_ms > 0.0 { Flow::Pull } else { Flow::Push },
        delivery: if matches!(approach.name, "conditional-get" | "grpc-unary") {
            Delivery::Snapshot
        } else {
            Delivery::Log
        },
        connects: if approach.name == "webhook" { Side::Server } else { Side::Client },
        browser: false,
        bidirectional: approach.name == "grpc-bidi",
        resumable: true,
        floor: approach.name == "raw-tcp",
        article: approach.article.map(|[label, latency, client, server]| ArticleWords {
            label: label.into(),
            latency: latency.into(),
            client_complexity: client.into(),
            server_complexity: server.into(),
        }),
        client_complexity: half("clients", approach.name, approach.lines[0]),
        server_complexity: half("servers", approach.name, approach.lines[1]),
    }
}

/// Returns the complexity of a client or server with this many lines of code.
fn half(side: &str, name: &str, code_lines: u32) -> Complexity {
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
        obligations: None,
    }
}
