//! Text from elsewhere inside a page: in its markup, and in the data that its script reads.

use crate::layout::clean;

/// Text as it may stand in markup and in attributes: nothing in it is markup, and nothing in it can be hidden.
pub(super) fn text(foreign: &str) -> String {
    let mut escaped = String::with_capacity(foreign.len());
    for char in clean(foreign).chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            char => escaped.push(char),
        }
    }
    escaped
}

/// A text as JSON.
pub(super) fn quoted(foreign: &str) -> String {
    serde_json::to_string(foreign).expect("a text is JSON")
}

/// JSON as it may stand within a script element, where `</script>` and `<!--` would be read before the script is.
pub(super) fn for_script(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_markup() {
        let evil = "a</script><img src=x onerror='alert(\"1\")'>&\u{202e}\u{0}b";
        assert_eq!(text(evil), "a&lt;/script&gt;&lt;img src=x onerror=&#39;alert(&quot;1&quot;)&#39;&gt;&amp; b");
        let json = for_script(&quoted(evil));
        assert!(!json.contains(['<', '>', '&']), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).expect("JSON"), evil);
    }
}
