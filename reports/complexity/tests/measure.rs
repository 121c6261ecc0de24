//! Tests that a change to the source changes only the metric that it affects.

use complexity::{Base, SourceFile};
use results::schema::Complexity;

const LOCK: &str = r#"
    [[package]]
    name = "own"
    version = "0.1.0"
    dependencies = ["base", "more"]

    [[package]]
    name = "base"
    version = "1.0.0"
    source = "registry"

    [[package]]
    name = "more"
    version = "1.0.0"
    source = "registry"
    dependencies = ["base", "most"]

    [[package]]
    name = "most"
    version = "1.0.0"
    source = "registry"
"#;
const MESSAGES: &str = "syntax = \"proto3\";\n\n// A comment.\nmessage Quote {\n  string symbol = 1;\n}\n";
const GENERATED: &str = "/// A message.\npub struct Quote {\n    pub symbol: String,\n}\npub mod quotes_client {\n    \
     /// The client.\n    pub struct QuotesClient;\n    impl QuotesClient {\n    }\n}\n";
const SOURCE: &str = "//! A half.\n\nuse base::read;\n\n/// Reads.\npub async fn run(from: Place) -> Result<(), Failed> {\n    \
     read(from).await?;\n    Ok(())\n}\n";

fn base() -> Base {
    let generated = [SourceFile { path: "proto/src/generated.rs", text: GENERATED }];
    complexity::base(LOCK, &generated, MESSAGES).unwrap()
}

fn measure(text: &str) -> Complexity {
    let floor = [SourceFile { path: "own/src/floor.rs", text: "use base::write;" }];
    complexity::measure(&[SourceFile { path: "own/src/half.rs", text }], &floor, &base()).unwrap()
}

/// Measures the source with a line added to its function.
fn with(line: &str) -> Complexity {
    measure(&SOURCE.replace("    Ok(())\n", &format!("    {line}\n    Ok(())\n")))
}

#[test]
fn an_added_line_counts() {
    let before = measure(SOURCE);
    assert_eq!((before.code_lines, before.sources.as_slice()), (5, ["own/src/half.rs".to_owned()].as_slice()));
    assert_eq!(with("let _ = 1;"), Complexity { code_lines: 6, ..before });
}

#[test]
fn neither_comments_nor_blank_lines_nor_tests_change_anything() {
    let before = measure(SOURCE);
    for line in ["", "// why", "/* a\n b /* c */\n d */"] {
        assert_eq!(with(line), before, "{line}");
    }
    let tests = "\n#[cfg(test)]\nmod tests {\n    async fn x() { sleep(1).await }\n}\n\n#[cfg(test)]\nuse base::y;\n";
    assert_eq!(measure(&format!("{SOURCE}{tests}")), before);
    assert_eq!(with("#[cfg(test)]\n    const X: [u8; 2] = [1,\n 2];"), before);
}

#[test]
fn a_comment_marker_in_a_literal_is_code() {
    let lines = |text: &str| measure(&format!("const X: &str =\n{text};")).code_lines - 1;
    assert_eq!(lines("\"// no\n  /* no\n\nyes\""), 4);
    assert_eq!(lines("r#\"\n// \"no\n\"#"), 3);
    assert_eq!(lines("/* yes */ \"\\\"//\"\n// out\n"), 2);
}

#[test]
fn counts_crates_beyond_those_of_the_floor() {
    let before = measure(SOURCE).crates;
    assert_eq!((before.named, before.closure, before.closure_beyond_floor), (vec!["base".to_owned()], 1, 0));
    let after = with("more::x();").crates;
    assert_eq!((after.named_beyond_floor, after.closure, after.closure_beyond_floor), (vec!["more".to_owned()], 3, 2));
}

#[test]
fn generated_code_counts_for_users_of_its_client() {
    let before = measure(SOURCE);
    assert_eq!((before.generated_lines, before.proto_lines), (0, 0));
    let after = measure(&format!("{SOURCE}use proto::quotes_client::QuotesClient;\n"));
    assert_eq!((after.generated_lines, after.proto_lines, after.code_lines), (5, 4, 6));
}

#[test]
fn unreadable_source_is_an_error() {
    let measured = |text| complexity::measure(&[SourceFile { path: "own/src/half.rs", text }], &[], &base());
    assert!(measured("fn").unwrap_err().to_string().starts_with("cannot parse own/src/half.rs: "));
    assert!(measured("fn f() { select! { in 1 } }").is_err(), "an unreadable select! must not be ignored silently");
}

#[test]
fn the_band_is_the_higher_of_two() {
    let band = |code_lines, sum| {
        let mut half = Complexity { code_lines, ..Complexity::default() };
        half.cognitive.sum = sum;
        complexity::band(&half)
    };
    assert_eq!([band(125, 15), band(126, 15), band(125, 16), band(225, 30)], ["low", "medium", "medium", "medium"]);
    assert_eq!([band(226, 0), band(0, 31)], ["high", "high"]);
}
