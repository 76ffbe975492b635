//! What this crate costs a request: one GET with a templated header, a status check and a JSON extraction.
//!
//! `cargo build --release -p onrush-user --example hot_path`, then
//! `valgrind --tool=callgrind --toggle-collect='hot_path::once*' target/release/examples/hot_path 10000`
//! counts instructions; without valgrind, give more rounds and time it from outside. A second argument is the
//! expression in the header, such as `int(1, 5)`: what the template engine costs.

use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use onrush_pace::Segment;
use onrush_plan::{
    AtEnd, Body, Check, Expected, Expr, Feeder, Operator, Part, Pick, Play, RequestStep, Save, Scenario, Source, Step,
    Subject, Table, Template, Tracing, Which,
};
use onrush_user::{Act, Answer, Call, Drawer, Filled, Identity, Looked, Scene, Script, User};

const NOW: Duration = Duration::from_secs(1_700_000_000);
const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 104\r\n\r\n";
const BODY: &[u8] =
    br#"{"items": [{"id": 17, "name": "lamp", "price": 12.5}, {"id": 18, "name": "desk"}], "token": "t-0123456789"}"#;

fn expr(source: &str) -> Expr {
    Expr { source: source.to_owned(), place: "shop.yaml:1:1".to_owned() }
}

fn play(hole: &str) -> Play {
    let name = Template { parts: vec![Part::Text("user-".to_owned()), Part::Hole(expr(hole))] };
    let check = Check {
        name: "status == 200".to_owned(),
        text: "status == 200".to_owned(),
        subject: Subject::Answer(Source::Status),
        operator: Operator::Equal,
        expected: Expected::Value(expr("200")),
    };
    let save = Save { variable: 1, from: Source::Json("$.items[0].id".to_owned()), which: Which::First, default: None };
    let step = RequestStep {
        series: 0,
        method: "GET".to_owned(),
        base: url::Url::parse("http://127.0.0.1:7070").ok(),
        login: None,
        target: Template::text("/products?q=lamp"),
        query: Vec::new(),
        headers: vec![("X-Shopper".to_owned(), name)],
        body: Body::None,
        compression: None,
        auth: None,
        saves: vec![save],
        checks: vec![check],
        retry: None,
        hedge: None,
        timeout: None,
        redirects: None,
        trace: None,
        keep: 1 << 20,
    };
    let scenario = Scenario {
        name: "buy".to_owned(),
        flow: vec![Step::Request(Box::new(step))],
        series: 0,
        pace: None,
        headers: Vec::new(),
        auth: None,
        cookies: false,
        tls: None,
        constants: Vec::new(),
        draws: vec![0],
        retry_budget: None,
    };
    let table = Table { fields: vec!["name".to_owned()], text: "AnnBen".to_owned(), ends: vec![3, 6], is_json: false };
    let feeder = Feeder {
        name: "shoppers".to_owned(),
        variable: 0,
        table: Arc::new(table),
        pick: Pick::Sequential,
        at_end: AtEnd::Recycle,
    };
    Play {
        scenarios: vec![scenario],
        feeders: vec![feeder],
        variables: vec!["shopper".to_owned(), "product".to_owned()],
        ..Play::default()
    }
}

#[inline(never)]
fn once_begin(user: &mut User, number: u64) {
    user.begin_iteration(number, NOW).expect("rows");
}

#[inline(never)]
fn once_fill(call: &Call, user: &mut User, filled: &mut Filled) {
    call.fill(user, filled).expect("a request");
    black_box(filled.http1(call, None, &[]));
}

#[inline(never)]
fn once_look(call: &Call, user: &mut User, looked: &mut Looked) {
    let answer = Answer {
        status: 200,
        head: HEAD,
        body: black_box(BODY),
        truncated: false,
        size: None,
        url: "http://127.0.0.1:7070/products?q=lamp",
        time: Duration::from_millis(3),
    };
    call.look(user, &answer, looked).expect("what is looked for");
    assert!(looked.failed().is_empty());
}

fn main() {
    let rounds = std::env::args().nth(1).and_then(|rounds| rounds.parse().ok()).unwrap_or(1_000_000);
    let hole = std::env::args().nth(2).unwrap_or_else(|| "shopper.name".to_owned());
    let script = Script::new(&play(&hole), 1, Tracing::default()).expect("a script");
    let drawer = Rc::new(Drawer::new(&script, Segment::WHOLE));
    let mut user = User::new(&script, &drawer, Scene::Scenario(0), Identity::default());
    let Act::Request(call) = &script.scenario(0).flow[0] else { return };
    let (mut filled, mut looked) = (Filled::new(), Looked::new());
    for number in 0..rounds {
        once_begin(&mut user, number);
        once_fill(call, &mut user, &mut filled);
        once_look(call, &mut user, &mut looked);
    }
}
