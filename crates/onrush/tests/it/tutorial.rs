//! The tutorial's road from the one-liner to a CI job, walked as it is written.

use std::path::Path;
use std::process::Command;

use onrush_target::{Service, ServiceSettings};

use crate::harness::{Finished, Folder, ONRUSH, Run};

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

/// The words of a command line; quotes stand around whole words.
fn words(line: &str) -> Vec<String> {
    let pieces = line.split('"').enumerate();
    let words = |(number, piece): (usize, &str)| match number % 2 {
        0 => piece.split_whitespace().map(str::to_owned).collect(),
        _ => vec![piece.to_owned()],
    };
    pieces.flat_map(words).skip(1).collect()
}

fn typed(line: &str, folder: &Folder) -> Finished {
    let mut command = Command::new(ONRUSH);
    command.current_dir(folder.path("."));
    Run::of(command).args(words(line)).finish()
}

#[test]
fn serial_every_command_from_the_one_liner_to_ci_works() {
    let shop = Service::start(ServiceSettings::default()).unwrap();
    let folder = Folder::new();
    let commands = commands("7.");
    assert_eq!(commands.len(), 7);
    for line in &commands {
        let ended = typed(&line.replace(SERVICE, &shop.url()), &folder);
        // A busy machine may break a threshold on times; everything else has to hold.
        let may_break = line.starts_with("onrush run");
        assert!(
            ended.code == 0 || may_break && ended.code == 99,
            "{line}: {}\n{}{}",
            ended.code,
            ended.stdout,
            ended.stderr
        );
    }
    assert!(folder.path("scenario.schema.json").exists() && folder.path("results.json").exists());
}
