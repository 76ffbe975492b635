//! The service's own figures, read from its page for Prometheus once a second beside the run.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::link::{Link, LinkError, Settings};
use crate::post::{Endpoint, Expected};
use crate::sample::{Page, is_called_counter};
use crate::selector::Selector;

/// A page that takes longer is not there.
const PATIENCE: Duration = Duration::from_secs(2);
/// A longer page is not read.
const LONGEST: usize = 16 << 20;
/// So many series of a counter are followed.
const MOST_SERIES: usize = 10_000;
/// What is observed where nothing is named: what clients of Prometheus in most languages tell about a process.
const USUAL: &[&str] = &[
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_open_fds",
    "go_goroutines",
    "jvm_threads_current",
    "nodejs_eventloop_lag_seconds",
    "http_requests_in_flight",
];

/// Reads pages until it is dropped.
#[derive(Debug)]
pub struct Observer {
    names: Vec<String>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    over: Notify,
}

#[derive(Debug, Default)]
struct State {
    values: Vec<Option<f64>>,
    news: VecDeque<String>,
}

/// A page, and what of it is observed.
#[derive(Debug)]
struct Source {
    endpoint: Endpoint,
    chosen: Vec<Chosen>,
    /// Where its values go.
    first: usize,
    /// It was told that it cannot be read.
    is_told: bool,
    read_at: Option<Instant>,
}

#[derive(Debug)]
struct Chosen {
    selector: Selector,
    /// Its rise in a second is told, and not the figure.
    is_rate: bool,
    /// What the series of a counter were.
    last: HashMap<String, f64>,
}

