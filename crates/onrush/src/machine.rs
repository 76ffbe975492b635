//! What the load is made on.

use onrush_metrics::Machine;

use crate::lower::Surroundings;

/// This machine, as far as it tells.
pub(crate) fn machine(surroundings: &Surroundings) -> Machine {
    let (kernel, version) = system();
    Machine {
        system: format!("{kernel} {version}").trim().to_owned(),
        architecture: std::env::consts::ARCH.to_owned(),
        processor: field("/proc/cpuinfo", "model name").unwrap_or_default(),
        cores: surroundings.cores,
        memory: field("/proc/meminfo", "MemTotal").and_then(|text| kilobytes(&text)),
        open_files: surroundings.descriptors,
    }
}

fn system() -> (String, String) {
    let name = rustix::system::uname();
    let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
    (text(name.sysname()), text(name.release()))
}

/// The first value of that name in a file of `name : value` lines.
fn field(path: &str, name: &str) -> Option<String> {
    value_of(&std::fs::read_to_string(path).ok()?, name)
}

fn value_of(text: &str, name: &str) -> Option<String> {
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs.into_iter().find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned())
}

fn kilobytes(text: &str) -> Option<u64> {
    text.strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_names() {
        let text = "processor\t: 0\nmodel name\t: A Processor 3.0: fast\n\nMemTotal:       16384 kB\n";
        assert_eq!(value_of(text, "model name").as_deref(), Some("A Processor 3.0: fast"));
        assert_eq!(value_of(text, "MemTotal").and_then(|text| kilobytes(&text)), Some(16_777_216));
        assert_eq!(value_of(text, "bogomips"), None);
    }
}
