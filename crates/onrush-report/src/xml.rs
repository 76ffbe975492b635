//! Text in XML.

/// Text as it may stand between tags and in attributes. What XML has no place for, such as control characters, becomes
/// the sign for an unknown character.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            char if is_allowed(char) => escaped.push(char),
            _ => escaped.push('\u{fffd}'),
        }
    }
    escaped
}

/// XML 1.0, section 2.2, without what it discourages.
fn is_allowed(char: char) -> bool {
    matches!(char, ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_is_left_that_xml_would_take_for_its_own() {
        for (text, expected) in [
            ("p99 < 1s & \"x\" > 'y'", "p99 &lt; 1s &amp; &quot;x&quot; &gt; 'y'"),
            ("a\nb\tc\r", "a&#10;b&#9;c\u{fffd}"),
            ("\u{1b}[2J\0\u{fffe}字\u{1f600}", "\u{fffd}[2J\u{fffd}\u{fffd}字\u{1f600}"),
            ("]]>", "]]&gt;"),
        ] {
            assert_eq!(escaped(text), expected);
        }
    }
}
