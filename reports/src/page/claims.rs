//! Renders the article's claims with their figures and verdicts, in one table per part of the article. Claims that this run
//! does not measure are folded away, with the reason.

use super::markup::{self, Cell, escape};
use crate::claims::{self, Claim, Figure, Holding, Support};

/// Maximum number of figures per claim. `report.json` has all of them.
const FIGURES: usize = 6;

/// Renders the section.
pub(super) fn section(claims: &[Claim]) -> String {
    let mut html = "<section id=\"claims\"><h2>The article’s claims, measured</h2>\n".to_owned();
    html += &format!("<p class=\"line\">Of {} claims {}.</p>\n", claims.len(), escape(&claims::tally(claims)));
    html += &format!("<ul class=\"rules\"><li>{}</li></ul>\n", escape(claims::RULE));
    for part in parts(claims) {
        let rows: Vec<Vec<Cell>> = claims.iter().filter(|claim| claim.part == part).filter_map(judged).collect();
        if !rows.is_empty() {
            let headings = ["The article says", "Verdict", "Figures", "What is measured", "Threshold"];
            html += &markup::table("claims", part, &headings, &rows);
        }
    }
    let missing: Vec<Vec<Cell>> = claims.iter().filter_map(unmeasured).collect();
    if !missing.is_empty() {
        let table = markup::table("claims", "Not measured here", &["The article says", "Why, or what would"], &missing);
        html += &format!("<details><summary>{} not measured here, and why</summary>{table}</details>\n", missing.len());
    }
    html + "</section>\n"
}

/// Returns the parts of the article, in its order.
fn parts(claims: &[Claim]) -> Vec<&'static str> {
    let mut parts: Vec<&str> = claims.iter().map(|claim| claim.part).collect();
    parts.dedup();
    parts
}

fn judged(claim: &Claim) -> Option<Vec<Cell>> {
    let (measured, threshold) = (claim.measured?, claim.threshold.as_ref()?);
    if claim.verdict == Holding::NotMeasured {
        return None;
    }
    Some(vec![
        quote(claim),
        verdict(claim),
        Cell::html(figures(&claim.figures), None),
        Cell::text(measured),
        Cell::text(threshold),
    ])
}

fn unmeasured(claim: &Claim) -> Option<Vec<Cell>> {
    let missing = claim.missing.as_ref().filter(|_| claim.verdict == Holding::NotMeasured)?;
    Some(vec![quote(claim), Cell::text(missing)])
}

fn quote(claim: &Claim) -> Cell {
    Cell::html(format!("<span id=\"claim-{}\">“{}”</span>", escape(claim.id), escape(claim.quote)), None)
}

/// Renders the verdict as a sign and a word, not only a colour, and how many figures decide.
fn verdict(claim: &Claim) -> Cell {
    let holding = claim.verdict;
    let deciding = claim.deciding().map_or_else(String::new, |said| format!(" <small>{}</small>", escape(&said)));
    let (class, sign) = match holding {
        Holding::Holds => ("agrees", "✓"),
        Holding::WithinLimits => ("warns", "≈"),
        Holding::DoesNotHold => ("differs", "✗"),
        Holding::NotDecided | Holding::NotMeasured => ("open", "?"),
    };
    let order = Holding::ALL.iter().position(|known| *known == holding);
    Cell::html(format!("<b class=\"{class}\">{sign} {}</b>{deciding}", holding.word()), order.map(|order| order as f64))
}

fn figures(figures: &[Figure]) -> String {
    let mut html = "<ul>".to_owned();
    // Figures that decide come first, so that the others are left out first.
    let (open, deciding): (Vec<&Figure>, Vec<&Figure>) =
        figures.iter().partition(|figure| figure.says == Support::Open);
    let several = figures.iter().any(|figure| figure.says != figures[0].says);
    for figure in deciding.iter().chain(&open).take(FIGURES) {
        html += &one(figure, several);
    }
    if figures.len() > FIGURES {
        html += &format!("<li><small>and {} more in report.json</small></li>", figures.len() - FIGURES);
    }
    html + "</ul>"
}

/// Marks what each figure shows, unless all show the same.
fn one(figure: &Figure, several: bool) -> String {
    let (class, sign, word) = match figure.says {
        Support::Kept => ("agrees", "✓", "as claimed"),
        Support::Partly => ("warns", "≈", "not as far as claimed"),
        Support::Broken => ("differs", "✗", "not as claimed"),
        Support::Open => ("open", "?", "decides nothing"),
    };
    let mark = if several { format!("<b class=\"{class}\" title=\"{word}\">{sign}</b> ") } else { String::new() };
    let mut of = figure.variant.clone();
    if let Some(load) = &figure.load {
        of += &format!(", {load}");
    }
    if let Some(trials) = figure.trials {
        let trials = if trials == 1 { "1 valid trial".to_owned() } else { format!("{trials} valid trials") };
        of += &format!(", {trials}");
    }
    format!("<li>{mark}{} <small>{}</small></li>", escape(&figure.text), escape(&of))
}
