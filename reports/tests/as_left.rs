//! Tests result files that a crash, an editor or another program has changed. Harmless changes are accepted, and errors
//! name what cannot be read.

mod support;

use std::{fs, os::unix::fs::symlink, path::Path};

use results::{
    input,
    schema::{Record, TrialRecord},
    statistics,
    store::{self, FILE_NAME, Run, StoreError},
};
use tempfile::TempDir;

/// Writes the synthetic run to a directory, changes its file, and reads it.
fn changed(change: impl FnOnce(String) -> Vec<u8>) -> (TempDir, Result<Run, StoreError>) {
    let directory = TempDir::new().unwrap();
    let place = directory.path().join("run");
    support::written::results(&support::run(), &place);
    let path = place.join(FILE_NAME);
    fs::write(&path, change(fs::read_to_string(&path).unwrap())).unwrap();
    let run = store::read(&place);
    (directory, run)
}

fn read(change: impl FnOnce(String) -> String) -> Result<Run, StoreError> {
    changed(|text| change(text).into_bytes()).1
}

/// Returns the error of reading the synthetic run with its first trial changed. The path is removed from the message.
fn complaint(change: impl FnOnce(&mut TrialRecord)) -> String {
    let mut trial = support::run().trials.remove(0);
    change(&mut trial);
    let line = serde_json::to_string(&Record::Trial(Box::new(trial))).unwrap();
    let run = read(|text| format!("{}\n{line}\n", text.lines().next().unwrap()));
    let said = run.unwrap_err().to_string();
    said.split_once(FILE_NAME).unwrap().1.to_owned()
}

#[test]
fn line_endings_and_a_byte_order_mark_change_nothing() {
    let whole = support::run();
    assert!(read(|text| format!("\u{feff}{text}")).unwrap() == whole, "byte order mark");
    assert!(read(|text| text.replace('\n', "\r\n")).unwrap() == whole, "CRLF line endings");
    assert!(read(|text| text.replace('\n', "  \t\n") + "\n \r\n\n").unwrap() == whole, "spaces and blank lines");
    assert!(read(|text| text.trim_end().to_owned()).unwrap() == whole, "no newline at the end");
}

#[test]
fn a_last_line_truncated_by_a_crash_is_skipped_and_named() {
    let cut = |run: Run| {
        assert_eq!((run.cut_line, run.trials.len()), (Some(34), 32));
    };
    cut(read(|text| text[..text.len() - 100].to_owned()).unwrap());
    cut(read(|text| text[..text.len() - 100].to_owned() + "\n").unwrap());
    let in_a_character = changed(|text| [&text.as_bytes()[..text.len() - 100], b"\xe2\x82"].concat());
    cut(in_a_character.1.unwrap());
    let zeros = changed(|text| {
        let last = text.trim_end().rfind('\n').unwrap() + 1;
        [&text.as_bytes()[..last], &[0; 512]].concat()
    });
    cut(zeros.1.unwrap());
    let within = read(|text| text.replacen("\"round\":2", "\"round\":", 1));
    assert!(matches!(within, Err(StoreError::Record { .. })), "only the last line may be truncated");
}

#[test]
fn tells_a_run_without_a_record_from_a_broken_one() {
    for text in ["", "\n\n", "\u{feff}", "{\"type\":\"run\",\"schema"] {
        let run = read(|_| text.to_owned());
        assert!(matches!(run, Err(StoreError::Empty { .. })), "{text:?}");
        assert!(run.unwrap_err().to_string().contains("ended before its first"));
    }
    let no_run = read(|text| text.split_once('\n').unwrap().1.to_owned());
    assert!(matches!(no_run, Err(StoreError::Record { line: 1, .. })));
}

#[test]
fn accepts_a_result_file_for_its_directory() {
    let (directory, whole) = changed(String::into_bytes);
    let file = directory.path().join("run").join(FILE_NAME);
    assert!(store::read(&file).unwrap() == whole.unwrap());
    let renamed = directory.path().join("mine.jsonl");
    fs::rename(&file, &renamed).unwrap();
    assert_eq!(store::read(&renamed).unwrap().trials.len(), 33);
    let said = store::read(&file).unwrap_err().to_string();
    assert!(said.starts_with(&format!("no results at {}:", file.display())), "{said}");
}

