//! Whole files after mishaps: what the fuzz target `scenario` does, without a nightly compiler, from one seed, over in a
//! moment. Nothing panics or hangs, and a refusal points at a place in a text.

use onrush_lang::{Overrides, STARTER, describe, parse_scenario};

use crate::examples::documented;
use crate::files::{Memory, memory};

/// Words that mean something somewhere.
const WORDS: &[&str] = &[
    "{{ ",
    " }}",
    "{%",
    "${A:-",
    "}",
    "- ",
    ": ",
    "\n  ",
    "\n- ",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "|\n",
    ">-\n",
    "# ",
    "'",
    "\"",
    "[",
    "]",
    "{",
    "---\n",
    "\t",
    "\u{feff}",
    "\u{0}",
    "\u{2028}",
    "é",
    "steps:\n",
    "scenarios:\n",
    "use: look\n",
    "fragments:\n",
    "include: common.yaml\n",
    "data: { a: { file: shoppers.csv } }\n",
    "repeat: 99999999999\n",
    "weight: -1\n",
    "load: 1e309/s for 1s\n",
    "99999999999999999999",
    "-0",
    "NaN",
    "1s to 5s",
    "chance(1e9%)",
    "pick(",
    "| any",
    "$..[?@.a]",
    "regex \"((((\"",
    "p99.999 < 1us",
    "null",
    "~",
    "yes",
    "0x10",
    ".inf",
];

/// SplitMix64.
struct Luck(u64);

impl Luck {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end.max(1) as u64) as usize
    }

    /// A stretch of a text, up to so many characters.
    fn stretch(&mut self, text: &[char], longest: usize) -> std::ops::Range<usize> {
        let start = self.below(text.len() + 1);
        start..(start + self.below(longest)).min(text.len())
    }

    fn line(&mut self, text: &[char]) -> std::ops::Range<usize> {
        let at = self.below(text.len() + 1);
        let start = text[..at].iter().rposition(|char| *char == '\n').map_or(0, |place| place + 1);
        let end = text[at..].iter().position(|char| *char == '\n').map_or(text.len(), |place| at + place + 1);
        start..end
    }

    /// One mishap.
    fn hurt(&mut self, text: &mut Vec<char>, other: &[char]) {
        let at = self.below(text.len() + 1);
        let hole = self.stretch(text, 20);
        match self.below(7) {
            0 => drop(text.drain(hole)),
            1 => drop(text.splice(at..at, WORDS[self.below(WORDS.len())].chars())),
            2 => drop(text.splice(hole, other[self.stretch(other, 60)].iter().copied())),
            3 => drop(text.splice(at..at, other[self.line(other)].iter().copied())),
            4 => {
                let line: Vec<char> = text[self.line(text)].to_vec();
                text.splice(at..at, line);
            }
            5 => drop(text.drain(self.line(text))),
            _ => {
                let line = self.line(text);
                text.splice(line.start..line.start, " ".repeat(self.below(5)).chars());
            }
        }
    }
}

fn check(text: &str, files: &Memory) {
    match parse_scenario("scenario.yaml", text, files, &Overrides::default()) {
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
}

#[test]
fn files_after_mishaps() {
    let documented = documented().into_iter().map(|(_, file)| file);
    let whole = [STARTER, include_str!("../../../../examples/shop.yaml")].map(str::to_owned);
    let seeds: Vec<Vec<char>> = whole.into_iter().chain(documented).map(|text| text.chars().collect()).collect();
    let (files, mut luck) = (memory(), Luck(1));
    for _ in 0..1000 {
        let mut text = seeds[luck.below(seeds.len())].clone();
        for _ in 0..=luck.below(4) {
            let other = &seeds[luck.below(seeds.len())];
            luck.hurt(&mut text, other);
        }
        check(&text.into_iter().collect::<String>(), &files);
    }
}
