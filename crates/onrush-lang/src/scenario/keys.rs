//! Every key of a scenario file: one table, from which the reader knows what is known and what to suggest, and from
//! which the JSON Schema for editors is made.

/// A map with known keys.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Its name: in the schema, and for people.
    pub(crate) name: &'static str,
    /// What it is.
    pub(crate) about: &'static str,
    /// Its keys, in groups, since some are shared.
    pub(crate) keys: &'static [&'static [Key]],
    /// Keys that it cannot do without.
    pub(crate) required: &'static [&'static str],
}

/// A key.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) about: &'static str,
}

/// What a key takes.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Text, or what reads as text.
    Text,
    /// Text, a number, a truth value or nothing.
    Scalar,
    Bool,
    /// A whole number from 0.
    Count,
    Number,
    /// `30s`.
    Time,
    /// One of some words.
    Words(&'static [&'static str]),
    Anything,
    Steps,
    Step,
    Request,
    List(&'static Kind),
    Map(&'static Kind),
    Of(&'static Shape),
    Any(&'static [Kind]),
}

impl Shape {
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.keys.iter().flat_map(|group| group.iter()).map(|key| key.name).collect()
    }
}

const fn key(name: &'static str, kind: Kind, about: &'static str) -> Key {
    Key { name, kind, about }
}

const fn shape(name: &'static str, about: &'static str, keys: &'static [&'static [Key]]) -> Shape {
    Shape { name, about, keys, required: &[] }
}

const TEXTS: Kind = Kind::Map(&Kind::Scalar);
/// Names with a value or several.
const MULTIMAP: Kind = Kind::Map(&Kind::Any(&[Kind::Scalar, Kind::List(&Kind::Scalar)]));
const HEADERS: Key = key("headers", MULTIMAP, "Headers: names and texts with holes; a list is several of one name");
const AUTH: Key =
    key("auth", Kind::Any(&[Kind::Words(&["none"]), Kind::Of(&CREDENTIALS)]), "How requests prove who they are from");
const TAGS: Key = key("tags", TEXTS, "Names and values by which thresholds and outputs group figures");
const STEPS: Key = key("steps", Kind::Steps, "What is done, one after the other");

/// The whole file.
pub(crate) const FILE: Shape =
    shape("scenario file", "A scenario file of Onrush", &[FILE_KEYS, SCENARIO_KEYS, SHARED_KEYS, CLIENT_KEYS]);

/// A file that others include.
pub(crate) const INCLUDED: Shape = shape(
    "included file",
    "A file with flows that others use",
    &[&[
        key("include", Kind::Any(&[Kind::Text, Kind::List(&Kind::Text)]), "More files with `fragments:`"),
        key("fragments", Kind::Map(&Kind::Steps), "Named flows, for `- use: NAME`"),
    ]],
);

const FILE_KEYS: &[Key] = &[
    key("include", Kind::Any(&[Kind::Text, Kind::List(&Kind::Text)]), "Files whose `fragments:` can be used here"),
    key(
        "target",
        Kind::Any(&[Kind::Text, Kind::Map(&Kind::Text)]),
        "The URL of the service; or names and URLs of several, the first of which is the default",
    ),
    key(
        "load",
        Kind::Any(&[Kind::Text, Kind::List(&Kind::Text)]),
        "How much, when: `200/s for 5m`; a list of stages plays one after the other",
    ),
    key("secrets", Kind::List(&Kind::Text), "Variables of the environment whose values are never shown"),
    key("data", Kind::Map(&Kind::Of(&FEEDER)), "Rows that users draw from; each is known by its name"),
    key(
        "observe",
        Kind::Any(&[Kind::Text, Kind::List(&Kind::Text)]),
        "The services' own pages for Prometheus, read beside the run: `URL`, or `URL#series,series`",
    ),
    key("seed", Kind::Count, "From which every random choice flows"),
    key("warmup", Kind::Time, "The beginning of the run whose figures are left out"),
    key(
        "until",
        Kind::Text,
        "The run ends as soon as a percentile is known this well: `p99 ± 5%`, `search p95 ± 5%`; the load is the most that is \
         played",
    ),
    key("graceful_stop", Kind::Time, "How long what is in flight may take to finish at the end"),
    key("max_in_flight", Kind::Count, "The most requests of an open load in flight at a time"),
    key("when_full", Kind::Words(&["wait", "drop"]), "What an arrival does that finds the limit reached"),
    key("setup", Kind::Steps, "Done once before the load; what it saves is given to every user"),
    key("teardown", Kind::Steps, "Done once after the load"),
    key("fragments", Kind::Map(&Kind::Steps), "Named flows, for `- use: NAME`"),
    key("scenarios", Kind::Map(&Kind::Of(&SCENARIO)), "The kinds of users, by name"),
    key(
        "thresholds",
        Kind::List(&Kind::Any(&[Kind::Text, Kind::Of(&THRESHOLD)])),
        "Conditions on the run, which decide the exit code",
    ),
];

const CLIENT_KEYS: &[Key] = &[
    key("timeout", Kind::Time, "The time for a whole request"),
    key("connect_timeout", Kind::Time, "The time for setting up a connection"),
    key("redirects", Kind::Count, "How many redirects are followed (10)"),
    key("http2", Kind::Bool, "Whether HTTP/2 is spoken"),
];

/// What a file and a scenario have in common.
const SHARED_KEYS: &[Key] = &[
    key("env", TEXTS, "Constants, known to expressions by their names; the same as `vars`"),
    key("vars", Kind::Map(&Kind::Anything), "Constants, known to expressions by their names"),
    HEADERS,
    AUTH,
    key("cookies", Kind::Bool, "Whether users keep cookies (true)"),
    key("tls", Kind::Of(&TLS), "TLS: client certificates, who is trusted"),
];

/// What a scenario has, and a file that is one scenario.
const SCENARIO_KEYS: &[Key] = &[
    TAGS,
    key("pace", Kind::Text, "An iteration begins so long after the one before: `10s`, `8s to 12s`"),
    key("retry_budget", Kind::Any(&[Kind::Number, Kind::Text]), "The most retries for each request meant: `10%`"),
    STEPS,
];

/// A kind of user.
pub(crate) const SCENARIO: Shape = Shape {
    name: "scenario",
    about: "What a kind of user does",
    keys: &[
        &[
            key("weight", Kind::Number, "Its part of the common load (1)"),
            key("load", Kind::Any(&[Kind::Text, Kind::List(&Kind::Text)]), "A load of its own"),
            key("start", Kind::Time, "How long after the beginning of the run a load of its own begins"),
        ],
        SCENARIO_KEYS,
        SHARED_KEYS,
    ],
    required: &["steps"],
};

/// Rows.
pub(crate) const FEEDER: Shape = shape(
    "feeder",
    "Rows that users draw from",
    &[&[
        key("file", Kind::Text, "CSV with a header line, a JSON array of objects, or JSON objects a line"),
        key("rows", Kind::List(&Kind::Map(&Kind::Anything)), "The rows themselves"),
        key("format", Kind::Words(FORMATS), "What the file is, where its name does not say so"),
        key("pick", Kind::Words(PICKS), "Which row is drawn (sequential); unique: a row of each user's own"),
        key(
            "at_end",
            Kind::Words(&["recycle", "stop"]),
            "What happens after the last row (recycle; for unique rows stop)",
        ),
        key("as", Kind::Text, "The variable that gets the row, if not the feeder's name"),
    ]],
);
pub(crate) const FORMATS: &[&str] = &["csv", "json", "ndjson"];
pub(crate) const PICKS: &[&str] = &["sequential", "shuffled", "random", "unique"];

/// TLS.
pub(crate) const TLS: Shape = shape(
    "tls",
    "How connections are secured",
    &[&[
        key("insecure", Kind::Bool, "Certificates are not checked"),
        key("cacert", Kind::Text, "A PEM file with certificates to trust, beside the system's"),
        key("cert", Kind::Text, "A PEM file with the client's certificate"),
        key("key", Kind::Text, "A PEM file with the client's key"),
        key("sni", Kind::Text, "The server name that is sent and checked"),
        key("min", Kind::Words(&["1.2", "1.3"]), "The lowest version"),
        key("max", Kind::Words(&["1.2", "1.3"]), "The highest version"),
        key("resumption", Kind::Bool, "Whether sessions are resumed (true)"),
    ]],
);

/// Who a request is from.
pub(crate) const CREDENTIALS: Shape = shape(
    "credentials",
    "How requests prove who they are from: one of these",
    &[&[
        key("basic", Kind::Of(&BASIC), "Name and password"),
        key("bearer", Kind::Text, "A token"),
        key(
            "oauth2",
            Kind::Of(&OAUTH2),
            "OAuth 2 client credentials: a token fetched once, and again before it expires",
        ),
        key("aws", Kind::Of(&AWS), "AWS Signature Version 4"),
    ]],
);
pub(crate) const BASIC: Shape = Shape {
    name: "basic",
    about: "Name and password",
    keys: &[&[key("user", Kind::Text, "The name"), key("password", Kind::Text, "The password")]],
    required: &["user", "password"],
};
pub(crate) const OAUTH2: Shape = Shape {
    name: "oauth2",
    about: "Where and how a token is fetched",
    keys: &[&[
        key("token_url", Kind::Text, "The token endpoint"),
        key("client_id", Kind::Text, "The client's name"),
        key("client_secret", Kind::Text, "The client's secret"),
        key("scope", Kind::Text, "What is asked for"),
    ]],
    required: &["token_url", "client_id", "client_secret"],
};
pub(crate) const AWS: Shape = Shape {
    name: "aws",
    about: "What is needed to sign for AWS",
    keys: &[&[
        key("access_key", Kind::Text, "The access key's name"),
        key("secret_key", Kind::Text, "The key"),
        key("session_token", Kind::Text, "A session's token"),
        key("region", Kind::Text, "The region"),
        key("service", Kind::Text, "The service"),
    ]],
    required: &["access_key", "secret_key", "region", "service"],
};

/// A threshold that says when it ends the run.
pub(crate) const THRESHOLD: Shape = Shape {
    name: "threshold",
    about: "A condition on the run",
    keys: &[&[
        key("threshold", Kind::Text, "The condition: `p99 < 300ms`"),
        key("abort", Kind::Any(&[Kind::Bool, Kind::Text]), "Whether it ends the run: `true`, or `after 30s`"),
    ]],
    required: &["threshold"],
};

/// The HTTP methods that are keys.
pub(crate) const METHODS: &[&str] = &["get", "post", "put", "patch", "delete", "head", "options"];

/// What a request may say beside its method.
pub(crate) const REQUEST_KEYS: &[Key] = &[
    key("name", Kind::Text, "The name under which it is counted; else method and path"),
    key("query", MULTIMAP, "Appended to the query, percent-encoded"),
    HEADERS,
    key("json", Kind::Anything, "The body as JSON; a text that is one hole keeps the kind of its value"),
    key("body", Kind::Text, "The body as text"),
    key("form", MULTIMAP, "The body as an HTML form"),
    key("multipart", Kind::Map(&Kind::Any(&[Kind::Scalar, Kind::Of(&PART)])), "The body as a form with files"),
    key("file", Kind::Text, "The body from a file"),
    key("bulk", Kind::Of(&BULK), "The body as several records"),
    key("graphql", Kind::Of(&GRAPHQL), "The body as a GraphQL request"),
    key("compress", Kind::Words(&["gzip", "deflate"]), "How the body is compressed"),
    AUTH,
    key(
        "save",
        Kind::Map(&Kind::Any(&[Kind::Text, Kind::Of(&SAVE)])),
        "Variables that get something of the answer: `token: $.token`",
    ),
    key(
        "check",
        Kind::Any(&[Kind::Text, Kind::List(&Kind::Any(&[Kind::Text, Kind::Map(&Kind::Text)])), Kind::Map(&Kind::Text)]),
        "Conditions on the answer: `status == 200`",
    ),
    key("retry", Kind::Any(&[Kind::Count, Kind::Of(&RETRY)]), "What happens when it fails"),
    key("hedge", Kind::Time, "A second attempt beside the first, when that takes so long"),
    key("timeout", Kind::Time, "The time for the whole request"),
    key("redirects", Kind::Count, "How many redirects are followed"),
    key("trace", Kind::Bool, "Whether a traceparent header is sent (W3C trace context)"),
    key("keep", Kind::Any(&[Kind::Count, Kind::Text]), "The longest body that is kept for saves and checks (1 MB)"),
    TAGS,
];

/// A part of a form with files.
pub(crate) const PART: Shape = shape(
    "part",
    "A part of a multipart form",
    &[&[
        key("text", Kind::Scalar, "A field"),
        key("file", Kind::Text, "A file"),
        key("name", Kind::Text, "The name that the file goes by"),
        key("type", Kind::Text, "Its type"),
    ]],
);
pub(crate) const BULK: Shape = Shape {
    name: "bulk",
    about: "Several records in one body",
    keys: &[&[
        key("records", Kind::Any(&[Kind::Count, Kind::Text]), "How many: a number or an expression"),
        key("record", Kind::Anything, "One of them; `record` is its number from 0"),
        key("form", Kind::Words(&["array", "lines"]), "A JSON array, or a JSON value a line (array)"),
        key("before", Kind::Text, "Text before them"),
        key("after", Kind::Text, "Text after them"),
    ]],
    required: &["records", "record"],
};
pub(crate) const GRAPHQL: Shape = Shape {
    name: "graphql",
    about: "A GraphQL request",
    keys: &[&[
        key("query", Kind::Text, "The query"),
        key("variables", Kind::Map(&Kind::Anything), "Its variables"),
        key("operation", Kind::Text, "The name of the operation, where there are several"),
    ]],
    required: &["query"],
};
pub(crate) const SAVE: Shape = Shape {
    name: "save",
    about: "Something of the answer",
    keys: &[&[
        key("from", Kind::Text, "Where it is found: `$.token`, `header Location`, `regex \"id=(\\\\d+)\"`"),
        key("which", Kind::Any(&[Kind::Count, Kind::Words(WHICH)]), "Which of several (first)"),
        key("default", Kind::Anything, "What it is where nothing is found; without it the iteration fails"),
    ]],
    required: &["from"],
};
pub(crate) const WHICH: &[&str] = &["first", "last", "any", "all", "count"];
pub(crate) const RETRY: Shape = shape(
    "retry",
    "What a client does when a request fails",
    &[&[
        key("attempts", Kind::Count, "Requests sent in all, the first included (3)"),
        key("on", Kind::List(&Kind::Scalar), "Which failures: 5xx, 429, timeout, reset, connect, check"),
        key("backoff", Kind::Text, "The wait after the first failure, doubling up to the second time: `100ms to 2s`"),
        key("jitter", Kind::Words(&["none", "equal", "full"]), "How the wait is spread (full)"),
        key("retry_after", Kind::Bool, "Whether a Retry-After header is honoured (true)"),
        key("deadline", Kind::Time, "The time for all attempts and waits together"),
    ]],
);
pub(crate) const BRANCH: Shape = Shape {
    name: "branch",
    about: "One of several flows",
    keys: &[&[key("weight", Kind::Number, "How often it is chosen, against the others (1)"), STEPS]],
    required: &["steps"],
};

/// The steps that send requests are made of this and [`REQUEST_KEYS`].
const TARGET: &str = "A path such as `/cart`, `pay:/charge` for a named target, or a whole URL";

macro_rules! request {
    ($name:literal) => {
        Shape {
            name: $name,
            about: concat!("Sends a request: ", $name),
            keys: &[&[key($name, Kind::Text, TARGET)], REQUEST_KEYS],
            required: &[$name],
        }
    };
}

macro_rules! step {
    ($name:literal, $about:literal, [$($key:expr),* $(,)?]) => {
        Shape { name: $name, about: $about, keys: &[&[$($key),*]], required: &[$name] }
    };
}

/// What a step can be. The name of each is the key by which it is known.
pub(crate) const STEP: &[Shape] = &[
    request!("get"),
    request!("post"),
    request!("put"),
    request!("patch"),
    request!("delete"),
    request!("head"),
    request!("options"),
    step!(
        "think",
        "Waits, as people do",
        [key("think", Kind::Text, "`2s`, `1s to 5s`, `1s to 5s, lognormal`, `exponential 2s`")]
    ),
    step!("group", "Steps that are timed together", [key("group", Kind::Text, "Its name"), STEPS, TAGS]),
    step!(
        "repeat",
        "The same a number of times",
        [
            key("repeat", Kind::Any(&[Kind::Count, Kind::Text]), "How often: a number or an expression"),
            key("as", Kind::Text, "The variable that counts from 0"),
            STEPS,
        ]
    ),
    step!(
        "while",
        "The same while a condition holds",
        [
            key("while", Kind::Text, "An expression, asked before every pass"),
            key("at_most", Kind::Count, "The most passes (1000)"),
            STEPS,
        ]
    ),
    step!("for", "The same for each entry of a list", [key("for", Kind::Text, "`item in cart.items`"), STEPS]),
    step!(
        "when",
        "One of two",
        [
            key("when", Kind::Any(&[Kind::Text, Kind::Bool]), "`chance(40%)`, or an expression"),
            STEPS,
            key("otherwise", Kind::Steps, "What is done if it does not hold"),
        ]
    ),
    step!("choose", "One of several, drawn by weight", [key("choose", Kind::List(&Kind::Of(&BRANCH)), "The flows")]),
    step!(
        "shuffle",
        "All of them, in an order drawn each time",
        [key(
            "shuffle",
            Kind::List(&Kind::Any(&[Kind::Step, Kind::Steps])),
            "The steps; those that stay together are a list"
        )]
    ),
    step!(
        "batch",
        "Requests that are in flight together",
        [
            key("batch", Kind::List(&Kind::Request), "The requests"),
            key("at_once", Kind::Count, "The most at a time (all)"),
        ]
    ),
    step!(
        "set",
        "Gives variables values",
        [key("set", Kind::Map(&Kind::Anything), "Names and values, texts with holes")]
    ),
    step!("stop", "Ends something early", [key("stop", Kind::Words(&["iteration", "user", "run"]), "What ends")]),
    step!("use", "A named flow", [key("use", Kind::Text, "The name of one of the `fragments:`")]),
];
