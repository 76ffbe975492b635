//! One virtual user: a client, a session and a deadline, and short ways to send requests.

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use onrush_net::{Client, Deadline, Exchange, Prepared, Session, Setup, Share};
use onrush_plan::{ClientSettings, Header, Protocol, Request, Roots, TlsSettings};
use tokio::task::LocalSet;

/// No test waits longer than this for anything.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct User {
    pub(crate) client: Rc<Client>,
    pub(crate) settings: ClientSettings,
    pub(crate) session: Session,
    deadline: Deadline,
}

/// Runs a test as a worker runs: on one thread, with tasks of its own.
pub(crate) fn play(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bounded = async { tokio::time::timeout(PATIENCE, test).await.expect("the test ends in time") };
    LocalSet::new().block_on(&runtime, bounded);
}

impl User {
    pub(crate) fn new(settings: ClientSettings) -> Self {
        Self::of(settings, Share { index: 0, of: 1 })
    }

    /// A user of one worker among several.
    pub(crate) fn of(settings: ClientSettings, share: Share) -> Self {
        let setup = Setup::new(&settings, false).unwrap();
        let client = Rc::new(Client::new(&settings, &setup, share).unwrap());
        Self { session: client.session(None, 0), client, settings, deadline: Deadline::default() }
    }

    pub(crate) fn plain() -> Self {
        Self::new(ClientSettings::default())
    }

    /// Another user of the same worker.
    pub(crate) fn another(&self, number: usize) -> Self {
        let session = self.client.session(None, number);
        Self {
            client: Rc::clone(&self.client),
            settings: self.settings.clone(),
            session,
            deadline: Deadline::default(),
        }
    }

    pub(crate) async fn send(&mut self, request: Request) -> Exchange {
        let prepared = Prepared::new(&request, &self.settings).unwrap();
        self.client.send(&mut self.session, &prepared, &mut self.deadline).await
    }

    pub(crate) async fn get(&mut self, url: &str) -> Exchange {
        self.send(get(url)).await
    }

    pub(crate) async fn pipeline(&mut self, requests: &[Request]) -> Vec<Exchange> {
        let prepared = |request| Rc::new(Prepared::new(request, &self.settings).unwrap());
        let prepared: Vec<_> = requests.iter().map(prepared).collect();
        self.client.send_pipelined(&mut self.session, &prepared, &mut self.deadline).await
    }
}

pub(crate) fn get(url: &str) -> Request {
    Request::new("GET", url).unwrap()
}

pub(crate) fn post(url: &str) -> Request {
    Request::new("POST", url).unwrap().with_header(Header::new("X-Kind", "order").unwrap()).with_body("hello")
}

/// The status, or the name of the failure.
pub(crate) fn kind(exchange: &Exchange) -> String {
    match &exchange.result {
        Ok(status) => status.to_string(),
        Err(failure) => failure.kind().name().to_owned(),
    }
}

/// Settings that trust one authority.
pub(crate) fn secure(ca_pem: &str, protocol: Protocol) -> ClientSettings {
    let tls = TlsSettings { roots: Roots::SystemAnd(ca_pem.as_bytes().to_vec()), ..TlsSettings::default() };
    ClientSettings { protocol, tls, ..ClientSettings::default() }
}
