//! No text makes the reader panic, and what it says always points at a place in a text.

use onrush_lang::{Faults, STARTER};
use proptest::prelude::*;

use crate::files::parse;

const SHOP: &str = include_str!("../../../../examples/shop.yaml");

fn check(text: &str) {
    if let Err(Faults(faults)) = parse(text) {
        assert!(!faults.is_empty());
        for fault in faults {
            assert!(fault.source.text.get(fault.diagnostic.span.clone()).is_some(), "{fault:?}");
            let shown = fault.to_string();
            assert!(shown.contains(fault.diagnostic.message.lines().next().unwrap()), "{shown}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text(text in "[ a-c:\\-\\[\\]{},\n\"'&*!|>%#é✓<=$.()\t?]{0,60}") {
        check(&text);
    }

    #[test]
    fn any_step(step in "(get|think|save|check|when|for|repeat|post|json): [ -~é]{0,30}", rest in "[ -~\n]{0,30}") {
        check(&format!("target: http://a\nload: 1/s for 1s\nsteps:\n- {step}\n  {rest}\n"));
    }

    #[test]
    fn any_check_or_save(text in "(status|time|size|body|header x|cookie|regex|css|\\$\\.a) ?[ -~±é]{0,24}") {
        let quoted = text.replace('\'', "''");
        check(&format!("target: http://a\nload: 1/s for 1s\nsteps:\n- get: /\n  check: '{quoted}'\n  save: {{ a: '{quoted}' }}\n- think: '{quoted}'\nthresholds: ['{quoted}']\n"));
    }

    /// A file that was fine before somebody's cat walked over the keyboard.
    #[test]
    fn a_file_with_a_slip(at in 0..5000_usize, length in 0..12_usize, slip in "[ -~\n\té]{0,6}", which in any::<bool>()) {
        let mut text: Vec<char> = if which { SHOP } else { STARTER }.chars().collect();
        let at = at.min(text.len());
        let end = (at + length).min(text.len());
        text.splice(at..end, slip.chars());
        check(&text.into_iter().collect::<String>());
    }
}
