//! The effects of encoding and protocol, told apart.

use results::format::or_none;

use super::markup::{self, Cell};
use crate::encoding::{Factorial, HEADINGS, RULE, text};

/// Renders a table per load. The text is empty without one.
pub(super) fn figures(factorials: &[Factorial]) -> String {
    factorials.iter().map(figure).collect()
}

fn figure(factorial: &Factorial) -> String {
    let title = format!("Encoding and protocol apart, with {}", factorial.load);
    let rows = factorial.effects.iter().map(|effect| {
        let ratios = effect
            .ratios
            .iter()
            .map(|ratio| Cell::number(&or_none(ratio.as_ref(), text), ratio.as_ref().map(|ratio| ratio.ratio)));
        [Cell::text(&effect.name)].into_iter().chain(ratios).collect()
    });
    let headings: Vec<&str> = ["Ratio"].into_iter().chain(HEADINGS).collect();
    let table = markup::table("figures encoding", &title, &headings, &rows.collect::<Vec<_>>());
    markup::figure(&title, RULE, &table)
}
