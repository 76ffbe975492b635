//! Steps that send requests: what is sent, what is done when it fails.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use onrush_plan::{
    Body, Bulk, BulkForm, Compression, FormPart, Header, Jitter, Json, PartContent, RequestError, RequestStep, Retry,
    RetryOn, SeriesKind, Template,
};

use super::keys::{BULK, GRAPHQL, METHODS, PART, RETRY, Shape};
use super::reader::{Fields, Reader, listed};
use super::scope::Scope;
use super::spread::split;
use super::tree::{Entry, Kind, Node};
use crate::diagnostic::suggest;

/// The longest body that is kept unless a step says otherwise.
const KEEP: usize = 1_000_000;
const BODIES: &[&str] = &["json", "body", "form", "multipart", "file", "bulk", "graphql"];
const FAILURES: &[&str] = &["timeout", "reset", "connect", "check"];

impl Reader<'_> {
    /// A request, whose step has the shape of its method.
    pub(crate) fn request(&mut self, node: &Node, shape: &'static Shape, scope: &mut Scope) -> Option<RequestStep> {
        let fields = self.fields(node, shape)?;
        let target = fields.get(shape.name).and_then(|node| self.target(node, scope));
        let query = self.multimap(fields.get("query"), scope);
        let own = self.headers(fields.get("headers"), scope);
        let headers = headers_over(self.headers_of_phase(scope), own);
        let body = self.body(&fields, scope);
        let auth = match fields.get("auth") {
            Some(node) => self.credentials(node, scope),
            None => self.credentials_of_phase(scope),
        };
        let saves = fields.get("save").map(|node| self.saves(node, scope)).unwrap_or_default();
        let checks = fields.get("check").map(|node| self.checks(node, scope)).unwrap_or_default();
        let retry = fields.get("retry").and_then(|node| self.retry(node));
        let compression = fields.get("compress").and_then(|node| self.word(node, &["gzip", "deflate"]));
        let hedge = fields.get("hedge").and_then(|node| self.time(node));
        let timeout = fields.get("timeout").and_then(|node| self.time_limit(node));
        let redirects = fields.get("redirects").and_then(|node| self.count32(node, 0));
        let trace = fields.get("trace").and_then(|node| self.bool(node));
        let keep = fields.get("keep").and_then(|node| self.size(node));
        let name = fields.get("name").and_then(|node| self.shown_text(node, "a name"));
        let tags = fields.get("tags").map(|node| self.pairs(node, "tags")).unwrap_or_default();
        if let (Some(entry), Body::None) = (fields.entry("compress"), &body) {
            self.fault(
                &entry.at,
                "there is no body to compress",
                format!("expected one of {}", listed(BODIES.iter().copied())),
            );
        }
        let target = target?;
        let method = shape.name.to_ascii_uppercase();
        let name = name.unwrap_or_else(|| format!("{method} {}", target.shown));
        let series = self.counted_or_others(SeriesKind::Requests, &name, &tags, fields.at);
        self.checked(series, &checks);
        Some(RequestStep {
            series,
            method,
            base: target.base,
            login: target.login,
            target: target.template,
            query,
            headers,
            body,
            compression: compression.map(|word| if word == "gzip" { Compression::Gzip } else { Compression::Deflate }),
            auth,
            saves,
            checks,
            retry,
            hedge,
            timeout,
            redirects,
            trace,
            keep: keep.unwrap_or(KEEP),
        })
    }

    /// Names and templates; a list gives a name several values.
    fn multimap(&mut self, node: Option<&Rc<Node>>, scope: &mut Scope) -> Vec<(String, Template)> {
        let Some(node) = node else { return Vec::new() };
        let mut pairs = Vec::new();
        for entry in self.entries(node, "these") {
            for value in values(entry) {
                pairs.extend(self.template(value, scope).map(|value| (entry.key.clone(), value)));
            }
        }
        pairs
    }

    /// Headers; those that the client writes itself are refused.
    pub(crate) fn headers(&mut self, node: Option<&Rc<Node>>, scope: &mut Scope) -> Vec<(String, Template)> {
        let Some(node) = node else { return Vec::new() };
        let entries = self.entries(node, "headers");
        entries.iter().flat_map(|entry| self.header(entry, scope)).collect()
    }

    /// A header with its value, or with each of its values.
    pub(crate) fn header(&mut self, entry: &Entry, scope: &mut Scope) -> Vec<(String, Template)> {
        if let Err(error) = Header::new(&entry.key, "") {
            self.fault(&entry.at, error.to_string(), "expected another name");
        }
        let given = values(entry);
        if given.is_empty() {
            let message = format!("header `{}` has no value", entry.key);
            self.fault(&entry.value.at, message, "expected a text or a list of texts");
        }
        let mut headers = Vec::new();
        for node in given {
            let Some(value) = self.template(node, scope) else { continue };
            // That the name is none has been told.
            if value
                .as_text()
                .is_some_and(|text| matches!(Header::new(&entry.key, text), Err(RequestError::HeaderValue(_))))
            {
                self.fault(
                    &node.at,
                    format!("the value of header `{}` has a control character", entry.key),
                    "expected one line",
                );
            }
            headers.push((entry.key.clone(), value));
        }
        headers
    }

    fn body(&mut self, fields: &Fields<'_>, scope: &mut Scope) -> Body {
        let given: Vec<_> = BODIES.iter().filter_map(|name| fields.entry(name)).collect();
        let [entry, others @ ..] = &*given else { return Body::None };
        for other in others {
            let message = format!("a request has one body: `{}` or `{}`", entry.key, other.key);
            self.fault(&other.at, message, "expected one of them");
        }
        let node = &entry.value;
        let body = match &*entry.key {
            "json" => self.json(node, scope).map(Body::Json),
            "body" => self.template(node, scope).map(|text| Body::Text { text, content_type: None }),
            "form" => Some(Body::Form(self.multimap(Some(node), scope))),
            "multipart" => Some(Body::Multipart(self.parts(node, scope))),
            "file" => self.file(node).map(|(_, bytes)| Body::Bytes(bytes)),
            "bulk" => self.bulk(node, scope).map(|bulk| Body::Bulk(Box::new(bulk))),
            _ => self.graphql(node, scope).map(Body::Json),
        };
        // After a fault nobody plays it; that there is a body still matters to other findings.
        body.unwrap_or_else(|| Body::Bytes(Vec::new()))
    }

    fn parts(&mut self, node: &Node, scope: &mut Scope) -> Vec<FormPart> {
        let mut parts = Vec::new();
        for entry in self.entries(node, "parts of a form") {
            let name = entry.key.clone();
            if !matches!(entry.value.kind, Kind::Map(_)) {
                let content = self.template(&entry.value, scope).map(PartContent::Text);
                parts.extend(content.map(|content| FormPart { name, content, content_type: None }));
                continue;
            }
            let Some(fields) = self.fields(&entry.value, &PART) else { continue };
            let content_type = fields.get("type").and_then(|node| self.plain_text(node, "a type such as image/png"));
            let content = match (fields.get("text"), fields.get("file")) {
                (Some(node), None) => self.template(node, scope).map(PartContent::Text),
                (None, Some(node)) => {
                    let called = fields.get("name").and_then(|node| self.plain_text(node, "the name of a file"));
                    self.file(node).map(|(path, bytes)| {
                        let own = path.rsplit(['/', '\\']).next().unwrap_or(&path).to_owned();
                        PartContent::File(called.unwrap_or(own), bytes)
                    })
                }
                _ => {
                    self.fault(fields.at, "a part of a form is a text or a file", "expected `text:` or `file:`");
                    None
                }
            };
            parts.extend(content.map(|content| FormPart { name, content, content_type }));
        }
        parts
    }

    fn bulk(&mut self, node: &Node, scope: &mut Scope) -> Option<Bulk> {
        let fields = self.fields(node, &BULK)?;
        let records = fields.get("records").and_then(|node| self.expression(node, scope));
        let before = fields.get("before").and_then(|node| self.template(node, scope)).unwrap_or_default();
        let after = fields.get("after").and_then(|node| self.template(node, scope)).unwrap_or_default();
        let form = match fields.get("form").and_then(|node| self.word(node, &["array", "lines"])) {
            Some("lines") => BulkForm::Lines,
            _ => BulkForm::Array,
        };
        // What a record uses is drawn for each record, and not for the iteration.
        let mut inner = Scope { is_bulk: true, used: BTreeSet::new(), ..scope.clone() };
        let record = self.json(fields.get("record")?, &mut inner);
        let draws = self.draws(&inner);
        scope.used.extend(inner.used.into_iter().filter(|name| !self.is_feeder(name)));
        Some(Bulk { records: records?, record: record?, draws, form, around: (before, after) })
    }

    fn graphql(&mut self, node: &Node, scope: &mut Scope) -> Option<Json> {
        let fields = self.fields(node, &GRAPHQL)?;
        let mut object = Vec::new();
        let query = fields.get("query").and_then(|node| self.text(node, "a GraphQL query"));
        // GraphQL is full of braces: the query is taken as it is, and what changes belongs into its variables.
        let query = query.map(|query| Json::Text(Template::text(query.value)));
        object.extend(query.map(|query| (Template::text("query"), query)));
        for (key, name) in [("variables", "variables"), ("operation", "operationName")] {
            let value = fields.get(key).and_then(|node| self.json(node, scope));
            object.extend(value.map(|value| (Template::text(name), value)));
        }
        Some(Json::Object(object))
    }

    fn size(&mut self, node: &Node) -> Option<usize> {
        let text = self.text(node, "a size such as `1MB`")?;
        Some(self.bytes_in(&text, 0..text.value.len())? as usize)
    }

    fn retry(&mut self, node: &Node) -> Option<Retry> {
        let mut retry = Retry {
            attempts: 3,
            on: vec![RetryOn::StatusClass(5), RetryOn::Timeout, RetryOn::Reset, RetryOn::Connect],
            backoff: Duration::from_millis(100),
            longest: Duration::from_secs(10),
            jitter: Jitter::Full,
            honour_retry_after: true,
            deadline: None,
        };
        if node.scalar().is_some() {
            retry.attempts = self.count32(node, 2)?;
            return Some(retry);
        }
        let fields = self.fields(node, &RETRY)?;
        if let Some(attempts) = fields.get("attempts").and_then(|node| self.count32(node, 2)) {
            retry.attempts = attempts;
        }
        if let Some(node) = fields.get("on") {
            if matches!(&node.kind, Kind::List(items) if items.is_empty()) {
                self.fault(&node.at, "nothing is tried again", "expected failures such as `5xx` or `timeout`");
            }
            retry.on = self.list(node, "failures").iter().filter_map(|item| self.failure(item)).collect();
        }
        if let Some((backoff, longest)) = fields.get("backoff").and_then(|node| self.backoff(node)) {
            (retry.backoff, retry.longest) = (backoff, longest);
        }
        retry.jitter = match fields.get("jitter").and_then(|node| self.word(node, &["none", "equal", "full"])) {
            Some("none") => Jitter::None,
            Some("equal") => Jitter::Equal,
            _ => Jitter::Full,
        };
        retry.honour_retry_after = fields.get("retry_after").and_then(|node| self.bool(node)).unwrap_or(true);
        retry.deadline = fields.get("deadline").and_then(|node| self.time(node));
        Some(retry)
    }

    fn failure(&mut self, node: &Node) -> Option<RetryOn> {
        let text = self.text(node, "a failure such as `5xx` or `timeout`")?;
        let word = &*text.value;
        if let Some(digit) = word.strip_suffix("xx").and_then(|digit| digit.parse::<u16>().ok()) {
            if (1..=5).contains(&digit) {
                return Some(RetryOn::StatusClass(digit));
            }
        } else if let Some(status) = word.parse::<u16>().ok().filter(|status| (100..600).contains(status)) {
            return Some(RetryOn::Status(status));
        }
        Some(match word {
            "timeout" => RetryOn::Timeout,
            "reset" => RetryOn::Reset,
            "connect" => RetryOn::Connect,
            "check" => RetryOn::Check,
            _ => {
                let label = suggest(word, FAILURES, "`5xx`, `429`, `timeout`, `reset`, `connect` or `check`");
                let message = format!("`{}` is not a failure that can be tried again", text.shown());
                return self.in_text(&text, 0..text.value.len(), &message, &label);
            }
        })
    }

    /// `100ms to 2s`, or one time that stays the same.
    fn backoff(&mut self, node: &Node) -> Option<(Duration, Duration)> {
        let text = self.text(node, "times such as `100ms to 2s`")?;
        let Some(to) = text.value.find(" to ") else {
            let time = self.time_in(&text, text.trimmed(0..text.value.len()))?;
            return Some((time, time));
        };
        let first = self.time_in(&text, text.trimmed(0..to));
        let range = text.trimmed(to + 4..text.value.len());
        let longest = self.time_in(&text, range.clone());
        let (first, longest) = (first?, longest?);
        if longest < first {
            return self.in_text(&text, range, "the longest wait is shorter than the first", "expected a longer one");
        }
        Some((first, longest))
    }

    /// A share such as `10%`, or a number.
    pub(crate) fn budget(&mut self, node: &Node) -> Option<f64> {
        let text = self.text(node, "a share such as `10%`")?;
        match text.value.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0) {
            Some(number) => Some(number),
            None => self.share_in(&text, split(&text.value, ',')[0].clone()),
        }
    }

    /// The shape of a request step, for a batch, where nothing else is allowed.
    pub(crate) fn is_method(name: &str) -> bool {
        METHODS.contains(&name)
    }
}

/// Headers, and those that come before them: what has a header of the same name replaces it with all its values.
pub(crate) fn headers_over(
    mut headers: Vec<(String, Template)>,
    own: Vec<(String, Template)>,
) -> Vec<(String, Template)> {
    headers.retain(|(name, _)| !own.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)));
    headers.extend(own);
    headers
}

/// The value of a name, or its values.
fn values(entry: &Entry) -> Vec<&Rc<Node>> {
    match &entry.value.kind {
        Kind::List(items) => items.iter().collect(),
        _ => vec![&entry.value],
    }
}
