//! What users draw: rows, choices, times; the same for the same seed, whoever plays them.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use onrush_pace::Segment;
use onrush_plan::{AtEnd, Condition, Constant, Pick, Play, Spread, Step, Tracing, Value as PlanValue};
use onrush_user::{Act, Drawer, Filled, Identity, Scene, Script, TroubleKind, User};

use crate::plays::{NOW, expr, first_call, nobody, play, request, template, user};

const ROWS: &str = "name|r0|r1|r2|r3|r4|r5|r6";

fn feeding(pick: Pick, at_end: AtEnd) -> Play {
    play(Vec::new(), &[], &[(ROWS, pick, at_end)])
}

/// What the iterations of a worker's users draw, user by user.
fn drawn(play: &Play, segment: Segment, users: &[u64], iterations: u64) -> Vec<String> {
    let script = Script::new(play, 42, Tracing::default()).unwrap();
    let drawer = Rc::new(Drawer::new(&script, segment));
    let mut drawn = Vec::new();
    for number in users {
        let mut user = User::new(&script, &drawer, Scene::Scenario(0), Identity { user: *number });
        for iteration in 0..iterations {
            drawn.push(match user.begin_iteration(iteration, NOW) {
                Ok(()) => user.value(0).get_attr("name").unwrap().to_string(),
                Err(trouble) => {
                    assert!(matches!(trouble.kind(), TroubleKind::Exhausted | TroubleKind::AtEnd));
                    trouble.to_string()
                }
            });
        }
    }
    drawn
}

