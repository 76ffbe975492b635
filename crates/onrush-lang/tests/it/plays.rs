//! What scenario files become.

use std::time::Duration;

use onrush_lang::{Document, Overrides, parse_scenario};
use onrush_plan::{
    Body, Condition, Constant, Credentials, Expected, Expr, Figure, Json, Part, Pick, Relation, Scope, Secret,
    SeriesKind, Shape, Source, Step, Template, Value,
};

use crate::files::{fine, memory, parse};

/// The sketch of the shop: a little of everything.
const SHOP: &str = r#"
target: http://127.0.0.1:7070
load:
  - 0/s -> 200/s over 30s
  - 200/s for 5m
data:
  shoppers: { file: shoppers.csv, pick: unique, as: shopper }
scenarios:
  buy:
    weight: 3
    steps:
      - post: /login
        json: { email: "{{ shopper.email }}", password: "{{ shopper.password }}" }
        save: { token: $.token }
        check: [ status == 200, time < 500ms ]
      - think: 1s to 5s, lognormal
      - get: /products?q={{ pick(['lamp', 'desk', 'chair']) }}
        name: search
        save:
          product: $.items[*].id | any
        retry: { attempts: 3, on: [5xx, timeout, reset], backoff: 100ms to 2s, jitter: full }
      - batch:
          - get: /products/{{ product }}
          - get: /products/{{ product }}/reviews
      - when: chance(40%)
        steps: [ { post: /cart, json: { product: "{{ product }}", qty: "{{ int(1, 5) }}" } } ]
thresholds:
  - p99 < 300ms
  - errors < 1%
  - search p95 < 100ms over 30s
"#;

fn expr(source: &str, place: &str) -> Expr {
    Expr { source: source.to_owned(), place: place.to_owned() }
}

#[test]
fn the_shop() {
    let document = fine(SHOP);
    let play = &document.play;
    let names: Vec<&str> = play.series.iter().map(|series| &*series.name).collect();
    let expected = ["buy", "POST /login", "search", "GET /products/{…}", "GET /products/{…}/reviews", "POST /cart"];
    assert_eq!(names, expected);
    assert_eq!(play.variables, ["shopper", "token", "product"]);
    assert_eq!(play.tracks.len(), 1);
    assert_eq!(play.tracks[0].load.to_string(), "0/s -> 200/s over 30s, 200/s for 5m");
    assert_eq!(play.tracks[0].mix, [(0, 3.0)]);
    assert_eq!(play.scenarios[0].draws, [0]);
    assert_eq!(play.feeders[0].table.rows(), 2);
    assert_eq!(play.thresholds[2].of, Scope::Series(vec![2]));
    assert_eq!(play.thresholds[2].window, Some(Duration::from_secs(30)));
    let Step::Request(login) = &play.scenarios[0].flow[0] else { panic!() };
    let Body::Json(Json::Object(fields)) = &login.body else { panic!("{login:?}") };
    assert_eq!(fields[0].1, Json::Text(Template { parts: vec![Part::Hole(expr("shopper.email", "shop.yaml:13:28"))] }));
    assert_eq!(login.saves[0].from, Source::Json("$.token".to_owned()));
    assert_eq!(login.checks[1].expected, Expected::Time(Duration::from_millis(500)));
    // Every arrival is a user with a row of its own.
    let warnings: Vec<&str> = document.warnings.iter().map(|warning| &*warning.diagnostic.message).collect();
    assert_eq!(warnings, ["`shoppers` has 2 rows, and 63000 are needed: one for each user"]);
}

