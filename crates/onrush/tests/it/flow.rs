//! Fair weather: every option does what it says, and what is reported is what the service saw.

mod connections;
mod load;
mod outputs;
mod proxies;
mod report;
mod request;
pub(crate) mod saved;
mod secure;
