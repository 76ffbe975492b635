//! Tables and lists of names and values, as markup.

use std::fmt::Write;

use super::escape::text;

/// A cell: what is shown, and by what its column is sorted where that is another thing.
pub(super) struct Cell {
    markup: String,
    key: Option<f64>,
    is_text: bool,
}

impl Cell {
    /// A figure.
    pub(super) fn figure(shown: &str, key: f64) -> Self {
        Self { markup: text(shown), key: Some(key), is_text: false }
    }

    /// The same, with what is to be said of the figure below it.
    pub(super) fn with(mut self, note: &str) -> Self {
        if !note.is_empty() {
            let _ = write!(self.markup, "<small class=\"known\">{}</small>", text(note));
        }
        self
    }

    /// A figure that is not there.
    pub(super) fn none() -> Self {
        Self { markup: "<span class=\"none\">–</span>".to_owned(), key: Some(-1.0), is_text: false }
    }

    /// Text from elsewhere.
    pub(super) fn text(foreign: &str) -> Self {
        Self { markup: text(foreign), key: None, is_text: true }
    }

    /// Markup of ours.
    pub(super) fn markup(markup: String) -> Self {
        Self { markup, key: None, is_text: true }
    }
}

/// A column: what it is called, and whether it is text.
pub(super) struct Column(pub(super) &'static str, pub(super) bool);

/// A row: its class, its heading as markup, its cells.
pub(super) struct Row {
    pub(super) class: &'static str,
    pub(super) head: String,
    pub(super) cells: Vec<Cell>,
}

/// A table whose first column names the rows. One that can be sorted has buttons in its heads, once the script runs.
pub(super) fn table(caption: &str, first: &str, columns: &[Column], rows: &[Row], sortable: bool) -> String {
    let sort = if sortable { " class=\"sortable\"" } else { "" };
    let mut markup = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table{sort}><caption class=\"unseen\">{0}</caption><thead><tr><th scope=\"col\">{first}</th>",
        text(caption)
    );
    for Column(name, is_text) in columns {
        let class = if *is_text { "" } else { " class=\"figure\"" };
        let _ = write!(markup, "<th scope=\"col\"{class}>{name}</th>");
    }
    markup += "</tr></thead><tbody>";
    for Row { class, head, cells } in rows {
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        let _ = write!(markup, "<tr{class}><th scope=\"row\">{head}</th>");
        for Cell { markup: shown, key, is_text } in cells {
            let class = if *is_text { "" } else { " class=\"figure\"" };
            let key = key.map(|key| format!(" data-key=\"{key}\"")).unwrap_or_default();
            let _ = write!(markup, "<td{class}{key}>{shown}</td>");
        }
        markup += "</tr>";
    }
    markup + "</tbody></table></div>"
}

/// Names and values, which are markup.
pub(super) fn pairs(pairs: impl IntoIterator<Item = (&'static str, String)>) -> String {
    let rows = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    let rows = concat(rows.map(|(name, value)| format!("<div><dt>{name}</dt><dd>{value}</dd></div>")));
    format!("<dl class=\"pairs\">{rows}</dl>")
}

/// One after the other.
pub(super) fn concat(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().concat()
}

/// A share of something as a bar, for the eye only.
pub(super) fn bar(share: f64, class: &str) -> String {
    let width = (share * 100.0).clamp(0.5, 100.0);
    format!("<span class=\"bar {class}\" aria-hidden=\"true\"><i style=\"width:{width:.1}%\"></i></span>")
}
