//! The page from top to bottom. The first screen has the headline, whether it can be trusted, and one picture.

use base64::{Engine, engine::general_purpose::STANDARD};
use results::schema::RunRecord;
use sha2::{Digest, Sha256};

use super::{
    advice, article, claims, complexity, costs, dots, downloads, durations, encoding, loads, markup::escape, memory,
    method, overview, pareto, percentiles, responses, ridgeline, size_limit, sweep, trust,
};
use crate::{cost, headline, report::Report, rows::LoadPoint};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Maximum size of the tables, of the charts over loads, and of all charts, in bytes. They keep the page below 1 MB.
const TABLES_LIMIT_BYTES: usize = 200_000;
const SWEEPS_LIMIT_BYTES: usize = 400_000;
const CHARTS_LIMIT_BYTES: usize = 540_000;

/// The links of the first screen.
const PARTS: [(&str, &str); 7] = [
    ("table", "Table"),
    ("advice", "Which to choose"),
    ("charts", "Charts"),
    ("complexity", "Complexity"),
    ("claims", "The article’s claims"),
    ("validity", "Can it be trusted?"),
    ("method", "Methodology, biases, limits"),
];

/// Maximum size of the page, in bytes. Variants are left out to stay below it.
const PAGE_LIMIT_BYTES: usize = 1_000_000;

/// Renders the page with as many variants as fit.
pub(super) fn page(report: &Report) -> String {
    let mut html = String::new();
    for variants in size_limit::MOST_VARIANTS {
        html = whole(&size_limit::bounded(report, variants), &report.loads);
        let is_most = report.loads.iter().map(|point| point.rows.len()).max().unwrap_or(0);
        if html.len() <= PAGE_LIMIT_BYTES || is_most <= size_limit::MOST_VARIANTS[size_limit::MOST_VARIANTS.len() - 1] {
            break;
        }
    }
    html
}

/// Renders the page of the shown variants, and says what is missing.
fn whole(report: &Report, all: &[LoadPoint]) -> String {
    let title = title(&report.run);
    let mut html = head(&title);
    html += &format!("<header><p class=\"kind\">delivery-bench · {}</p>", escape(&report.run.scenario_name));
    html += &format!("<h1>{}</h1>", escape(&title));
    if let Some(faults) = &report.faults {
        html += &format!("<p class=\"banner differs loud\">No measurement: {}.</p>", escape(faults));
    }
    if let Some(question) = text_of(&report.run, "question") {
        html += &format!("<p class=\"question\">{}</p>", escape(question));
    }
    html += &format!("<p class=\"verdict\">{}</p>", escape(&report.verdict));
    html += &trust::glance(report);
    html += &navigation(report);
    html += "</header>\n<main>\n";
    if report.validity.interrupted {
        html += "<p class=\"banner differs\">The run was interrupted: what follows is a part of its plan.</p>\n";
    }
    html += &overview::section(report);
    html += &tables(report, all);
    html += &advice::section(report);
    html += &charts(report);
    html += &complexity::section(report);
    html += &claims::section(&report.claims);
    html += &trust::section(report);
    html += &downloads::section(report);
    html += &method::section();
    html += "</main>\n<footer><p>Every number here was made once from results.jsonl; the terminal’s table and report.json \
             have the same.</p></footer>\n";
    html + &foot()
}

/// Renders the links to the parts of the page and to the files beside it.
fn navigation(report: &Report) -> String {
    let parts = PARTS.iter().filter(|(id, _)| *id != "advice" || report.advice.is_some());
    let links: String = parts.map(|(id, name)| format!("<a href=\"#{id}\">{name}</a> ")).collect();
    format!("<nav aria-label=\"Parts of the page, and its files\">{links}{}</nav>", downloads::links())
}

/// Renders the end of every page.
pub(super) fn foot() -> String {
    format!("<script>{SCRIPT}</script></body></html>\n")
}

/// Renders the beginning of every page.
pub(super) fn head(title: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<style>{STYLE}</style></head><body>\n",
        escape(title),
        policy()
    )
}

/// Returns the content security policy: no network access, and no script or style but the page's own, named by their
/// digests.
fn policy() -> String {
    let [style, script] = [STYLE, SCRIPT].map(|text| STANDARD.encode(Sha256::digest(text)));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; img-src data:; \
         base-uri 'none'; form-action 'none'"
    )
}

fn title(run: &RunRecord) -> String {
    text_of(run, "title").unwrap_or(&run.scenario_name).to_owned()
}

/// Renders a text of the scenario.
fn text_of<'a>(run: &'a RunRecord, key: &str) -> Option<&'a str> {
    run.scenario.get(key)?.as_str().filter(|text| !text.is_empty())
}

/// Renders the article's table under each load, with the rules below. The headline at the top is that of the heaviest
/// load; the others have theirs here.
fn tables(report: &Report, all: &[LoadPoint]) -> String {
    let mut html = "<section id=\"table\"><h2>Measured, beside the article’s words</h2>\n".to_owned();
    html += &loads::each(&report.loads, TABLES_LIMIT_BYTES, |index, point| {
        let is_heaviest = index + 1 == report.loads.len();
        let verdict =
            if is_heaviest { String::new() } else { format!("<p>{}</p>\n", escape(&headline::load_headline(point))) };
        verdict + &article::table(point) + &size_limit::left_out(&all[index], point) + &article::saturated(point)
    });
    html += "<ul class=\"rules\">\n";
    let has_slopes = report.loads.iter().any(LoadPoint::has_slopes);
    let of_cost = has_slopes.then(|| cost::RULE.to_owned());
    for rule in headline::floor(&report.run).iter().chain(&of_cost).chain(&report.rules) {
        html += &format!("<li>{}</li>\n", escape(rule));
    }
    html + "</ul></section>\n"
}

/// Renders the charts: first those over the loads of a sweep, then those of each load.
fn charts(report: &Report) -> String {
    let mut html = "<section id=\"charts\"><h2>Charts</h2>\n".to_owned();
    if let Some(analysis) = text_of(&report.run, "analysis") {
        let analysis = escape(analysis);
        html += &format!("<div id=\"analysis\"><h3>What may be concluded</h3><p>{analysis}</p></div>\n");
    }
    html += &costs::figures(report);
    html += &encoding::figures(&report.factorials);
    html += &sweep::figures(report, SWEEPS_LIMIT_BYTES);
    html += &loads::each(&report.loads, CHARTS_LIMIT_BYTES.saturating_sub(html.len()), |index, point| {
        let id = format!("load{index}");
        let figures = [
            percentiles::figure(point, &format!("{id}-percentiles")),
            ridgeline::figure(point, &format!("{id}-ridges")),
            responses::figure(point, &format!("{id}-responses")),
            dots::figures(point, &id),
            pareto::figures(point, &id),
            memory::figure(point),
            durations::figure(point),
        ];
        format!("<div class=\"board\">{}</div>\n", figures.concat())
    });
    html + "</section>\n"
}