#[test]
fn overrides() {
    let over = Overrides {
        target: Some("https://shop.example.com/api".to_owned()),
        load: Some("5 users for 1m".to_owned()),
        scenario: Some("buy".to_owned()),
        ..Overrides::default()
    };
    let document = parse_scenario("shop.yaml", SHOP, &memory(), &over).unwrap();
    assert_eq!(document.play.tracks[0].load.to_string(), "5 users for 1m");
    let Step::Request(login) = &document.play.scenarios[0].flow[0] else { panic!() };
    assert_eq!(login.base.as_ref().unwrap().as_str(), "https://shop.example.com/");
    assert_eq!(login.target.as_text(), Some("/api/login"));
    let over = Overrides { scenario: Some("by".to_owned()), load: Some("5 usr".to_owned()), ..Overrides::default() };
    let faults = parse_scenario("shop.yaml", SHOP, &memory(), &over).unwrap_err().to_string();
    assert!(faults.contains("did you mean `buy`?") && faults.contains("--load:1:3"), "{faults}");
}

#[test]
fn two_names_for_one_place_are_one_target() {
    let document =
        fine("target: { shop: http://a, api: http://a, pay: http://b }\nload: 1 users for 1s\nsteps: [{ get: / }]\n");
    assert_eq!(document.play.targets.iter().map(url::Url::as_str).collect::<Vec<_>>(), ["http://a/", "http://b/"]);
    let told = onrush_lang::describe(&document);
    assert!(told.starts_with("Against shop and api at http://a, pay at http://b.\n"), "{told}");
}

#[test]
fn times() {
    let shape = |text: &str| {
        let document = fine(&format!("target: http://a\nload: 1 users for 1s\nsteps:\n- get: /\n- think: {text}\n"));
        let Step::Think(spread) = document.play.scenarios[0].flow[1].clone() else { panic!() };
        spread
    };
    let ms = Duration::from_millis;
    for (text, expected) in [
        ("2s", Shape::Constant(ms(2000))),
        ("1s to 5s", Shape::Uniform(ms(1000), ms(5000))),
        ("normal 2s ± 500ms", Shape::Normal { mean: ms(2000), deviation: ms(500) }),
        ("normal 2s +- 500ms", Shape::Normal { mean: ms(2000), deviation: ms(500) }),
        ("lognormal 2s sigma 0.5", Shape::LogNormal { median: ms(2000), sigma: 0.5 }),
        ("exponential 2s", Shape::Exponential { mean: ms(2000) }),
        ("pareto 1s alpha 1.5", Shape::Pareto { least: ms(1000), alpha: 1.5 }),
        (
            "quantiles 0% 100ms, 50% 1s, 90% 4s, 100% 20s",
            Shape::Empirical(vec![(0.0, ms(100)), (0.5, ms(1000)), (0.9, ms(4000)), (1.0, ms(20_000))]),
        ),
    ] {
        assert_eq!(shape(text).shape, expected, "{text}");
    }
    let Shape::LogNormal { median, sigma } = shape("1s to 4s, lognormal").shape else { panic!() };
    assert_eq!(median, ms(2000));
    assert!((sigma - 4_f64.ln() / 2.0 / 1.644_853_626_951).abs() < 1e-9);
    let Shape::Normal { mean, .. } = shape("1s to 4s, normal").shape else { panic!() };
    assert_eq!(mean, ms(2500));
    let spread = shape("1s to 5s, lognormal, jitter 20%, at most 30s");
    assert!((spread.jitter - 0.2).abs() < f64::EPSILON);
    assert_eq!(spread.longest, ms(30_000));
}

