//! `onrush new`: a scenario file to begin with.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use onrush_lang::{STARTER, scenario_schema};

use crate::args::NewArgs;
use crate::exit::{Exit, Wrong};
use crate::terminal::{print, say};

/// What the first line of the file leads editors to.
const SCHEMA: &str = "scenario.schema.json";

/// Writes it where nothing is yet, and the schema for editors beside it.
pub(crate) fn write(args: &NewArgs) -> Result<Exit, Wrong> {
    let path = &args.path;
    if path == Path::new("-") {
        print(STARTER);
        return Ok(Exit::Ok);
    }
    if !create(path, STARTER)? {
        return Err(Wrong(format!("cannot write {}: it is there already", path.display())));
    }
    let schema = path.with_file_name(SCHEMA);
    let beside = if create(&schema, &scenario_schema())? {
        format!("{} beside it helps editors", schema.display())
    } else {
        format!("{} was there already and is left as it is", schema.display())
    };
    let path = path.display();
    say(&format!("{path} is written. What it would do: onrush check {path}. To let it: onrush run {path}\n{beside}"));
    Ok(Exit::Ok)
}

/// Writes a file unless one is there.
fn create(path: &Path, text: &str) -> Result<bool, Wrong> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    match file.and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(Wrong(format!("cannot write {}: {error}", path.display()))),
    }
}
