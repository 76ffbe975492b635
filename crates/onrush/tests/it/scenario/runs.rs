//! The run around the steps: several scenarios, thresholds, and what the command line says instead of the file.

use rustix::process::Signal;

use super::kit::{self, file, targets};
use crate::harness::{Folder, Run, until};
use crate::plain::Plain;

#[test]
fn scenarios_share_a_load_by_weight() {
    let plain = Plain::start();
    let text = |load: &str| {
        format!(
            "target: {}\nload: {load}\nscenarios:\n  look:\n    weight: 3\n    steps: [{{ get: /look }}]\n  buy:\n    steps: [{{ get: /buy }}]\n",
            plain.url()
        )
    };
    for threads in ["1", "2"] {
        let report = kit::play(&text("5 iterations each by 8 users"), &["-t", threads]);
        let of = |name| report.counts("iterations", name)[0];
        assert_eq!((of("look"), of("buy")), (30, 10), "-t {threads}");
        let drawn = kit::play(&text("200/s for 1s"), &["-t", threads]);
        let look = drawn.counts("iterations", "look")[0];
        // Four standard deviations are 25; and the seed is fixed.
        assert!(look.abs_diff(150) <= 25, "{look}");
        assert_eq!(look + drawn.counts("iterations", "buy")[0], 200);
    }
}

#[test]
fn scenarios_with_loads_of_their_own() {
    let plain = Plain::start();
    let text = format!(
        "target: {}\nload: 30/s for 400ms\nscenarios:\n  common:\n    steps: [{{ get: /common }}]\n  own:\n    load: 5 iterations by 1 user\n    steps: [{{ get: /own }}]\n  late:\n    load: 2 iterations by 2 users\n    start: 300ms\n    steps: [{{ get: /late }}]\n",
        plain.url()
    );
    for threads in ["1", "2"] {
        let before = plain.requests().len();
        let report = kit::play(&text, &["-t", threads]);
        report.all_well(19);
        let counts = ["common", "own", "late"].map(|name| report.counts("iterations", name)[0]);
        assert_eq!(counts, [12, 5, 2], "-t {threads}");
        let all = targets(&plain).split_off(before);
        let first_late = all.iter().position(|target| target == "/late").unwrap();
        assert!(all[..first_late].iter().filter(|target| *target == "/own").count() == 5, "{all:?}");
        assert!(report.number("/run/elapsed_ns") >= 300_000_000);
        let alone = kit::play(&text, &["-t", threads, "--scenario", "own"]);
        alone.all_well(5);
    }
}

#[test]
fn the_command_line_goes_before_the_file() {
    let (plain, other) = (Plain::start(), Plain::start());
    let text = format!(
        "target: {{ shop: 'http://127.0.0.1:9', pay: {} }}\nload: 1h of nothing\nseed: 5\nsteps:\n- get: /${{WHERE:-here}}/{{{{ env.WHO }}}}\n- get: pay:/x\n",
        other.url()
    );
    let text = text.replace("1h of nothing", "1 user for 1h");
    let folder = Folder::new();
    let path = folder.write("scene.yaml", text);
    let run = |more: &[&str]| {
        let fixed = ["run", path.to_str().unwrap(), "-q", "-t", "1", "--load", "2 iterations by 1 user"];
        Run::new(fixed).args(["--target", &plain.url()]).args(more.iter().copied()).env("WHO", "env").report()
    };
    let report = run(&[]);
    assert_eq!(report.all_well(4).number("/run/seed"), 5);
    assert_eq!((targets(&plain), targets(&other)), (vec!["/here/env".to_owned(); 2], vec!["/x".to_owned(); 2]));
    let report = run(&["--seed", "9", "--env", "WHERE=there", "--env", "WHO=me"]);
    assert_eq!(report.all_well(4).number("/run/seed"), 9);
    assert_eq!(targets(&plain)[2..], ["/there/me", "/there/me"]);
}

#[test]
fn another_of_several_targets() {
    let (plain, other) = (Plain::start(), Plain::start());
    let text = format!(
        "target: {{ shop: {}, pay: 'http://127.0.0.1:9' }}\nload: 1 iterations by 1 user\nsteps:\n- get: /a\n- get: pay:/b\n",
        plain.url()
    );
    let report = kit::play(&text, &["--target", &format!("pay={}api", other.url())]);
    report.all_well(2);
    assert_eq!((targets(&plain), targets(&other)), (vec!["/a".to_owned()], vec!["/api/b".to_owned()]));
}

