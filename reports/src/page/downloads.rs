//! Links to the files beside the page.

use super::markup::escape;
use crate::{
    export::{self, LOG},
    report::Report,
};

/// Maximum number of linked distributions.
const LINKED: usize = 200;

/// Renders the links of the first screen.
pub(super) fn links() -> String {
    format!(
        "<a href=\"report.json\" download>Every number, as JSON</a> <a href=\"table.csv\" download>CSV</a> \
         <a href=\"table.md\" download>Markdown</a> <a href=\"{LOG}\" download>Histogram log</a>"
    )
}

/// Renders links to the percentile distributions, one per row with values. The text is empty without rows.
pub(super) fn section(report: &Report) -> String {
    let files = export::distributions(report);
    if files.is_empty() {
        return String::new();
    }
    let more = match files.len().saturating_sub(LINKED) {
        0 => String::new(),
        more => format!(" and {more} more in the directory histograms"),
    };
    let links: Vec<String> = files
        .iter()
        .take(LINKED)
        .map(|file| {
            let name = file.rsplit('/').next().unwrap_or(file);
            format!("<a href=\"{0}\" download>{1}</a>", escape(file), escape(name))
        })
        .collect();
    format!(
        "<details id=\"downloads\"><summary>Latencies for HdrHistogram’s tools</summary><p>The <a href=\"{LOG}\" \
         download>histogram log</a> has a tag for each of these names. The plotter takes the distributions:</p>\
         <p>{}{more}</p></details>\n",
        links.join(" · ")
    )
}
