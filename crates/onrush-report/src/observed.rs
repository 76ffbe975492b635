//! The service's own figures over a run: the mean, the largest and the last of each, without the warm-up.

use std::time::Duration;

use onrush_metrics::Event;

/// What was observed of one series.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Observed {
    pub(crate) name: String,
    /// For how long there was a figure.
    seconds: f64,
    pub(crate) mean: Option<f64>,
    pub(crate) max: Option<f64>,
    pub(crate) last: Option<f64>,
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
            Event::Tick(snapshot) if !snapshot.warming_up => {
                for (row, figure) in self.0.iter_mut().zip(&snapshot.observed) {
                    figure.iter().for_each(|figure| row.add(*figure, snapshot.lasted()));
                }
            }
            Event::Tick(_) | Event::Stopping(_) | Event::Finished(_) => {}
        }
    }

    pub(crate) fn rows(&self) -> &[Observed] {
        &self.0
    }
}

impl Observed {
    /// A figure that stood for so long.
    fn add(&mut self, figure: f64, lasted: Duration) {
        self.seconds += lasted.as_secs_f64();
        self.sum += figure * lasted.as_secs_f64();
        self.max = Some(self.max.map_or(figure, |max| max.max(figure)));
        self.mean = Some(if self.seconds > 0.0 { self.sum / self.seconds } else { figure });
        self.last = Some(figure);
    }
}
