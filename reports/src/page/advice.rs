//! Advice on the page: what is advised for typical needs, and a form for the reader's own.
//!
//! The table is made by the function that the `advise` verb asks. The form has the same formulas in a script of its own
//! (`advice.js`) over the same constants, which are in the page as data; it shows itself only where it answers the needs
//! of the table as the table does.

use results::format::{self, NONE, or_none};
use serde_json::json;

use super::markup::{self, Cell, escape};
use crate::{
    advice::{self, Advice, CONDITIONS, Choice, Need, Offer, QUANTITIES, Reason, Standing},
    report::Report,
};

pub(super) const SCRIPT: &str = include_str!("advice.js");

const HEADINGS: [&str; 8] = [
    "Need",
    "Recommended",
    "p99",
    "Server processors",
    "Bytes a second",
    "Server memory",
    "Not told apart from it",
    "Also on the front",
];
/// Of the form's table.
const FORM_HEADINGS: [&str; 9] = [
    "Approach",
    "p50",
    "p99",
    "Requests a second",
    "Bytes a second",
    "Processors, server / client",
    "Server memory",
    "Score",
    "Why",
];

/// The section; nothing where the run gives no constants.
pub(super) fn section(report: &Report) -> String {
    let Some(offer) = &report.advice else {
        let said = report.without_advice.as_deref();
        let section =
            |why| format!("<section><h2>Which to choose</h2><p>Nothing is advised: {}.</p></section>\n", escape(why));
        return said.map_or_else(String::new, section);
    };
    let rows: Vec<Vec<Cell>> = offer.answers.iter().map(|answer| cells(answer.title, &answer.advice)).collect();
    let mut html = "<section id=\"advice\"><h2>Which to choose</h2>\n<p>Predicted by a cost model from the constants of \
                    this run, by the function that <code>delivery-bench advise</code> asks. How far the model is off is \
                    in docs/validation.md.</p>\n"
        .to_owned();
    for note in offer.models.missing.notes() {
        html += &format!("<p>{}</p>\n", escape(&note));
    }
    html += &markup::table("advice needs", "Advice for typical needs, predicted", &HEADINGS, &rows);
    html += &form();
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

/// The name, the interval of what polls, and what was not measured.
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

/// Hidden until the script has seen that it answers as the table does.
fn form() -> String {
    let usual = Need::default();
    let mut html = "<form hidden autocomplete=\"off\" aria-label=\"Your need\"><h3>Your own need</h3>\n".to_owned();
    for quantity in &QUANTITIES {
        let [least, most] = quantity.limits;
        html += &format!(
            "<label>{} <input type=\"number\" name=\"{}\" min=\"{least}\" max=\"{most}\" step=\"any\" value=\"{}\"></label>\n",
            quantity.name,
            quantity.key,
            (quantity.get)(&usual)
        );
    }
    for condition in &CONDITIONS {
        let checked = if (condition.get)(&usual) { " checked" } else { "" };
        html += &format!(
            "<label class=\"yes\"><input type=\"checkbox\" name=\"{}\"{checked}> {}</label>\n",
            condition.key, condition.yes
        );
    }
    html + "</form>\n<output></output>\n<div class=\"answer\"></div>\n"
}

/// The constants as data, and the script over them; nothing where there are none.
pub(super) fn script(report: &Report) -> String {
    let Some(offer) = &report.advice else { return String::new() };
    // Nothing in a name can end the element that it stands in.
    let data: String = constants(offer).replace('<', "\\u003c").chars().map(markup::printable).collect();
    format!(
        "<script type=\"application/json\" id=\"advice-constants\">{data}</script><script id=\"advice-script\">{SCRIPT}</script>"
    )
}

fn constants(offer: &Offer) -> String {
    let reasons: serde_json::Map<_, _> =
        Reason::ALL.iter().map(|reason| (key(reason), json!(reason.sentence()))).collect();
    let beyond: serde_json::Map<_, _> =
        advice::Beyond::ALL.iter().map(|beyond| (key(beyond), json!(beyond.words()))).collect();
    let answers: Vec<_> = offer
        .answers
        .iter()
        .map(|answer| {
            let score = |choice: &Choice| json!({ "name": choice.name, "score": choice.score.unwrap_or(0.0) });
            json!({ "need": answer.advice.need, "choices": answer.advice.choices.iter().map(score).collect::<Vec<_>>() })
        })
        .collect();
    let missing = &offer.models.missing;
    let absent = missing.candidates.iter().map(|absent| json!({ "name": absent.name, "why": absent.sentence() }));
    let absent: Vec<_> = absent.collect();
    json!({
        "cores": offer.models.cores,
        "models": offer.models.models,
        "rules": advice::RULES,
        "quantities": QUANTITIES,
        "conditions": CONDITIONS,
        "standings": {
            "recommended": "recommended",
            "close": "on the front, and not told apart from the first by this model",
            "front": "on the front",
        },
        "reasons": reasons,
        "beyond": beyond,
        "notes": missing.notes(),
        "absent": absent,
        "unknown": advice::unknown(),
        "changes": { "none": advice::NO_CHANGE, "unknown": advice::UNKNOWN_CHANGE },
        "headings": FORM_HEADINGS,
        "answers": answers,
    })
    .to_string()
}

/// The word that a value without fields is written as.
fn key(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
