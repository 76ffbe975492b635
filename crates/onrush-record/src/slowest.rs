//! The slowest requests as bytes.

use onrush_metrics::{ErrorKind, Slow, Slowest};

use crate::bytes::{Bytes, Malformed, put, put_text};
use crate::second::{known, put_known};

pub(crate) fn put_slowest(to: &mut Vec<u8>, slowest: &Slowest) {
    put(to, slowest.rows().len() as u128);
    for slow in slowest.rows() {
        put(to, slow.response_ns.into());
        put_known(to, slow.service_ns.map(u128::from));
        put(to, slow.due_ns.into());
        put(to, slow.series.into());
        put(to, slow.status.into());
        put_text(to, slow.error.map_or("", ErrorKind::name));
        put(to, slow.trace);
        put(to, slow.sampled.into());
    }
}

pub(crate) fn slowest(from: &mut Bytes) -> Result<Slowest, Malformed> {
    let mut slowest = Slowest::default();
    for _ in 0..from.count()? {
        slowest.add(Slow {
            response_ns: from.number()?,
            service_ns: known(from)?,
            due_ns: from.number()?,
            series: small(from)?,
            status: small(from)?,
            error: match from.text()? {
                "" => None,
                name => Some(ErrorKind::named(name).ok_or(Malformed("a kind of error is unknown"))?),
            },
            trace: from.big()?,
            sampled: from.number()? != 0,
        });
    }
    Ok(slowest)
}

fn small<T: TryFrom<u64>>(from: &mut Bytes) -> Result<T, Malformed> {
    T::try_from(from.number()?).map_err(|_| Malformed("a number is too large"))
}