#[test]
fn thresholds() {
    let text = |threshold: &str| {
        format!(
            "target: http://a\nload: 1 users for 1s\nscenarios:\n  buy:\n    tags: {{ team: shop }}\n    steps:\n    - group: pay\n      \
             steps: [{{ get: /, name: home }}]\nthresholds:\n- {threshold}\n"
        )
    };
    for (threshold, figure, relation, bound, of) in [
        ("p99 < 300ms", Figure::Quantile(0.99), Relation::Below, 3e8, None),
        ("p99.9<=1s", Figure::Quantile(0.999), Relation::AtMost, 1e9, None),
        ("rate > 100/s", Figure::Rate, Relation::Above, 100.0, None),
        ("checks > 99%", Figure::Checks, Relation::Below, 0.01, None),
        ("checks == 1", Figure::Checks, Relation::Is, 0.0, None),
        ("dropped < 0.1%", Figure::Dropped, Relation::Below, 0.001, None),
        ("verdict == valid", Figure::Verdict, Relation::Is, 0.0, None),
        ("verdict <= degraded", Figure::Verdict, Relation::AtMost, 1.0, None),
        ("buy errors < 1%", Figure::Errors, Relation::Below, 0.01, Some(SeriesKind::Requests)),
        ("buy iterations errors < 1%", Figure::Errors, Relation::Below, 0.01, Some(SeriesKind::Iterations)),
        ("iterations errors < 1%", Figure::Errors, Relation::Below, 0.01, Some(SeriesKind::Iterations)),
        ("home mean < 1s", Figure::Mean, Relation::Below, 1e9, Some(SeriesKind::Requests)),
        ("buy/home mean < 1s", Figure::Mean, Relation::Below, 1e9, Some(SeriesKind::Requests)),
        ("pay max < 1s over 30s", Figure::Max, Relation::Below, 1e9, Some(SeriesKind::Group)),
        ("buy iterations p50 < 1s", Figure::Quantile(0.5), Relation::Below, 1e9, Some(SeriesKind::Iterations)),
        ("tag:team=shop p50 < 1s", Figure::Quantile(0.5), Relation::Below, 1e9, Some(SeriesKind::Requests)),
    ] {
        if threshold == "checks == 1" {
            assert!(parse(&text(threshold)).is_err());
            continue;
        }
        let document = fine(&text(threshold));
        let got = &document.play.thresholds[0];
        assert_eq!((got.figure, got.relation, got.bound), (figure, relation, bound), "{threshold}");
        match (&got.of, of) {
            (Scope::Run, None) => {}
            (Scope::Series(series), Some(kind)) => {
                assert_eq!(document.play.series[series[0]].kind, kind, "{threshold}");
            }
            _ => panic!("{threshold}: {got:?}"),
        }
    }
    let document = fine(&text("{ threshold: \"errors < 5%\", abort: after 30s }"));
    assert_eq!(document.play.thresholds[0].abort_after, Some(Duration::from_secs(30)));
}

#[test]
fn until() {
    let text = |until: &str| {
        format!(
            "target: http://a\nload: 1 users for 1s\n{until}\nscenarios:\n  buy: {{ steps: [{{ get: / }}, {{ get: /pay, name: pay }}] }}\n"
        )
    };
    let read = |file: &str, given: Option<&str>| {
        let over = Overrides { until: given.map(str::to_owned), ..Overrides::default() };
        parse_scenario("shop.yaml", &text(file), &memory(), &over)
    };
    for (file, given, expected) in [
        ("", None, None),
        ("until: p99 ± 5%", None, Some(("p99 ± 5%", 0.99, 0.05, vec![]))),
        ("until: pay p95 +- 10%", None, Some(("pay p95 +- 10%", 0.95, 0.1, vec![2]))),
        ("until: buy p50 ± 2.5%", None, Some(("buy p50 ± 2.5%", 0.5, 0.025, vec![1, 2]))),
        ("until: buy iterations p50 ± 5%", None, Some(("buy iterations p50 ± 5%", 0.5, 0.05, vec![0]))),
        ("until: p99 ± 5%", Some("pay p90 ± 1%"), Some(("pay p90 ± 1%", 0.9, 0.01, vec![2]))),
        ("", Some("p99 ± 5%"), Some(("p99 ± 5%", 0.99, 0.05, vec![]))),
    ] {
        let document = read(file, given).unwrap_or_else(|faults| panic!("{file} {given:?}: {faults}"));
        let until = document.settings.until;
        let got = until.as_ref().map(|until| (until.text.as_str(), until.q, until.share, until.series.clone()));
        assert_eq!(got, expected, "{file} {given:?}");
    }
    let told = onrush_lang::describe(&read("until: pay p95 ± 5%", None).unwrap());
    assert!(told.contains("\nUntil: pay p95 ± 5% is reached; the load is the most that is played.\n"), "{told}");
    let faults = read("", Some("pya p99 ± 5%")).unwrap_err().to_string();
    assert!(faults.contains("did you mean `pay`?") && faults.contains("--until:1:1"), "{faults}");
}

