//! The service's own figures, read from its page for Prometheus once a second beside the run.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use url::Url;

use crate::chosen::Chosen;
use crate::link::{Link, LinkError, Settings};
use crate::post::{Endpoint, Expected};
use crate::sample::Page;
use crate::selector::Selector;

/// A page that takes longer is not there.
const PATIENCE: Duration = Duration::from_secs(2);
/// A longer page is not read.
const LONGEST: usize = 16 << 20;
/// A figure that was read longer ago than this is not one of the second that asks for it.
const FRESH: Duration = Duration::from_millis(1_500);
/// So many reasons why a page cannot be read are told.
const MOST_TOLD: usize = 5;
/// So many names of a page are told.
const MOST_NAMES: usize = 6;
/// What is observed where nothing is named: what clients of Prometheus in most languages tell about a process, its runtime,
/// its pools and its requests.
const USUAL: &[&str] = &[
    "process_cpu_seconds_total",
    "process_cpu_usage",
    "process_resident_memory_bytes",
    "process_working_set_bytes",
    "process_open_fds",
    "go_goroutines",
    "go_gc_duration_seconds",
    "jvm_threads_current",
    "jvm_threads_live_threads",
    "jvm_memory_used_bytes",
    "jvm_gc_pause_seconds",
    "nodejs_eventloop_lag_seconds",
    "tomcat_threads_busy_threads",
    "hikaricp_connections_active",
    "hikaricp_connections_pending",
    "nginx_connections_active",
    "http_requests_in_flight",
    "http_requests_in_progress",
    "http_requests_queued",
    "http_server_active_requests",
    "http_requests_total",
    "http_request_duration_seconds",
    "http_server_request_duration_seconds",
    "http_server_requests_seconds",
];
/// The same of a page about a whole machine, where the process is only the one that tells.
const OF_MACHINE: &[&str] = &[
    "node_load1",
    "node_cpu_seconds_total{mode=\"idle\"}",
    "node_memory_MemAvailable_bytes",
    "node_network_receive_bytes_total",
    "node_network_transmit_bytes_total",
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
    /// With when they were read.
    values: Vec<Option<(f64, Instant)>>,
    news: VecDeque<String>,
}

/// A page, and what of it is observed.
#[derive(Debug)]
struct Source {
    endpoint: Endpoint,
    url: Url,
    chosen: Vec<Chosen>,
    /// Where its values go.
    first: usize,
    /// Why it could not be read.
    told: Vec<String>,
    /// What it does not have was told.
    is_looked_through: bool,
}

