#![no_main]
//! Any text as a load: it is read or refused, never a panic, and a refusal points at a place in the text.

use libfuzzer_sys::fuzz_target;
use onrush_lang::{Diagnostic, parse_duration, parse_load, parse_rate};

fuzz_target!(|text: &str| {
    let refusals = [parse_load(text).err(), parse_duration(text).err(), parse_rate(text).err()];
    refusals.iter().flatten().for_each(|refusal| check(refusal, text));
});

fn check(refusal: &Diagnostic, text: &str) {
    let span = refusal.span.clone();
    assert!(text.get(span.clone()).is_some(), "{span:?} of {text:?}: {}", refusal.message);
    let (line, column) = refusal.place(text);
    assert!(line >= 1 && column >= 1);
    let rendered = refusal.render("load", text);
    assert!(rendered.contains(&refusal.message), "{rendered}");
}
