//! The clients of a worker: one, and another for each scenario with TLS of its own.

use onrush_net::{Client, Setup, Share};
use onrush_plan::{ClientSettings, Plan, Play, Protocol, TlsSettings};
use onrush_user::Scene;

use crate::error::RunError;

/// What the clients of all workers have in common, made once.
#[derive(Clone)]
pub(crate) struct Setups {
    all: Vec<(ClientSettings, Setup)>,
    /// Which each scenario uses.
    of: Vec<usize>,
    /// Which set-up and tear-down use.
    of_phases: usize,
}

impl Setups {
    /// For a plan of scenarios.
    pub(crate) fn new(plan: &Plan, play: &Play) -> Result<Self, RunError> {
        // Redirects are followed by the scenario, which looks at each hop's cookies.
        let common = ClientSettings { redirects: 0, ..plan.client.clone() };
        let mut settings = vec![common.clone()];
        let mut of = Vec::new();
        for scenario in &play.scenarios {
            let own =
                scenario.tls.clone().map_or_else(|| common.clone(), |tls| ClientSettings { tls, ..common.clone() });
            let known = settings.iter().position(|known| *known == own);
            of.push(known.unwrap_or_else(|| {
                settings.push(own);
                settings.len() - 1
            }));
        }
        // What the file or the flags say is for all that is no scenario's. Where they say nothing, set-up most likely
        // goes where the first scenario does.
        let is_said = common.tls != TlsSettings::default();
        let of_phases = of.first().copied().filter(|_| !is_said).unwrap_or(0);
        let needs_tls = plan.work.may_need_tls();
        let all = settings.into_iter().map(|settings| {
            let setup = Setup::new(&settings, needs_tls).map_err(RunError::Client)?;
            Ok((settings, setup))
        });
        Ok(Self { all: all.collect::<Result<_, RunError>>()?, of, of_phases })
    }
}

/// A worker's clients.
pub(super) struct Clients {
    all: Vec<Client>,
    of: Vec<usize>,
    of_phases: usize,
    protocol: Protocol,
}

impl Clients {
    pub(super) fn new(play: &Play, setups: &Setups, share: Share) -> Result<Self, RunError> {
        debug_assert_eq!(play.scenarios.len(), setups.of.len());
        let all = setups.all.iter().map(|(settings, setup)| Client::new(settings, setup, share));
        let all = all.collect::<Result<Vec<_>, _>>().map_err(RunError::Client)?;
        let protocol = all.first().map_or(Protocol::Http1 { pipeline: 1 }, |client| client.settings().protocol);
        Ok(Self { all, of: setups.of.clone(), of_phases: setups.of_phases, protocol })
    }

    /// That of a scenario, or of set-up and tear-down.
    pub(super) fn of(&self, scene: Scene) -> &Client {
        let place = match scene {
            Scene::Scenario(place) => self.of.get(place as usize).copied().unwrap_or(0),
            Scene::Setup | Scene::Teardown => self.of_phases,
        };
        &self.all[place]
    }

    /// Whether two scenarios can use the same connections.
    pub(super) fn are_same(&self, one: usize, other: usize) -> bool {
        self.of.get(one) == self.of.get(other)
    }

    pub(super) fn protocol(&self) -> Protocol {
        self.protocol
    }
}
