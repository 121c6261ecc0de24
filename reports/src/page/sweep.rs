//! A sweep: the capacity of each approach, and every quantity against the varied load.

use results::format::{self, NONE, duration};

use super::{
    markup::{self, Cell, escape},
    quantities::{GROUPS, Group},
    sweep_chart,
};
use crate::{
    headline,
    report::Report,
    slo::{Beyond, RULE, SweepCapacity, VariantCapacity},
    sweep::{self, Sweep},
};

/// Maximum number of sweeps with charts.
const DRAWN: usize = 20;

/// Renders the tables and charts of every sweep of a run, the heaviest first, as many as fit. The text is empty
/// without a sweep.
pub(super) fn figures(report: &Report, limit_bytes: usize) -> String {
    let mut html = String::new();
    let mut left_out = 0;
    // Both come from the same function and loads.
    for (index, (sweep, reach)) in sweep::sweeps(&report.loads).iter().zip(&report.reaches).enumerate() {
        if index >= DRAWN {
            left_out += 1 + GROUPS.len();
            continue;
        }
        let parts = std::iter::once(reached(reach)).chain(GROUPS.iter().map(|group| folded(sweep, group)));
        for part in parts {
            if html.len() + part.len() > limit_bytes {
                left_out += 1;
            } else {
                html += &part;
            }
        }
    }
    if left_out > 0 {
        html += &format!(
            "<p>Left out here to keep the page small: {left_out} groups of charts over loads. report.json has their \
             numbers.</p>\n"
        );
    }
    html
}

/// Renders the charts of one group, folded away. The text is empty if none has values.
fn folded(sweep: &Sweep<'_>, group: &Group) -> String {
    let charts: String = group.quantities.iter().map(|quantity| sweep_chart::figure(sweep, quantity)).collect();
    if charts.is_empty() {
        return charts;
    }
    let summary = format!("{}, against {}, with {}", group.title, sweep.axis.name, sweep.held());
    format!("<details open><summary>{}</summary><div class=\"board\">{charts}</div></details>\n", escape(&summary))
}

/// Renders the capacity of each variant.
fn reached(reach: &SweepCapacity) -> String {
    let headings = ["Approach", "p99 at most", "Met up to", "p99 there", "First not met at", "What it falls short in"];
    let rows: Vec<Vec<Cell>> = reach.variants.iter().map(|variant| cells(reach, variant)).collect();
    let title = format!("Most {} that meet the objective, with {}", reach.axis, reach.held);
    let table = markup::table("figures reach", &title, &headings, &rows);
    markup::figure(&title, &format!("{} {RULE}", takeaway(reach)), &table)
}

fn cells(reach: &SweepCapacity, variant: &VariantCapacity) -> Vec<Cell> {
    let load = |load: f64| Cell::number(&format!("{} {}", format::plain(load), reach.axis), Some(load));
    let time = |time: u64| Cell::number(&duration(time), Some(time as f64));
    let none = || Cell::text(NONE);
    let beyond = variant.beyond.as_ref();
    vec![
        markup::name(variant.order, &variant.variant, ""),
        time(variant.objective_ns),
        met(reach, variant),
        variant.met.map_or_else(none, |(_, p99)| time(p99)),
        beyond.map_or_else(|| Cell::text("no load that was tried"), |beyond| load(beyond.load)),
        beyond.map_or_else(none, falls_short),
    ]
}

/// Renders the largest load that meets the objective, and under how many others it is unknown.
fn met(reach: &SweepCapacity, variant: &VariantCapacity) -> Cell {
    let (text, order) = match variant.met {
        Some((load, _)) => (format!("{} {}", format::plain(load), reach.axis), load),
        None if variant.unjudged > 0 => ("not known".to_owned(), 0.0),
        None => ("no load that was tried".to_owned(), 0.0),
    };
    let loads = if variant.unjudged == 1 { "load" } else { "loads" };
    let note = match variant.unjudged {
        0 => String::new(),
        unjudged => format!(" <small>too few events for a p99 under {unjudged} {loads}</small>"),
    };
    Cell::html(format!("{text}{note}"), Some(order))
}

fn falls_short(beyond: &Beyond) -> Cell {
    let note = if beyond.harness_was_the_limit { " <small>the server may carry more</small>" } else { "" };
    Cell::html(format!("{}{note}", escape(&beyond.why)), None)
}

fn takeaway(reach: &SweepCapacity) -> String {
    let whole = reach.variants.iter().filter(|variant| variant.met.is_some() && variant.beyond.is_none()).count();
    let all = reach.variants.len();
    format!("{whole} of {all} meet it up to the heaviest load that was tried.{}", headline::limited(reach))
}
