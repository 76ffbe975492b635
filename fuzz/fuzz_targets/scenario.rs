#![no_main]
//! Any text as a scenario file: it is read or refused, never a panic, and a refusal points at a place in a text.

use libfuzzer_sys::fuzz_target;
use onrush_lang::{Files, Overrides, describe, parse_scenario};

struct Nothing;

impl Files for Nothing {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        match path {
            "a.csv" => Ok(b"a,b\n1,2\n".to_vec()),
            _ => Err("there is no such file".to_owned()),
        }
    }

    fn variable(&self, name: &str) -> Option<String> {
        (name == "A").then(|| "a".to_owned())
    }
}

fuzz_target!(|text: &str| {
    match parse_scenario("scenario.yaml", text, &Nothing, &Overrides::default()) {
        Ok(document) => assert!(!describe(&document).is_empty()),
        Err(faults) => {
            assert!(!faults.0.is_empty());
            for fault in &faults.0 {
                let span = fault.diagnostic.span.clone();
                assert!(fault.source.text.get(span.clone()).is_some(), "{span:?}: {}", fault.diagnostic.message);
            }
            assert!(!faults.to_string().is_empty());
        }
    }
});
