//! The terminal's output: the headline, a table per load, then validity and warnings.

use results::{
    format::{self, NONE, WIDTH, or_none},
    sanitize,
    store::Run,
    theory,
};

use crate::{
    claims,
    cost::{self, Marginal},
    difference, encoding, headline,
    merge::Merged,
    report::Report,
    rows::{LoadPoint, Row},
    validity::{LISTED, LONGEST_REASON},
};

/// Headings of the cost of a delivery: CPU time divided by deliveries, and the slope over rates.
const CPU: &str = "CPU µs/event";
const CPU_EXTRA: &str = "CPU µs/extra";

/// The headings, on two lines.
const HEADINGS: [[&str; 2]; 11] = [
    ["approach", "variant"],
    ["latency", "p50"],
    ["", "p99"],
    ["× floor", "p50"],
    ["99 %", "interval"],
    ["least", "shown"],
    ["empty %", "/theory"],
    ["bytes", "/event"],
    [CPU, "server/client"],
    ["KB/client", "server/client"],
    ["valid", "trials"],
];

/// Renders the table of a run at the usual width.
#[must_use]
pub fn render(run: &Run) -> String {
    render_within(run, WIDTH)
}

/// Renders the table of a run for a terminal with this many columns. Only long names make the table wider.
#[must_use]
pub fn render_within(run: &Run, width: usize) -> String {
    let report = Report::from_run(run);
    let mut text = format::wrapped(&sanitize::text(&report.verdict), width, "", "") + "\n";
    for point in &report.loads {
        text += &block(point, report.loads.len() > 1, width);
        text.push('\n');
    }
    text + &encoding::render(&report.factorials, width) + &below(&report, width)
}

/// Renders the text below the tables of all loads.
pub(crate) fn below(report: &Report, width: usize) -> String {
    let mut text = headline::floor(&report.run).map_or_else(String::new, |said| sanitize::text(&said) + "\n");
    let problems = &report.validity.problems;
    for problem in problems.iter().take(LISTED) {
        let status = if problem.status == results::schema::Status::Failed { "failed" } else { "invalid" };
        let [variant, reason] = [&problem.variant, &problem.reason].map(|said| sanitize::text(said));
        let reason = sanitize::cut(&reason, LONGEST_REASON);
        text += &format!("{status}: {variant}, {}: {reason}\n", problem.place());
    }
    if problems.len() > LISTED {
        text += &format!("{} more trials are not valid; report.json lists them\n", problems.len() - LISTED);
    }
    if let Some(faults) = &report.faults {
        text += &format::wrapped(&sanitize::text(&format!("NO MEASUREMENT: {faults}")), width, "", "  ");
    }
    text += &format!("{}\n", sanitize::text(&report.validity.line()));
    for explanation in report.validity.explanations() {
        text += &format::wrapped(&sanitize::text(&explanation), width, "  ", "    ");
    }
    text + &format!("The article's claims: {}.\n", claims::tally(&report.claims))
}

fn block(point: &LoadPoint, several: bool, width: usize) -> String {
    let mut lines = [0, 1].map(|line| headings(point).map(|heading| heading[line].to_owned())).to_vec();
    lines.extend(point.rows.iter().map(cells));
    lines.extend(wake_up(point));
    let load = if several { format!("{}\n", sanitize::text(&headline::describe(&point.load))) } else { String::new() };
    load + &format::aligned(&lines, 2, width) + &notes(point, width)
}