#[test]
fn flags_that_do_not_go_with_a_file() {
    let folder = Folder::new();
    folder.write("scene.yaml", file("http://127.0.0.1:9", "load: 1 iterations by 1 user", "- get: /"));
    for (flags, told) in [
        (&["-c", "3"][..], "--connections"),
        (&["-n", "3"], "--requests"),
        (&["-d", "3s"], "--duration"),
        (&["-r", "3/s"], "--rate"),
        (&["-m", "PUT"], "--method"),
        (&["-H", "A: b"], "--header"),
        (&["--data", "a"], "--data"),
        (&["--json", "1"], "--json"),
        (&["--user", "a:b"], "--user"),
        (&["--bearer", "a"], "--bearer"),
        (&["--scenario", "none"], "none"),
        (&["--target", "none=http://127.0.0.1:9"], "none"),
        (&["--env", "nothing"], "NAME=VALUE"),
        (&["--load", "much"], "much"),
    ] {
        let ended = kit::run(&folder, flags).finish();
        assert_eq!((ended.code, &*ended.stdout), (104, ""), "{flags:?}: {}", ended.stderr);
        assert!(ended.stderr.starts_with("error: ") && ended.stderr.contains(told), "{flags:?}: {}", ended.stderr);
    }
    for flag in [&["--target", "http://127.0.0.1:9"][..], &["--env", "A=b"], &["--scenario", "a"]] {
        let ended = Run::new(["run", "http://127.0.0.1:9/"]).args(flag.iter().copied()).finish();
        assert_eq!(ended.code, 104, "{flag:?}");
        assert!(ended.stderr.contains(flag[0]), "{flag:?}: {}", ended.stderr);
    }
}

#[test]
fn thresholds_decide_the_exit_code() {
    let service = kit::service();
    for (threshold, passed) in [
        ("p50 < 1h", true),
        ("errors < 40%", true),
        ("errors < 30%", false),
        ("checks > 99%", true),
        ("good errors < 1%", true),
        ("bad errors < 1%", false),
        ("scene/bad errors < 1%", false),
        ("tag:kind=bad errors < 1%", false),
        ("scene iterations max < 1h", true),
        ("scene iterations max < 1us", false),
        ("both max < 1h", true),
        ("rate > 1/h", true),
        ("rate > 1_000_000/s", false),
        ("dropped < 1%", true),
        ("max < 1h over 1s", true),
    ] {
        let steps = "- group: both\n  steps:\n  - get: /a\n    name: good\n    check: status == 200\n  - get: /b\n\
                     - get: /status/500\n  name: bad\n  tags: { kind: bad }";
        let text = file(&service.url(), "load: 10 iterations by 2 users", steps);
        let report = kit::play(&format!("{text}thresholds: ['{threshold}']\n"), &[]);
        let row = &report.json["thresholds"][0];
        assert_eq!((row["passed"].as_bool(), row["text"].as_str()), (Some(passed), Some(threshold)), "{row}");
        assert_eq!(report.code, if passed { 0 } else { 99 }, "{threshold}");
    }
}

#[test]
fn a_broken_threshold_ends_the_run() {
    let service = kit::service();
    let text = file(&service.url(), "load: 1000/s for 1h", "- get: /status/500");
    let report = kit::play(&format!("{text}thresholds: [{{ threshold: 'errors < 10%', abort: true }}]\n"), &[]);
    assert_eq!((report.code, report.text("/run/stopped")), (99, "threshold"));
    assert!(report.number("/run/elapsed_ns") < 20_000_000_000);
}

#[test]
fn warm_up_is_left_out_of_every_series() {
    let service = kit::service();
    let text = file(&service.url(), "load: 100/s for 1s\nwarmup: 500ms", "- get: /a\n  check: status == 200");
    let report = kit::play(&text, &[]);
    assert_eq!(
        (report.iterations(), report.requests("completed"), report.number("/checks/passed")),
        ([50, 0, 0], 50, 50)
    );
    assert_eq!(service.stats().requests, 100);
}

#[test]
fn users_who_still_walk_when_the_load_is_over() {
    let service = kit::service();
    let steps = "- get: /first\n- think: 1h\n- get: /never";
    for (load, users) in [("40/s for 250ms", 10), ("7 users for 100ms", 7)] {
        let before = service.stats().requests;
        let text = file(&service.url(), &format!("load: {load}\ngraceful_stop: 200ms"), steps);
        for threads in ["1", "2"] {
            let report = kit::play(&text, &["-t", threads]);
            assert_eq!(
                (report.iterations(), report.requests("completed")),
                ([0, 0, users], users),
                "{load} -t {threads}"
            );
            assert_eq!((report.code, report.requests("cut_off")), (0, 0), "{load}");
        }
        assert_eq!(service.stats().requests - before, 2 * users);
        // There is time for a short thought, and for what comes after it.
        let text = file(&service.url(), &format!("load: {load}\ngraceful_stop: 20s"), &steps.replace("1h", "150ms"));
        let report = kit::play(&text, &[]);
        assert_eq!((report.iterations()[1..].to_vec(), report.requests("failed")), (vec![0, 0], 0), "{load}");
    }
}

#[test]
fn interrupted_while_everybody_thinks() {
    for load in ["6 users for 1h", "poisson 100/s for 1h", "60 iterations by 6 users"] {
        let service = kit::service();
        let folder = Folder::new();
        let head = format!("load: {load}\ngraceful_stop: 100ms");
        folder.write(
            "scene.yaml",
            file(&service.url(), &head, "- get: /first\n- group: g\n  steps: [{ think: 1h }]\n- get: /never"),
        );
        let playing = kit::run(&folder, &["--format", "json"]).start();
        until(|| service.stats().requests >= 6, || format!("{:?}", service.stats()));
        playing.signal(Signal::INT);
        let report = playing.finish().report();
        assert_eq!((report.code, report.text("/run/stopped")), (105, "interrupted"), "{load}");
        let [completed, failed, cut_off] = report.iterations();
        assert_eq!((completed, failed, cut_off), (0, 0, service.stats().requests), "{load}");
    }
}
