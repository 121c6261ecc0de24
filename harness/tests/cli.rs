//! The command as a user sees it. Each test runs it and checks its exit code and its messages.

mod command;

use std::{fs, path::Path};

use command::{Finished, bench, scenario_file};
use tempfile::tempdir;

fn expect_refusal(finished: &Finished, code: i32, words: &[&str]) {
    assert_eq!(finished.code, code, "{finished:?}");
    for word in words {
        assert!(finished.stderr.contains(word), "`{word}` is not in: {}", finished.stderr);
    }
}

#[test]
fn an_unknown_key_is_located_with_the_nearest_key() {
    let (_folder, path) = scenario_file(|text| text.replace("clients = 20", "clinets = 20"));
    expect_refusal(
        &bench(&["run", &path]),
        2,
        &["scenario.toml:10:1", "unknown field `clinets`", "did you mean `clients`?"],
    );
}

#[test]
fn a_duration_without_its_unit_is_refused() {
    let (_folder, path) = scenario_file(|text| text.replace("\"200ms\"", "\"200\""));
    expect_refusal(&bench(&["run", &path]), 2, &["scenario.toml:20:10", "`window.warmup` is 200", "250ms, 1s or 5m"]);
}

#[test]
fn zero_clients_are_refused() {
    let (_folder, path) = scenario_file(|text| text.replace("clients = 20", "clients = 0"));
    expect_refusal(
        &bench(&["run", &path]),
        2,
        &["scenario.toml:10:11", "`load.clients` is 0, expected 1 to 4294967295"],
    );
    expect_refusal(&bench(&["run", "smoke", "--clients", "0"]), 2, &["--clients 0: `load.clients` is 0"]);
}

#[test]
fn a_negative_number_of_clients_is_located() {
    let (_folder, path) = scenario_file(|text| text.replace("clients = 20", "clients = -1"));
    expect_refusal(&bench(&["run", &path]), 2, &["scenario.toml:10:11", "`load.clients` is -1, expected 1 to"]);
}

#[test]
fn an_unknown_approach_is_refused_with_the_nearest_name() {
    let finished = bench(&["run", "smoke", "--approach", "webscoket"]);
    expect_refusal(&finished, 2, &["unknown approach `webscoket`", "did you mean `websocket`?"]);
    expect_refusal(&bench(&["serve", "webscoket"]), 2, &["did you mean `websocket`?"]);
    expect_refusal(&bench(&["serve", "SSE"]), 2, &["did you mean `sse`?"]);
}

#[test]
fn an_unknown_setting_or_value_is_refused() {
    let set = |value| bench(&["run", "smoke", "--set", value]);
    expect_refusal(&set("params.sse.hartbeat=[\"1s\"]"), 2, &["did you mean `heartbeat`?"]);
    let xml = "params.websocket.encoding=[\"xml\"]";
    expect_refusal(&set(xml), 2, &["--set params.websocket.encoding=", "unknown encoding of websocket `xml`"]);
    expect_refusal(
        &set("params.raw-tcp.encoding=[\"json\"]"),
        2,
        &["unknown setting of raw-tcp `encoding`, there is none"],
    );
    expect_refusal(&set("cost.measure=1s"), 2, &["--set cost.measure=1s: `cost`: missing field `events_per_second`"]);
    let twice = bench(&["run", "smoke", "--approach", "sse/json/protobuf"]);
    expect_refusal(&twice, 2, &["--approach sse/json/protobuf: `sse/json/protobuf` has two values of encoding"]);
    let (_folder, path) = scenario_file(|text| text.to_owned() + "\n[params.sse]\nencoding = [\"xml\"]\n");
    expect_refusal(&bench(&["run", &path]), 2, &["scenario.toml:", "unknown encoding of sse `xml`"]);
    expect_refusal(&set("load.clients"), 2, &["expected KEY=VALUE"]);
    expect_refusal(&set("load.clints=5"), 2, &["--set load.clints=5", "did you mean `clients`?"]);
    expect_refusal(&set("load.arrival=steady"), 2, &["unknown variant `steady`"]);
}

#[test]
fn an_empty_selection_and_an_endless_load_are_refused() {
    let set = |value| bench(&["run", "smoke", "--set", value]);
    expect_refusal(&set("approaches=[]"), 2, &["selects none"]);
    expect_refusal(&set("approaches={flow=\"push\",delivery=\"snapshot\"}"), 2, &["selects none"]);
    expect_refusal(&set("load.events_per_second=9e6"), 2, &["at most 10000000 events"]);
    expect_refusal(&set("load.orders_per_second=9e6"), 2, &["orders_per_second", "at most 10000000 events or orders"]);
    expect_refusal(&set("load.clients=[20,20]"), 2, &["each value once"]);
    expect_refusal(&set("params.short-poll.interval=[\"1000y\"]"), 2, &["from 1ms to 1h"]);
    expect_refusal(
        &set("params.short-poll.interval=[\"2s\"]"),
        2,
        &["window.drain is 1s", "short-poll/2s polls every 2s"],
    );
}

