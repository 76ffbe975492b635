//! The capacity of the service: so many requests at once, so many in the queue, the rest turned away. First come, first served.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How much the service can do at once. It saturates as real services do: past `workers` requests the others queue, past
/// `queue` waiting ones it answers 503 at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Requests that are served at the same time, over all threads; at least 1. Latency is spent holding a worker.
    pub workers: u32,
    /// Requests that may wait for a worker.
    pub queue: u32,
}

/// The door: shared by all threads of a service.
#[derive(Debug)]
pub(crate) struct Gate {
    workers: Arc<Semaphore>,
    waiting: AtomicU32,
    queue: u32,
}

/// A worker is held as long as this lives.
pub(crate) type Worker = OwnedSemaphorePermit;

impl Gate {
    pub(crate) fn new(capacity: Capacity) -> Self {
        let workers = (capacity.workers as usize).min(Semaphore::MAX_PERMITS);
        Self { workers: Arc::new(Semaphore::new(workers)), waiting: AtomicU32::new(0), queue: capacity.queue }
    }

    /// Waits for a worker in the order of the calls; `None` when the queue is full. A dropped call leaves the queue.
    pub(crate) async fn enter(&self) -> Option<Worker> {
        // The semaphore hands freed permits to those who wait first, so this cannot overtake them.
        if let Ok(worker) = Arc::clone(&self.workers).try_acquire_owned() {
            return Some(worker);
        }
        let place = self.queue_up()?;
        let worker = Arc::clone(&self.workers).acquire_owned().await.ok();
        drop(place);
        worker
    }

    /// How many wait for a worker.
    pub(crate) fn waiting(&self) -> u32 {
        self.waiting.load(Ordering::Relaxed)
    }

    fn queue_up(&self) -> Option<Place<'_>> {
        self.waiting
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |waiting| (waiting < self.queue).then_some(waiting + 1))
            .ok()
            .map(|_| Place(&self.waiting))
    }
}

/// A place in the queue, given back on drop: also when the client goes away.
struct Place<'a>(&'a AtomicU32);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    use super::*;

    type Entering<'a> = Pin<Box<dyn Future<Output = Option<Worker>> + 'a>>;

    fn poll(entering: &mut Entering<'_>) -> Poll<Option<Worker>> {
        entering.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn first_come_first_served_and_the_rest_turned_away() {
        let gate = Gate::new(Capacity { workers: 1, queue: 2 });
        let mut calls: Vec<Entering<'_>> = (0..4).map(|_| Box::pin(gate.enter()) as Entering<'_>).collect();
        let Poll::Ready(Some(worker)) = poll(&mut calls[0]) else { panic!("the first goes in") };
        assert!(poll(&mut calls[1]).is_pending());
        assert!(poll(&mut calls[2]).is_pending());
        assert!(matches!(poll(&mut calls[3]), Poll::Ready(None)), "the queue is full");
        drop(worker);
        assert!(poll(&mut calls[2]).is_pending(), "not its turn");
        let Poll::Ready(Some(worker)) = poll(&mut calls[1]) else { panic!("the second is next") };
        drop(worker);
        assert!(matches!(poll(&mut calls[2]), Poll::Ready(Some(_))));
    }

    #[test]
    fn who_goes_away_leaves_the_queue() {
        let gate = Gate::new(Capacity { workers: 1, queue: 1 });
        let mut first: Entering<'_> = Box::pin(gate.enter());
        let Poll::Ready(Some(_worker)) = poll(&mut first) else { panic!("the first goes in") };
        {
            let mut gone: Entering<'_> = Box::pin(gate.enter());
            assert!(poll(&mut gone).is_pending());
        }
        let mut next = pin!(gate.enter());
        assert!(next.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending(), "the place is free again");
    }
}
