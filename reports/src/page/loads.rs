//! One part of the page per load of a run, up to a size.

use super::markup::escape;
use crate::{headline, rows::LoadPoint};

/// Renders each load: always the heaviest, then the others while there is room.
pub(super) fn each(loads: &[LoadPoint], limit_bytes: usize, make: impl Fn(usize, &LoadPoint) -> String) -> String {
    let mut html = String::new();
    for (index, point) in loads.iter().enumerate().rev() {
        let part = folded(point, loads.len(), index, &make(index, point));
        if !html.is_empty() && html.len() + part.len() > limit_bytes {
            html += &format!(
                "<p>Left out here to keep the page small: {} lighter loads. report.json has them.</p>\n",
                index + 1
            );
            break;
        }
        html += &part;
    }
    html
}

/// Only the heaviest of several loads is unfolded.
fn folded(point: &LoadPoint, of: usize, index: usize, html: &str) -> String {
    if of == 1 {
        return html.to_owned();
    }
    let open = if index + 1 == of { " open" } else { "" };
    let load = escape(&headline::describe(&point.load));
    format!("<details{open} data-load=\"{load}\"><summary>{load}</summary>{html}</details>\n")
}
