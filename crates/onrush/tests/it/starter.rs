//! `onrush new`: what it writes, and what it leaves alone.

use crate::harness::{Folder, Run};

#[test]
fn a_file_to_begin_with_and_its_schema() {
    let folder = Folder::new();
    let (path, schema) = (folder.path("first.yaml"), folder.path("scenario.schema.json"));
    let new = || Run::new(["new", path.to_str().unwrap()]).finish();
    let written = new();
    assert_eq!((written.code, &*written.stdout), (0, ""), "{}", written.stderr);
    assert!(written.stderr.contains("scenario.schema.json beside it"), "{}", written.stderr);
    assert_eq!(std::fs::read_to_string(&schema).unwrap(), onrush_lang::scenario_schema());
    let first = std::fs::read_to_string(&path).unwrap();
    assert!(first.starts_with("# yaml-language-server: $schema=scenario.schema.json\n"));
    let checked = Run::new(["check", path.to_str().unwrap()]).finish();
    assert_eq!((checked.code, &*checked.stderr), (0, ""));

    let again = new();
    assert_eq!(again.code, 104);
    assert!(again.stderr.contains("it is there already"), "{}", again.stderr);
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&schema, "mine").unwrap();
    let beside = new();
    assert_eq!(beside.code, 0);
    assert!(beside.stderr.contains("left as it is"), "{}", beside.stderr);
    assert_eq!(std::fs::read_to_string(&schema).unwrap(), "mine");
}
