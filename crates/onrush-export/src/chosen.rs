//! What is told of a series that was chosen, page by page: its figure, its rise in a second, or a mean.

use std::collections::HashMap;

use crate::sample::{Page, is_called_counter};
use crate::selector::Selector;

/// So many series of a counter are followed.
const MOST_SERIES: usize = 10_000;

/// A series, or several that a selector matches.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) selector: Selector,
    figure: Figure,
}

/// What is told of it.
#[derive(Debug)]
enum Figure {
    /// The sum.
    Sum,
    /// The largest: quantiles cannot be added up.
    Largest,
    /// The rise in a second.
    Rate(Rise),
    /// What an observation of a histogram or a summary came to since the last page.
    Mean(Box<Mean>),
}

/// The parts of a histogram or a summary.
#[derive(Debug)]
struct Mean {
    sum: (Selector, Rise),
    count: (Selector, Rise),
}

/// How far series that only rise have risen since the last page that had them.
#[derive(Debug, Default)]
struct Rise {
    last: HashMap<String, f64>,
    /// When that was, in seconds.
    at: Option<f64>,
}

impl Chosen {
    /// What is told of what `selector` matches: by what the page says of it or, where there is none yet, by its name.
    pub(crate) fn new(selector: Selector, page: Option<&Page<'_>>) -> Self {
        let kind = page.and_then(|page| page.kind(&selector.name));
        let figure = match kind {
            Some("summary") if selector.has("quantile") => Figure::Largest,
            Some("histogram" | "summary") => Figure::mean(&selector),
            Some("counter") => Figure::Rate(Rise::default()),
            _ if is_called_counter(&selector.name) => Figure::Rate(Rise::default()),
            _ => Figure::Sum,
        };
        Self { selector, figure }
    }

    pub(crate) fn name(&self) -> String {
        let text = &self.selector.text;
        match self.figure {
            Figure::Sum | Figure::Largest => text.clone(),
            Figure::Rate(_) => format!("rate({text})"),
            Figure::Mean(_) => format!("mean({text})"),
        }
    }

    /// Its figure of a page that was read `at` so many seconds.
    pub(crate) fn value(&mut self, page: &Page<'_>, at: f64) -> Option<f64> {
        let selector = &self.selector;
        match &mut self.figure {
            Figure::Sum => {
                // The page could not be read when this was decided.
                if matches!(page.kind(&selector.name), Some("histogram" | "summary")) && !selector.has("quantile") {
                    self.figure = Figure::mean(selector);
                    return self.value(page, at);
                }
                page.matching(selector).map(|sample| sample.value).reduce(|sum, value| sum + value)
            }
            Figure::Largest => page.matching(selector).map(|sample| sample.value).reduce(f64::max),
            Figure::Rate(rise) => rise.take(page, selector, at).map(|(rise, seconds)| rise / seconds),
            Figure::Mean(mean) => {
                let Mean { sum, count } = &mut **mean;
                let (sum, count) = (sum.1.take(page, &sum.0, at), count.1.take(page, &count.0, at));
                Some(sum?.0 / count.filter(|(count, _)| *count > 0.0)?.0)
            }
        }
    }
}

impl Figure {
    fn mean(of: &Selector) -> Self {
        let part = |suffix| (of.with_suffix(suffix), Rise::default());
        Self::Mean(Box::new(Mean { sum: part("_sum"), count: part("_count") }))
    }
}

impl Rise {
    /// By how much in how many seconds.
    fn take(&mut self, page: &Page<'_>, selector: &Selector, at: f64) -> Option<(f64, f64)> {
        let mut matching = page.matching(selector).peekable();
        matching.peek()?;
        let before = self.at.replace(at);
        let (mut rise, has_room) = (0.0, self.last.len() < MOST_SERIES);
        for sample in matching {
            match self.last.get_mut(sample.series) {
                // One that is smaller than it was has begun again from zero.
                Some(last) => {
                    rise += if sample.value < *last { sample.value } else { sample.value - *last };
                    *last = sample.value;
                }
                None if has_room => {
                    // One that was not there has risen from zero.
                    rise += sample.value;
                    self.last.insert(sample.series.to_owned(), sample.value);
                }
                None => {}
            }
        }
        before.map(|before| (rise, at - before)).filter(|(_, seconds)| *seconds > 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(text: &str, page: &str) -> Chosen {
        Chosen::new(Selector::parse(text).unwrap(), Some(&Page::read(page)))
    }

    #[test]
    fn counters_are_told_as_rates_and_survive_a_restart() {
        let mut chosen = Chosen::new(Selector::parse("a_total").unwrap(), None);
        assert_eq!(chosen.name(), "rate(a_total)");
        let mut value = |text: &str, at| chosen.value(&Page::read(text), at);
        assert_eq!(value("a_total{x=\"1\"} 10\na_total{x=\"2\"} 5", 0.0), None);
        assert_eq!(value("a_total{x=\"1\"} 14\na_total{x=\"2\"} 5", 2.0), Some(2.0));
        assert_eq!(value("", 3.0), None, "a gap");
        assert_eq!(value("a_total{x=\"1\"} 5\na_total{x=\"3\"} 1", 5.0), Some(2.0), "begun again, and a new one");
    }

    #[test]
    fn gauges_are_added_up_and_quantiles_are_not() {
        let mut gauge = chosen("g", "g 1\n");
        assert_eq!(gauge.value(&Page::read("g{x=\"1\"} 1\ng{x=\"2\"} 2"), 0.0), Some(3.0));
        let page = "# TYPE s summary\ns{a=\"1\",quantile=\"0.9\"} 2\ns{a=\"2\",quantile=\"0.9\"} 3\n";
        let mut quantile = chosen("s{quantile=\"0.9\"}", page);
        assert_eq!(
            (quantile.name().as_str(), quantile.value(&Page::read(page), 0.0)),
            ("s{quantile=\"0.9\"}", Some(3.0))
        );
    }

    #[test]
    fn of_histograms_and_summaries_there_is_the_mean_since_the_last_page() {
        let page = |sum: f64, count: u32| {
            let count_a = count / 2;
            let count_b = count - count_a;
            format!(
                "# TYPE h histogram\nh_bucket{{m=\"a\",le=\"+Inf\"}} {count_a}\nh_sum{{m=\"a\"}} {sum}\nh_count{{m=\"a\"}} {count_a}\n\
                 h_sum{{m=\"b\"}} 1\nh_count{{m=\"b\"}} {count_b}\n"
            )
        };
        for is_known in [true, false] {
            let first = page(10.0, 4);
            let page_read = Page::read(&first);
            let mut chosen = Chosen::new(Selector::parse("h").unwrap(), is_known.then_some(&page_read));
            assert_eq!(chosen.name(), if is_known { "mean(h)" } else { "h" });
            let mut value = |sum, count, at| chosen.value(&Page::read(&page(sum, count)), at);
            assert_eq!(value(10.0, 4, 0.0), None);
            assert_eq!(value(13.0, 10, 1.0), Some(0.5));
            assert_eq!(value(13.0, 10, 2.0), None, "nothing was observed");
        }
        let first = page(10.0, 4);
        assert_eq!(chosen("h{m=\"a\"}", &first).name(), "mean(h{m=\"a\"})");
        assert_eq!(chosen("h_count", &first).name(), "rate(h_count)");
    }
}
