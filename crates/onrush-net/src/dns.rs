//! Names to addresses: literals, overrides, then DNS as the system is configured. Answers are kept for as
//! long as their TTL says and asked for again after it, by who connects or, where connections are kept, beside
//! the requests. Every address of a name is used in turn, because services scale while they are tested.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use onrush_metrics::ErrorKind;
use onrush_plan::{ClientSettings, Resolve};
use tokio::sync::{Mutex, OnceCell};
use url::Host;

use crate::clock::Instant;
use crate::failure::Failure;

/// How long answers of the system's own resolver are kept: it tells no TTL. Used only where there is no DNS
/// configuration that could be read.
const SYSTEM_TTL: Duration = Duration::from_secs(5);
/// How often names are asked for again while all connections are kept, however short-lived their answers are.
const REFRESHED: Duration = Duration::from_secs(1);
/// How long an address that failed is passed over while others work.
const AVOIDED: Duration = Duration::from_secs(5);

/// The names that one worker knows.
#[derive(Debug)]
pub(crate) struct Names {
    overrides: Vec<Resolve>,
    server: Option<std::net::SocketAddr>,
    resolver: OnceCell<Option<TokioResolver>>,
    known: RefCell<HashMap<Box<str>, Rc<Name>>>,
    /// Where the rotation of each name starts.
    offset: usize,
    /// Whether connections are kept, so that names are asked for again although nobody connects.
    keeps: bool,
    /// When the first of the answers is to be asked for again.
    due: Cell<Option<Instant>>,
    /// How often a name has lost an address.
    generation: Cell<u64>,
}

#[derive(Debug)]
struct Name {
    /// One lookup at a time; who comes meanwhile waits for its answer.
    asking: Mutex<()>,
    answer: RefCell<Option<(Rc<[IpAddr]>, Instant)>>,
    turn: Cell<usize>,
    avoided: RefCell<Vec<(IpAddr, Instant)>>,
}

/// Addresses to try, best first, and how long it took to learn them (nothing for literals and known names).
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) took: Option<Duration>,
}

impl Names {
    pub(crate) fn new(settings: &ClientSettings, offset: usize) -> Self {
        Self {
            overrides: settings.resolve.clone(),
            server: settings.dns_server,
            resolver: OnceCell::new(),
            known: RefCell::default(),
            offset,
            keeps: settings.keep_alive,
            due: Cell::new(None),
            generation: Cell::new(0),
        }
    }

    /// The addresses of a host in the order in which to try them.
    pub(crate) async fn find(&self, host: &Host<String>, port: u16) -> Result<Found, Failure> {
        let name = &*name_of(host);
        if let Some(given) = self.given(host, port) {
            let addresses = if given.len() > 1 { self.entry(name).in_turn(&given) } else { given };
            return Ok(Found { addresses, took: None });
        }
        let entry = self.entry(name);
        if let Some(addresses) = entry.fresh() {
            return Ok(Found { addresses: entry.in_turn(&addresses), took: None });
        }
        let before = Instant::now();
        let turn = entry.asking.lock().await;
        let addresses = match entry.fresh() {
            Some(addresses) => addresses,
            // Once in a lifetime of the answer, and large.
            None => Box::pin(self.ask(name, &entry)).await?,
        };
        drop(turn);
        Ok(Found { addresses: entry.in_turn(&addresses), took: Some(before.elapsed()) })
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.get()
    }