#[test]
fn values_and_the_environment() {
    let document = fine(
        "target: ${HOST}\nload: 1 users for 1s\nsecrets: [STAGE]\nvars:\n  a: ${STAGE}\n  b: ${MISSING:-7}\n  c: $${STAGE}\n  \
         d: '7'\n  list: [1, 2.5, null, true]\n  password: hunter2\nsteps:\n- get: /{{ env.HOST }}\n- set: { x: 1, y: '{{ b + 1 }}', z: [1, '{{ b }}'] }\n",
    );
    let play = &document.play;
    let constant = |name: &str| {
        let id = play.variables.iter().position(|known| known == name).unwrap();
        play.constants.iter().find(|(known, _)| *known == id).map(|(_, value)| value.clone()).unwrap()
    };
    let text = |text: &str| Constant::Text(text.to_owned());
    assert!(matches!(constant("a"), Constant::Secret(_)) && matches!(constant("password"), Constant::Secret(_)));
    assert_eq!(constant("b"), Constant::Int(7));
    assert_eq!(constant("c"), text("${STAGE}"));
    assert_eq!(constant("d"), text("7"));
    let list = vec![Constant::Int(1), Constant::Float(2.5), Constant::Null, Constant::Bool(true)];
    assert_eq!(constant("list"), Constant::List(list));
    assert_eq!(constant("env"), Constant::Map(vec![("HOST".to_owned(), text("http://127.0.0.1:7070"))]));
    let Step::Set(values) = &play.scenarios[0].flow[1] else { panic!() };
    assert_eq!(values[0].1, Value::Constant(Constant::Int(1)));
    let Value::Of(list) = &values[2].1 else { panic!("{values:?}") };
    assert_eq!(list.source, "[1, (b)]");
    assert!(!format!("{document:?}").contains("hunter2"));
}

#[test]
fn secrets_in_texts_become_holes() {
    let document = fine("target: http://a\nload: 1 users for 1s\nheaders: { X-Key: 'k ${TOKEN}' }\nsteps:\n- get: /\n");
    assert_eq!(document.play.scenarios[0].headers[0].1.parts.len(), 2);
    assert!(!format!("{document:?}").contains("hunter2"));
}

#[test]
fn each_place_has_its_own_default() {
    let head = "target: http://a\nload: 1 users for 1s\nsteps:\n- get: /\n  headers: ";
    let all =
        "{ A: '${A_TOKEN:-one}', B: '${A_TOKEN:-two}', C: '${B_TOKEN:-one}', D: '${TOKEN:-x}', E: '${A_NAME:-one}' }";
    let document = fine(&format!("{head}{all}\n"));
    let Step::Request(request) = &document.play.scenarios[0].flow[0] else { panic!() };
    let values = request.headers.iter().map(|(_, value)| value.as_expr().map_or("one", |expr| &expr.source));
    let values: Vec<&str> = values.collect();
    assert_eq!(values, ["env['secret 1']", "env['secret 2']", "env['secret 1']", "env.TOKEN", "one"]);
    let secret = |text: &str| Constant::Secret(Secret(text.as_bytes().to_vec()));
    let expected = [("TOKEN", secret("hunter2")), ("secret 1", secret("one")), ("secret 2", secret("two"))];
    assert_eq!(environment(&document), expected.map(|(name, value)| (name.to_owned(), value)));
    // What has a default at one place has none in expressions.
    let faults = parse(&format!("{head}{{ A: '${{A_TOKEN:-one}}', B: '{{{{ env.A_TOKEN }}}}' }}\n")).unwrap_err();
    assert!(faults.to_string().contains("the environment has no `A_TOKEN`"), "{faults}");
}

