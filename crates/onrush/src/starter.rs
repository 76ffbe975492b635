//! `onrush new`: a scenario file to begin with.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use onrush_lang::STARTER;

use crate::args::NewArgs;
use crate::exit::{Exit, Wrong};
use crate::terminal::{print, say};

/// Writes it where nothing is yet.
pub(crate) fn write(args: &NewArgs) -> Result<Exit, Wrong> {
    let path = &args.path;
    if path == Path::new("-") {
        print(STARTER);
        return Ok(Exit::Ok);
    }
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let written = file.and_then(|mut file| file.write_all(STARTER.as_bytes()));
    written.map_err(|error| {
        let why = if error.kind() == io::ErrorKind::AlreadyExists {
            "it is there already".to_owned()
        } else {
            error.to_string()
        };
        Wrong(format!("cannot write {}: {why}", path.display()))
    })?;
    let path = path.display();
    say(&format!("{path} is written. What it would do: onrush check {path}. To let it: onrush run {path}"));
    Ok(Exit::Ok)
}
