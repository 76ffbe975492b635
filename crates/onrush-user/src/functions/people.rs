//! Functions that invent people, where they live and where they work.

use minijinja::Error;
use minijinja::value::Kwargs;

use super::chance::refused;
use super::locales::{LOCALES, Locale};
use crate::Random;
use crate::mind::with_lent;

/// Draws with the locale that was asked for, as first argument or by name; English if none was.
fn drawn(
    first: Option<&str>,
    named: &Kwargs,
    draw: impl FnOnce(&'static Locale, &mut Random) -> String,
) -> Result<String, Error> {
    let code = named.get::<Option<&str>>("locale")?.or(first).unwrap_or("en");
    named.assert_all_used()?;
    // `de-AT` and `de_AT` are `de`.
    let language = code.split(['-', '_']).next().unwrap_or(code);
    let locale = LOCALES
        .iter()
        .find(|locale| locale.code.eq_ignore_ascii_case(language))
        .ok_or_else(|| refused(format!("there is no locale `{code}`: use de, en, es, fr, it or ja")))?;
    Ok(with_lent(|mind| draw(locale, &mut mind.random)))
}

macro_rules! functions {
    ($($name:ident: $draw:expr;)*) => {
        $(pub(super) fn $name(locale: Option<&str>, named: Kwargs) -> Result<String, Error> {
            drawn(locale, &named, $draw)
        })*
    };
}

functions! {
    name: |locale, random| {
        let (first, last) = (random.one_of(locale.first).0, random.one_of(locale.last).0);
        if locale.is_last_name_first { format!("{last} {first}") } else { format!("{first} {last}") }
    };
    first_name: |locale, random| random.one_of(locale.first).0.to_owned();
    last_name: |locale, random| random.one_of(locale.last).0.to_owned();
    username: |locale, random| {
        let (first, last) = (random.one_of(locale.first).1, random.one_of(locale.last).1);
        format!("{first}.{last}{}", random.below(10_000))
    };
    email: |locale, random| {
        let (first, last) = (random.one_of(locale.first).1, random.one_of(locale.last).1);
        let host = random.one_of(&["example.com", "example.org", "example.net"]);
        format!("{first}.{last}{}@{host}", random.below(100_000))
    };
    phone: |locale, random| filled(locale.phone, random);
    street: |locale, random| {
        let number = random.between(1, 199).to_string();
        locale.address.replace('1', &number).replace("street", random.one_of::<&str>(locale.streets))
    };
    city: |locale, random| (*random.one_of(locale.cities)).to_owned();
    postcode: |locale, random| filled(locale.postcode, random);
    country: |locale, random| (*random.one_of(locale.countries)).to_owned();
    company: |locale, random| {
        let last = random.one_of(locale.last).0;
        format!("{last} {}", random.one_of(locale.companies))
    };
    iban: |locale, random| account(locale.iban, random);
}

/// Digits in the place of `#`.
fn filled(pattern: &str, random: &mut Random) -> String {
    pattern.chars().map(|char| if char == '#' { digit(random) } else { char }).collect()
}

fn digit(random: &mut Random) -> char {
    char::from(b'0' + random.below(10) as u8)
}

/// A country and an account (`DE` and `00000000##########`) with the check digits of ISO 13616 between them.
fn account((country, account): (&str, &str), random: &mut Random) -> String {
    let account = filled(account, random);
    let rest = format!("{account}{country}00").bytes().fold(0_u64, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u64::from(byte - b'0')) % 97,
        letter => (rest * 100 + u64::from(letter - b'A') + 10) % 97,
    });
    format!("{country}{:02}{account}", 98 - rest)
}