#[test]
fn rows_are_drawn_as_they_were_asked_for() {
    let end = "`shoppers` has no further row: all 7 are drawn";
    let whole = |pick, at_end, users: &[u64]| drawn(&feeding(pick, at_end), Segment::WHOLE, users, 4);
    assert_eq!(whole(Pick::Sequential, AtEnd::Recycle, &[0, 1]), ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r0"]);
    assert_eq!(whole(Pick::Sequential, AtEnd::Stop, &[0, 1])[6..], ["r6", end]);
    assert_eq!(whole(Pick::Unique, AtEnd::Stop, &[6, 7]), ["r6", "r6", "r6", "r6", end, end, end, end]);
    assert_eq!(whole(Pick::Unique, AtEnd::Recycle, &[8])[0], "r1");
    assert_eq!(whole(Pick::Random, AtEnd::Stop, &[0, 1]), ["r5", "r0", "r0", "r4", "r4", "r4", "r3", "r1"]);
    assert_eq!(whole(Pick::Shuffled, AtEnd::Stop, &[0, 1])[7], end);
}

#[test]
fn workers_share_rows_without_talking() {
    for pick in [Pick::Sequential, Pick::Shuffled] {
        let play = feeding(pick, AtEnd::Recycle);
        let alone = drawn(&play, Segment::WHOLE, &[0], 14);
        for workers in [2_u32, 3, 7] {
            let each: Vec<_> = (0..workers).map(|index| drawn(&play, Segment::new(index, workers), &[0], 14)).collect();
            let together: Vec<_> =
                (0..14).map(|place| each[place % workers as usize][place / workers as usize].clone()).collect();
            assert_eq!(together, alone, "{pick:?} by {workers}");
        }
        let mut round = alone[..7].to_vec();
        round.sort();
        assert_eq!(round, ["r0", "r1", "r2", "r3", "r4", "r5", "r6"]);
    }
}

#[test]
fn json_rows_and_rows_in_expressions_are_maps() {
    let mut play = play(Vec::new(), &[], &[("name,mail|Ann,a@example.com", Pick::Sequential, AtEnd::Recycle)]);
    let set = |source: &str| Step::Set(vec![(1, PlanValue::Of(expr(source)))]);
    play.scenarios[0].flow = vec![set("row.name ~ row['mail'] ~ row|length ~ row|json")];
    let mut ann = user(&play);
    let script = Rc::clone(ann.script());
    let Act::Set(settings) = &script.scenario(0).flow[0] else { panic!() };
    ann.set(settings).unwrap();
    assert_eq!(ann.value(1).to_string(), "Anna@example.com2{\"name\":\"Ann\",\"mail\":\"a@example.com\"}");

    let json = onrush_plan::Table {
        text: r#"{"name": "Ben", "tags": [1, 2]}"#.to_owned(),
        ends: vec![31],
        is_json: true,
        fields: Vec::new(),
    };
    play.feeders[0].table = json.into();
    play.scenarios[0].flow = vec![set("(row.tags[1] + 1) ~ row.name")];
    let mut ben = user(&play);
    let script = Rc::clone(ben.script());
    let Act::Set(settings) = &script.scenario(0).flow[0] else { panic!() };
    ben.set(settings).unwrap();
    assert_eq!(ben.value(1).to_string(), "3Ben");
}

#[test]
fn variables_begin_anew_and_constants_are_shared() {
    let flow = vec![
        Step::Set(vec![(0, PlanValue::Constant(Constant::Int(5))), (3, PlanValue::Text(template("{{ start + 1 }}")))]),
        Step::Request(Box::new(request("GET", "/{{ start }}/{{ fixed }}/{{ b }}"))),
    ];
    let constants = [("start", Constant::Int(1)), ("fixed", Constant::Text("f".to_owned()))];
    let mut play = play(flow, &constants, &[]);
    play.variables.swap(2, 3);
    play.variables[3] = "b".to_owned();
    play.variables[4] = "x".to_owned();
    let mut user = user(&play);
    let script = Rc::clone(user.script());
    let Act::Set(settings) = &script.scenario(0).flow[0] else { panic!() };
    let Act::Request(call) = &script.scenario(0).flow[1] else { panic!() };
    user.set(settings).unwrap();
    let mut filled = Filled::new();
    call.fill(&mut user, &mut filled).unwrap();
    assert_eq!(filled.url(call).path(), "/5/f/6");
    user.begin_iteration(1, NOW).unwrap();
    assert!(call.fill(&mut user, &mut filled).unwrap_err().to_string().contains("`b` has no value yet"));
    assert_eq!(user.value(0).to_string(), "1");
    // What nothing writes to stays as it is, and takes no room in a user.
    user.assign(1, 7.into());
    assert_eq!(user.value(1).to_string(), "f");
    assert!(size_of::<User>() <= 160, "{}", size_of::<User>());
}

#[test]
fn the_setup_gives_its_values_to_all() {
    let mut play = play(vec![Step::Request(Box::new(request("GET", "/{{ a }}/{{ vu }}")))], &[], &[]);
    play.variables.push("vu".to_owned());
    play.setup = vec![Step::Set(vec![(1, PlanValue::Of(expr("['x', {'y': 1}]"))), (4, PlanValue::Of(expr("user")))])];
    let worker = Script::new(&play, 1, Tracing::default()).unwrap();
    let drawer = Rc::new(Drawer::new(&worker, Segment::WHOLE));
    let mut setup = User::new(&worker, &drawer, Scene::Setup, Identity::default());
    setup.begin_iteration(0, NOW).unwrap();
    let Act::Set(settings) = &worker.part(Scene::Setup).flow[0] else { panic!() };
    setup.set(settings).unwrap();
    let values = setup.setup_values();
    let values = std::thread::scope(|scope| scope.spawn(move || values).join().unwrap());

    let other = Script::new(&play, 1, Tracing::default()).unwrap();
    other.share(&values);
    let drawer = Rc::new(Drawer::new(&other, Segment::WHOLE));
    let mut user = User::new(&other, &drawer, Scene::Scenario(0), Identity { user: 3 });
    user.begin_iteration(0, NOW).unwrap();
    let call = first_call(&user);
    let mut filled = Filled::new();
    call.fill(&mut user, &mut filled).unwrap();
    assert_eq!(filled.url(&call).path(), "/%5B%22x%22%2C%7B%22y%22%3A1%7D%5D/0");
}

/// Every request of a few users, as a number: the same in every version.
#[test]
fn the_same_seed_gives_the_same_requests() {
    let target =
        "/p/{{ int(1, 1000) }}?q={{ pick(['lamp', 'desk']) }}&u={{ uuid() }}&n={{ row.name }}&i={{ iteration }}";
    let step = Step::Request(Box::new(request("GET", target)));
    let play = play(vec![step], &[], &[(ROWS, Pick::Random, AtEnd::Recycle)]);
    let requests = |users: &[u64]| {
        let mut all = BTreeMap::new();
        for number in users {
            let mut user = nobody(&play, *number);
            for iteration in 0..3 {
                user.begin_iteration(iteration, NOW).unwrap();
                let call = first_call(&user);
                let mut filled = Filled::new();
                call.fill(&mut user, &mut filled).unwrap();
                all.insert((*number, iteration), filled.url(&call).to_string());
            }
        }
        all
    };
    let forwards = requests(&[0, 1, 2]);
    assert_eq!(forwards, requests(&[2, 1, 0]));
    assert_eq!(
        forwards[&(0, 0)],
        "http://shop.example.com:8080/p/923?q=lamp&u=f97e0dd9-2e1a-45dc-8331-568f30b3514e&n=r5&i=0"
    );
    let fingerprint = format!("{forwards:?}")
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    assert_eq!(fingerprint, 1_193_677_801_367_932_778);
}

#[test]
fn mixes_and_chances_come_out_as_written() {
    let when = |condition| Step::When { condition, then: Vec::new(), otherwise: Vec::new() };
    let stop = || Step::Stop(onrush_plan::Stop::Iteration);
    let flow = vec![
        Step::Choose(vec![(1.0, vec![stop()]), (3.0, Vec::new())]),
        when(Condition::Chance(0.4)),
        when(Condition::Holds(expr("chance(0.4)"))),
    ];
    let play = play(flow, &[], &[]);
    let mut user = nobody(&play, 0);
    let script = Rc::clone(user.script());
    let [Act::Choose(choice), Act::When { condition: share, .. }, Act::When { condition: holds, .. }] =
        script.scenario(0).flow.as_slice()
    else {
        panic!()
    };
    let mut counts = [0_u32; 3];
    for iteration in 0..20_000 {
        user.begin_iteration(iteration, NOW).unwrap();
        counts[0] += u32::from(!user.choose(choice).is_empty());
        counts[1] += u32::from(user.decide(share).unwrap());
        counts[2] += u32::from(user.decide(holds).unwrap());
    }
    for (count, expected) in counts.iter().zip([5_000, 8_000, 8_000]) {
        assert!(count.abs_diff(expected) < 250, "{counts:?}");
    }
    assert_eq!(user.think(&Spread::constant(Duration::from_secs(2))), Duration::from_secs(2));
    assert_eq!(user.order(5).len(), 5);
}

#[test]
fn loops_ask_and_refuse() {
    let flow = vec![
        Step::Repeat { times: expr("n"), counter: Some(2), flow: Vec::new() },
        Step::While { condition: expr("c"), at_most: 3, flow: Vec::new() },
        Step::ForEach { variable: 2, list: expr("list"), flow: Vec::new() },
    ];
    for (n, times, list, entries) in [
        (Constant::Int(3), Ok(3), Constant::List(vec![Constant::Int(1), Constant::Null]), Ok(2)),
        (
            Constant::Int(-3),
            Err("shop.yaml:1:2: `n` is -3, and nothing is done so often"),
            Constant::List(Vec::new()),
            Ok(0),
        ),
        (Constant::Int(0), Ok(0), Constant::List(Vec::new()), Ok(0)),
        (
            Constant::Float(f64::INFINITY),
            Err("shop.yaml:1:2: `n` is inf, and nothing is done so often"),
            Constant::List(Vec::new()),
            Ok(0),
        ),
        (Constant::Float(2.9), Ok(2), Constant::Map(vec![("a".to_owned(), Constant::Null)]), Ok(1)),
        (
            Constant::Text("x".to_owned()),
            Err("shop.yaml:1:2: `n` is string and not a number"),
            Constant::Text("x".to_owned()),
            Err("shop.yaml:1:2: `list` is string and not a list"),
        ),
    ] {
        let play = play(flow.clone(), &[("n", n), ("list", list)], &[]);
        let mut user = user(&play);
        let script = Rc::clone(user.script());
        let [Act::Repeat { times: asked, .. }, Act::While { condition, .. }, Act::ForEach { list, .. }] =
            script.scenario(0).flow.as_slice()
        else {
            panic!()
        };
        assert_eq!(user.times(asked).map_err(|trouble| trouble.to_string()), times.map_err(str::to_owned));
        let found = user.entries(list).map(|entries| entries.len()).map_err(|trouble| trouble.to_string());
        assert_eq!(found, entries.map_err(str::to_owned));
        assert!(!user.holds(condition).unwrap());
    }
}
