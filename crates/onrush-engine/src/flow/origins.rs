//! Origins that were met, so that connections are recognised by them without comparing names.

use std::cell::RefCell;
use std::rc::Rc;

use onrush_net::Origin;
use url::Url;

/// A scenario that asks ever new hosts is not to grow by that.
const MOST: usize = 64;

/// Origins by URL.
#[derive(Debug, Default)]
pub(super) struct Origins(RefCell<Vec<(Url, Rc<Origin>)>>);

impl Origins {
    pub(super) fn of(&self, url: &Url) -> Rc<Origin> {
        let mut known = self.0.borrow_mut();
        let is_same = |other: &Url| {
            (other.scheme(), other.host_str(), other.port()) == (url.scheme(), url.host_str(), url.port())
        };
        if let Some((_, origin)) = known.iter().find(|(other, _)| is_same(other)) {
            return Rc::clone(origin);
        }
        let origin = Rc::new(Origin::of(url));
        if known.len() < MOST {
            known.push((url.clone(), Rc::clone(&origin)));
        }
        origin
    }
}
