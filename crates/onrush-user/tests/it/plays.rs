//! Plans for tests, made short.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use onrush_pace::Segment;
use onrush_plan::{
    AtEnd, Body, Check, Constant, Expected, Expr, Feeder, Operator, Part, Pick, Play, RequestStep, Save, Scenario,
    Source, Step, Subject, Table, Template, Tracing, Which,
};
use onrush_user::{Act, Answer, Call, Drawer, Identity, Scene, Script, User};

pub(crate) const NOW: Duration = Duration::from_secs(1_700_000_000);

/// An expression at a place of its own.
pub(crate) fn expr(source: &str) -> Expr {
    Expr { source: source.to_owned(), place: "shop.yaml:1:2".to_owned() }
}

/// Text with `{{ holes }}`.
pub(crate) fn template(text: &str) -> Template {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (hole, after) = after.split_once("}}").expect("a closed hole");
        if !before.is_empty() {
            parts.push(Part::Text(before.to_owned()));
        }
        parts.push(Part::Hole(expr(hole.trim())));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    Template { parts }
}

/// A request without anything further.
pub(crate) fn request(method: &str, target: &str) -> RequestStep {
    RequestStep {
        series: 0,
        method: method.to_owned(),
        base: Some(url::Url::parse("http://shop.example.com:8080").unwrap()),
        login: None,
        target: template(target),
        query: Vec::new(),
        headers: Vec::new(),
        body: Body::None,
        compression: None,
        auth: None,
        saves: Vec::new(),
        checks: Vec::new(),
        retry: None,
        hedge: None,
        timeout: None,
        redirects: None,
        trace: None,
        keep: 1 << 20,
    }
}

pub(crate) fn save(variable: usize, from: Source, which: Which) -> Save {
    Save { variable, from, which, default: None }
}

pub(crate) fn check(from: Source, operator: Operator, expected: Expected) -> Check {
    Check { name: "a check".to_owned(), text: "a text".to_owned(), subject: Subject::Answer(from), operator, expected }
}

/// A play of one scenario, `buy`. Variables: what the constants name, then `row`, `a`, `b`, `c`.
pub(crate) fn play(flow: Vec<Step>, constants: &[(&str, Constant)], feeders: &[(&str, Pick, AtEnd)]) -> Play {
    let mut variables: Vec<String> = constants.iter().map(|(name, _)| (*name).to_owned()).collect();
    let row = variables.len();
    variables.extend(["row", "a", "b", "c"].map(str::to_owned));
    Play {
        scenarios: vec![Scenario {
            name: "buy".to_owned(),
            flow,
            series: 0,
            pace: None,
            headers: Vec::new(),
            auth: None,
            cookies: true,
            tls: None,
            constants: Vec::new(),
            draws: (0..feeders.len()).collect(),
            retry_budget: None,
        }],
        constants: constants.iter().enumerate().map(|(place, (_, value))| (place, value.clone())).collect(),
        feeders: feeders
            .iter()
            .map(|(csv, pick, at_end)| Feeder {
                name: "shoppers".to_owned(),
                variable: row,
                table: Arc::new(table(csv)),
                pick: *pick,
                at_end: *at_end,
            })
            .collect(),
        variables,
        ..Play::default()
    }
}

/// `a,b|1,2|3,4`.
fn table(csv: &str) -> Table {
    let mut lines = csv.split('|').map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let mut table = Table { fields: lines.next().unwrap(), ..Table::default() };
    for value in lines.flatten() {
        table.text.push_str(&value);
        table.ends.push(table.text.len() as u32);
    }
    table
}

/// A user of the play's first scenario in its first iteration.
pub(crate) fn user(play: &Play) -> User {
    let mut user = nobody(play, 0);
    user.begin_iteration(0, NOW).unwrap();
    user
}

/// A user of the play's first scenario that has done nothing yet.
pub(crate) fn nobody(play: &Play, number: u64) -> User {
    let script = Script::new(play, 42, Tracing::default()).unwrap();
    let drawer = Rc::new(Drawer::new(&script, Segment::WHOLE));
    User::new(&script, &drawer, Scene::Scenario(0), Identity { user: number })
}

/// The first request of a user's flow.
pub(crate) fn first_call(user: &User) -> Rc<Call> {
    match &user.script().scenario(0).flow[0] {
        Act::Request(call) => Rc::clone(call),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn answer<'a>(status: u16, head: &'a str, body: &'a str) -> Answer<'a> {
    Answer {
        status,
        head: head.as_bytes(),
        body: body.as_bytes(),
        truncated: false,
        size: None,
        url: "http://shop.example.com:8080/final",
        time: Duration::from_millis(12),
    }
}
