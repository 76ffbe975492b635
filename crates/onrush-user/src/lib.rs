//! What a virtual user knows and says: variables, templates, drawn data, what is read from answers, checks.
//!
//! A [`onrush_plan::Play`] is compiled once a worker into a [`Script`]; from then on its [`User`]s fill templates, draw
//! rows and look at answers. No I/O, no clock, no ambient randomness: answers, times and seeds are arguments. When
//! something is sent, and how it is recorded, is the engine's business; what the file looks like is `onrush-lang`'s.
//!
//! Everything here belongs to one thread.

mod act;
mod answer;
mod auth;
mod body;
mod call;
mod check;
mod civil;
mod compile;
mod drawer;
mod filled;
mod formula;
mod functions;
mod hole;
mod jar;
mod json;
mod login;
mod look;
mod markup;
mod mind;
mod oauth2;
mod permutation;
mod reader;
mod retry;
mod row;
mod script;
mod show;
mod sigv4;
mod spread;
mod syntax;
mod target;
mod text;
mod trial;
mod trouble;
mod user;
mod value;
mod veil;
mod wire;

pub use act::{Act, Choice, Decision, Setting};
pub use answer::Answer;
pub use auth::Auth;
pub use call::Call;
pub use compile::disguises;
pub use drawer::Drawer;
pub use filled::Filled;
pub use formula::Formula;
pub use functions::{FILTER_SPECS, FUNCTION_SPECS, FUNCTIONS, FunctionSpec};
pub use jar::{CookieRefused, Jar};
pub use json::check_path;
pub use look::{FailedCheck, Looked};
pub use markup::{check_css, check_xpath};
pub use mind::KNOWN_NAMES;
pub use minijinja::value::Value;
pub use oauth2::{Token, TokenKey, TokenSource};
/// Where everything that is drawn comes from.
pub use onrush_pace::Random;
pub use reader::check_regex;
pub use retry::{Failure, retries_on, retry_wait};
pub use script::{Part, Scene, Script, ScriptError, SetupValues};
pub use show::shown_value;
pub use sigv4::Signer;
pub use spread::draw;
pub use syntax::{Names, SyntaxError, check_expression};
pub use trial::{Wanted, never_works};
pub use trouble::{Trouble, TroubleKind};
pub use user::{Identity, User};
pub use veil::{is_secret_name, veiled_body, veiled_header, veiled_url, without_secret};
