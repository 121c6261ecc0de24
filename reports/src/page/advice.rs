//! The table of what this run recommends for typical needs. The verb `advise` uses the same function.

use results::format::{self, NONE, or_none};

use super::{
    budget,
    markup::{self, Cell, escape},
};
use crate::{
    advice::{self, Advice, Choice, Need, Standing},
    report::Report,
};

const HEADINGS: [&str; 8] = [
    "Need",
    "Recommended",
    "p99",
    "Server cores",
    "Bytes per second",
    "Server memory",
    "As good, as far as the model can tell",
    "Also not dominated",
];
/// Renders the section. It is empty if the run has neither constants nor a reason for their absence.
pub(super) fn section(report: &Report) -> String {
    let Some(offer) = &report.advice else {
        let said = report.without_advice.as_deref();
        let section =
            |why| format!("<section><h2>Which to choose</h2><p>Nothing is advised: {}.</p></section>\n", escape(why));
        return said.map_or_else(String::new, section);
    };
    let rows: Vec<Vec<Cell>> = offer.answers.iter().map(|answer| cells(answer.title, &answer.advice)).collect();
    let mut html = "<section id=\"advice\"><h2>Which to choose</h2>\n<p>Predicted by a cost model from the constants of \
                    this run, by the function that <code>delivery-bench advise</code> uses. Ask it for a need of your own: \
                    <code>delivery-bench advise --clients 5000 --events-per-client 0.1 --staleness 10s</code>. How far the \
                    model is off is in docs/validation.md.</p>\n"
        .to_owned();
    for note in offer.models.missing.notes() {
        html += &format!("<p>{}</p>\n", escape(&note));
    }
    html += &markup::table("advice needs", "Advice for typical needs, predicted", &HEADINGS, &rows);
    html += &offer.answers.first().map_or_else(String::new, |answer| budget::figure(&answer.advice.budget));
    html += "<details><summary>By which rules, and what is assumed</summary><ul class=\"rules\">\n";
    for sentence in advice::rules().iter().chain(&offer.models.assumptions) {
        html += &format!("<li>{}</li>\n", escape(sentence));
    }
    html + "</ul></details></section>\n"
}

fn cells(title: &str, advice: &Advice) -> Vec<Cell> {
    let usual = Need::default();
    let said = advice::describe(&advice.need, |condition| (condition.get)(&advice.need) != (condition.get)(&usual));
    let need = format!("{}<small>{}</small>", escape(title), escape(&said));
    let first = advice.choices.first().filter(|choice| choice.standing == Standing::Recommended);
    let Some(first) = first else {
        let said = if advice.is_unknown() { advice::UNKNOWN_CHANGE } else { "nothing that was measured" };
        let nothing = [NONE; 6].map(Cell::text);
        return [Cell::html(need, None), Cell::text(said)].into_iter().chain(nothing).collect();
    };
    let it = &first.prediction;
    let others = |standing: &Standing| {
        let of = advice.choices.iter().filter(|choice| choice.standing == *standing);
        let names: Vec<String> = of.map(|choice| escape(&choice.name)).collect();
        Cell::html(if names.is_empty() { NONE.to_owned() } else { names.join("<br>") }, None)
    };
    vec![
        Cell::html(need, None),
        recommended(first),
        Cell::number(&or_none(it.p99_ns, |p99| format::duration(p99 as u64)), it.p99_ns),
        Cell::number(&or_none(it.server_cores, format::significant), it.server_cores),
        Cell::number(&or_none(it.bytes_per_second, format::bytes), it.bytes_per_second),
        Cell::number(&format::bytes(it.server_memory_bytes), Some(it.server_memory_bytes)),
        others(&Standing::Close),
        others(&Standing::Front),
    ]
}

/// Describes the recommendation: name, poll interval, and what was not measured.
fn recommended(choice: &Choice) -> Cell {
    let every = choice.prediction.interval_s.map(|interval| format::duration((interval * 1e9) as u64));
    let note = every.map_or_else(String::new, |every| format!("every {every}"));
    let mut cell = markup::name(choice.order, &choice.name, &note);
    if !choice.prediction.extrapolated.is_empty() {
        let words: Vec<&str> = choice.prediction.extrapolated.iter().map(|beyond| beyond.words()).collect();
        cell.html += &format!("<small class=\"warns\">extrapolated: {}</small>", escape(&words.join(", ")));
    }
    cell
}