impl Observer {
    /// Whether `asked` makes sense, as far as can be told without reading it.
    pub fn check(asked: &[String], settings: &Settings<'_>) -> Result<(), LinkError> {
        asked.iter().try_for_each(|text| Source::new(text, settings).map(drop))
    }

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
        let places = places(&sources);
        for (source, place) in sources.iter_mut().zip(places) {
            source.first = names.len();
            runtime.block_on(source.choose(&shared));
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

    /// What is observed: a series, or `rate(…)` of one that only rises, in a second, or `mean(…)` of a histogram. Where
    /// there are several pages, each with its place before it.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The figures of the last second, in the order of the names.
    pub fn values(&self) -> Vec<Option<f64>> {
        fresh(&self.shared.lock().values, Instant::now())
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

/// What a page has of what is observed without being named.
fn usual(page: &Page<'_>) -> Vec<&'static str> {
    let names = if page.knows("node_load1") { OF_MACHINE } else { USUAL };
    let metric = |name: &&str| name.split('{').next().is_some_and(|metric| page.knows(metric));
    names.iter().copied().filter(metric).collect()
}

/// Those that were read a moment ago.
fn fresh(values: &[Option<(f64, Instant)>], now: Instant) -> Vec<Option<f64>> {
    let is_fresh = |read: &Instant| now.saturating_duration_since(*read) <= FRESH;
    values.iter().map(|value| value.filter(|(_, read)| is_fresh(read)).map(|(figure, _)| figure)).collect()
}

/// What tells several pages apart: their hosts, where these differ. Nothing for one alone.
fn places(sources: &[Source]) -> Vec<String> {
    let host = |source: &Source| source.url[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
    let hosts: HashSet<_> = sources.iter().map(host).collect();
    let place = |source: &Source| match sources.len() {
        1 => String::new(),
        all if all == hosts.len() => host(source) + " ",
        _ => format!("{} ", source.endpoint.shown),
    };
    sources.iter().map(place).collect()
}

impl Source {
    fn new(text: &str, settings: &Settings<'_>) -> Result<Self, LinkError> {
        let (target, series) = text.split_once('#').unwrap_or((text, ""));
        let url = page_url(target)?;
        let mut headers = vec![("accept".to_owned(), "text/plain;version=0.0.4".to_owned())];
        headers.extend(Link::plain(target).authorization(settings, "ONRUSH_OBSERVE")?);
        let endpoint = Endpoint::new(&url, headers, Expected::Http)?;
        let chosen = Selector::parse_list(series)?.into_iter().map(|selector| Chosen::new(selector, None)).collect();
        Ok(Self { endpoint, url, chosen, first: 0, told: Vec::new(), is_looked_through: false })
    }

    /// Decides what is observed, by what there is.
    async fn choose(&mut self, shared: &Shared) {
        let text = self.read().await;
        let page = self.judge(text.as_deref(), shared);
        let Some(page) = page else { return };
        let selectors: Vec<_> = match self.chosen.is_empty() {
            true => usual(&page).iter().filter_map(|name| Selector::parse(name).ok()).collect(),
            false => self.chosen.drain(..).map(|chosen| chosen.selector).collect(),
        };
        self.chosen = selectors.into_iter().map(|selector| Chosen::new(selector, Some(&page))).collect();
        self.look_through(&page, shared);
    }

    async fn follow(mut self, shared: Arc<Shared>) {
        if self.chosen.is_empty() {
            return;
        }
        let begun = Instant::now();
        let mut seconds = interval(Duration::from_secs(1));
        seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            seconds.tick().await;
            let text = self.read().await;
            let read = Instant::now();
            let values = match self.judge(text.as_deref(), &shared) {
                Some(page) => {
                    self.look_through(&page, &shared);
                    let at = read.duration_since(begun).as_secs_f64();
                    self.chosen.iter_mut().map(|chosen| chosen.value(&page, at)).collect()
                }
                None => vec![None; self.chosen.len()],
            };
            let mut state = shared.lock();
            for (place, value) in state.values[self.first..].iter_mut().zip(values) {
                *place = value.filter(|value| value.is_finite()).map(|value| (value, read));
            }
        }
    }

    /// What can be read; why it cannot is told, each reason once.
    fn judge<'a>(&mut self, text: Result<&'a str, &String>, shared: &Shared) -> Option<Page<'a>> {
        let why = match text {
            Ok(text) => match Page::read(text) {
                page if page.is_empty() => format!("is not a page for Prometheus{}", self.elsewhere()),
                page => return Some(page),
            },
            Err(why) if why.starts_with("answered") => format!("{why}{}", self.elsewhere()),
            Err(why) => why.clone(),
        };
        if self.told.len() < MOST_TOLD && !self.told.contains(&why) {
            let shown = &self.endpoint.shown;
            // Which of the usual ones it has cannot be told later: what is observed has its place from the start.
            let then = match self.chosen.is_empty() {
                true => format!("; it is not read again, since no series are named after the URL ({shown}#name)"),
                false => "; it is read again every second".to_owned(),
            };
            shared.lock().news.push_back(format!("{shown} {why}{then}"));
            self.told.push(why);
        }
        None
    }

    /// Where such pages mostly are.
    fn elsewhere(&self) -> String {
        if self.url.path() == "/" { format!(": is it at {}metrics?", self.endpoint.shown) } else { String::new() }
    }

    /// Tells once what the page does not have.
    fn look_through(&mut self, page: &Page<'_>, shared: &Shared) {
        if std::mem::replace(&mut self.is_looked_through, true) {
            return;
        }
        let shown = &self.endpoint.shown;
        let mut state = shared.lock();
        if self.chosen.is_empty() {
            let names = page.names().into_iter().filter(|name| !name.ends_with("_info")).take(MOST_NAMES);
            let names: Vec<_> = names.collect();
            let (first, names) = (names.first().copied().unwrap_or("name"), names.join(", "));
            state.news.push_back(format!(
                "{shown} has nothing that is observed without being named: name series after the URL, {shown}#{first}; it has {names} …"
            ));
        }
        for Chosen { selector, .. } in self.chosen.iter().filter(|chosen| !page.knows(&chosen.selector.name)) {
            let name = &*selector.name;
            let is_like = |other: &&str| other.contains(name) || name.contains(other);
            let like: Vec<_> = page.names().into_iter().filter(is_like).take(MOST_NAMES).collect();
            let like = if like.is_empty() { String::new() } else { format!("; it has {}", like.join(", ")) };
            state.news.push_back(format!("{shown} has no {name} so far{like}"));
        }
    }

    async fn read(&self) -> Result<String, String> {
        let page = timeout(PATIENCE, self.endpoint.get(LONGEST)).await;
        let page = page.unwrap_or_else(|_| Err(format!("did not answer within {} s", PATIENCE.as_secs())))?;
        Ok(String::from_utf8_lossy(&page).into_owned())
    }
}

/// The URL of a page; others than those of the web are none.
fn page_url(text: &str) -> Result<Url, LinkError> {
    let is_page = |url: &Url| url.has_host() && matches!(url.scheme(), "http" | "https");
    Url::parse(text).ok().filter(is_page).ok_or_else(|| {
        // A password is nobody's business.
        let shown = if text.contains('@') { "" } else { text };
        let is_bare = !text.contains("://") && shown.contains([':', '.', '/']);
        let better = Url::parse(&format!("http://{shown}")).ok().filter(|url| is_bare && is_page(url));
        let better = better.map_or("http://127.0.0.1:8080/metrics".to_owned(), String::from);
        LinkError(format!("`{shown}` is not the URL of a page for Prometheus; such as {better}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings<'static> {
        Settings { labels: &[], instance: "here", variable: &|_| None, is_replay: false }
    }

    #[test]
    fn pages_are_told_apart_by_their_hosts_where_these_differ() {
        let places = |urls: &[&str]| {
            let sources: Vec<_> = urls.iter().map(|url| Source::new(url, &settings()).unwrap()).collect();
            places(&sources)
        };
        assert_eq!(places(&["http://u:p@a.test:81/m#x"]), [""]);
        assert_eq!(places(&["http://u:p@a.test:81/m", "http://b.test/m"]), ["a.test:81 ", "b.test "]);
        assert_eq!(places(&["http://a.test/m", "http://a.test/n"]), ["http://a.test/m ", "http://a.test/n "]);
    }

    #[test]
    fn what_is_no_page_is_told_with_one_that_is() {
        for (text, expected) in [
            ("nonsense", "`nonsense` is not the URL of a page for Prometheus; such as http://127.0.0.1:8080/metrics"),
            (
                "localhost:9090/m",
                "`localhost:9090/m` is not the URL of a page for Prometheus; such as http://localhost:9090/m",
            ),
            (
                "ftp://a.test/",
                "`ftp://a.test/` is not the URL of a page for Prometheus; such as http://127.0.0.1:8080/metrics",
            ),
            ("u:secret@a.test", "`` is not the URL of a page for Prometheus; such as http://127.0.0.1:8080/metrics"),
        ] {
            assert_eq!(Observer::check(&[text.to_owned()], &settings()).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn the_usual_ones_are_those_of_the_page() {
        for (text, expected) in [
            (
                "go_goroutines 1\n# TYPE http_request_duration_seconds histogram\nx 1\n",
                &["go_goroutines", "http_request_duration_seconds"][..],
            ),
            (
                "process_open_fds 9\nnode_load1 0.5\nnode_cpu_seconds_total{mode=\"idle\"} 1\n",
                &["node_load1", "node_cpu_seconds_total{mode=\"idle\"}"],
            ),
            ("x 1", &[]),
        ] {
            assert_eq!(usual(&Page::read(text)), expected);
        }
    }

    #[test]
    fn a_figure_is_of_the_second_in_which_it_was_read() {
        let read = Instant::now();
        let values = [Some((1.0, read)), None];
        for (millis, expected) in [(0, Some(1.0)), (1_400, Some(1.0)), (1_600, None)] {
            assert_eq!(fresh(&values, read + Duration::from_millis(millis)), [expected, None], "{millis}");
        }
    }
}
