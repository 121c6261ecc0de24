//! HTML: escaping, and accessible tables that can be sorted. All text from result files goes through [`escape`].

use results::sanitize;

/// Escapes text for an element or a quoted attribute.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars().map(printable) {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Replaces a character that is not printable, except a line break.
pub(super) fn printable(character: char) -> char {
    if matches!(character, '\n' | '\t') { character } else { sanitize::printable(character) }
}

/// One cell.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    /// Builds a cell from HTML that is already escaped.
    pub(super) html: String,
    /// The sort key of the column. `None` goes last.
    pub(super) order: Option<f64>,
}

impl Cell {
    /// Builds a cell from a formatted number and its sort key.
    pub(super) fn number(text: &str, order: Option<f64>) -> Self {
        Self { html: escape(text), order }
    }

    /// HTML that is already escaped.
    pub(super) fn html(html: String, order: Option<f64>) -> Self {
        Self { html, order }
    }

    /// Builds a cell from plain text.
    pub(super) fn text(text: &str) -> Self {
        Self { html: escape(text), order: None }
    }
}

/// Builds a cell from several values, between which a line may break.
pub(super) fn values(values: &[String]) -> String {
    let whole: Vec<String> = values.iter().map(|value| escape(value).replace(' ', "&nbsp;")).collect();
    whole.join(" · ")
}

/// Builds a cell with a value of the server and one of the client, as plain HTML that is already escaped.
pub(super) fn two_sides([server, client]: [String; 2], order: Option<f64>) -> Cell {
    let side = |name, value| format!("<span class=\"side\"><small>{name}</small> {value}</span>");
    Cell::html(side("server", server) + &side("client", client), order)
}

/// Renders a table as a figure. Title and caption are plain text.
pub(super) fn figure(title: &str, caption: &str, table: &str) -> String {
    format!("<figure><h3>{}</h3><figcaption>{}</figcaption>{table}</figure>\n", escape(title), escape(caption))
}

/// Characters of a name part that stay on one line.
const UNBROKEN: usize = 26;

/// Builds the head of a row: the name with the colour, dash and marker of the charts.
pub(super) fn name(order: usize, label: &str, note: &str) -> Cell {
    let note = if note.is_empty() { String::new() } else { format!("<small>{}</small>", escape(note)) };
    let key = super::canvas::key(order);
    // A variant may go to a line of its own; hyphens do not break lines.
    let parts: Vec<String> = label
        .split_inclusive('/')
        .map(|part| {
            let class = if part.chars().count() > UNBROKEN { " class=\"long\"" } else { "" };
            format!("<i{class}>{}</i>", escape(part))
        })
        .collect();
    Cell { html: format!("<span class=\"name\">{key}<span>{}</span></span>{note}", parts.join("<wbr>")), order: None }
}

/// Renders a table whose first column names the rows. `caption` is plain text. All other columns can be sorted.
pub(super) fn table(class: &str, caption: &str, headings: &[&str], rows: &[Vec<Cell>]) -> String {
    let caption = escape(caption);
    let mut html = format!(
        "<div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"{caption}\">\
         <table class=\"{class}\"><caption><span>{caption}</span></caption><thead><tr>"
    );
    for heading in headings {
        html += &format!("<th scope=\"col\">{}</th>", escape(heading));
    }
    html += "</tr></thead><tbody>\n";
    for row in rows {
        html += "<tr>";
        for (index, cell) in row.iter().enumerate() {
            let order = cell.order.filter(|order| order.is_finite());
            let order = order.map_or(String::new(), |order| format!(" data-order=\"{order}\""));
            html += &match index {
                0 => format!("<th scope=\"row\"{order}>{}</th>", cell.html),
                _ => format!("<td{order}>{}</td>", cell.html),
            };
        }
        html += "</tr>\n";
    }
    html + "</tbody></table></div>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_end_its_element_or_attribute() {
        assert_eq!(escape("<a b='c' d=\"e\">&"), "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;");
        assert_eq!(escape("a\u{0}b\u{202e}c\nd"), "a\u{fffd}b\u{fffd}c\nd");
    }

    #[test]
    fn captions_and_headings_are_escaped() {
        let html = table("x", "<b>", &["<em>"], &[vec![Cell::text("<u>")]]);
        assert!(!html.contains("<b>") && !html.contains("<em>") && !html.contains("<u>"), "{html}");
    }
}