#[test]
fn the_environment_is_there_even_if_it_is_empty() {
    for expression in ["env.MISSING | default('none')", "1 if env.MISSING is defined else 2"] {
        let steps = format!("target: http://a\nload: 1 users for 1s\nsteps:\n- get: /?s={{{{ {expression} }}}}\n");
        assert_eq!(environment(&fine(&steps)), [], "{expression}");
    }
}

#[test]
fn set_up_and_tear_down_have_what_the_file_gives_all() {
    let document = fine(
        "target: http://a\nload: 1 users for 1s\ncookies: false\ndata: { shopper: { file: shoppers.csv } }\n\
         headers: { X-A: file, X-B: [one, two], X-Row: '{{ shopper.city }}', X-Got: '{{ got }}' }\n\
         auth: { bearer: '{{ token }}' }\nsetup:\n- post: /login\n  headers: { x-b: own }\n  save: { token: $.t, got: $.g }\n\
         - get: /\n- get: /\n  auth: none\nteardown: [{ get: / }]\n\
         scenarios: { s: { headers: { X-S: s }, steps: [{ get: '/{{ shopper.city }}' }] } }\n",
    );
    let told = |step: &Step| {
        let Step::Request(request) = step else { panic!("{step:?}") };
        let names = request.headers.iter().map(|(name, _)| &**name).collect::<Vec<_>>().join(" ");
        (
            names,
            request.auth.as_ref().map_or("none", |auth| if *auth == Credentials::None { "taken" } else { "bearer" }),
        )
    };
    let play = &document.play;
    let got: Vec<_> = play.setup.iter().chain(&play.teardown).map(told).collect();
    let all = "X-A X-B X-B X-Got".to_owned();
    assert_eq!(got, [("X-A x-b".to_owned(), "none"), (all.clone(), "bearer"), (all.clone(), "taken"), (all, "bearer")]);
    assert!(!play.phases_keep_cookies);
}

