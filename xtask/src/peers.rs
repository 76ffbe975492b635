//! The servers that nobody here wrote, which interoperability is tested with: whether they are there, and
//! how they come to be.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use crate::step::{is_there, step_with, timed};

/// A program, how it shows that it is there, and Debian's package.
type Peer = (&'static str, &'static [&'static str], &'static str);

const PEERS: &[Peer] = &[
    ("nginx", &["-v"], "nginx"),
    ("caddy", &["version"], "caddy"),
    ("haproxy", &["-v"], "haproxy"),
    ("python3", &["--version"], "python3"),
    ("prometheus", &["--version"], "prometheus"),
];

/// Fine when all of them are there, installed first if that is wanted and possible; else what is not
/// tested and how to have it.
pub(crate) fn ready(wanted: bool) -> Result<(), String> {
    let mut missing = missing(|(program, show, _)| is_there(program, show));
    if wanted && !missing.is_empty() && can_install() {
        install(&missing);
        missing = self::missing(|(program, show, _)| is_there(program, show));
    }
    if missing.is_empty() { Ok(()) } else { Err(how_to(&missing)) }
}

/// Packages of the programs that are not there.
fn missing(is_there: impl Fn(&Peer) -> bool) -> Vec<&'static str> {
    PEERS.iter().filter(|peer| !is_there(peer)).map(|(_, _, package)| *package).collect()
}

fn how_to(missing: &[&str]) -> String {
    format!(
        "tests against {}, not installed; to run them: sudo apt-get install --no-install-recommends {}",
        missing.join(", "),
        missing.join(" ")
    )
}

fn can_install() -> bool {
    is_there("apt-get", &["--version"]) && is_there("sh", &["-c", "test \"$(id -u)\" = 0"])
}

fn install(packages: &[&str]) {
    let quiet = [("DEBIAN_FRONTEND", "noninteractive")];
    let listened = port_80_listens();
    let _policy = NothingStarts::declare(Path::new(POLICY));
    step_with("package lists", "apt-get", &["update", "-qq"], &quiet);
    let arguments = [&["install", "-y", "-qq", "--no-install-recommends"], packages].concat();
    step_with("install", "apt-get", &arguments, &quiet);
    if !listened {
        timed("left as found", "port 80 is as free as before", || match port_80_listens() {
            true => Err("a package started its server; stop it, for instance: service nginx stop".to_owned()),
            false => Ok(()),
        });
    }
}

fn port_80_listens() -> bool {
    TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], 80)), Duration::from_millis(500)).is_ok()
}

/// What Debian's packages ask before they start a server; exit code 101 means no.
const POLICY: &str = "/usr/sbin/policy-rc.d";
const NO: &str =
    "#!/bin/sh\n# Placed by `cargo xtask test` while it installs packages; delete it if it is still here.\nexit 101\n";

/// As long as it lives, packages that are installed start nothing. A machine's own policy is left alone.
struct NothingStarts<'a> {
    file: Option<&'a Path>,
}

impl<'a> NothingStarts<'a> {
    fn declare(file: &'a Path) -> Self {
        // One of ours that an interrupted run left behind is taken over, and removed at last.
        let ours = fs::read_to_string(file).is_ok_and(|text| text == NO);
        if file.exists() && !ours {
            return Self { file: None };
        }
        let placed = fs::write(file, NO).and_then(|()| fs::set_permissions(file, fs::Permissions::from_mode(0o755)));
        if let Err(error) = placed {
            println!("note: {}: {error}; packages may start their servers", file.display());
        }
        Self { file: Some(file) }
    }
}

impl Drop for NothingStarts<'_> {
    fn drop(&mut self) {
        if let Some(file) = self.file {
            let _ = fs::remove_file(file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_how_to_get_it() {
        assert!(missing(|_| true).is_empty());
        let without = missing(|(program, _, _)| !matches!(*program, "caddy" | "haproxy"));
        assert_eq!(
            how_to(&without),
            "tests against caddy, haproxy, not installed; \
             to run them: sudo apt-get install --no-install-recommends caddy haproxy"
        );
    }

    #[test]
    fn the_policy_goes_as_it_came() {
        let folder = std::env::temp_dir().join(format!("onrush-xtask-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder for the test");
        let file = folder.join("policy-rc.d");
        {
            let _policy = NothingStarts::declare(&file);
            assert_eq!(fs::read_to_string(&file).expect("it is placed"), NO);
        }
        assert!(!file.exists(), "and removed");
        fs::write(&file, "somebody's").expect("another policy");
        drop(NothingStarts::declare(&file));
        assert_eq!(fs::read_to_string(&file).expect("it is kept"), "somebody's");
        fs::remove_dir_all(&folder).expect("the folder goes");
    }
}
