//! Functions that invent things and text.

use crate::Random;
use crate::mind::with_lent;

const WORDS: &[&str] = &[
    "ad",
    "aliqua",
    "amet",
    "anim",
    "aute",
    "cillum",
    "commodo",
    "culpa",
    "dolor",
    "dolore",
    "duis",
    "elit",
    "enim",
    "esse",
    "est",
    "et",
    "ex",
    "fugiat",
    "in",
    "ipsum",
    "irure",
    "labore",
    "laborum",
    "lorem",
    "magna",
    "minim",
    "mollit",
    "nisi",
    "nulla",
    "officia",
    "pariatur",
    "proident",
    "quis",
    "sed",
    "sint",
    "sit",
    "sunt",
    "tempor",
    "ullamco",
    "velit",
    "veniam",
    "voluptate",
];
const COLORS: &[&str] = &[
    "amber", "black", "blue", "brown", "copper", "cream", "green", "grey", "indigo", "ivory", "lime", "navy", "olive",
    "orange", "pink", "plum", "red", "silver", "teal", "white", "yellow",
];
const MAKES: &[&str] = &[
    "brass", "ceramic", "cotton", "folding", "glass", "leather", "oak", "paper", "round", "steel", "walnut", "woollen",
];
const GOODS: &[&str] = &[
    "bag", "bench", "blanket", "bowl", "chair", "clock", "desk", "jug", "lamp", "mirror", "rug", "shelf", "stool",
    "vase",
];
const BROWSERS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:142.0) Gecko/20100101 Firefox/142.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
];

fn one_of(several: &'static [&'static str]) -> String {
    with_lent(|mind| (*mind.random.one_of(several)).to_owned())
}

pub(super) fn word() -> String {
    one_of(WORDS)
}

pub(super) fn sentence() -> String {
    with_lent(|mind| sentence_of(&mut mind.random))
}

pub(super) fn paragraph() -> String {
    with_lent(|mind| {
        let count = mind.random.between(3, 6);
        (0..count).map(|_| sentence_of(&mut mind.random)).collect::<Vec<_>>().join(" ")
    })
}

fn sentence_of(random: &mut Random) -> String {
    let count = random.between(6, 12);
    let words: Vec<&str> = (0..count).map(|_| *random.one_of(WORDS)).collect();
    let mut text = words.join(" ");
    text[..1].make_ascii_uppercase();
    text.push('.');
    text
}

pub(super) fn color() -> String {
    one_of(COLORS)
}

pub(super) fn product() -> String {
    with_lent(|mind| format!("{} {}", mind.random.one_of(MAKES), mind.random.one_of(GOODS)))
}

pub(super) fn user_agent() -> String {
    one_of(BROWSERS)
}

pub(super) fn ipv4() -> String {
    with_lent(|mind| {
        let net = *mind.random.one_of(&["192.0.2", "198.51.100", "203.0.113"]);
        format!("{net}.{}", mind.random.between(1, 254))
    })
}

/// Within the ranges that payment providers keep for tests, with the check digit of ISO/IEC 7812.
pub(super) fn card() -> String {
    with_lent(|mind| {
        let mut number = (*mind.random.one_of(&["42424242", "55555555"])).to_owned();
        (0..7).for_each(|_| number.push(char::from(b'0' + mind.random.below(10) as u8)));
        let sum: u32 = number
            .bytes()
            .rev()
            .enumerate()
            .map(|(place, digit)| {
                let digit = u32::from(digit - b'0') * if place % 2 == 0 { 2 } else { 1 };
                digit / 10 + digit % 10
            })
            .sum();
        number.push(char::from(b'0' + ((10 - sum % 10) % 10) as u8));
        number
    })
}
