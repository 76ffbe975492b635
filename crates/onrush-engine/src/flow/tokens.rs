//! OAuth 2 tokens: fetched once by the first user who needs one, and again before they expire.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt::Display;
use std::rc::Rc;
use std::time::Duration;

use onrush_metrics::ErrorKind;
use onrush_net::clock::Instant;
use onrush_net::{Exchange, Failure, Prepared};
use onrush_user::{Token, TokenKey, TokenSource};
use tokio::sync::Mutex;

use super::conns::Conn;
use super::walk::Walk;

/// A token is fetched again this long before it expires, and at the latest at nine tenths of its time.
const MARGIN: Duration = Duration::from_secs(30);
/// How long a token is taken for good whose server does not say.
const UNTOLD: Duration = Duration::from_secs(300);
/// The longest answer that is read.
const LONGEST: usize = 64 * 1024;

/// The tokens of a worker.
#[derive(Default)]
pub(super) struct Tokens(RefCell<HashMap<TokenKey, Rc<Place>>>);

/// Where one of them is.
#[derive(Default)]
struct Place {
    /// Held by who fetches one.
    token: Mutex<Option<Fresh>>,
    /// How often fetching it has failed.
    failures: Cell<u64>,
    /// Why it did last, and the time that it was given.
    failed: RefCell<Option<(Failure, Duration)>>,
}

/// A token and when another is needed.
struct Fresh {
    token: String,
    until: Instant,
}

impl Walk<'_> {
    /// The token for a source, or why there is none by `limit` after the beginning of `cost`. Whoever comes while it is
    /// being fetched waits for it, and fails if that fails: a server that hangs is not asked by one user after the
    /// other. What fetching it took is added to `cost`.
    pub(super) async fn token(
        &self,
        source: &TokenSource,
        limit: Duration,
        conn: &mut Conn,
        cost: &mut Exchange,
    ) -> Result<String, Failure> {
        let key = source.key(&mut self.user()).map_err(failure)?;
        let place = Rc::clone(self.caller.tokens.0.borrow_mut().entry(key).or_default());
        let failures = place.failures.get();
        conn.deadline.set(cost.started, limit);
        let Ok(mut held) = conn.deadline.bound(place.token.lock()).await else {
            let text = format!("no token from {}: nobody had fetched one within {limit:?}", source.place());
            return Err(Failure::new(ErrorKind::Timeout, text));
        };
        if let Some(fresh) = held.as_ref().filter(|fresh| Instant::now() < fresh.until) {
            return Ok(fresh.token.clone());
        }
        if place.failures.get() > failures
            && let Some(failure) = place.failure_within(limit)
        {
            return Err(failure);
        }
        let token = self.fetch(source, limit, conn, cost).await.inspect_err(|failure| place.fail(failure, limit))?;
        let lasts = token.expires_in.unwrap_or(UNTOLD);
        let until = Instant::now() + lasts.saturating_sub(MARGIN.min(lasts / 10));
        let text = token.access_token.clone();
        *held = Some(Fresh { token: token.access_token, until });
        Ok(text)
    }

    async fn fetch(
        &self,
        source: &TokenSource,
        limit: Duration,
        conn: &mut Conn,
        cost: &mut Exchange,
    ) -> Result<Token, Failure> {
        let request = source.request(&mut self.user()).map_err(failure)?;
        let mut prepared = Prepared::new(&request, self.client.settings()).map_err(failure)?;
        prepared.keep(self.caller.kept().wanting(true, LONGEST));
        prepared.limit(Some(limit));
        prepared.begun_at(cost.started);
        let exchange = self.client.send(&mut conn.session, &prepared, &mut conn.deadline).await;
        let kept = prepared.take_kept().unwrap_or_default();
        if let Some(tracer) = self.caller.tracer() {
            tracer.sent_credentials(&prepared, &exchange, &kept);
        }
        cost.add_traffic_of(&exchange);
        let granted = exchange.result.and_then(|status| {
            Token::of_answer(status, kept.body())
                .map_err(|trouble| Failure::new(ErrorKind::Script, trouble.to_string()))
        });
        // The request that needs the token goes elsewhere, so it is told who has failed.
        granted.map_err(|failure| failure.of(&format!("no token from {}", source.place())))
    }
}

impl Place {
    fn fail(&self, failure: &Failure, limit: Duration) {
        self.failures.set(self.failures.get() + 1);
        *self.failed.borrow_mut() = Some((failure.clone(), limit));
    }

    /// The last failure, as far as it says something to somebody who has `limit`: nothing if another had less time.
    fn failure_within(&self, limit: Duration) -> Option<Failure> {
        let failed = self.failed.borrow();
        let (failure, given) = failed.as_ref()?;
        (failure.kind() != ErrorKind::Timeout || *given >= limit).then(|| failure.clone())
    }
}

fn failure(why: impl Display) -> Failure {
    Failure::new(ErrorKind::Script, why.to_string())
}
