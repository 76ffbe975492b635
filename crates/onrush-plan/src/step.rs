//! A request of a scenario: what is sent, what of the answer is looked at, and what happens when it fails.

use std::time::Duration;

use crate::{Credentials, Expr, SeriesId, Template, VariableId};

/// A step that sends a request.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestStep {
    /// It is counted here.
    pub series: SeriesId,
    /// The method.
    pub method: String,
    /// The URL as far as it is the same for all: scheme, host and port. `None`: the whole URL is in `target`.
    pub base: Option<url::Url>,
    /// Name and password that stood in `base`: sent there where neither `auth` nor an `Authorization` header says who
    /// the request is from.
    pub login: Option<(Template, Template)>,
    /// Path and query, or a whole URL. What fills its holes is percent-encoded unless the hole is all of it.
    pub target: Template,
    /// Names and values appended to the query, percent-encoded.
    pub query: Vec<(String, Template)>,
    /// Headers of this step, over those of its scenario and file.
    pub headers: Vec<(String, Template)>,
    /// What is sent after the head.
    pub body: Body,
    /// How the body is compressed on its way.
    pub compression: Option<Compression>,
    /// How it proves who it is from; `None`: as the scenario says.
    pub auth: Option<Credentials>,
    /// Variables that get something of the answer.
    pub saves: Vec<Save>,
    /// Conditions on the answer.
    pub checks: Vec<Check>,
    /// What happens when it fails. Its first attempt and its last are both reported.
    pub retry: Option<Retry>,
    /// A second attempt beside the first, when that takes long.
    pub hedge: Option<Duration>,
    /// The time for a whole request; `None`: as the run says.
    pub timeout: Option<Duration>,
    /// How many redirects are followed; `None`: as the run says.
    pub redirects: Option<u32>,
    /// Whether a `traceparent` header (W3C trace context) is sent; `None`: as the run says.
    pub trace: Option<bool>,
    /// The longest body that is kept for saves and checks, in bytes; a longer one fails them.
    pub keep: usize,
}

/// What is sent after the head.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Body {
    /// Nothing.
    #[default]
    None,
    /// Text.
    Text {
        /// The text.
        text: Template,
        /// `Content-Type`, unless a header says otherwise.
        content_type: Option<&'static str>,
    },
    /// Bytes of a file that was read beforehand.
    Bytes(Vec<u8>),
    /// JSON.
    Json(Json),
    /// `application/x-www-form-urlencoded`.
    Form(Vec<(String, Template)>),
    /// `multipart/form-data`.
    Multipart(Vec<FormPart>),
    /// Several records in one body, for endpoints that take batches.
    Bulk(Box<Bulk>),
}

/// JSON with holes. A text that is one hole takes the kind of its value: `"{{ n }}"` may become a number.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Text with holes.
    Text(Template),
    /// A list.
    List(Vec<Json>),
    /// An object, in order.
    Object(Vec<(Template, Json)>),
}

/// A part of a multipart form.
#[derive(Clone, Debug, PartialEq)]
pub struct FormPart {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub content: PartContent,
    /// Its type; `None`: `text/plain` is implied.
    pub content_type: Option<String>,
}

/// What a part of a multipart form holds.
#[derive(Clone, Debug, PartialEq)]
pub enum PartContent {
    /// A field.
    Text(Template),
    /// A file that was read beforehand, and the name it goes by.
    File(String, Vec<u8>),
}

/// Several records in one body.
#[derive(Clone, Debug, PartialEq)]
pub struct Bulk {
    /// How many.
    pub records: Expr,
    /// One of them; `record` is its number from 0. Feeders named here advance with each record.
    pub record: Json,
    /// Feeders of which each record draws a row.
    pub draws: Vec<usize>,
    /// How they stand beside each other.
    pub form: BulkForm,
    /// Text around them, as before and after; empty: none.
    pub around: (Template, Template),
}

