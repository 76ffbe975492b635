//! Feeders: who gets which row, and what happens when there is none.

use std::collections::BTreeSet;

use super::kit::{self, sorted, targets};
use crate::harness::{Folder, Report};
use crate::plain::Plain;

/// Plays `load` with rows 0 to `rows` of a feeder; what was asked for, sorted, and the report.
fn draw(load: &str, feeder: &str, rows: u32, threads: &str) -> (Vec<String>, Report) {
    let (plain, folder) = (Plain::start(), Folder::new());
    let lines = (0..rows).map(|row| format!("{row},p{row}\n")).collect::<Vec<_>>().concat();
    folder.write("rows.csv", format!("id,name\n{lines}"));
    let text = format!(
        "target: {}\nload: {load}\ndata:\n  row: {{ file: rows.csv, {feeder} }}\nsteps:\n- get: /{{{{ row.id }}}}\n",
        plain.url()
    );
    folder.write("scene.yaml", text);
    let report = kit::run(&folder, &["-t", threads]).report();
    (sorted(targets(&plain)), report)
}

fn rows(rows: impl IntoIterator<Item = u32>) -> Vec<String> {
    sorted(rows.into_iter().map(|row| format!("/{row}")).collect())
}

#[test]
fn each_row_once_before_any_comes_again() {
    for threads in ["1", "2"] {
        for pick in ["sequential", "shuffled"] {
            let feeder = format!("pick: {pick}");
            let (got, _) = draw("6 iterations each by 4 users", &feeder, 24, threads);
            assert_eq!(got, rows(0..24), "{pick} -t {threads}");
            let (got, _) = draw("12 iterations each by 4 users", &feeder, 24, threads);
            assert_eq!(got, rows((0..24).chain(0..24)), "{pick} -t {threads}");
        }
        let (got, report) = draw("40/s for 600ms", "pick: sequential", 24, threads);
        assert_eq!((got, report.iterations()), (rows(0..24), [24, 0, 0]), "-t {threads}");
    }
}

#[test]
fn unique_rows_are_those_of_one_user() {
    for threads in ["1", "2"] {
        let (got, report) = draw("3 iterations each by 8 users", "pick: unique", 8, threads);
        assert_eq!(got, rows((0..8).chain(0..8).chain(0..8)), "-t {threads}");
        report.all_well(24);
        let (got, report) = draw("40/s for 250ms", "pick: unique", 10, threads);
        assert_eq!((got, report.iterations()), (rows(0..10), [10, 0, 0]), "-t {threads}");
    }
}

#[test]
fn what_happens_at_the_end() {
    for threads in ["1", "2"] {
        let (got, report) = draw("5 iterations each by 4 users", "pick: sequential, at_end: stop", 8, threads);
        assert_eq!(got, rows(0..8), "-t {threads}");
        // Each user has one in which there is no row, and goes: that is the end that was asked for.
        assert_eq!(report.iterations(), [12, 0, 0], "-t {threads}");
        let (got, report) = draw("40/s for 250ms", "pick: shuffled, at_end: stop", 8, threads);
        // An arrival without a row has come in vain.
        assert_eq!((got, report.iterations()), (rows(0..8), [8, 2, 0]), "-t {threads}");
        let (kind, told) = report.broken("scene");
        assert!(kind == "script" && told.contains("row"), "{told}");
        let (got, report) = draw("2 iterations each by 6 users", "pick: unique", 4, threads);
        assert_eq!(got, rows((0..4).chain(0..4)), "-t {threads}");
        assert_eq!(report.iterations(), [8, 2, 0], "-t {threads}");
        let (got, _) = draw("1 iterations each by 6 users", "pick: unique, at_end: recycle", 3, threads);
        assert_eq!(got, rows((0..3).chain(0..3)), "-t {threads}");
        let (got, report) = draw("40/s for 500ms", "pick: unique", 4, threads);
        assert_eq!((got, report.iterations()), (rows(0..4), [4, 16, 0]), "-t {threads}");
    }
}

#[test]
fn random_rows_are_any_and_shuffles_are_of_the_seed() {
    let (got, _) = draw("200 iterations by 1 user", "pick: random", 4, "1");
    let counts = rows(0..4).into_iter().map(|row| got.iter().filter(|other| **other == row).count());
    // Four standard deviations of 200 draws of one in four are 25.
    assert!(counts.clone().all(|count| count.abs_diff(50) <= 25), "{:?}", counts.collect::<Vec<_>>());
}

#[test]
fn files_of_every_kind() {
    for (name, text, feeder) in [
        ("d.csv", "id,name\n\"1\",\"a,\"\"b\"\"\"\n2,c\n", "file: d.csv"),
        ("d.csv", "\u{feff}id,name\r\n1,\"a,\"\"b\"\"\"\r\n2,c\r\n", "file: d.csv"),
        ("d.json", r#"[{"id":1,"name":"a,\"b\""},{"id":2,"name":"c"}]"#, "file: d.json"),
        ("d.ndjson", "{\"id\":1,\"name\":\"a,\\\"b\\\"\"}\n{\"id\":2,\"name\":\"c\"}\n", "file: d.ndjson"),
        ("d.txt", "id,name\n1,\"a,\"\"b\"\"\"\n2,c\n", "file: d.txt, format: csv"),
        ("d.csv", "", "rows: [{ id: 1, name: 'a,\"b\"' }, { id: 2, name: c }]"),
    ] {
        let (plain, folder) = (Plain::start(), Folder::new());
        folder.write(name, text);
        let text = format!(
            "target: {}\nload: 2 iterations by 1 user\ndata:\n  rows: {{ {feeder}, as: row }}\nsteps:\n- get: /{{{{ row.id }}}}/{{{{ row.name }}}}\n",
            plain.url()
        );
        folder.write("scene.yaml", text);
        kit::run(&folder, &[]).report().all_well(2);
        assert_eq!(targets(&plain), ["/1/a%2C%22b%22", "/2/c"], "{feeder}");
    }
}

#[test]
fn records_of_a_bulk_request_draw_rows_of_their_own() {
    let (plain, folder) = (Plain::start(), Folder::new());
    folder.write("rows.csv", format!("id\n{}", (0..12).map(|row| format!("{row}\n")).collect::<Vec<_>>().concat()));
    let text = format!(
        "target: {}\nload: 3 iterations by 1 user\ndata:\n  row: {{ file: rows.csv }}\nsteps:\n- post: /\n  bulk: {{ records: 4, record: {{ id: '{{{{ row.id }}}}' }} }}\n",
        plain.url()
    );
    folder.write("scene.yaml", text);
    kit::run(&folder, &[]).report().all_well(3);
    let bodies = plain.requests().into_iter().flat_map(|asked| {
        let body: Vec<serde_json::Value> = serde_json::from_str(&asked.body).unwrap();
        body.into_iter().map(|record| record["id"].to_string())
    });
    assert_eq!(bodies.collect::<BTreeSet<_>>().len(), 12);
}
