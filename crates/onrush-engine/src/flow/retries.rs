//! Budgets for retries: so many for each request meant, so that clients do not bury a service that is down.

use std::cell::Cell;

use onrush_plan::Play;
use onrush_user::Scene;

/// Requests that each worker may try again in any case, so that a budget is of use from the beginning. One of nothing
/// allows nothing.
const FREE: f64 = 10.0;

/// One budget a scenario; set-up and tear-down are no scenario and have none.
#[derive(Debug)]
pub(super) struct Budgets(Vec<Option<Budget>>);

#[derive(Debug)]
struct Budget {
    /// Retries for each request meant.
    each: f64,
    left: Cell<f64>,
}

impl Budgets {
    pub(super) fn new(play: &Play) -> Self {
        let budget = |each: f64| Budget { each, left: Cell::new(if each > 0.0 { FREE } else { 0.0 }) };
        Self(play.scenarios.iter().map(|scenario| scenario.retry_budget.map(budget)).collect())
    }

    /// A request is meant.
    pub(super) fn earn(&self, scene: Scene) {
        if let Some(budget) = self.of(scene) {
            // No more is saved than is free at the beginning: a quiet hour is no licence for a storm.
            budget.left.set((budget.left.get() + budget.each).min(FREE.max(budget.each)));
        }
    }

    /// Whether one more retry may be made; it is then spent.
    pub(super) fn spend(&self, scene: Scene) -> bool {
        let Some(budget) = self.of(scene) else { return true };
        let may = budget.left.get() >= 1.0;
        if may {
            budget.left.set(budget.left.get() - 1.0);
        }
        may
    }

    fn of(&self, scene: Scene) -> Option<&Budget> {
        let Scene::Scenario(place) = scene else { return None };
        self.0.get(place as usize)?.as_ref()
    }
}
