//! The article's table, with measured values beside its words, and further columns.

use results::{
    format::{self, NONE, or_none},
    schema::Summary,
    theory::{self, FAR_DEVIATIONS},
};

use super::{
    canvas::style,
    markup::{self, Cell, escape},
    samples,
};
use crate::{
    bands::Judged,
    cost::Marginal,
    merge::Merged,
    rows::{LoadPoint, Row},
};

/// Headings of the cost of a delivery: CPU time divided by deliveries, and the slope over rates.
const CPU: &str = "CPU per event";
const CPU_EXTRA: &str = "CPU per extra event";

const HEADINGS: [&str; 12] = [
    "Approach",
    "Latency",
    "× floor",
    "Client complexity",
    "Server complexity",
    "Wasted responses",
    "Bytes per event",
    CPU,
    "Memory per client",
    "Missed + duplicated",
    "Connections opened",
    "Valid trials",
];

/// Renders the table under one load.
pub(super) fn table(point: &LoadPoint) -> String {
    let mut rows: Vec<Vec<Cell>> = point.rows.iter().map(cells).collect();
    rows.extend(point.wake_up_ns.as_ref().map(wake_up));
    let caption = format!("The article's table, measured: {}", crate::headline::describe(&point.load));
    let headings = HEADINGS.map(|heading| if heading == CPU && point.has_slopes() { CPU_EXTRA } else { heading });
    markup::table("article", &caption, &headings, &rows)
}

/// Renders the offered and achieved load of saturated trials. The text is empty if none is saturated.
pub(super) fn saturated(point: &LoadPoint) -> String {
    let sentences = point.rows.iter().filter_map(Row::saturation);
    sentences.map(|said| format!("<p class=\"warns\">{}</p>\n", escape(&said))).collect()
}

fn cells(row: &Row) -> Vec<Cell> {
    let note = match &row.label {
        Some(label) => label.as_str(),
        None if row.floor => "the floor, not in the article’s table",
        // The article may still describe it in its text.
        None => "not in the article’s table",
    };
    let merged = row.merged.as_ref();
    let [client, server] = [0, 1].map(|side| [row.code_lines[side], row.cognitive[side]]);
    vec![
        name(row, note),
        latency(row),
        times_floor(row),
        complexity(&row.client_complexity, client),
        complexity(&row.server_complexity, server),
        merged.map_or_else(missing, wasted),
        merged.map_or_else(missing, |merged| {
            Cell::number(&or_none(merged.bytes_per_event, format::bytes), merged.bytes_per_event)
        }),
        merged.map_or_else(missing, |merged| processor_time(row, merged)),
        merged.map_or_else(missing, |merged| {
            two_sides([merged.memory.server_bytes, Some(merged.memory.client_bytes)], format::bytes)
        }),
        merged.map_or_else(missing, lost),
        merged.map_or_else(missing, |merged| {
            let opened = merged.connections_opened;
            Cell::number(&format::or_none(opened, format::count), opened.map(|opened| opened as f64))
        }),
        trials(row),
    ]
}

/// Renders the row with the cost of waking a core, which is a part of every latency.
fn wake_up(summary: &Summary) -> Vec<Cell> {
    let note = "<small>how late a sleeping thread wakes</small>";
    let [p50, p99] = [summary.p50, summary.p99].map(|value| or_none(value, format::duration));
    // This row is not an approach, so it has no key to sort by and stays last.
    let latency = Cell::html(format!("<b>{p50}</b> <small>p99 {p99}</small>"), None);
    let first = Cell::html(format!("waking a core{note}"), None);
    let others = (2..HEADINGS.len()).map(|_| missing());
    [first, latency].into_iter().chain(others).collect()
}

fn missing() -> Cell {
    Cell::text(NONE)
}

fn name(row: &Row, note: &str) -> Cell {
    let mut cell = markup::name(style(row), &row.variant, note);
    if row.overloaded {
        cell.html += "<small class=\"differs\">OVERLOAD</small>";
    } else if row.is_saturated() {
        cell.html += "<small class=\"differs\">SATURATED</small>";
    }
    cell
}

fn times_floor(row: &Row) -> Cell {
    let Some(times) = row.times_floor else { return missing() };
    let mark = if row.like_floor { "<span title=\"no difference from the floor is shown\">≈</span> " } else { "" };
    let interval = row.times_floor_interval.filter(|_| !row.floor).map_or_else(String::new, |interval| {
        format!(" <small title=\"99 % interval of the ratio\">{}</small>", format::ratios(interval))
    });
    let detects = row.least_detectable_ratio.map_or_else(String::new, |least| {
        let title = "the least ratio to the floor that 80 % of such runs would show";
        format!(" <small title=\"{title}\">least shown {} ×</small>", format::significant(least))
    });
    Cell::html(format!("{mark}{} ×{interval}{detects}", format::significant(times)), Some(times))
}