#[test]
fn names_and_passwords_leave_the_urls() {
    let hidden = "env['secret 1']";
    for (target, step, base, path, name, login) in [
        ("http://ann:hunter2@a", "/x", "http://a/", "/x", "GET /x", Some(("ann", hidden))),
        ("a", "http://ann:hunter2@b/x?y", "http://b/", "/x?y", "GET http://b/x", Some(("ann", hidden))),
        ("a", "http://ann:${TOKEN}@b:81/x", "http://b:81/", "/x", "GET http://b:81/x", Some(("ann", hidden))),
        ("http://ann:${TOKEN}@a/base", "/x", "http://a/", "/base/x", "GET /x", Some(("ann", hidden))),
        ("ann:hunter2@a:80", "/x", "http://a/", "/x", "GET /x", Some(("ann", hidden))),
        ("a", "http://hunter2@b/x", "http://b/", "/x", "GET http://b/x", Some((hidden, ""))),
        ("a", "http://a%40b:hunter%32@b/x", "http://b/", "/x", "GET http://b/x", Some(("a@b", hidden))),
        (
            "a",
            "'http://{{ user }}:{{ user ~ \"@/\" }}@b/x'",
            "http://b/",
            "/x",
            "GET http://b/x",
            Some(("user", "user ~ \"@/\"")),
        ),
        ("a", "'http://ann:hunter2@{{ user }}/x'", "", "http://{user}/x", "GET http://{…}/x", Some(("ann", hidden))),
        ("http://ann:hunter2@a", "http://b/x", "http://b/", "/x", "GET http://b/x", None),
        ("http://ann:hunter2@a", "'{{ user }}'", "http://a/", "{user}", "GET {…}", Some(("ann", hidden))),
    ] {
        let document = fine(&format!("target: {target}\nload: 1 users for 1s\nsteps:\n- get: {step}\n"));
        let Step::Request(request) = &document.play.scenarios[0].flow[0] else { panic!() };
        let text = |template: &Template, around: [&str; 2]| {
            let parts = template.parts.iter().map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Hole(expr) => [around[0], &expr.source, around[1]].concat(),
            });
            parts.collect::<String>()
        };
        let got = request.login.as_ref().map(|(user, password)| (text(user, ["", ""]), text(password, ["", ""])));
        let got = got.as_ref().map(|(user, password)| (&**user, &**password));
        assert_eq!(got, login, "{target} {step}");
        let got = (request.base.as_ref().map_or("", url::Url::as_str), text(&request.target, ["{", "}"]));
        assert_eq!(got, (base, path.to_owned()), "{target} {step}");
        assert_eq!(document.play.series[1].name, name, "{target} {step}");
        let told = format!("{document:?}{}", onrush_lang::describe(&document));
        assert!(!told.contains("hunter2"), "{told}");
    }
    for wrong in [
        "target: http://ann:hunter2@\n",
        "target: http://{{ user }}:hunter2@a\n",
        "target: a\nsteps:\n- get: http://ann:hunter2@b:x/\n",
        "target: a\nsteps: [{ get: /, name: a ${TOKEN} name }]\n",
        "target: a\nsteps: [{ get: /, name: it, tags: { a: '${TOKEN}' } }]\n",
        "target: a\nsteps: [{ group: 'a ${TOKEN:-hunter2}', steps: [{ get: / }] }]\n",
    ] {
        let faults = parse(wrong).unwrap_err().to_string();
        assert!(!faults.contains("hunter2"), "{faults}");
    }
    let given = |target: &str| Overrides { target: Some(target.to_owned()), ..Overrides::default() };
    let text = "target: http://ann:hunter2@a\nload: 1 users for 1s\nsteps: [{ get: / }]\n";
    for (target, login) in [("http://b", false), ("http://ben:hunter2@b", true)] {
        let document = parse_scenario("shop.yaml", text, &memory(), &given(target)).unwrap();
        let Step::Request(request) = &document.play.scenarios[0].flow[0] else { panic!() };
        let user = request.login.as_ref().map(|(user, _)| user.as_text().unwrap());
        assert_eq!(user, login.then_some("ben"), "{target}");
    }
    let faults = parse_scenario("shop.yaml", text, &memory(), &given("http://ben:hunter2@b:x")).unwrap_err();
    assert!(!faults.to_string().contains("hunter2"), "{faults}");
}

#[test]
fn an_empty_choice_and_an_empty_scenario_are_told_beside_other_faults() {
    let text = "target: http://a\nload: 1 usr for 1s\nscenarios:\n  a: { steps: [{ choose: [] }] }\n  b: { steps: [{ choose: [{ weight: x }] }] }\n  \
                c: { steps: [] }\n";
    let faults = parse(text).unwrap_err();
    let told: Vec<_> = faults.0.iter().map(|fault| &*fault.diagnostic.message).collect();
    assert_eq!(told.iter().filter(|told| told.contains("nothing to choose from")).count(), 1, "{faults}");
    assert_eq!(told.iter().filter(|told| told.contains("there are no steps here")).count(), 1, "{faults}");
    assert!(told.len() >= 4, "{faults}");
}

/// What expressions can read of the environment.
fn environment(document: &Document) -> Vec<(String, Constant)> {
    let id = document.play.variables.iter().position(|known| known == "env").unwrap();
    let constants = document.play.constants.iter().find(|(known, _)| *known == id);
    let Some((_, Constant::Map(map))) = constants else { panic!("{constants:?}") };
    map.clone()
}

