#![no_main]
//! Any contents of frames as a run file: they are read or refused, never a panic. The checksums are right, so that what is
//! behind them is reached.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use libfuzzer_sys::fuzz_target;

/// A run of three series.
const START: &str = r#"{"targets":["http://a/"],"load":"1/s for 9s","thresholds":["p99 < 1s"],"series":[
    {"kind":"iterations","scenario":"a","name":"a","tags":[],"checks":[]},
    {"kind":"requests","scenario":"a","name":"b","tags":[],"checks":["status == 200"]},
    {"kind":"requests","scenario":"a","name":"c","tags":[],"checks":[]}]}"#;

fn put_frame(to: &mut Vec<u8>, kind: u8, content: &[u8]) {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(content).expect("memory takes all");
    let packed = packed.finish().expect("memory takes all");
    let mut sum = crc32fast::Hasher::new();
    sum.update(&[kind]);
    sum.update(&packed);
    to.push(kind);
    to.extend_from_slice(&(packed.len() as u32).to_le_bytes());
    to.extend_from_slice(&sum.finalize().to_le_bytes());
    to.extend_from_slice(&packed);
}

// Each frame: its kind, the length of its content in two bytes, the lowest first, and that.
fuzz_target!(|frames: &[u8]| {
    let mut file = b"onrush run\n\x01\x00".to_vec();
    put_frame(&mut file, 1, START.as_bytes());
    let mut rest = frames;
    while let [kind, low, high, after @ ..] = rest {
        let (content, after) = after.split_at(after.len().min(usize::from(u16::from_le_bytes([*low, *high]))));
        put_frame(&mut file, *kind, content);
        rest = after;
    }
    // It is read to its end, or refused at one place and not read any further.
    let _ = onrush_record::replay(&*file, |event| drop(format!("{event:?}")));
});