impl Observer {
    /// Begins to read the pages of `asked`, each `URL` or `URL#series,series`. The first reading is over when this returns,
    /// whether it worked or not.
    pub fn start(asked: &[String], settings: &Settings<'_>) -> Result<Self, LinkError> {
        let mut sources = Vec::new();
        for text in asked {
            sources.push(Source::new(text, settings)?);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(LinkError::io)?;
        let shared = Arc::<Shared>::default();
        let mut names = Vec::new();
        let is_alone = sources.len() == 1;
        for source in &mut sources {
            source.first = names.len();
            runtime.block_on(source.choose(&shared));
            let place = if is_alone { String::new() } else { format!("{} ", source.endpoint.shown) };
            names.extend(source.chosen.iter().map(|chosen| format!("{place}{}", chosen.name())));
        }
        shared.lock().values = vec![None; names.len()];
        let mine = Arc::clone(&shared);
        let work = move || {
            runtime.block_on(async {
                for source in sources {
                    tokio::spawn(source.follow(Arc::clone(&mine)));
                }
                mine.over.notified().await;
            });
            runtime.shutdown_background();
        };
        thread::Builder::new().name("observe".to_owned()).spawn(work).map_err(LinkError::io)?;
        Ok(Self { names, shared })
    }

    /// What is observed: a series, or `rate(…)` of one that only rises, in a second.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The latest figures, in the order of the names.
    pub fn values(&self) -> Vec<Option<f64>> {
        self.shared.lock().values.clone()
    }

    /// What is to be told to whoever runs the test.
    pub fn news(&self) -> Option<String> {
        self.shared.lock().news.pop_front()
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.shared.over.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Whoever died holding it has left nothing half done.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Source {
    fn new(text: &str, settings: &Settings<'_>) -> Result<Self, LinkError> {
        let (target, series) = text.split_once('#').unwrap_or((text, ""));
        let link = Link::plain(target);
        let mut headers = vec![("accept".to_owned(), "text/plain;version=0.0.4".to_owned())];
        headers.extend(link.authorization(settings, "ONRUSH_OBSERVE")?);
        let endpoint = Endpoint::new(&link.url()?, headers, Expected::Http)?;
        let chosen = Selector::parse_list(series)?.into_iter().map(Chosen::new).collect();
        Ok(Self { endpoint, chosen, first: 0, is_told: false, read_at: None })
    }

    /// Decides what is observed, by what there is.
    async fn choose(&mut self, shared: &Shared) {
        let page = self.read().await;
        let text = page.as_deref().unwrap_or_default();
        let page_read = Page::read(text);
        if self.chosen.is_empty() {
            let usual = USUAL.iter().filter_map(|name| Selector::parse(name).ok());
            let is_there = |chosen: &Selector| page_read.samples.iter().any(|sample| chosen.matches(sample));
            self.chosen = usual.filter(|chosen| page.is_err() || is_there(chosen)).map(Chosen::new).collect();
        }
        let shown = &self.endpoint.shown;
        for chosen in &mut self.chosen {
            chosen.is_rate |= page_read.is_counter(&chosen.selector.name);
        }
        let missing = |chosen: &&Chosen| !page_read.knows(&chosen.selector.name);
        let mut state = shared.lock();
        match &page {
            Err(why) => {
                self.is_told = true;
                state.news.push_back(format!("{shown} {why}; it is read again every second"));
            }
            Ok(_) if page_read.is_empty() => {
                state.news.push_back(format!("{shown} is not a page for Prometheus"));
            }
            Ok(_) if self.chosen.is_empty() => state.news.push_back(format!(
                "{shown} has nothing that is observed without being named: name series after the URL, {shown}#name"
            )),
            Ok(_) => state.news.extend(
                self.chosen
                    .iter()
                    .filter(missing)
                    .map(|chosen| format!("{shown} has no {} so far", chosen.selector.name)),
            ),
        }
    }

    async fn follow(mut self, shared: Arc<Shared>) {
        let mut seconds = interval(Duration::from_secs(1));
        seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            seconds.tick().await;
            let page = self.read().await;
            let values = match &page {
                Ok(text) => self.take(&Page::read(text), Instant::now()),
                Err(_) => vec![None; self.chosen.len()],
            };
            let mut state = shared.lock();
            if let Err(why) = page
                && !std::mem::replace(&mut self.is_told, true)
            {
                state.news.push_back(format!("{} {why}; it is read again every second", self.endpoint.shown));
            }
            state.values[self.first..self.first + values.len()].copy_from_slice(&values);
        }
    }

    async fn read(&self) -> Result<String, String> {
        let page = timeout(PATIENCE, self.endpoint.get(LONGEST)).await;
        let page = page.unwrap_or_else(|_| Err(format!("did not answer within {} s", PATIENCE.as_secs())))?;
        Ok(String::from_utf8_lossy(&page).into_owned())
    }

    fn take(&mut self, page: &Page<'_>, now: Instant) -> Vec<Option<f64>> {
        let passed = self.read_at.replace(now).map(|then| now.duration_since(then).as_secs_f64());
        self.chosen.iter_mut().map(|chosen| chosen.value(page, passed)).collect()
    }
}

impl Chosen {
    fn new(selector: Selector) -> Self {
        let is_rate = is_called_counter(&selector.name);
        Self { selector, is_rate, last: HashMap::new() }
    }

    fn name(&self) -> String {
        if self.is_rate { format!("rate({})", self.selector.text) } else { self.selector.text.clone() }
    }

    /// The sum of all series that match: of their figures, or of their rises since the last page.
    fn value(&mut self, page: &Page<'_>, passed: Option<f64>) -> Option<f64> {
        let mut matching = page.samples.iter().filter(|sample| self.selector.matches(sample)).peekable();
        matching.peek()?;
        if !self.is_rate {
            return Some(matching.map(|sample| sample.value).sum());
        }
        let (mut rise, is_first) = (0.0, self.last.is_empty());
        let has_room = self.last.len() < MOST_SERIES;
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
        passed.filter(|seconds| *seconds > 0.0 && !is_first).map(|seconds| rise / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_told_as_rates_and_survive_a_restart() {
        let mut chosen = Chosen::new(Selector::parse("a_total").unwrap());
        let mut value = |text: &str, passed| chosen.value(&Page::read(text), passed);
        assert_eq!(value("a_total{x=\"1\"} 10\na_total{x=\"2\"} 5", None), None);
        assert_eq!(value("a_total{x=\"1\"} 14\na_total{x=\"2\"} 5", Some(2.0)), Some(2.0));
        assert_eq!(value("", Some(1.0)), None, "a gap");
        assert_eq!(value("a_total{x=\"1\"} 3\na_total{x=\"3\"} 1", Some(1.0)), Some(4.0), "begun again, and a new one");
        let mut gauge = Chosen::new(Selector::parse("g").unwrap());
        assert_eq!(gauge.value(&Page::read("g{x=\"1\"} 1\ng{x=\"2\"} 2"), None), Some(3.0));
    }
}