/// Returns the headings of this table. The cost of a delivery has another if it is a slope over rates.
pub(crate) fn headings(point: &LoadPoint) -> [[&'static str; 2]; HEADINGS.len()] {
    HEADINGS.map(|[first, second]| [if first == CPU && point.has_slopes() { CPU_EXTRA } else { first }, second])
}

/// Renders the text below the table of one load.
pub(crate) fn notes(point: &LoadPoint, width: usize) -> String {
    let saturated = point.rows.iter().filter_map(Row::saturation);
    let further = awake(point).into_iter().chain(idle(point)).chain(saturated);
    let further: String = further.map(|said| format::wrapped(&sanitize::text(&said), width, "", "  ")).collect();
    footnote(point).lines().map(|note| format::wrapped(note, width, "", "  ")).collect::<String>() + &further
}

/// Renders the row with the cost of waking a core, which is a part of every latency. `None` without a valid trial.
pub(crate) fn wake_up(point: &LoadPoint) -> Option<[String; HEADINGS.len()]> {
    let summary = point.wake_up_ns.as_ref()?;
    let mut cells = [const { String::new() }; HEADINGS.len()].map(|_| NONE.to_owned());
    cells[0] = "(wake-up)".to_owned();
    cells[1] = or_none(summary.p50, format::duration);
    cells[2] = or_none(summary.p99, format::duration);
    Some(cells)
}

/// Lists the medians with cores kept awake. `None` if that was not measured.
fn awake(point: &LoadPoint) -> Option<String> {
    let of = |row: &Row| Some(format!("{} {}", row.variant, format::duration(row.awake_p50_ns?)));
    let medians: Vec<String> = point.rows.iter().filter_map(of).collect();
    (!medians.is_empty()).then(|| format!("p50 with cores kept awake: {}.", format::listed(&medians)))
}

/// Lists what a second costs without events. `None` if it is not told apart from the cost of events.
fn idle(point: &LoadPoint) -> Option<String> {
    let of = |row: &Row| {
        let cost = row.cost.as_ref()?;
        let [server, client] = [cost.server, cost.client].map(|side| side.map(|side| side.idle_cores * 100.0));
        server.or(client).map(|_| format!("{} {}", row.variant, pair(server, client)))
    };
    let idle: Vec<String> = point.rows.iter().filter_map(of).collect();
    (!idle.is_empty()).then(|| format!("Without events, % of a core, server/client: {}.", format::listed(&idle)))
}

/// Renders the cells of a row, in the order of [`HEADINGS`].
pub(crate) fn cells(row: &Row) -> [String; HEADINGS.len()] {
    let label = if row.overloaded {
        " OVERLOAD"
    } else if row.is_saturated() {
        " SATURATED"
    } else {
        ""
    };
    let status = format!("{}/{}{label}", row.trials.valid, row.trials.recorded());
    let variant = sanitize::short(&sanitize::text(&row.variant));
    let Some(merged) = &row.merged else {
        let mut cells = [const { String::new() }; HEADINGS.len()].map(|_| NONE.to_owned());
        cells[0] = variant;
        cells[HEADINGS.len() - 1] = status;
        return cells;
    };
    [
        variant,
        or_none(merged.latency_ns.p50, format::duration),
        or_none(merged.latency_ns.p99, format::duration),
        or_none(row.times_floor, |times| floor_mark(row) + &format::significant(times)),
        or_none(row.times_floor_interval.filter(|_| !row.floor), format::ratios),
        or_none(row.least_detectable_ratio, format::significant),
        empties(merged),
        or_none(merged.bytes_per_event, format::significant),
        processor_time(row, merged),
        pair(merged.memory.server_bytes.map(|bytes| bytes / 1e3), Some(merged.memory.client_bytes / 1e3)),
        status,
    ]
}

/// Marks a ratio to the floor without a shown difference.
fn floor_mark(row: &Row) -> String {
    if row.like_floor { "≈ " } else { "" }.to_owned()
}

/// Renders the slope over rates, or the time per delivery if there is only one rate.
fn processor_time(row: &Row, merged: &Merged) -> String {
    let Some(cost) = &row.cost else {
        return pair(merged.cpu.server_us_per_event, merged.cpu.client_us_per_event);
    };
    let text = |side: Option<Marginal>| or_none(side, |side| side.text(format::significant));
    format!("{}/{}", text(cost.server), text(cost.client))
}

fn pair(server: Option<f64>, client: Option<f64>) -> String {
    format!("{}/{}", or_none(server, format::significant), or_none(client, format::significant))
}

fn empties(merged: &Merged) -> String {
    let hundredths = |share: f64| format::percent(share).replace(" %", "");
    let seen = or_none(merged.empty_share, hundredths);
    match theory::expected(&merged.responses) {
        Some(theory) => format!("{seen}/{}", hundredths(theory.probability)),
        None => seen,
    }
}

/// Explains the marks, missing percentiles, and events that a snapshot leaves out.
fn footnote(point: &LoadPoint) -> String {
    let measured = || point.rows.iter().filter_map(|row| row.merged.as_ref());
    let mut text = String::new();
    if point.rows.iter().any(|row| row.like_floor && row.times_floor.is_some()) {
        text += "≈ no difference from the floor is shown: the 99 % interval contains 1.\n";
    }
    if measured().any(|merged| !difference::is_comparable(merged)) {
        let fewest = stats::difference::FEWEST_ROUNDS;
        text += &format!("Fewer than {fewest} rounds cannot show a difference.\n");
    }
    if point.wake_up_ns.is_some() {
        text += "(wake-up): how late a thread that only sleeps wakes. Every delivery takes some of these.\n";
    }
    if point.has_slopes() {
        text += &format!("{}\n", cost::RULE);
    }
    if point.rows.iter().any(|row| row.overloaded) {
        text += "OVERLOAD: the server waited long for a core, so the figures describe a queue. Lower the load.\n";
    }
    if point.rows.iter().any(Row::is_saturated) {
        text += "SATURATED: no trial is valid, because a side was short of CPU time. The achieved load is below.\n";
    }
    if measured().any(|merged| merged.latency_ns.p50.is_none() || merged.latency_ns.p99.is_none()) {
        text += &format!(
            "{NONE} a p50 needs {} events and a p99 {}; there were fewer.\n",
            results::statistics::needed(0.5),
            results::statistics::needed(0.99),
        );
    }
    let lost = |merged: &Merged| merged.events.missed + merged.events.duplicate;
    for row in point.rows.iter().filter(|row| row.merged.as_ref().is_some_and(|merged| lost(merged) > 0)) {
        let events = row.merged.as_ref().map(|merged| merged.events).unwrap_or_default();
        let [missed, duplicate] = [events.missed, events.duplicate].map(format::count);
        text += &format!("{}: {missed} events missed, {duplicate} duplicate\n", sanitize::text(&row.variant));
    }
    if measured().any(|merged| merged.events.coalesced > 0) {
        text += "A snapshot is the newest state only, so an event that a newer one replaced is not delivered, and not missed.\n";
    }
    text
}
