//! The complexity of each half: every metric with its rank and rule, and the names behind the counts.

use complexity::metrics::{METRICS, Metric};
use results::{
    format::NONE,
    schema::{ApproachFacts, Complexity},
};

use super::{
    article,
    markup::{self, Cell, escape},
};
use crate::{
    ranks::{Figure, Half, Ranking},
    report::Report,
};

const INTRODUCTION: &str = "Each half of an approach is its own file and the parts that its duties stand in, parsed \
     from the text that this tool was built from; what carries all approaches alike is counted for none. Below each \
     figure stands its rank, from the least; = where several share it.";

/// Renders the section, which does not depend on the load.
pub(super) fn section(report: &Report) -> String {
    let mut html = "<section id=\"complexity\"><h2>Complexity, measured on the source that ran</h2>\n".to_owned();
    html += &format!("<p>{}</p>\n", escape(INTRODUCTION));
    for ranking in &report.complexity {
        html += &format!("<h3>{}</h3>\n", heading(ranking));
        if let Some(said) = &ranking.disagreement {
            html += &format!("<p>{}</p>\n", escape(said));
        }
        html += &table(ranking, &report.run.approaches);
    }
    html += &format!("<p class=\"rules\">Bands: {}.</p>\n", escape(&complexity::rule()));
    html += "<details><summary>What each column counts</summary><ul class=\"rules\">\n";
    for metric in &METRICS {
        html += &format!("<li>{}: {}</li>\n", escape(metric.title), escape(metric.rule));
    }
    html += "</ul></details>\n<details><summary>The names behind the counts</summary>\n";
    for ranking in &report.complexity {
        html += &names(ranking, &report.run.approaches);
    }
    html + "</details></section>\n"
}

fn heading(ranking: &Ranking) -> &'static str {
    if ranking.side == "client" { "Clients" } else { "Servers" }
}

fn measured<'a>(ranking: &Ranking, half: &Half, approaches: &'a [ApproachFacts]) -> &'a Complexity {
    let facts = &approaches[half.order];
    if ranking.side == "client" { &facts.client_complexity } else { &facts.server_complexity }
}

fn table(ranking: &Ranking, approaches: &[ApproachFacts]) -> String {
    let headings: Vec<&str> =
        ["Approach", "Band"].into_iter().chain(METRICS.iter().map(|metric| metric.title)).collect();
    let row = |half: &Half| {
        let worst = &measured(ranking, half, approaches).cognitive.worst_function;
        let figures = half.figures.iter().map(|figure| {
            let note = if figure.metric == "cognitive_worst" { worst } else { "" };
            cell(figure, note)
        });
        [markup::name(half.order, &half.approach, ""), band(half)].into_iter().chain(figures).collect()
    };
    let rows: Vec<Vec<Cell>> = ranking.halves.iter().map(row).collect();
    let caption = format!("Complexity of the {}s by every single metric, each with its rank", ranking.side);
    markup::table("figures complexity", &caption, &headings, &rows)
}

fn band(half: &Half) -> Cell {
    let band = half.judged.measured.unwrap_or(NONE);
    Cell::html(format!("{}<b>{}</b>", article::word(&half.judged), escape(band)), None)
}

fn cell(figure: &Figure, note: &str) -> Cell {
    let mut html = format!("<b>{}</b> <small>{}</small>", figure.value, figure.place());
    if !note.is_empty() {
        html += &format!("<small>{}</small>", escape(note).replace("::", "::<wbr>"));
    }
    Cell::html(html, Some(f64::from(figure.value)))
}

fn names(ranking: &Ranking, approaches: &[ApproachFacts]) -> String {
    let named: Vec<(&Metric, _)> = METRICS.iter().filter_map(|metric| Some((metric, metric.names?))).collect();
    let headings: Vec<&str> = ["Approach"].into_iter().chain(named.iter().map(|(metric, _)| metric.title)).collect();
    let row = |half: &Half| {
        let own = measured(ranking, half, approaches);
        let lists = named.iter().map(|(_, names)| list(names(own)));
        [markup::name(half.order, &half.approach, "")].into_iter().chain(lists).collect()
    };
    let rows: Vec<Vec<Cell>> = ranking.halves.iter().map(row).collect();
    markup::table("figures names", &format!("What was counted in the {}s", ranking.side), &headings, &rows)
}

fn list(names: &[String]) -> Cell {
    if names.is_empty() {
        return Cell::text(NONE);
    }
    // A line may break between the parts of a name, not within them.
    let parts = |name: &String| {
        ["::", "/", "_"].iter().fold(escape(name), |name, end| name.replace(end, &format!("{end}<wbr>")))
    };
    let names: Vec<String> = names.iter().map(parts).collect();
    Cell::html(format!("<span class=\"rounds\">{}</span>", names.join(", ")), None)
}