#[test]
fn verify_examines_the_requested_variant() {
    let finished = bench(&["verify", "--approach", "websocket/text"]);
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(finished.stdout.starts_with("websocket/text") && finished.stdout.contains("receives-in-order ok"));
}

#[test]
fn a_variant_named_twice_runs_once() {
    let planned = |approaches| bench(&["run", "smoke", "--approach", approaches, "--dry-run"]).stdout;
    assert_eq!(planned("sse,sse").matches("round 1").count(), 1);
}

#[test]
fn a_missing_scenario_is_refused_with_the_nearest_name() {
    expect_refusal(&bench(&["run", "smok"]), 2, &["cannot read scenario smok", "did you mean `smoke`?"]);
}

#[test]
fn too_many_clients_for_the_machine_are_refused_before_starting() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("out");
    let finished = bench(&["run", "smoke", "--clients", "4000000000", "--out", out.to_str().unwrap()]);
    expect_refusal(&finished, 6, &["4000000000 clients do not fit this machine"]);
    assert!(!out.exists());
    expect_refusal(&bench(&["doctor", "--clients", "4000000000"]), 6, &["do not fit"]);
    for beyond in ["load.clients=4294967295", "load.payload_bytes=512KiB"] {
        let large = ["--set", beyond, "--set", "limits.replay_events=10M", "--set", "load.events_per_second=2M"];
        let run = |more: &[&str]| bench(&[&["run", "smoke", "--approach", "raw-tcp"], &large[..], more].concat());
        let (planned, ran) = (run(&["--dry-run"]), run(&["--out", out.to_str().unwrap()]));
        for refusal in [planned, ran] {
            expect_refusal(&refusal, 6, &["raw-tcp", "this machine", "memory"]);
        }
    }
    assert!(!out.exists());
}

#[test]
fn refuses_what_is_not_a_scenario_file() {
    let folder = tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let told = |path: &Path, words: &[&str]| expect_refusal(&bench(&["run", path.to_str().unwrap()]), 2, words);
    rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
    told(&at("pipe"), &["it is a pipe, expected a regular file"]);
    told(Path::new("/dev/zero"), &["it is a device, expected a regular file"]);
    told(folder.path(), &["is a directory"]);
    fs::write(at("large"), "#".repeat(1 << 21)).unwrap();
    told(&at("large"), &["the file is larger than 1 MiB"]);
}

/// User input may contain control characters that a terminal would act on.
#[test]
fn messages_have_no_control_characters_or_extra_lines() {
    const ATTACK: &str = "a\u{1b}]0;x\u{7}\u{9b}2J\u{202e}\r\nerror: b";
    let folder = tempdir().unwrap();
    let path = folder.path().join(format!("{ATTACK}.toml"));
    fs::write(&path, include_str!("../../scenarios/smoke.toml")).unwrap();
    let path = path.to_str().unwrap();
    let key = format!("load.{ATTACK}=1");
    let title = format!("title={ATTACK}");
    for (arguments, code) in [
        (vec!["run", path, "--dry-run", "--set", &title], 0),
        (vec!["run", path, "--dry-run", "--set", &key], 2),
        (vec!["run", "smoke", "--approach", ATTACK], 2),
        (vec!["run", "smoke", "--clients", ATTACK], 2),
        (vec!["run", ATTACK], 2),
        (vec!["doctor", "--clients", ATTACK], 2),
        (vec!["serve", "sse", "--listen", ATTACK], 2),
        (vec![ATTACK], 2),
        (vec!["report", ATTACK], 2),
        (vec!["compare", ATTACK, ATTACK], 2),
        (vec!["advise", "--staleness", ATTACK], 2),
        (vec!["gate", "exact", "--baseline", ATTACK], 2),
        (vec!["gate", "judge", ATTACK], 2),
    ] {
        let finished = bench(&arguments);
        assert_eq!(finished.code, code, "{finished:?}");
        for text in [&finished.stdout, &finished.stderr] {
            assert!(!text.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}', '\r']), "{arguments:?}: {text:?}");
            assert!(!text.lines().any(|line| line.starts_with("error: b")), "{arguments:?}: {text:?}");
        }
    }
}

#[test]
fn arguments_that_are_not_utf8_are_accepted_or_refused_without_a_panic() {
    use std::os::unix::ffi::OsStrExt;
    let raw = |bytes: &'static [u8]| std::ffi::OsStr::from_bytes(bytes);
    let run = |arguments: &[&std::ffi::OsStr]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_delivery-bench"));
        command.args(arguments).env("NO_COLOR", raw(b"\xff")).env("TOKIO_WORKER_THREADS", "x");
        Finished::from(command.output().unwrap())
    };
    expect_refusal(&run(&[raw(b"run"), raw(b"smoke"), raw(b"--set"), raw(b"title=\xff")]), 2, &["invalid UTF-8"]);
    expect_refusal(&run(&[raw(b"run"), raw(b"\xff")]), 2, &["cannot read scenario"]);
    assert_eq!(run(&[raw(b"run"), raw(b"smoke"), raw(b"--out"), raw(b"/tmp/\xff"), raw(b"--dry-run")]).code, 0);
    let verified = run(&[raw(b"verify"), raw(b"--approach"), raw(b"raw-tcp")]);
    assert_eq!(verified.code, 0, "{verified:?}");
}

