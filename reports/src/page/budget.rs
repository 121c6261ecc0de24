//! What the article's need takes as its clients grow, from the same function as the verb `advise`.

use results::format::{self, NONE, or_none};

use super::markup::{self, Cell, escape};
use crate::advice::{self, Amount, Budget};

const TITLE: &str = "What it takes as clients grow";

/// Renders the table. The text is empty without a line.
pub(super) fn figure(budget: &Budget) -> String {
    let Some(measured) = budget.measured() else { return String::new() };
    let clients = advice::CLIENTS.map(|number| format!("{} clients", advice::clients(number)));
    let headings: Vec<&str> =
        ["Approach", "Model off by"].into_iter().chain(clients.iter().map(String::as_str)).collect();
    let rows: Vec<Vec<Cell>> = budget
        .lines
        .iter()
        .map(|line| {
            let error = or_none(line.error, |error| format!("× {}", format::significant(error)));
            let amounts = line.amounts.iter().map(|amount| amount.map_or_else(|| Cell::text(NONE), |it| cell(&it)));
            [markup::name(line.order, &line.name, ""), Cell::number(&error, line.error)]
                .into_iter()
                .chain(amounts)
                .collect()
        })
        .collect();
    let table = markup::table("figures budget", TITLE, &headings, &rows);
    let explained = format!("{} {measured}", budget.explanation());
    format!("<h3>{TITLE}</h3><p>{}</p>{table}\n", escape(&explained))
}

fn cell(amount: &Amount) -> Cell {
    let [cores, gib, machines] = amount.parts();
    let [core, machine] = [(&cores, "core"), (&machines, "machine")]
        .map(|(number, word)| if number == "1" { word.to_owned() } else { format!("{word}s") });
    let html = format!("{cores} {core}, {gib} GiB{}<small>{machines} {machine}</small>", amount.mark());
    Cell::html(html, Some(amount.cores))
}
