//! The tutorial's road from the one-liner to a CI job, walked as it is written.

use std::path::Path;
use std::process::Command;

use onrush_target::{Service, ServiceSettings};
use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Finished, Folder, ONRUSH, Run, until};

/// Where the tutorial's service is.
const SERVICE: &str = "http://localhost:8080";

/// The commands of a chapter.
fn commands(chapter: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tutorial.md");
    let text = std::fs::read_to_string(path).unwrap();
    let chapter = text.split("\n## ").find(|text| text.starts_with(chapter)).unwrap();
    let blocks = chapter.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix("sh\n"));
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}

/// The words of a command line, without the program's; quotes stand around whole words.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut rest) = (Vec::new(), line);
    while !rest.is_empty() {
        let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''));
        let (word, after) = match quote {
            Some(quote) => rest[1..].split_once(quote).unwrap(),
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words.split_off(1)
}

fn typed(line: &str, folder: &Folder) -> Finished {
    let mut command = Command::new(ONRUSH);
    command.current_dir(folder.path("."));
    Run::of(command).args(words(line)).finish()
}

/// The command ended well, and printed this.
#[track_caller]
fn holds(line: &str, ended: &Finished, told: &[&str]) {
    let all = format!("{line}\n{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.code, 0, "{all}");
    told.iter().for_each(|told| assert!(all.contains(told), "`{told}` is missing: {all}"));
}

/// The file that `onrush new` has written, with times that a busy machine keeps, too.
fn loosen(folder: &Folder) {
    let text = std::fs::read_to_string(folder.path("shop.yaml")).unwrap();
    let loose = text.replace("p95 < 300ms", "p95 < 1h").replace("time < 500ms", "time < 1h");
    assert_eq!(loose.matches("1h").count(), 2, "{loose}");
    folder.write("shop.yaml", loose);
}

#[test]
fn serial_every_command_from_the_one_liner_to_ci_works() {
    let shop = Service::start(ServiceSettings::default()).unwrap();
    let folder = Folder::new();
    let expected: [(&str, &[&str]); 7] = [
        (
            "onrush http://localhost:8080/products -r 50/s -d 10s --print-scenario",
            &["load: \"50/s for 10s\"\n", "  - get: \"/products\"\n"],
        ),
        ("onrush new shop.yaml", &["shop.yaml is written.", "scenario.schema.json beside it helps editors\n"]),
        (
            "onrush check shop.yaml",
            &["\nbuy, 25 % of the load: ", "\nThe run fails unless:\n  p95 < 1h\n  errors < 1%\n  checks > 99%\n"],
        ),
        (
            "onrush check shop.yaml --trace --scenario buy --target http://localhost:8080",
            &[
                "One user, once through buy\n",
                "> POST /login HTTP/1.1\n",
                "  saved    token = ",
                "skipped)\n",
                ", 0 failed, ",
            ],
        ),
        (
            "onrush run shop.yaml --target http://localhost:8080 --load \"2/s for 3s\"",
            &["PASSED: 3 thresholds held\n", "6 intended · 6 started · 6 completed · 0 failed", "\n  response time "],
        ),
        ("onrush check shop.yaml", &["The run fails unless:\n"]),
        ("onrush run shop.yaml --target http://localhost:8080 --load \"2/s for 3s\" --quiet -o json=results.json", &[]),
    ];
    assert_eq!(commands("7."), expected.map(|(line, _)| line));
    for (line, told) in expected {
        let ended = typed(&line.replace(SERVICE, &shop.url()), &folder);
        holds(line, &ended, told);
        if line.starts_with("onrush new") {
            loosen(&folder);
        }
    }
    assert!(folder.path("scenario.schema.json").exists());
    let results: Value = serde_json::from_slice(&std::fs::read(folder.path("results.json")).unwrap()).unwrap();
    assert_eq!((&results["iterations"]["completed"], &results["thresholds"][2]["passed"]), (&6.into(), &true.into()));
}

#[test]
fn serial_every_comparison_works() {
    let shop = Service::start(ServiceSettings::default()).unwrap();
    let folder = Folder::new();
    let lines = commands("8.");
    assert_eq!(lines.len(), 5);
    for line in &lines {
        // How well anything is known on a busy machine is not what this is about.
        let here = line.replace(SERVICE, &shop.url()).replace("-d 20s", "-d 2s").replace("-d 1m", "-d 2s");
        let here = here.replace("compare ", "compare --force --effect 1000 ");
        let told: &[&str] = match line {
            line if line.contains("compare") => &["  all requests\n", "intervals take eight seconds at least"],
            line if line.contains("--until") => &["requests      "],
            _ => &["\n  response time "],
        };
        holds(line, &typed(&here, &folder), told);
    }
    let page = std::fs::read_to_string(folder.path("comparison.html")).unwrap();
    assert!(page.contains("<svg") && page.ends_with("</html>\n"));
    assert!(std::fs::read_to_string(folder.path("comment.md")).unwrap().starts_with("### "));
}

/// A command of the chapters before, over in a moment.
fn shortened(line: &str) -> String {
    let line = ["12s", "30s", "1m"].iter().fold(line.to_owned(), |line, time| line.replace(time, "100ms"));
    let lasts = line.contains(" -d ") || line.contains(" --load ");
    if lasts { line } else { line + " -d 100ms" }
}

#[test]
fn serial_every_one_liner_works() {
    let shop = Service::start(ServiceSettings::default()).unwrap();
    let folder = Folder::new();
    folder.write("urls.txt", format!("{0}/products\nPOST {0}/echo\n", shop.url()));
    let all = ["2.", "3.", "4.", "5.", "6."].map(commands).concat();
    let (services, lines): (Vec<_>, Vec<_>) = all.iter().partition(|line| line.starts_with("onrush serve"));
    assert_eq!((services.len(), lines.len()), (1, 12));
    for line in lines {
        let here = line.replace(SERVICE, &shop.url()).replace("http://localhost:8081", &shop.url());
        // Whether a busy machine keeps up is not what this is about.
        let ended = typed(&shortened(&here.replace("degraded,", "")), &folder);
        let told: &[&str] = match line {
            line if line.contains("--format json") => &["\"failed\": 0"],
            line if line.contains("-o json") => &[],
            _ => &[" 0 failed", "\n  response time "],
        };
        holds(line, &ended, told);
    }
    let summary = std::fs::read_to_string(folder.path("summary.txt")).unwrap();
    assert!(summary.contains("\n  response time ") && folder.path("results.json").exists(), "{summary}");
}

#[test]
fn serial_every_service_listens() {
    let folder = Folder::new();
    for line in ["1.", "3."].map(commands).concat().iter().filter(|line| line.starts_with("onrush serve")) {
        let told = folder.path("told.txt");
        let here = line.replace(" --listen 8081", "") + " --listen 127.0.0.1:0";
        let serving = Run::new(words(&here)).stdout(std::fs::File::create(&told).unwrap()).start();
        let said = || std::fs::read_to_string(&told).unwrap();
        until(|| said().contains("http://127.0.0.1:"), said);
        serving.signal(Signal::INT);
        let ended = serving.finish();
        assert_eq!(ended.code, 0, "{line}: {}{}", ended.stdout, said());
    }
}
