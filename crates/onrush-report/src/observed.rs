//! The service's own figures over a run: the smallest, the mean, the largest and the last of each.

use onrush_metrics::Event;
use serde::Serialize;

/// What was observed of one series.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Observed {
    pub(crate) name: String,
    /// Seconds in which there was a figure.
    pub(crate) seconds: u64,
    pub(crate) min: Option<f64>,
    pub(crate) mean: Option<f64>,
    pub(crate) max: Option<f64>,
    pub(crate) last: Option<f64>,
    #[serde(skip)]
    sum: f64,
}

/// Takes note of them, second by second.
#[derive(Debug, Default)]
pub(crate) struct Seen(Vec<Observed>);

impl Seen {
    pub(crate) fn on_event(&mut self, event: &Event) {
        match event {
            Event::Started(info) => {
                let named = |name: &String| Observed { name: name.clone(), ..Observed::default() };
                self.0 = info.observed.iter().map(named).collect();
            }
            Event::Tick(snapshot) => {
                for (row, figure) in self.0.iter_mut().zip(&snapshot.observed) {
                    figure.iter().for_each(|figure| row.add(*figure));
                }
            }
            Event::Stopping(_) | Event::Finished(_) => {}
        }
    }

    pub(crate) fn rows(&self) -> &[Observed] {
        &self.0
    }
}

impl Observed {
    fn add(&mut self, figure: f64) {
        self.seconds += 1;
        self.sum += figure;
        self.min = Some(self.min.map_or(figure, |min| min.min(figure)));
        self.max = Some(self.max.map_or(figure, |max| max.max(figure)));
        self.mean = Some(self.sum / self.seconds as f64);
        self.last = Some(figure);
    }
}
