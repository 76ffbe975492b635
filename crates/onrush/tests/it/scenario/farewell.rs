//! The tear-down and Ctrl-C: it is done after an interrupted load, and ends at once for who says so again.

use rustix::process::Signal;

use super::kit::{self, targets};
use crate::harness::{Finished, Folder, Playing, until};
use crate::plain::{Plain, answer};

/// A service that never answers `/slow`.
fn service() -> Plain {
    Plain::answering(|asked| match asked.target() {
        "/slow" => String::new(),
        _ => answer(200, &[], "ok"),
    })
}

fn start(plain: &Plain, folder: &Folder, load: &str, teardown: &str) -> Playing {
    let text = format!(
        "target: {}\nload: {load}\ntimeout: 1h\ngraceful_stop: 1h\nsteps: [{{ get: /load }}]\nteardown:\n{teardown}\n",
        plain.url()
    );
    folder.write("scene.yaml", text);
    kit::run(folder, &["--format", "json"]).start()
}

/// Waits until the service was asked for it: whatever comes after this comes after the request.
fn asked(plain: &Plain, target: &str) {
    until(|| targets(plain).iter().any(|other| other == target), || format!("{:?}", targets(plain)));
}

/// How it ended: its code, its words; and its figures were told.
fn ended(playing: Playing) -> (i32, String) {
    let Finished { code, stdout, stderr } = playing.finish();
    let report = Finished { code, stdout, stderr: stderr.clone() }.report();
    assert!(report.requests("completed") > 0, "{:#}", report.json);
    (code, stderr)
}

#[test]
fn it_is_done_after_an_interrupted_load() {
    let (plain, folder) = (service(), Folder::new());
    let playing = start(&plain, &folder, "2 users for 1h", "- delete: /first\n- delete: /last");
    asked(&plain, "/load");
    playing.signal(Signal::INT);
    assert_eq!(ended(playing), (105, String::new()));
    assert_eq!(targets(&plain).split_off(plain.requests().len() - 2), ["/first", "/last"]);
}

#[test]
fn who_says_so_again_does_not_wait_for_it() {
    let told = "interrupted during the tear-down, which was not brought to its end\n";
    let (plain, folder) = (service(), Folder::new());
    let playing = start(&plain, &folder, "2 users for 1h", "- get: /slow\n- get: /never");
    asked(&plain, "/load");
    playing.signal(Signal::INT);
    asked(&plain, "/slow");
    playing.signal(Signal::INT);
    assert_eq!(ended(playing), (105, told.to_owned()));
    assert!(!targets(&plain).contains(&"/never".to_owned()));
}

#[test]
fn twice_after_a_load_that_was_played_to_its_end() {
    let told = "interrupted during the tear-down, which was not brought to its end\n";
    for teardown in ["- get: /slow\n- get: /never", "- get: /first\n- think: 1h\n- get: /never"] {
        let (plain, folder) = (service(), Folder::new());
        let playing = start(&plain, &folder, "2 iterations by 1 user", teardown);
        asked(&plain, if teardown.contains("slow") { "/slow" } else { "/first" });
        // Two of the same kind could be taken for one by the system; the other one means the same.
        playing.signal(Signal::INT);
        playing.signal(Signal::TERM);
        assert_eq!(ended(playing), (105, told.to_owned()), "{teardown}");
        assert!(!targets(&plain).contains(&"/never".to_owned()));
    }
}
