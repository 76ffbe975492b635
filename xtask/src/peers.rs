//! The servers that nobody here wrote, which interoperability is tested with.

use crate::step::{is_there, step_with};

/// Program, how it shows that it is there, and Debian's package.
const PEERS: &[(&str, &[&str], &str)] = &[
    ("nginx", &["-v"], "nginx-light"),
    ("caddy", &["version"], "caddy"),
    ("haproxy", &["-v"], "haproxy"),
    ("python3", &["--version"], "python3"),
];

/// Whether all of them are there. Where CI runs as root they are installed; anybody else is told how to.
pub(crate) fn ready() -> bool {
    let mut missing = missing_packages();
    if !missing.is_empty() && std::env::var_os("CI").is_some() && may_install() {
        install(&missing);
        missing = missing_packages();
    }
    if missing.is_empty() {
        return true;
    }
    let packages = missing.join(" ");
    println!(
        "SKIPPED: tests against {packages}, which are not installed; to run them: sudo apt-get install --no-install-recommends {packages}"
    );
    false
}

fn missing_packages() -> Vec<&'static str> {
    PEERS.iter().filter(|(program, show, _)| !is_there(program, show)).map(|(_, _, package)| *package).collect()
}

fn may_install() -> bool {
    is_there("apt-get", &["--version"]) && is_there("sh", &["-c", "test \"$(id -u)\" = 0"])
}

/// Packages start what they install unless a policy says otherwise; RUNLEVEL=1 is one that they all ask.
fn install(packages: &[&str]) {
    let quiet = [("DEBIAN_FRONTEND", "noninteractive"), ("RUNLEVEL", "1")];
    step_with("package lists", "apt-get", &["update", "-qq"], &quiet);
    let arguments = [&["install", "-y", "-qq", "--no-install-recommends"], packages].concat();
    step_with("install", "apt-get", &arguments, &quiet);
}
