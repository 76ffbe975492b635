//! What to do: the lowered, valid plan that every front end makes and the engine plays.
//!
//! Plain values only. This crate knows nothing of sockets, files, clocks or ambient randomness; after
//! lowering, nobody downstream meets an `Option` that has to be interpreted.

mod client;
mod credentials;
mod feeder;
mod plan;
mod request;
mod scenario;
mod secret;
mod spread;
mod step;
mod template;
mod threshold;

pub use client::{ClientSettings, Pooling, Protocol, ProxyRules, Resolve, Roots, TlsSettings, TlsVersion};
pub use credentials::{Credentials, OAuth2, SigV4};
pub use feeder::{AtEnd, Feeder, Pick, Table};
/// What is counted apart is called the same in a plan and in what comes of it.
pub use onrush_metrics::{SeriesInfo, SeriesKind, Until};
pub use plan::{InFlight, Plan, PlanError, WhenFull, Work};
pub use request::{Header, Request, RequestError};
pub use scenario::{
    Condition, Constant, Flow, OTHER_CHECKS, Play, Scenario, SeriesId, Step, Stop, Track, Value, VariableId,
};
pub use secret::Secret;
pub use spread::{Shape, Spread};
pub use step::{
    Body, Bulk, BulkForm, Check, Compression, Expected, FormPart, Jitter, Json, Operator, PartContent, RequestStep,
    Retry, RetryOn, Save, Source, Subject, Which,
};
pub use template::{Expr, Part, Template};
pub use threshold::{Figure, Relation, Scope, Threshold};
