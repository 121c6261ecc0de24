//! Renders a part of one of the project's documents as HTML. Links would lead out of the page, so only their text
//! stays.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

/// Returns the text below a heading of the second level, up to the next one. Returns an empty text if there is no such
/// heading.
pub(super) fn section<'a>(document: &'a str, heading: &str) -> &'a str {
    let start = format!("\n## {heading}\n");
    let Some((_, text)) = document.split_once(&start) else { return "" };
    text.split_once("\n## ").map_or(text, |(own, _)| own)
}

/// Renders Markdown as HTML.
pub(super) fn render(text: &str) -> String {
    let events = Parser::new_ext(text, Options::ENABLE_TABLES).filter_map(|event| match event {
        Event::Start(Tag::Link { .. }) | Event::End(TagEnd::Link) | Event::InlineHtml(_) | Event::Html(_) => None,
        Event::Start(Tag::Table(_)) => Some(Event::Html(
            "<div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"Table\"><table class=\"prose\"><thead><tr>".into(),
        )),
        Event::End(TagEnd::Table) => Some(Event::Html("</tbody></table></div>\n".into())),
        other => Some(other),
    });
    let mut page = String::new();
    html::push_html(&mut page, events);
    page.replace("<pre>", "<pre tabindex=\"0\">").replace("<th>", "<th scope=\"col\">")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_ends_where_the_next_begins() {
        let document = "# All\n\n## One\n\ntext\n\n### Inner\n\n## Two\n\nother\n";
        assert_eq!(section(document, "One"), "\ntext\n\n### Inner\n");
        assert_eq!(section(document, "Two"), "\nother\n");
        assert_eq!(section(document, "Three"), "");
    }

    #[test]
    fn links_and_anchors_keep_their_text() {
        assert_eq!(render("see [the `x` rule](OTHER.md#x), a < b"), "<p>see the <code>x</code> rule, a &lt; b</p>\n");
        assert_eq!(render("<a id=\"x\"></a>**b** c"), "<p><strong>b</strong> c</p>\n");
    }

    #[test]
    fn wide_blocks_scroll_with_the_keyboard() {
        assert_eq!(render("    code"), "<pre tabindex=\"0\"><code>code</code></pre>\n");
        let table = render("| a | b |\n|---|---|\n| 1 | `2` |");
        assert!(table.starts_with("<div class=\"scroll\" role=\"group\" tabindex=\"0\""), "{table}");
        assert!(table.contains("<th scope=\"col\">b</th>") && table.contains("<td><code>2</code></td>"), "{table}");
    }
}