#[test]
fn a_closed_stderr_changes_nothing() {
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let code = |stderr: std::process::Stdio| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_delivery-bench"));
        command.args(["run", "absent"]).stderr(stderr).status().unwrap().code()
    };
    assert_eq!(code(full().into()), Some(2));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(code(writer.into()), Some(2));
    let closed = format!("{} run absent 2>&-", env!("CARGO_BIN_EXE_delivery-bench"));
    assert_eq!(std::process::Command::new("sh").args(["-c", &closed]).status().unwrap().code(), Some(2));
    // It is an error if data cannot be written to stdout.
    let mut list = std::process::Command::new(env!("CARGO_BIN_EXE_delivery-bench"));
    assert_eq!(list.arg("list").stdout(full()).status().unwrap().code(), Some(1));
}

#[test]
fn polls_that_need_too_many_ports_are_refused_before_starting() {
    let approach = ["run", "smoke", "--approach", "short-poll/10ms/new-connection", "--clients", "10000"];
    expect_refusal(&bench(&approach), 6, &["ports between two addresses", "ip_local_port_range"]);
}

#[test]
fn doctor_answers_for_the_requested_clients() {
    let asked = |clients: &str| {
        let finished = bench(&["doctor", "--json", "--clients", clients]);
        let answer: serde_json::Value = serde_json::from_str(&finished.stdout).unwrap();
        (finished.code, answer)
    };
    let (code, few) = asked("100");
    assert_eq!((code, few["clients"].as_u64(), few["fits"].as_bool()), (0, Some(100), Some(true)));
    let (code, many) = asked("4000000000");
    assert_eq!((code, many["fits"].as_bool()), (6, Some(false)));
    let of_each = many["approaches"].as_array().unwrap();
    assert_eq!(of_each.len(), approaches::registry::APPROACHES.len());
    for one in of_each {
        assert_eq!(one["fits"].as_bool(), Some(false), "{one}");
        assert!(one["server_bytes"].as_u64() > Some(0) && one["shards"].as_u64() > Some(1), "{one}");
    }
    assert!(bench(&["doctor", "--clients", "100"]).stdout.contains("100 clients fit with every approach"));
}

#[test]
fn unreadable_results_are_refused() {
    let folder = tempdir().unwrap();
    let directory = folder.path().to_str().unwrap();
    expect_refusal(&bench(&["report", directory]), 2, &["results.jsonl"]);
}

#[test]
fn an_existing_result_is_never_overwritten() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("results.jsonl"), "kept").unwrap();
    let directory = folder.path().to_str().unwrap();
    let finished = bench(&["run", "smoke", "--approach", "raw-tcp", "--out", directory]);
    expect_refusal(&finished, 2, &["results.jsonl"]);
    assert_eq!(fs::read_to_string(folder.path().join("results.jsonl")).unwrap(), "kept");
}

#[test]
fn a_dry_run_prints_the_plan_and_runs_nothing() {
    let finished = bench(&["bench-all", "--dry-run"]);
    assert_eq!(finished.code, 0, "{finished:?}");
    for word in [
        "round 3",
        "short-poll/1s",
        "webhook/new-connection",
        "duration",
        "descriptors",
        "connections",
        "memory",
        "ports",
    ] {
        assert!(finished.stdout.contains(word), "`{word}` is not in: {}", finished.stdout);
    }
    assert_eq!(finished.stdout, bench(&["bench-all", "--dry-run"]).stdout, "the order only depends on the seed");
    assert!(!Path::new("results").exists());
}

#[test]
fn every_scenario_can_be_planned() {
    let listed = bench(&["list", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
    let scenarios = listed["scenarios"].as_array().unwrap();
    assert!(scenarios.len() >= 5);
    for scenario in scenarios {
        let finished = bench(&["run", scenario["name"].as_str().unwrap(), "--dry-run"]);
        assert_eq!(finished.code, 0, "{finished:?}");
    }
}

#[test]
fn list_schema_completions_and_manual_print_to_stdout() {
    assert!(bench(&["list"]).stdout.contains("raw-tcp"));
    let schema: serde_json::Value = serde_json::from_str(&bench(&["schema"]).stdout).unwrap();
    assert!(schema["scenario"]["properties"]["load"].is_object());
    assert!(schema["result"].is_object());
    assert!(bench(&["completions", "bash"]).stdout.contains("bench-all"));
    assert!(bench(&["man"]).stdout.contains(".TH delivery-bench"));
    let doctor: serde_json::Value = serde_json::from_str(&bench(&["doctor", "--json"]).stdout).unwrap();
    assert!(doctor["largest_client_count"].as_u64().unwrap() > 0);
}