#[test]
fn what_is_not_a_file_is_refused_at_once() {
    let directory = TempDir::new().unwrap();
    for device in ["/dev/zero", "/dev/full", "/dev/null"] {
        let said = store::read(Path::new(device)).unwrap_err().to_string();
        assert!(said.contains("it is a device, expected a regular file"), "{said}");
        symlink(device, directory.path().join(FILE_NAME)).unwrap();
        let said = store::read(directory.path()).unwrap_err().to_string();
        assert!(said.contains("it is a device"), "{said}");
        fs::remove_file(directory.path().join(FILE_NAME)).unwrap();
    }
    fs::create_dir(directory.path().join(FILE_NAME)).unwrap();
    assert!(matches!(store::read(directory.path()), Err(StoreError::Read { .. })));
    assert!(input::text(Path::new("/dev/zero"), 1 << 20).is_err());
}

#[test]
fn impossible_counts_are_refused_by_name() {
    let many = |count: u64| {
        let mut histogram = statistics::new_histogram();
        histogram.record_n(50_000, count).unwrap();
        statistics::summarise(&histogram, count)
    };
    let refused = |field: &str, change: &dyn Fn(&mut results::schema::Measured)| {
        let said = complaint(|trial| change(trial.measured.as_mut().unwrap()));
        assert!(said.starts_with(":2:") && said.contains(&format!(" {field}: ")), "{field}: {said}");
        assert!(said.contains("expected at most "), "{said}");
    };
    // 2 · 10^14 effective events once made an interval that needed a gigabyte. The sums of 10^17 and 2^62 overflowed.
    for count in [200_000_000_000_000, 100_000_000_000_000_000, 1 << 62] {
        refused("event_median_ns.count", &|it| it.event_median_ns = many(count));
        refused("latency_ns.count", &|it| it.latency_ns = many(count));
        refused("lateness_ns.count", &|it| it.lateness_ns = Some(many(count)));
        refused("hiccup_ns.count", &|it| it.hiccup_ns = many(count));
        refused("time_to_last_ns.count", &|it| it.time_to_last_ns = many(count));
        refused("confirmation_ns.count", &|it| it.confirmation_ns = Some(many(count)));
        refused("poll_lateness_ns.count", &|it| it.poll_lateness_ns = Some(many(count)));
    }
    refused("wire.server_to_client_bytes", &|it| it.wire.as_mut().unwrap().server_to_client_bytes = u64::MAX);
    refused("wire.client_to_server_bytes", &|it| it.wire.as_mut().unwrap().client_to_server_bytes = u64::MAX - 5);
    refused("cpu.server_us", &|it| it.cpu.server_us = Some(u64::MAX));
    refused("memory.server_bytes_per_client", &|it| it.memory.server_bytes_per_client = Some(u64::MAX));
    refused("requests", &|it| it.requests = u64::MAX);
    refused("reconnects", &|it| it.reconnects = u64::MAX);
    refused("events.duplicate", &|it| it.events.duplicate = u64::MAX);
    refused("events.scheduled", &|it| it.events.scheduled = u64::MAX);
    refused("clients.lost", &|it| it.clients.lost = u32::MAX);
    refused("connect.seconds", &|it| it.connect.seconds = 1e300);
    refused("event_entries_one_of", &|it| it.event_entries_one_of = u64::MAX);
}

#[test]
fn names_what_was_given_instead_of_results() {
    let folder = TempDir::new().unwrap();
    let run = support::run();
    for name in ["2026-01-01T0000-a", "2026-01-02T0000-b", "2026-01-03T0000-c", "2026-01-04T0000-d"] {
        support::written::results(&run, &folder.path().join(name));
    }
    symlink("2026-01-04T0000-d", folder.path().join("latest")).unwrap();
    let of = |path: &Path| store::read(path).unwrap_err().to_string();
    let said = of(folder.path());
    let named = ["2026-01-04T0000-d", "2026-01-03T0000-c", "2026-01-02T0000-b"];
    let named = named.map(|name| folder.path().join(name).display().to_string()).join(", ");
    assert!(said.ends_with(&format!("name one that a run has written, such as {named}")), "{said}");

    let report = reports::page::write(&run, &folder.path().join("latest")).unwrap();
    for path in [&report.data, &report.page] {
        let what = if path == &report.data { "a report" } else { "text" };
        let said = format!("{} is {what}, not results: give the directory that holds results.jsonl", path.display());
        assert_eq!(of(path), said);
    }
    let other = folder.path().join("notes.txt");
    for text in ["what I measured", "what I measured\n", "a line\nand another\n"] {
        fs::write(&other, text).unwrap();
        assert!(of(&other).contains(" is text, not results: "), "{text:?}: {}", of(&other));
    }
    let empty = folder.path().join("empty.jsonl");
    fs::write(&empty, "").unwrap();
    assert!(of(&empty).ends_with("the run ended before its first; delete the file, or run again"), "{}", of(&empty));
}
