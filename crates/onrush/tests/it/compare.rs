//! `onrush compare` and `--until` as processes: what they print where, and how they end.

use std::time::Duration;

use onrush_metrics::{Event, Health, Outcome, Reason, RunInfo, Snapshot, Soundness, StopReason, Tally, Verdict};
use onrush_record::Writer;

use crate::harness::{Finished, Folder, Run};

/// Writes a run of 20 seconds with response times around so many milliseconds.
fn record(folder: &Folder, name: &str, load: &str, millis: u64, soundness: Soundness) {
    let info = RunInfo { targets: vec!["http://shop.example.com/".into()], load: load.into(), ..RunInfo::default() };
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    let mut total = Tally::default();
    writer.write(&Event::Started(Box::new(info.clone()))).unwrap();
    for second in 0..20_u64 {
        let mut interval = Tally::default();
        for number in 0..50_u64 {
            // In no order that blocks could follow (Knuth's generator).
            let drawn = (50 * second + number + 1).wrapping_mul(6_364_136_223_846_793_005).rotate_left(29);
            let apart = drawn.wrapping_mul(1_442_695_040_888_963_407) >> 32 & 31;
            interval.response.record(Duration::from_micros(millis * (800 + 10 * apart)));
        }
        (interval.counters.completed, interval.counters.started, interval.counters.ended_in_time) = (50, 50, 50);
        total.merge(&interval);
        let (since, at) = (Duration::from_secs(second), Duration::from_secs(second + 1));
        writer.write(&Event::Tick(Box::new(Snapshot { since, at, interval, ..Snapshot::default() }))).unwrap();
    }
    let reason = Reason { rule: "rate".into(), soundness, text: "how the generator did".into() };
    let outcome = Outcome {
        info,
        stopped: StopReason::Completed,
        total,
        iterations: None,
        series: Vec::new(),
        thresholds: Vec::new(),
        observed: Vec::new(),
        measured: Duration::from_secs(20),
        elapsed: Duration::from_secs(20),
        oldest_cut_off: None,
        health: Health::default(),
        verdict: Verdict::new(vec![reason]),
        findings: None,
    };
    writer.write(&Event::Finished(Box::new(outcome))).unwrap();
    folder.write(name, bytes);
}

fn runs() -> Folder {
    let folder = Folder::new();
    for (name, load, millis, soundness) in [
        ("a.run", "50/s for 20s", 10, Soundness::Valid),
        ("same.run", "50/s for 20s", 10, Soundness::Valid),
        ("slow.run", "50/s for 20s", 12, Soundness::Valid),
        ("more.run", "60/s for 20s", 10, Soundness::Valid),
        ("wrong.run", "50/s for 20s", 10, Soundness::Invalid),
        ("weak.run", "50/s for 20s", 10, Soundness::Degraded),
    ] {
        record(&folder, name, load, millis, soundness);
    }
    folder.write("text.run", "no run");
    folder
}

fn compare(folder: &Folder, words: &str) -> Finished {
    let mut command = std::process::Command::new(crate::harness::ONRUSH);
    command.current_dir(folder.path("."));
    Run::of(command).args(["compare"]).args(words.split_whitespace()).finish()
}

/// Each row: the arguments, the exit code, and what is printed.
#[test]
fn how_comparisons_end() {
    let folder = runs();
    for (words, code, told) in [
        ("a.run same.run", 0, "SAME: nothing changed by more than 3 % and by more than chance"),
        ("a.run slow.run", 99, "WORSE: 3 figures worsened"),
        ("slow.run a.run", 0, "BETTER: 3 figures improved"),
        ("a.run slow.run --effect 50%", 0, "SAME: "),
        ("--base a.run --base same.run slow.run slow.run", 99, "as wide as the runs of a side differ"),
        ("a.run weak.run", 0, "weak.run: the verdict is degraded: how the generator did"),
        ("a.run wrong.run", 104, "error: wrong.run: the verdict is invalid: how the generator did"),
        ("a.run wrong.run --force", 0, "SAME: "),
        ("a.run more.run", 104, "error: the load differs: 50/s for 20s and 60/s for 20s"),
        ("a.run more.run --force --format json", 0, "\"refusals\": [\n    \"the load differs"),
        ("a.run slow.run --format markdown", 99, "### ❌ worse: "),
        ("a.run", 104, "one run alone has nothing to be compared with"),
        ("a.run nowhere.run", 104, "error: nowhere.run: it cannot be read: "),
        ("a.run text.run", 104, "error: text.run: it is not a run file of Onrush"),
        ("a.run same.run --effect much", 104, "write a percentage, such as 3"),
        ("a.run same.run --confidence 100", 104, "write a percentage between 50 and 99.99"),
        ("a.run same.run -o pdf=x", 104, "`pdf` is not a kind of output of comparisons; kinds are text, json, "),
        ("a.run same.run -o html", 104, "`html` is not an output: write KIND=FILE"),
        ("a.run same.run -o json=- --format text", 104, "standard output is to get two results"),
        ("a.run same.run -o json=x -o text=x", 104, "x is to get two results"),
        ("a.run same.run -o html=nowhere/x.html", 1, "warning: cannot write nowhere/x.html: "),
        ("a.run slow.run -o html=nowhere/x.html", 99, "warning: cannot write nowhere/x.html: "),
    ] {
        let ended = compare(&folder, words);
        let all = format!("{}{}", ended.stdout, ended.stderr);
        assert!(ended.code == code && all.contains(told), "{words}: {} instead of {code}, `{told}`: {all}", ended.code);
    }
}

#[test]
fn views_go_where_they_are_sent() {
    let folder = runs();
    let ended = compare(&folder, "a.run same.run -o html=page.html -o markdown=comment.md -o json=-");
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.starts_with("{\n  \"version\": 1,\n  \"result\": \"same\""), "{}", ended.stdout);
    let read = |name: &str| std::fs::read_to_string(folder.path(name)).unwrap();
    assert!(read("page.html").starts_with("<!doctype html>") && read("comment.md").starts_with("### "));
}

/// Each row: flags, the exit code, and what is told where.
#[test]
fn a_precision_that_is_not_reached_is_told_and_fails_the_run_where_that_is_asked_for() {
    let service = onrush_target::Service::start(onrush_target::ServiceSettings::default()).unwrap();
    let url = service.url();
    let missed = "p99 ± 5% was not reached: when the load ended, there were too few response times or seconds";
    for (flags, code, told) in [
        ("--until 'p99 ± 5%'", 0, ""),
        ("--until 'p99 ± 5%' --fail-on imprecise", 99, "failed by --fail-on imprecise: p99 ± 5% was not reached\n"),
        ("--fail-on imprecise", 104, "error: --fail-on imprecise is about --until, and there is none\n"),
    ] {
        let words = flags.split('\'').enumerate().flat_map(|(number, part)| match number % 2 {
            0 => part.split_whitespace().collect::<Vec<_>>(),
            _ => vec![part],
        });
        let ended = Run::new([&*url, "-q", "-n20", "--no-save"]).args(words).finish();
        let shown = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!((ended.code, &*ended.stderr), (code, told), "{flags}");
        assert_eq!(shown.contains(missed), code != 104, "{flags}: {}", ended.stdout);
    }
}

#[test]
fn a_precision_that_is_none_is_told_at_its_place() {
    let ended = Run::new(["http://localhost:1/", "--until", "p99 ± 5"]).finish();
    assert_eq!(ended.code, 104);
    assert!(ended.stderr.contains("1 | p99 ± 5\n  |       ^ expected a percentage, such as 5%\n"), "{}", ended.stderr);
}