#[test]
fn whatever_is_known_where() {
    let step = |steps: &str| {
        let data = "data: { shopper: { file: shoppers.csv } }\n";
        parse(&format!("target: http://a\nload: 1 users for 1s\n{data}steps:\n{steps}"))
    };
    for fine in [
        "- get: /\n  save: { a: $.a }\n- get: /{{ a }}\n",
        "- get: /\n  save: { a: $.a }\n  check: [a > 1]\n",
        "- when: chance(50%)\n  steps: [{ set: { a: 1 } }]\n- get: /{{ a }}\n",
        "- for: a in [1, 2]\n  steps: [{ get: '/{{ a }}' }]\n",
        "- repeat: 3\n  as: i\n  steps: [{ get: '/{{ i }}/{{ iteration }}/{{ user }}' }]\n",
        "- get: /{{ a | default('x') }}\n- set: { a: 1 }\n",
        "- while: a is not defined or a < 3\n  steps: [{ set: { a: 1 } }]\n",
        "- get: /{{ shopper.email }}/{{ range(3) }}\n",
        "- set: { a: 'é{{ shopper.email }}é' }\n",
    ] {
        assert!(step(fine).is_ok(), "{fine}\n{}", step(fine).unwrap_err());
    }
    for wrong in [
        "- get: /{{ a }}\n  save: { a: $.a }\n",
        "- get: /{{ record }}\n",
        "- get: /{{ shopper.emial }}\n",
        "- batch:\n  - get: /\n    save: { a: $.a }\n  - get: /{{ a }}\n",
        "- while: a < 3\n  steps: [{ set: { a: 1 } }]\n",
        "- choose:\n  - steps: [{ set: { a: 1 } }]\n  - steps: [{ get: '/{{ a }}' }]\n",
    ] {
        assert!(step(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn draws_and_chances() {
    let document = fine(
        "target: http://a\nload: 1 users for 1s\ndata:\n  a: { file: shoppers.csv }\n  b: { file: orders.ndjson, pick: random }\n  \
         c: { rows: [{ x: 1 }] }\nsteps:\n- post: /{{ a.city }}\n  bulk: { records: 10, record: '{{ b }}', form: lines }\n\
         - when: chance(40%)\n  steps: [{ get: / }]\n- when: a.city == 'Bonn'\n  steps: [{ get: / }]\n",
    );
    let scenario = &document.play.scenarios[0];
    assert_eq!(scenario.draws, [0]);
    let Step::Request(request) = &scenario.flow[0] else { panic!() };
    let Body::Bulk(bulk) = &request.body else { panic!() };
    assert_eq!(bulk.draws, [1]);
    assert_eq!(document.play.feeders[1].pick, Pick::Random);
    assert!(
        matches!(&scenario.flow[1], Step::When { condition: Condition::Chance(chance), .. } if (chance - 0.4).abs() < 1e-9)
    );
    assert!(matches!(&scenario.flow[2], Step::When { condition: Condition::Holds(_), .. }));
}

#[test]
fn the_plan_tells_how_requests_are_made() {
    let told = onrush_lang::describe(&fine(
        "target: http://a\nload: 10 iterations by 1 user\ntimeout: 5s\nheaders: { X-A: a }\nauth: { bearer: t }\nretry_budget: 10%\n\
         thresholds:\n- { threshold: errors < 1%, abort: true }\n- { threshold: p99 < 1s, abort: after 3s }\n- { threshold: max < 1s, abort: true }\n\
         - { threshold: iterations errors < 1%, abort: true }\n- { threshold: checks > 99%, abort: after 5s }\n\
         - { threshold: errors < 1% over 5s, abort: true }\n\
         steps:\n- get: /\n  timeout: 1s\n  hedge: 200ms\n  headers: { X-B: b, X-C: c }\n  auth: none\n- think: 1s to 2s, lognormal, at most 5s\n\
         - repeat: 2.7\n  steps: [{ get: /twice, auth: { basic: { user: a, password: b } } }]\n",
    ));
    insta::assert_snapshot!(told);
}
