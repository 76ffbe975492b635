//! A figure of the service's own over a stretch of time.

use std::time::Duration;

/// What one observed series was over a stretch of a run. Where nothing was to be had it is a gap and no zero.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Observed {
    sum: f64,
    /// For how long there was a figure.
    seconds: f64,
    max: Option<f64>,
    last: Option<f64>,
}

impl Observed {
    /// Adds a figure that stood for so long.
    pub fn add(&mut self, figure: f64, lasted: Duration) {
        let (figure, seconds) = (Some(figure), lasted.as_secs_f64());
        self.merge(&Self { sum: figure.unwrap_or_default() * seconds, seconds, max: figure, last: figure });
    }

    /// Adds what came later.
    pub fn merge(&mut self, later: &Self) {
        self.sum += later.sum;
        self.seconds += later.seconds;
        self.max = [self.max, later.max].into_iter().flatten().reduce(f64::max);
        self.last = later.last.or(self.last);
    }

    /// Adds those of a stretch to those of the one before, each to its own.
    pub fn merge_each(all: &mut Vec<Self>, later: &[Self]) {
        all.resize(all.len().max(later.len()), Self::default());
        all.iter_mut().zip(later).for_each(|(mine, theirs)| mine.merge(theirs));
    }

    /// The mean over the time in which there was a figure.
    pub fn mean(&self) -> Option<f64> {
        // Of no time at all, the figure itself.
        if self.seconds > 0.0 { Some(self.sum / self.seconds) } else { self.last }
    }

    /// The largest figure.
    pub fn max(&self) -> Option<f64> {
        self.max
    }

    /// The last figure.
    pub fn last(&self) -> Option<f64> {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_weigh_as_long_as_they_stood_and_gaps_nothing() {
        let mut one = Observed::default();
        assert_eq!([one.mean(), one.max(), one.last()], [None; 3]);
        one.add(4.0, Duration::from_secs(3));
        one.add(-8.0, Duration::from_secs(1));
        assert_eq!([one.mean(), one.max(), one.last()], [Some(1.0), Some(4.0), Some(-8.0)]);
        let mut none = Observed::default();
        none.add(7.0, Duration::ZERO);
        assert_eq!([none.mean(), none.max(), none.last()], [Some(7.0); 3]);
        let mut all = vec![Observed::default()];
        Observed::merge_each(&mut all, &[one, none]);
        assert_eq!(all, [one, none]);
        all[0].merge(&Observed::default());
        assert_eq!(all[0], one);
    }
}
