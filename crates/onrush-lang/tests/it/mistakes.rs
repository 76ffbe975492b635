//! What people see when a scenario file is wrong: one snapshot for every kind of mistake.

use std::fmt::Write;

use onrush_lang::{Overrides, parse_scenario};

use crate::files::{Memory, memory, parse};

/// Files whose every line is fine but for what is shown.
const HEAD: &str = "target: http://127.0.0.1:7070\nload: 10/s for 1m\n";

fn told(files: &[&str]) -> String {
    let mut all = String::new();
    for text in files {
        let faults = parse(text).map(|document| format!("{document:?}")).expect_err(text).to_string();
        assert!(!faults.contains("hunter2"), "a secret is shown: {faults}");
        let _ = writeln!(all, "{faults}");
    }
    all
}

fn steps(steps: &[&str]) -> String {
    let files: Vec<String> = steps.iter().map(|steps| format!("{HEAD}steps:\n{steps}\n")).collect();
    told(&files.iter().map(String::as_str).collect::<Vec<_>>())
}

fn head(heads: &[&str]) -> String {
    let files: Vec<String> = heads.iter().map(|head| format!("{head}\n{HEAD}steps:\n- get: /\n")).collect();
    told(&files.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn pages_that_cannot_be_observed() {
    insta::assert_snapshot!(head(&[
        "observe: metrics",
        "observe: [ftp://a.example/metrics]",
        "observe: { url: http://a.example }",
        "observe: http://a.example/{{ x }}",
    ]));
}

#[test]
fn all_at_once() {
    insta::assert_snapshot!(told(&["
target: http://127.0.0.1:7070
laod: 10/s for 1m
seed: many
data:
  shopper: { file: shopers.csv, pick: uniq }
scenarios:
  buy:
    wieght: 3
    steps:
      - psot: /login
      - get: /cart
        chek: status == 200
        save: { 2nd: $.x }
      - think: 1s too 5s
      - get: /{{ prodct }}
thresholds:
  - p99 < 300
"]));
}

#[test]
fn yaml() {
    let deep = "[".repeat(100);
    let bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\n";
    insta::assert_snapshot!(told(&[
        "",
        "# nothing\n",
        "just text",
        "- get: /",
        "target: [a\nload: b",
        "target: a: b",
        "steps:\n\t- get: /",
        "steps:\n- get: {{ url }}",
        "save: { product: $.items[*].id | any }",
        "seed: 1\nseed: 2\ntarget: http://a\nload: 1/s for 1s\nsteps: [{ get: / }]",
        "a: *nobody",
        "a: &a [*a]",
        "seed: !!binary x\ntarget: http://a\nload: 1/s for 1s\nsteps: [{ get: / }]",
        "a: 1\n---\nb: 2",
        "? [a, b]\n: c",
        "<<: 5\ntarget: http://a\nload: 1/s for 1s\nsteps: [{ get: / }]",
        &deep,
        bomb,
    ]));
}

#[test]
fn the_file() {
    insta::assert_snapshot!(told(&[
        "target: http://a\nload: 1/s for 1s",
        "target: http://a\nload: 1/s for 1s\nsteps:",
        "target: http://a\nload: 1/s for 1s\nsteps: []",
        "target: http://a\nload: 1/s for 1s\nsteps: get /",
        "target: http://a\nload: 1/s for 1s\nscenarios: {}",
        "target: http://a\nload: 1/s for 1s\nscenarios: { buy: { } }",
        "target: http://a\nload: 1/s for 1s\nscenarios: { buy: { steps: [{ get: / }] } }\nsteps: [{ get: / }]",
        "target: http://a\nload: 1/s for 1s\nscenarios: { setup: { steps: [{ get: / }] } }",
        "target: http://a\nload: 1/s for 1s\nscenarios: { buy: { start: 5s, weight: 0, steps: [{ get: / }] } }",
        "target: http://a\nload: [1/s for 1s, 5 usr for 1s]\nsteps: [{ get: / }]",
        "target: http:///x\nload: 1/s for\nsteps: [{ get: / }]",
        "load: 1/s for 1s\nsteps: [{ get: /x }]",
        "target: { shop: http://a, pay: http://b }\nload: 1/s for 1s\nsteps: [{ get: pya:/x }]",
        "target: http://a\nload: 1/s for 1s\npace: 5s\nscenarios: { buy: { steps: [{ get: / }] } }",
    ]));
}

#[test]
fn settings() {
    insta::assert_snapshot!(head(&[
        "timeout: 30",
        "timeout: [1s]",
        "timeout: 0s",
        "cookies: maybe",
        "max_in_flight: 0",
        "seed: -1",
        "when_full: dorp",
        "redirects: 99999999999",
        "headers: { 'X A': b }",
        "headers: { Content-Length: 5 }",
        "headers: [a]",
        "auth: { basic: { user: ann } }",
        "auth: { bearer: a, basic: { user: a, password: b } }",
        "auth: nobody",
        "tls: { cert: client.pem }",
        "tls: { cert: real.key, key: real.pem }",
        "tls: { cacert: nowhere.pem }",
        "tls: { min: 1.3, max: 1.2 }",
        "vars: { a: '{{ b }}' }",
        "vars: { 'a-b': 1, user: 2, pick: 3, in: 4 }",
        "include: nowhere.yaml",
        "setup:\n- get: /{{ nobody }}",
        "data: { a: { file: shoppers.csv } }\nsetup:\n- get: /{{ a.email }}",
    ]));
}

#[test]
fn data() {
    insta::assert_snapshot!(head(&[
        "data: { a: { file: nowhere.csv } }",
        "data: { a: { file: ragged.csv } }",
        "data: { a: { file: empty.csv } }",
        "data: { a: { file: common.yaml } }",
        "data: { a: { file: body.xml, format: json } }",
        "data: { a: { rows: [] } }",
        "data: { a: { rows: [1] } }",
        "data: { a: {} }",
        "data: { a: { file: shoppers.csv, rows: [{ a: 1 }] } }",
        "data: { a: { file: shoppers.csv, pick: sequentail, at_end: never } }",
        "data: { a: shoppers.csv }",
        "data: { env: { file: shoppers.csv } }",
    ]));
}

#[test]
fn flow() {
    insta::assert_snapshot!(steps(&[
        "- get /",
        "- {}",
        "- gte: /",
        "- name: x\n  gett: /",
        "- get: /\n  think: 2s",
        "- pace: 10s",
        "- group: a",
        "- repeat: 3",
        "- repeat: -1\n  steps: [{ get: / }]",
        "- for: x\n  steps: [{ get: / }]",
        "- while: x <\n  steps: [{ get: / }]",
        "- when: chance(140%)\n  steps: [{ get: / }]",
        "- when: chance(40%)\n  then: [{ get: / }]",
        "- choose: [{ weight: -1, steps: [{ get: / }] }]",
        "- choose: []",
        "- shuffle: []",
        "- group: a\n  steps: []",
        "- batch: [{ think: 1s }]",
        "- batch: []",
        "- batch: [{ get: / }]\n  at_once: 0",
        "- set: [a]",
        "- stop: everything",
        "- use: login",
    ]));
}

#[test]
fn requests() {
    insta::assert_snapshot!(steps(&[
        "- get: products",
        "- get: /a#b",
        "- get: http://exa mple.com/",
        "- post: /\n  json: {}\n  body: x",
        "- get: /\n  compress: gzip",
        "- post: /\n  json: { a: .inf }",
        "- post: /\n  file: nowhere.bin",
        "- post: /\n  multipart: { a: { } }",
        "- post: /\n  bulk: { records: 5 }",
        "- post: /\n  graphql: { qeury: x }",
        "- get: /\n  retry: 1",
        "- get: /\n  retry: { on: [6xx, tiemout], backoff: 2s to 1s, jitter: some }",
        "- get: /\n  retry: { on: [] }",
        "- get: /\n  keep: much",
        "- get: /\n  timeout: 0s",
        "- get: /\n  timeout: soon",
        "- get: [/]",
    ]));
}

#[test]
fn expressions() {
    insta::assert_snapshot!(steps(&[
        "- get: /{{ }}",
        "- get: /{{ a",
        "- get: /{{ 1 + }}",
        "- get: /{% if a %}x{% endif %}",
        "- get: /{{ shoper }}",
        "- get: /{{ pik([1]) }}",
        "- get: /{{ usre }}",
        "- get: /{{ token }}\n- get: /\n  save: { token: $.token }",
        "- get: /{{ env.NOWHERE }}",
        "- get: /${NOWHERE}",
        "- get: /${TOKEN",
        "- get: /${1 + 1}",
        "- set: { a: '{{ ${TOKEN} }}' }",
        "- set: { a: '{{ ${TOKEN_B:-x} }}' }",
        "- think: ${TOKEN}",
        "- get: /\n  timeout: ${TOKEN}",
    ]));
}

#[test]
fn what_works_for_nobody() {
    insta::assert_snapshot!(
        steps(&[
            "- get: /{{ int(5) }}/{{ int(5, 1) }}",
            "- get: /{{ pick() }}",
            "- get: /{{ 1 / 0 }}",
            "- get: /\n  query: { a: '{{ pick([]) }}' }",
            "- post: /\n  json: { a: '{{ user.name }}' }",
            "- for: x in 5\n  steps: [{ get: / }]",
            "- for: k in 'abc'\n  steps: [{ get: / }]",
            "- when: 1 / 0 > 1\n  steps: [{ get: / }]",
            "- get: '/x }}'",
            "- get: /{{ user }}/}}",
        ]) + &head(&[
            "vars: { shop: { name: a, place: { city: b } } }\nheaders: { A: '{{ shop.nmae }}', B: '{{ shop.place.town }}' }"
        ])
    );
    for fine in [
        "- when: user.name\n  steps: [{ get: / }]",
        "- get: /{{ user.name | default('x') }}/{{ 10 / user }}",
        "- post: /\n  body: '{\"a\": {\"b\": 1}}'",
        "- set: { found: [1, 2, 3] }\n- for: x in found[:2]\n  steps: [{ get: / }]",
        "- use: part",
    ] {
        let head = "vars: { shop: { name: a }, other: { name: a } }\nfragments:\n  part:\n  \
                    - get: \"/{{ shop.nmae | default('x') }}/{{ other.nmae }}\"\n";
        parse(&format!("{head}{HEAD}steps:\n- set: {{ other: {{ nmae: 1 }} }}\n{fine}\n")).unwrap();
    }
}

#[test]
fn times() {
    insta::assert_snapshot!(steps(&[
        "- think: 5",
        "- think: 1s to",
        "- think: 5s to 1s",
        "- think: 1s until 5s",
        "- think: 1s to 5s, lognromal",
        "- think: gaussian 2s",
        "- think: normal 2s",
        "- think: lognormal 2s sigma none",
        "- think: pareto 1s",
        "- think: 2s, jitter 150%",
        "- think: 2s, at 5s",
        "- think: quantiles 10% 1s, 100% 2s",
        "- think: quantiles 0% 2s, 100% 1s",
        "- think: ''",
        "- think: 2s, normal",
    ]));
}

#[test]
fn saves_and_checks() {
    insta::assert_snapshot!(steps(&[
        "- get: /\n  save: { a: token }",
        "- get: /\n  save: { a: '$.items[' }",
        "- get: /\n  save: { a: header }",
        "- get: /\n  save: { a: 'regex \"id=(\"' }",
        "- get: /\n  save: { a: 'regex \"id=' }",
        "- get: /\n  save: { a: 'css \"a[href\"' }",
        "- get: /\n  save: { a: 'css \"h1 >> a\" attr href' }",
        "- get: /\n  save: { a: 'xpath \"//a[\"' }",
        "- get: /\n  save: { a: 'xpath \"nonsense(//a)\"' }",
        "- get: /\n  check: css \"::\" exists",
        "- get: /\n  check: xpath \"//\" exists",
        "- get: /\n  save: { a: '$.a | frist' }",
        "- get: /\n  save: { a: '$.a | default nobody' }",
        "- get: /\n  save: { a: 'status 200' }",
        "- get: /\n  save: { a: { form: $.a } }",
        "- get: /\n  check: status = 200",
        "- get: /\n  check: status",
        "- get: /\n  check: status is 9xx",
        "- get: /\n  check: status is ok",
        "- get: /\n  check: time < 500",
        "- get: /\n  check: size < 10 potatoes",
        "- get: /\n  check: body matches abc",
        "- get: /\n  check: body matches \"(\"",
        "- get: /\n  check: header x exists now",
        "- get: /\n  check: statsu == 200",
        "- get: /\n  check: [$.total > limit]",
        "- set: { a: b }\n- get: /\n  check: [a contains \"/x\", a not contains '/x', a matches \"x\", a exists, a not exists]",
    ]));
}

#[test]
fn thresholds() {
    let thresholds = [
        "p99",
        "p100 < 1s",
        "p99 < 300",
        "p99 = 1s",
        "errors < 150%",
        "errors < 1",
        "p95 < ",
        "< 5s",
        "shop.yam p99 < 1s",
        "serach p99 < 1s",
        "rate > 100",
        "verdict == good",
        "verdict = valid",
        "errors == 0%",
        "search verdict == valid",
        "p99 < 1s over 10ms",
        "rate > 5/s over 1500ms",
        "tag:team=x p99 < 1s",
        "{ threshold: p99 < 1s, abort: later }",
        "{ abort: true }",
    ];
    let files: Vec<String> = thresholds
        .iter()
        .map(|text| format!("{HEAD}steps: [{{ get: /, name: search }}]\nthresholds:\n- {text}\n"))
        .collect();
    insta::assert_snapshot!(told(&files.iter().map(String::as_str).collect::<Vec<_>>()));
}

#[test]
fn until() {
    let files: Vec<String> = ["p99", "serach p95 ± 5%", "search mean ± 5%", "search p95 ± 5ms", "[p99 ± 5%]"]
        .iter()
        .map(|text| format!("{HEAD}until: {text}\nsteps: [{{ get: /, name: search }}]\n"))
        .collect();
    insta::assert_snapshot!(told(&files.iter().map(String::as_str).collect::<Vec<_>>()));
}

#[test]
fn passwords_in_the_file_are_not_shown() {
    let file = format!(
        "{HEAD}vars: {{ password: hunter2, 5: x }}\nauth: {{ basic: {{ user: a, password: hunter2, reaml: x }} }}\nsteps: [{{ get: / }}]\n"
    );
    insta::assert_snapshot!(told(&[&file]));
}

#[test]
fn circles() {
    let files = Memory::with(&[
        ("a.yaml", "include: b.yaml\nfragments: { one: [{ use: two }] }"),
        ("b.yaml", "include: a.yaml\nfragments: { two: [{ use: one }], three: [{ gte: / }] }"),
    ]);
    let text = format!("include: [a.yaml, shop.yaml]\n{HEAD}steps: [{{ use: one }}, {{ use: oen }}]\n");
    let faults = parse_scenario("shop.yaml", &text, &files, &Overrides::default()).unwrap_err();
    insta::assert_snapshot!(faults.to_string());
}

#[test]
fn a_file_is_told_that_it_includes_itself_however_it_is_written() {
    let files = Memory::with(&[("common.yaml", "include: ./common.yaml\nfragments: { one: [{ get: / }] }")]);
    for (name, include, circle) in [
        ("shop.yaml", "shop.yaml", "shop.yaml -> shop.yaml"),
        ("scenes/shop.yaml", "shop.yaml", "shop.yaml -> shop.yaml"),
        ("/home/ann/shop.yaml", "./shop.yaml", "shop.yaml -> shop.yaml"),
        ("shop.yaml", "./common.yaml", "common.yaml -> common.yaml"),
    ] {
        let text = format!("include: {include}\n{HEAD}steps: [{{ use: one }}]\n");
        let faults = parse_scenario(name, &text, &files, &Overrides::default()).unwrap_err();
        let told = &faults.0[0].diagnostic.message;
        assert_eq!(*told, format!("this file includes itself: {circle}"), "{faults}");
    }
}

#[test]
fn a_file_is_included_once_however_it_is_written() {
    let files = Memory::with(&[
        ("a.yaml", "include: ./b.yaml\nfragments: { one: [{ use: two }] }"),
        ("b.yaml", "fragments: { two: [{ get: / }] }"),
        ("scenes/shop.yaml", "fragments: { three: [{ get: / }] }"),
    ]);
    // The last one is another file: paths are relative to the folder of the one that includes it.
    let text = format!(
        "include: [a.yaml, ./a.yaml, b.yaml, scenes/shop.yaml]\n{HEAD}steps: [{{ use: one }}, {{ use: three }}]\n"
    );
    parse_scenario("scenes/shop.yaml", &text, &files, &Overrides::default()).unwrap();
}

#[test]
fn fragments_cannot_explode() {
    let mut text = format!("{HEAD}fragments:\n  f0: [{{ get: / }}]\n");
    for level in 1..40 {
        let _ = writeln!(text, "  f{level}: [{{ use: f{0} }}, {{ use: f{0} }}]", level - 1);
    }
    text.push_str("steps: [{ use: f39 }]\n");
    let faults = parse_scenario("shop.yaml", &text, &memory(), &Overrides::default()).unwrap_err();
    assert!(faults.to_string().contains("more than 100000 steps"), "{faults}");
}

#[test]
fn warnings() {
    let text = "target: http://a\nfragments: { login: [{ get: / }] }\nscenarios:\n  a: { steps: [{ get: / }] }\n  \
                b: { weight: 2, load: 1/s for 1m, steps: [{ get: / }] }\n";
    let document = parse(text).unwrap();
    let all: Vec<String> = document.warnings.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(all.join("\n"));
}

fn warned(text: &str) -> String {
    let document = parse(text).unwrap_or_else(|faults| panic!("{text}: {faults}"));
    document.warnings.iter().fold(String::new(), |told, warning| told + &format!("{warning}\n"))
}

#[test]
fn names_that_only_some_ways_give() {
    let saves = "{ get: /, save: { maybe: status } }";
    let uses = "- get: /{{ maybe }}/{{ maybe }}";
    let all: Vec<String> = [
        format!("- when: chance(50%)\n  steps: [{saves}]\n{uses}"),
        format!("- when: iteration > 3\n  steps: [{{ get: / }}]\n  otherwise: [{{ set: {{ maybe: 1 }} }}]\n{uses}"),
        format!("- choose: [{{ steps: [{saves}] }}, {{ steps: [{{ get: / }}] }}]\n{uses}"),
        format!("- repeat: 0\n  steps: [{saves}]\n{uses}"),
    ]
    .iter()
    .map(|steps| warned(&format!("{HEAD}steps:\n{steps}\n")))
    .collect();
    insta::assert_snapshot!(all.join("\n"));
    for fine in [
        format!("- when: chance(50%)\n  steps: [{saves}]\n  otherwise: [{saves}]\n{uses}"),
        format!("- when: chance(50%)\n  steps: [{{ stop: iteration }}]\n  otherwise: [{saves}]\n{uses}"),
        format!("- choose: [{{ steps: [{saves}] }}, {{ steps: [{saves}] }}]\n{uses}"),
        format!("- repeat: 2\n  steps: [{saves}]\n{uses}"),
        format!("- when: chance(50%)\n  steps: [{saves}]\n- get: /{{{{ maybe | default('x') }}}}"),
        format!("- when: chance(50%)\n  steps: [{saves}]\n- when: maybe is defined\n  steps: ['{uses}']")
            .replace("['- get: ", "[{ get: '")
            .replace("']", "' }]"),
        format!("- when: chance(50%)\n  steps: [{saves}]\n- set: {{ maybe: 1 }}\n{uses}"),
    ] {
        assert_eq!(warned(&format!("{HEAD}steps:\n{fine}\n")), "", "{fine}");
    }
}

#[test]
fn what_means_nothing_to_arrivals() {
    let open = format!("{HEAD}pace: 5s\nsteps:\n- get: /\n- when: chance(1%)\n  steps: [{{ stop: user }}]\n");
    let some = "target: http://a\nscenarios:\n  a: { load: 1/s for 1s, pace: 5s, steps: [{ get: / }] }\n  \
                b: { load: 2 users for 1s, pace: 5s, steps: [{ get: / }, { stop: user }] }\n";
    insta::assert_snapshot!(warned(&open) + &warned(some));
    assert_eq!(warned(&open.replace("10/s for 1m", "2 users for 1s")), "");
}

/// Whoever comes when the rows are drawn does nothing. What is enough, or may be, is not warned of.
#[test]
fn rows_of_ones_own_that_cannot_be_enough() {
    let warning = |load: &str, pick: &str| {
        let rows = "rows: [{ id: 1 }, { id: 2 }, { id: 3 }]";
        let text = format!(
            "target: http://a\ndata: {{ row: {{ {rows}, pick: {pick} }} }}\nload: {load}\nscenarios:\n  \
             a: {{ steps: [{{ get: '/{{{{ row.id }}}}' }}] }}\n  b: {{ weight: 3, steps: [{{ get: / }}] }}\n"
        );
        parse(&text).unwrap().warnings.iter().map(|warning| warning.diagnostic.message.clone()).collect::<String>()
    };
    for (load, pick, expected) in [
        ("3 users for 1m", "unique", ""),
        // Every fourth user draws.
        ("4 users for 1m", "unique", ""),
        ("8 users for 1m", "unique", "`row` has 3 rows, and 8 are needed: one for each user"),
        ("8 users for 1m", "unique, at_end: recycle", ""),
        ("8 users for 1m", "random", ""),
        ("20 iterations by 3 users", "unique", ""),
        ("1 iterations each by 20 users", "unique", "`row` has 3 rows, and 20 are needed: one for each user"),
        ("10/s for 1m", "unique", "`row` has 3 rows, and 600 are needed: one for each user"),
        ("3 users for 1m, 10/s for 1m", "unique", "`row` has 3 rows, and 600 are needed: one for each user"),
    ] {
        assert_eq!(warning(load, pick), expected, "{load}; {pick}");
    }
}

#[test]
fn more_names_than_can_be_counted_apart_are_counted_together() {
    let steps = |range: std::ops::Range<u32>| {
        range
            .map(|number| format!("  - {{get: /, name: n{number}, check: [status < 50{}]}}\n", number % 300))
            .collect::<Vec<_>>()
            .concat()
    };
    let text = |more: &str| {
        format!(
            "target: http://example.com\nload: 1/s for 1m\n{more}steps:\n{}  - {{group: last, steps: [{{get: /}}]}}\n",
            steps(0..2_500)
        )
    };
    let document = parse(&text("thresholds: [n5 p99 < 1s]\n")).unwrap();
    let series = &document.play.series;
    let names: Vec<_> = series[series.len() - 4..].iter().map(|series| &*series.name).collect();
    assert_eq!(names, ["n997", "n998", "(other steps)", "(other groups)"]);
    assert_eq!(series.len(), 1_002, "the scenario itself is one of a thousand");
    let others = &series[1_000].checks;
    assert_eq!((others.len(), &**others.last().unwrap()), (101, "(other checks)"));
    let [warning] = &*document.warnings else { panic!("{} warnings", document.warnings.len()) };
    let warning = warning.to_string();
    assert!(
        warning.contains("more than 1000 names of scenarios, steps and groups") && warning.contains("n999"),
        "{warning}"
    );
    let error = parse(&text("thresholds: [n2000 p99 < 1s]\n")).unwrap_err().to_string();
    assert!(error.contains("steps beyond the first 1,000 names have no figures of their own"), "{error}");
    assert!(error.len() < 2_000, "{error}");
}
