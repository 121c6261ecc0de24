//! Method, biases and limits for readers who only have the page. The text comes from the project's documents.

use stats::difference::RULE;

use super::{document, markup::escape};

const METHOD: &str = include_str!("../../../docs/method.md");
const BIAS: &str = include_str!("../../../docs/bias.md");

/// The most important facts, in one line each.
const FIRST: [&str; 5] = [
    "The load is an open loop: events happen on a schedule that is fixed before the run, and latency counts from the \
     scheduled time, at the receiver.",
    "Every delivery that is owed is accounted for: delivered, missed or coalesced. Duplicates, reordered and corrupt \
     events make a trial invalid.",
    "Each trial has fresh processes, in an order that is shuffled in each round. Percentiles are of merged histograms, \
     and stand only where there are events enough to support them.",
    "Servers and clients share one machine and its loopback: without distance, loss, TLS, proxies or browsers. The \
     figures compare approaches as they are implemented here, and predict no network’s.",
    "The bands, the scenarios, the limits and both ends of every approach are ours.",
];

/// Document, heading in it, and heading on the page.
const PARTS: [(&str, &str, &str); 8] = [
    (METHOD, "How a number is made", "How a number is made"),
    (METHOD, "Histograms, percentiles, support", "Percentiles, intervals, and when one is called faster"),
    (METHOD, "Theory that a run must reproduce", "Theory that a run must reproduce"),
    (METHOD, "What is not checked", "Limits: what is not checked"),
    (BIAS, "Where it runs", "Bias: where it runs"),
    (BIAS, "Who wrote it", "Bias: who wrote it"),
    (BIAS, "What is not the same for every approach", "Bias: what is not the same for every approach"),
    (BIAS, "Choices that help an approach", "Bias: choices that help an approach"),
];

/// Renders the section.
pub(super) fn section() -> String {
    let mut html = "<section id=\"method\"><h2>Methodology, biases, limits</h2>\n<ul>\n".to_owned();
    for line in FIRST.into_iter().chain([RULE]) {
        html += &format!("<li>{}</li>\n", escape(line));
    }
    html +=
        "</ul>\n<p>From docs/method.md and docs/bias.md of the version that wrote this page, which have more:</p>\n";
    for (document, heading, title) in PARTS {
        let text = document::render(document::section(document, heading));
        html += &format!("<details class=\"prose\"><summary>{}</summary>{text}</details>\n", escape(title));
    }
    html + "</section>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quoted_section_exists_in_its_document() {
        for (document, heading, _) in PARTS {
            assert!(document::section(document, heading).len() > 500, "{heading}");
        }
    }

    #[test]
    fn no_markdown_is_left_over() {
        let html = section();
        for mark in ["**", "](", "](#", "```", "\n### "] {
            assert!(!html.contains(mark), "{mark}: {:?}", html.split_once(mark).map(|(_, rest)| &rest[..80]));
        }
        assert!(html.len() < 60_000, "{}", html.len());
    }
}