    /// Whether an answer has expired that [`Self::refresh`] should ask for again.
    #[inline]
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.due.get().is_some_and(|due| due <= now)
    }

    /// Asks again for names whose answers have expired. What cannot be learned is left as it is: who connects
    /// will be told.
    pub(crate) async fn refresh(self: Rc<Self>) {
        self.due.set(None);
        let expired: Vec<_> = self
            .known
            .borrow()
            .iter()
            .filter(|(_, entry)| entry.has_expired())
            .map(|(name, entry)| (name.clone(), Rc::clone(entry)))
            .collect();
        for (name, entry) in expired {
            let _turn = entry.asking.lock().await;
            if entry.has_expired() {
                let _ = self.ask(&name, &entry).await;
            }
        }
        self.schedule();
    }

    /// Whether `address` was one of a host's when that was last asked for. Others never change.
    pub(crate) fn leads_to(&self, host: &Host<String>, address: IpAddr) -> bool {
        let known = self.known.borrow();
        let answer = known.get(&*name_of(host)).map(|entry| entry.answer.borrow());
        answer.as_deref().and_then(Option::as_ref).is_none_or(|(addresses, _)| addresses.contains(&address))
    }

    fn schedule(&self) {
        if self.keeps {
            let least = Instant::now() + REFRESHED;
            let until = |entry: &Rc<Name>| entry.answer.borrow().as_ref().map(|(_, until)| least.max(*until));
            self.due.set(self.known.borrow().values().filter_map(until).min());
        }
    }

    /// Notes that an address did not answer.
    pub(crate) fn avoid(&self, host: &Host<String>, address: IpAddr) {
        let entry = self.entry(&name_of(host));
        let mut avoided = entry.avoided.borrow_mut();
        avoided.retain(|(other, _)| *other != address);
        avoided.push((address, Instant::now() + AVOIDED));
    }

    fn entry(&self, name: &str) -> Rc<Name> {
        if let Some(entry) = self.known.borrow().get(name) {
            return Rc::clone(entry);
        }
        let entry = Rc::new(Name {
            asking: Mutex::new(()),
            answer: RefCell::default(),
            turn: Cell::new(self.offset),
            avoided: RefCell::default(),
        });
        self.known.borrow_mut().insert(name.into(), Rc::clone(&entry));
        entry
    }

    /// The addresses of a host that are known without asking anybody.
    pub(crate) fn given(&self, host: &Host<String>, port: u16) -> Option<Vec<IpAddr>> {
        let rule = self.overrides.iter().find(|rule| rule.fits(host, port));
        match (rule, host) {
            (Some(rule), _) => Some(rule.addresses.clone()),
            (None, Host::Ipv4(ip)) => Some(vec![IpAddr::V4(*ip)]),
            (None, Host::Ipv6(ip)) => Some(vec![IpAddr::V6(*ip)]),
            (None, Host::Domain(_)) => None,
        }
    }

    async fn ask(&self, name: &str, entry: &Name) -> Result<Rc<[IpAddr]>, Failure> {
        let resolver = self.resolver.get_or_init(|| async { resolver(self.server) }).await;
        let (addresses, until) = match resolver {
            Some(resolver) => {
                let answer = resolver.lookup_ip(name).await.map_err(|error| failure(name, &error))?;
                (answer.iter().collect(), tokio::time::Instant::from_std(answer.valid_until()).into())
            }
            None => (system(name).await?, Instant::now() + SYSTEM_TTL),
        };
        let mut addresses: Vec<IpAddr> = addresses;
        // Servers rotate their answers too; ours is the rotation that counts.
        addresses.sort_unstable();
        addresses.dedup();
        let addresses: Rc<[IpAddr]> = addresses.into();
        let before = entry.answer.replace(Some((Rc::clone(&addresses), until)));
        if before.is_some_and(|(before, _)| before.iter().any(|address| !addresses.contains(address))) {
            self.generation.set(self.generation.get() + 1);
        }
        self.schedule();
        Ok(addresses)
    }
}

impl Name {
    fn fresh(&self) -> Option<Rc<[IpAddr]>> {
        let answer = self.answer.borrow();
        let (addresses, until) = answer.as_ref()?;
        (Instant::now() < *until).then(|| Rc::clone(addresses))
    }

    fn has_expired(&self) -> bool {
        self.answer.borrow().as_ref().is_some_and(|(_, until)| *until <= Instant::now())
    }

    /// All addresses, beginning with the one whose turn it is; those that failed lately come last.
    fn in_turn(&self, addresses: &[IpAddr]) -> Vec<IpAddr> {
        let turn = self.turn.replace(self.turn.get().wrapping_add(1));
        let mut ordered = addresses.to_vec();
        ordered.rotate_left(turn % addresses.len().max(1));
        let mut avoided = self.avoided.borrow_mut();
        if !avoided.is_empty() {
            let now = Instant::now();
            avoided.retain(|(_, until)| now < *until);
            ordered.sort_by_key(|address| avoided.iter().any(|(other, _)| other == address));
        }
        ordered
    }
}

fn name_of(host: &Host<String>) -> Cow<'_, str> {
    match host {
        Host::Domain(name) => Cow::Borrowed(name),
        address => Cow::Owned(address.to_string()),
    }
}

/// The resolver that the system is configured for, or of one server; `None` where there is no configuration.
fn resolver(server: Option<std::net::SocketAddr>) -> Option<TokioResolver> {
    let mut builder = match server {
        None => TokioResolver::builder_tokio().ok()?,
        Some(server) => {
            let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                connection.port = server.port();
                connection
            });
            let server = NameServerConfig::new(server.ip(), true, connections.into());
            let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    builder.options_mut().ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    builder.build().ok()
}

async fn system(name: &str) -> Result<Vec<IpAddr>, Failure> {
    match tokio::net::lookup_host((name, 0)).await {
        Ok(found) => Ok(found.map(|address| address.ip()).collect()),
        Err(error) => Err(Failure::new(ErrorKind::Dns, format!("cannot resolve `{name}`: {error}"))),
    }
}

fn failure(name: &str, error: &NetError) -> Failure {
    let why = match error {
        error if error.is_nx_domain() => "there is no such host".to_owned(),
        error if error.is_no_records_found() => "the name has no address".to_owned(),
        NetError::Timeout => {
            let text = format!("cannot resolve `{name}`: the DNS server does not answer");
            return Failure::timed_out(ErrorKind::Dns, text);
        }
        other => other.to_string(),
    };
    Failure::new(ErrorKind::Dns, format!("cannot resolve `{name}`: {why}"))
}
