//! Fragments from other files: found beside the scenario file wherever the command is given, and told apart from those
//! that are missing or lead back to themselves.

use super::kit::{self, file, targets};
use crate::harness::{Folder, Run};
use crate::plain::Plain;

const ONCE: &str = "load: 1 iterations by 1 user";

#[test]
fn fragments_of_another_file_are_played() {
    let (plain, folder) = (Plain::start(), Folder::new());
    std::fs::create_dir(folder.path("parts")).unwrap();
    folder.write("common.yaml", "include: parts/pay.yaml\nfragments:\n  login:\n  - post: /login\n  - use: pay\n");
    folder.write("parts/pay.yaml", "fragments: { pay: [{ post: '/pay/{{ sum }}' }] }");
    let head = format!("{ONCE}\nvars: {{ sum: 7 }}\ninclude: [common.yaml, ./parts/pay.yaml]");
    folder.write("scene.yaml", file(&plain.url(), &head, "- use: login\n- get: /\n- use: pay"));
    kit::run(&folder, &[]).report().all_well(4);
    assert_eq!(targets(&plain), ["/login", "/pay/7", "/", "/pay/7"]);
}

#[test]
fn files_that_cannot_be_included_are_told_with_their_place() {
    let folder = Folder::new();
    folder.write("circle.yaml", "include: circle.yaml\nfragments: { a: [{ get: / }] }\n");
    folder.write("outer.yaml", "include: missing.yaml\nfragments: { a: [{ get: / }] }\n");
    folder.write("whole.yaml", "fragments: { a: [{ get: / }] }\nsteps: [{ get: / }]\n");
    folder.write("broken.yaml", "fragments: { a: [\n");
    for (include, told) in [
        ("missing.yaml", &["`missing.yaml` cannot be read: No such file", "scene.yaml:3:10"][..]),
        ("outer.yaml", &["`missing.yaml` cannot be read: No such file", "outer.yaml:1:10"]),
        ("scene.yaml", &["this file includes itself: scene.yaml -> scene.yaml", "scene.yaml:3:10"]),
        ("circle.yaml", &["this file includes itself: circle.yaml -> circle.yaml", "circle.yaml:1:10"]),
        ("whole.yaml", &["`steps` is not a key of an included file", "whole.yaml:2:1"]),
        ("broken.yaml", &["this is not YAML", "broken.yaml:2:1"]),
        (".", &["`.` cannot be read: Is a directory"]),
    ] {
        let head = format!("{ONCE}\ninclude: {include}");
        let path = folder.write("scene.yaml", file("http://127.0.0.1:9", &head, "- use: a"));
        for command in ["check", "run"] {
            let ended = Run::new([command, path.to_str().unwrap()]).finish();
            assert_eq!((ended.code, &*ended.stdout), (104, ""), "{include}: {}", ended.stderr);
            assert!(told.iter().all(|words| ended.stderr.contains(words)), "{include}: {}", ended.stderr);
        }
    }
}