/// How the records of a bulk request stand beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkForm {
    /// A JSON array.
    Array,
    /// A JSON document a line (NDJSON).
    Lines,
}

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// gzip.
    Gzip,
    /// deflate (zlib).
    Deflate,
}

/// A variable that gets something of the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Save {
    /// Gets it.
    pub variable: VariableId,
    /// Where it is found.
    pub from: Source,
    /// Which one, where there are several.
    pub which: Which,
    /// What it gets where nothing is found; `None`: the iteration ends as failed.
    pub default: Option<Expr>,
}

/// A place in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A JSONPath (RFC 9535) into the body.
    Json(String),
    /// A header.
    Header(String),
    /// A cookie that the answer sets.
    Cookie(String),
    /// A regular expression over the body: its first group, or all of it.
    Regex(String),
    /// A CSS selector into HTML: the text of what it finds, or an attribute.
    Css {
        /// The selector.
        selector: String,
        /// The attribute.
        attribute: Option<String>,
    },
    /// An XPath into XML or HTML.
    XPath(String),
    /// The body as text.
    Body,
    /// The status.
    Status,
    /// The time from the first byte written to the last byte read, in milliseconds.
    Time,
    /// The length of the body, in bytes.
    Size,
    /// The URL that was asked last, redirects included.
    Url,
    /// Where the answer redirects to.
    Location,
}

/// Which of several values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// The first.
    #[default]
    First,
    /// The last.
    Last,
    /// One drawn.
    Any,
    /// All, as a list.
    All,
    /// How many there are; 0 where nothing is found.
    Count,
    /// The one at this place, from 0.
    At(usize),
}

/// A condition on an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// As it is shown; as it was written, unless it was given a name.
    pub name: String,
    /// As it was written.
    pub text: String,
    /// What is looked at.
    pub subject: Subject,
    /// How it is compared.
    pub operator: Operator,
    /// With what.
    pub expected: Expected,
}

/// What a check looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A part of the answer; the first of several values.
    Answer(Source),
    /// The value of an expression, in which what the step saved is known.
    Value(Expr),
}

/// How a check compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `contains`: text in text, or an entry in a list.
    Contains,
    /// `not contains`
    ContainsNot,
    /// `matches`: a regular expression somewhere in the text.
    Matches,
    /// `in`: one of a list.
    In,
    /// `exists`
    Exists,
    /// `not exists`
    ExistsNot,
}

/// What a check compares with.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// Nothing: for `exists`.
    Nothing,
    /// A status class: `2xx`, as its first digit.
    StatusClass(u16),
    /// A time.
    Time(Duration),
    /// A number of bytes.
    Bytes(u64),
    /// A regular expression, known to be one.
    Pattern(String),
    /// The value of an expression; a literal is one, too.
    Value(Expr),
}

/// What a client does when a request fails.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// Requests sent in all, the first included; at least 2.
    pub attempts: u32,
    /// Which failures.
    pub on: Vec<RetryOn>,
    /// The wait after the first failure; it doubles each time.
    pub backoff: Duration,
    /// The longest wait.
    pub longest: Duration,
    /// How the wait is spread.
    pub jitter: Jitter,
    /// Whether a `Retry-After` header replaces a shorter wait.
    pub honour_retry_after: bool,
    /// The time for all attempts and waits together.
    pub deadline: Option<Duration>,
}

/// A kind of failure that is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryOn {
    /// A status.
    Status(u16),
    /// A class of status: 5 for 5xx.
    StatusClass(u16),
    /// No answer in time.
    Timeout,
    /// A connection that was reset or closed early.
    Reset,
    /// No connection: refused, timed out, no such name.
    Connect,
    /// A check failed.
    Check,
}

/// How a wait is spread, so that clients that failed together do not come back together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Jitter {
    /// Not at all.
    None,
    /// Between half of it and all of it.
    Equal,
    /// Between nothing and all of it.
    #[default]
    Full,
}
