//! How well a percentile is to be known: `p99 ± 5%`.

use std::ops::Range;

use onrush_plan::Until;

use crate::diagnostic::Diagnostic;

const HELP: &str = "it is written like 'p99 ± 5%' or 'p99 +- 5%': the run ends as soon as p99 is known to within 5 %; in a \
                    scenario file a step, a group or a scenario may stand before it, as in 'search p95 ± 5%'";
/// The sign, or what keyboards without it have.
const SIGNS: &[&str] = &["±", "+-", "+/-"];
/// What no percentage is above.
const MOST: f64 = 50.0;

/// What is written, part by part.
pub(crate) struct Parts {
    /// What is to be known: what stands before the sign.
    pub(crate) what: Range<usize>,
    /// Whose percentile it is; empty where nobody is named.
    pub(crate) whose: Range<usize>,
    /// Which one, between 0 and 1.
    pub(crate) q: f64,
    /// The most that the truth may be away, as a share.
    pub(crate) share: f64,
}

/// The percentile of all requests and the precision: `p99 ± 5%`, `p99.9 +- 10%`.
pub fn parse_until(text: &str) -> Result<Until, Diagnostic> {
    let Parts { what, whose, q, share } = until_parts(text)?;
    if !whose.is_empty() {
        let message = format!("there is no scenario file in which something is called `{}`", &text[whose.clone()]);
        return Err(Diagnostic::new(message, whose, "expected a percentile alone").with_help(HELP));
    }
    Ok(Until { text: text.trim().to_owned(), what: text[what].to_owned(), series: Vec::new(), q, share })
}

/// The same with a name before it, which means something in a scenario file: `search p95 ± 5%`.
pub(crate) fn until_parts(text: &str) -> Result<Parts, Diagnostic> {
    let wrong =
        |message: String, span: Range<usize>, label: &str| Err(Diagnostic::new(message, span, label).with_help(HELP));
    // A name may have a sign in it, too.
    let sign = SIGNS.iter().filter_map(|sign| Some((text.rfind(sign)?, sign.len()))).max();
    let Some((at, length)) = sign else {
        return wrong(format!("`{text}` says no precision"), text.len()..text.len(), "expected `± 5%`");
    };
    let (before, precision) = (trimmed(text, 0..at), trimmed(text, at + length..text.len()));
    let blank = text[before.clone()].char_indices().rfind(|(_, letter)| letter.is_whitespace());
    let begins = blank.map_or(before.start, |(at, letter)| before.start + at + letter.len_utf8());
    let (whose, percentile) = (trimmed(text, before.start..begins), begins..before.end);
    let word = &text[percentile.clone()];
    let q = match word {
        "median" => Some(50.0),
        word => word.strip_prefix('p').and_then(|number| number.parse::<f64>().ok()),
    };
    let Some(q) = q.filter(|q| *q > 0.0 && *q < 100.0) else {
        return wrong(format!("`{word}` is not a percentile"), percentile, "expected p50, p95, p99 or another one");
    };
    let word = &text[precision.clone()];
    let Some(number) = word.strip_suffix('%') else {
        return wrong(
            format!("`{word}` is not a share of the percentile"),
            precision,
            "expected a percentage, such as 5%",
        );
    };
    match number.trim_end().parse::<f64>().ok().filter(|share| *share > 0.0 && *share <= MOST) {
        Some(share) => Ok(Parts { what: before, whose, q: q / 100.0, share: share / 100.0 }),
        None => wrong(format!("`{word}` is no precision"), precision, "expected more than 0 % and at most 50 %"),
    }
}

/// A part of `text` without the blanks around it.
fn trimmed(text: &str, part: Range<usize>) -> Range<usize> {
    let inner = &text[part.clone()];
    let begin = part.start + (inner.len() - inner.trim_start().len());
    begin..begin + inner.trim().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_and_how_well_it_is_to_be_known() {
        for (text, q, share) in [
            ("p99 ± 5%", 0.99, 0.05),
            ("p99±5 %", 0.99, 0.05),
            (" p99.9 +- 10% ", 0.999, 0.1),
            ("median +/- 0.5%", 0.5, 0.005),
        ] {
            let until = parse_until(text).unwrap();
            assert!((until.q - q).abs() < 1e-12 && (until.share - share).abs() < 1e-12, "{until:?}");
            assert_eq!((until.text.as_str(), until.series.len()), (text.trim(), 0));
        }
    }

    /// Each row: what was written, and which part of it the caret is under.
    #[test]
    fn mistakes_are_told_at_their_place() {
        for (text, meant) in [
            ("", ""),
            ("p99", ""),
            ("± 5%", ""),
            ("q99 ± 5%", "q99"),
            ("p100 ± 5%", "p100"),
            ("buy p99 ± 5%", "buy"),
            ("a ± b p99 ± 5%", "a ± b"),
            ("buy 99 ± 5%", "99"),
            ("p99 ± 5", "5"),
            ("p99 ± 5ms", "5ms"),
            ("p99 ± 0%", "0%"),
            ("p99 ± 60 %", "60 %"),
            ("p99 ± NaN%", "NaN%"),
        ] {
            let diagnostic = parse_until(text).unwrap_err();
            assert_eq!(&text[diagnostic.span.clone()], meant, "{}", diagnostic.render("--until", text));
        }
    }
}
