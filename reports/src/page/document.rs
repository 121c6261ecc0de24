//! A part of one of the project's documents as HTML: paragraphs, lists, tables, headings and what stands out within a
//! line.
//!
//! Knows as much of Markdown as these documents use. A link leads out of the page, so its words stay and its target
//! goes.

use super::markup::escape;

/// The text below a heading of the second level, up to the next one; empty where the document has none such.
pub(super) fn section<'a>(document: &'a str, heading: &str) -> &'a str {
    let start = format!("\n## {heading}\n");
    let Some((_, text)) = document.split_once(&start) else { return "" };
    text.split_once("\n## ").map_or(text, |(own, _)| own)
}

/// The text as HTML. Headings of the third level stay such.
pub(super) fn html(text: &str) -> String {
    text.split("\n\n").map(|block| block.trim_matches('\n')).filter(|block| !block.is_empty()).map(block).collect()
}

fn block(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let first = lines[0];
    if let Some(heading) = first.strip_prefix("### ") {
        format!("<h3>{}</h3>\n", inline(heading))
    } else if first.starts_with("- ") || first.starts_with("1. ") {
        list(&lines)
    } else if first.starts_with('|') {
        table(&lines)
    } else if first.starts_with("    ") || first.starts_with("```") {
        let code: Vec<&str> = lines.iter().filter(|line| !line.starts_with("```")).copied().collect();
        format!("<pre tabindex=\"0\">{}</pre>\n", escape(&code.join("\n")))
    } else if first.starts_with('>') {
        let said: Vec<&str> = lines.iter().map(|line| line.trim_start_matches(['>', ' '])).collect();
        format!("<blockquote>{}</blockquote>\n", inline(&said.join(" ")))
    } else {
        // An anchor is for links into the document.
        let text = text.split_once("</a>").filter(|_| text.starts_with("<a ")).map_or(text, |(_, rest)| rest);
        format!("<p>{}</p>\n", inline(text))
    }
}

/// A line that begins no item goes on with the one before.
fn list(lines: &[&str]) -> String {
    let mut items: Vec<String> = Vec::new();
    for line in lines {
        let numbered = line.split_once(". ").filter(|(number, _)| number.parse::<u32>().is_ok()).map(|(_, item)| item);
        match (line.strip_prefix("- ").or(numbered), items.last_mut()) {
            (None, Some(item)) => *item += &format!(" {}", line.trim()),
            (item, _) => items.push(item.unwrap_or(line).to_owned()),
        }
    }
    let kind = if lines[0].starts_with('-') { "ul" } else { "ol" };
    let items: String = items.iter().map(|item| format!("<li>{}</li>\n", inline(item))).collect();
    format!("<{kind}>\n{items}</{kind}>\n")
}

/// The line below the headings is a rule.
fn table(lines: &[&str]) -> String {
    let row = |line: &str, [start, end]: [&str; 2]| {
        let cells = line.trim_matches('|').split('|').map(|text| format!("{start}{}{end}", inline(text.trim())));
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    };
    let head = row(lines[0], ["<th scope=\"col\">", "</th>"]);
    let rows: String = lines.iter().skip(2).map(|line| row(line, ["<td>", "</td>"])).collect();
    format!(
        "<div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"Table\"><table class=\"prose\"><thead>{head}</thead>\
         <tbody>\n{rows}</tbody></table></div>\n"
    )
}

/// Code, bold, emphasis and the words of links. What has no end is text.
fn inline(text: &str) -> String {
    let mut html = String::new();
    let mut rest = text;
    while let Some(place) = rest.find(['`', '*', '[']) {
        html += &escape(&rest[..place]);
        rest = &rest[place..];
        let marks: [(&str, &str, &str); 4] = [("`", "`", "code"), ("**", "**", "b"), ("*", "*", "i"), ("[", "](", "")];
        let found = marks.iter().find_map(|(start, end, tag)| {
            let (inner, after) = rest.strip_prefix(start)?.split_once(end)?;
            (!inner.is_empty()).then_some((*tag, inner, after))
        });
        match found {
            Some(("", words, after)) => {
                html += &inline(words);
                rest = after.split_once(')').map_or("", |(_, rest)| rest);
            }
            Some(("code", code, after)) => {
                html += &format!("<code>{}</code>", escape(code));
                rest = after;
            }
            Some((tag, words, after)) => {
                html += &format!("<{tag}>{}</{tag}>", inline(words));
                rest = after;
            }
            None => {
                html += &escape(&rest[..1]);
                rest = &rest[1..];
            }
        }
    }
    html + &escape(rest)
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
    fn what_stands_out_stands_out_and_the_rest_is_text() {
        assert_eq!(inline("a **b `c<`** *d*"), "a <b>b <code>c&lt;</code></b> <i>d</i>");
        assert_eq!(
            inline("see [the `x` rule](OTHER.md#x), 2 * 3 [ <b>"),
            "see the <code>x</code> rule, 2 * 3 [ &lt;b&gt;"
        );
    }

    #[test]
    fn each_kind_of_block_has_its_element() {
        assert_eq!(html("one\ntwo\n\n- a\n  b\n- c\n"), "<p>one\ntwo</p>\n<ul>\n<li>a b</li>\n<li>c</li>\n</ul>\n");
        assert_eq!(html("1. a\n2. b"), "<ol>\n<li>a</li>\n<li>b</li>\n</ol>\n");
        assert_eq!(html("> a\n> b"), "<blockquote>a b</blockquote>\n");
        assert_eq!(html("<a id=\"x\"></a>**b** c"), "<p><b>b</b> c</p>\n");
        let table = html("| a | b |\n|---|---|\n| 1 | `2` |");
        assert!(table.contains("<th scope=\"col\">b</th>") && table.contains("<td><code>2</code></td>"), "{table}");
    }
}