fn latency(row: &Row) -> Cell {
    let Some(merged) = &row.merged else {
        let word = word(&row.latency);
        return if word.is_empty() { missing() } else { Cell::html(word, None) };
    };
    let p50 = merged.latency_ns.p50;
    let awake = row.awake_p50_ns.map(format::duration);
    let html = format!(
        "{}<b>{}</b>{} <small>p99 {}</small>{}",
        word(&row.latency),
        or_none(p50, format::duration),
        samples::interval_below(merged),
        samples::p99(row, merged),
        awake.map_or_else(String::new, |p50| format!(" <small>p50 with cores awake {p50}</small>"))
    );
    Cell::html(html, p50.map(|p50| p50 as f64))
}

/// Renders both numbers of the band, since either may decide it.
fn complexity(judged: &Judged, [lines, cognitive]: [u32; 2]) -> Cell {
    let band = escape(judged.measured.unwrap_or(NONE));
    let html = format!(
        "{}<b>{lines}</b> <small class=\"unit\">lines</small><small>cognitive {cognitive}: {band}</small>",
        word(judged)
    );
    Cell::html(html, Some(f64::from(lines)))
}

/// Renders the article's word and whether it is the measured band. The mark is a sign and a word, not only a colour.
pub(super) fn word(judged: &Judged) -> String {
    let Some(word) = &judged.word else { return String::new() };
    let mark = mark(judged);
    // The line may break between a word and its addition, but not within them.
    let parts: Vec<&str> = word.splitn(2, " (").collect();
    let text = match parts[..] {
        [band, addition] => format!("“{}</span> <span>({}”", escape(band), escape(addition)),
        _ => format!("“{}”", escape(word)),
    };
    // The sign stays beside the word. The measured band may go to a line of its own.
    let gap = if judged.beside().is_none() { "&nbsp;" } else { " " };
    format!("<span class=\"word\"><span>{text}</span>{gap}{mark}</span>")
}

/// Renders `=`, `≠` or `?` with a text for screen readers, and the measured band if it differs.
fn mark(judged: &Judged) -> String {
    let (class, sign, said) = match (judged.agrees, &judged.found) {
        (Some(true), _) => ("agrees", "=", "as measured"),
        (Some(false), _) => ("differs", "≠", "not as measured"),
        (None, Some(_)) => ("open", "?", "not decided"),
        (None, None) => return String::new(),
    };
    let beside = judged.beside().map_or_else(String::new, |found| format!(" <small>{}</small>", escape(found)));
    format!(
        "<span class=\"{class}\"><span role=\"img\" aria-label=\"{said}\" title=\"{said}\">{sign}</span>{beside}</span>"
    )
}

fn wasted(merged: &Merged) -> Cell {
    let mut html = format!("<b>{}</b>", escape(&or_none(merged.empty_share, format::percent)));
    if let Some(theory) = theory::expected(&merged.responses) {
        html += &format!(" <small>theory {}</small>", format::percent(theory.probability));
        if let Some(far) = merged.empty_deviation {
            let (class, said) = match far > FAR_DEVIATIONS {
                true => (" class=\"differs\"", "≠ beyond chance"),
                false => ("", "within chance"),
            };
            html += &format!("<small{class} title=\"{}\">{said}</small>", theory::in_words(far));
        }
    }
    Cell::html(html, merged.empty_share)
}

fn two_sides([server, client]: [Option<f64>; 2], text: fn(f64) -> String) -> Cell {
    let sum = server.zip(client).map(|(server, client)| server + client);
    markup::two_sides([server, client].map(|side| or_none(side, text)), sum)
}

/// Renders the slope over rates, or the time per delivery with one rate.
fn processor_time(row: &Row, merged: &Merged) -> Cell {
    let Some(cost) = &row.cost else {
        return two_sides([merged.cpu.server_us_per_event, merged.cpu.client_us_per_event], format::processor_time);
    };
    let text = |side: Marginal| side.text(format::processor_time);
    let [server, client] = [cost.server, cost.client];
    let sum = server.zip(client).and_then(|(server, client)| Some(server.us_per_delivery? + client.us_per_delivery?));
    markup::two_sides([server, client].map(|side| or_none(side, text)), sum)
}

fn lost(merged: &Merged) -> Cell {
    let events = &merged.events;
    let sum = events.missed + events.duplicate;
    let mut html = format!("{} + {}", format::count(events.missed), format::count(events.duplicate));
    if events.coalesced > 0 {
        html += &format!(" <small>{} coalesced</small>", format::count(events.coalesced));
    }
    Cell::html(html, Some(sum as f64))
}

fn trials(row: &Row) -> Cell {
    let trials = row.trials;
    let mut html = format!("{} of {}", trials.valid, trials.recorded());
    let saturated = row.saturated.as_ref().map_or(0, |saturated| saturated.trials);
    let left_out =
        [(saturated, "saturated"), (trials.invalid.saturating_sub(saturated), "invalid"), (trials.failed, "failed")];
    for (count, what) in left_out {
        if count > 0 {
            html += &format!(" <small class=\"differs\">{count} {what}</small>");
        }
    }
    Cell::html(html, Some(f64::from(trials.valid)))
}
