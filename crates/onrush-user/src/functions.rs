//! Functions and filters that expressions may use, beside the template language's own.
//!
//! What is drawn comes from the user's generator and from small tables of our own: a library of fake data draws other
//! things with its next version, and the same seed should give the same users for ever. No entry is a real person's.

mod chance;
mod coding;
mod dates;
mod locales;
mod people;
mod things;

use minijinja::Environment;

/// A function or a filter that expressions may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionSpec {
    /// Its name.
    pub name: &'static str,
    /// How it is used.
    pub usage: &'static str,
    /// What it gives, in a line.
    pub about: &'static str,
}

/// How it is made known to the template language.
type Register = fn(&mut Environment<'static>, &'static str);
type Entry = (FunctionSpec, Register);

/// Every function: what it is called, how it is called, what it gives, how it is registered.
const TABLE: &[Entry] = &[
    entry("pick", "pick([1, 2, 3])", "an entry of a list, each as likely as the others", |e, n| {
        e.add_function(n, chance::pick);
    }),
    entry("int", "int(1, 6)", "a whole number, both ends included", |e, n| e.add_function(n, chance::int)),
    entry("float", "float(0, 2.5)", "a number, the upper end excluded", |e, n| e.add_function(n, chance::float)),
    entry("chance", "chance(0.4)", "true so often, from 0 to 1", |e, n| e.add_function(n, chance::chance)),
    entry("uuid", "uuid()", "a random UUID (version 4)", |e, n| e.add_function(n, chance::uuid)),
    entry("hex", "hex(8)", "so many hexadecimal digits", |e, n| e.add_function(n, chance::hex)),
    entry("digits", "digits(6)", "so many decimal digits", |e, n| e.add_function(n, chance::digits)),
    entry("alnum", "alnum(12)", "so many letters and digits", |e, n| e.add_function(n, chance::alnum)),
    entry(
        "now",
        "now('%Y-%m-%d')",
        "the time (UTC) at which the iteration began, as strftime has it; RFC 3339 without a format",
        |e, n| e.add_function(n, dates::now),
    ),
    entry(
        "date",
        "date(days=-3, hours=1, format='%F')",
        "a time before or after that of the iteration; a date without a format",
        |e, n| e.add_function(n, dates::date),
    ),
    entry("timestamp", "timestamp()", "the seconds since 1970 at which the iteration began", |e, n| {
        e.add_function(n, dates::timestamp);
    }),
    entry("name", "name(locale='de')", "a full name", |e, n| e.add_function(n, people::name)),
    entry("first_name", "first_name(locale='fr')", "a first name", |e, n| e.add_function(n, people::first_name)),
    entry("last_name", "last_name(locale='es')", "a family name", |e, n| e.add_function(n, people::last_name)),
    entry("username", "username()", "a name to log in with", |e, n| e.add_function(n, people::username)),
    entry("email", "email()", "an address at example.com, .org or .net, which belong to nobody", |e, n| {
        e.add_function(n, people::email);
    }),
    entry("phone", "phone(locale='de')", "a telephone number of those that are kept for fiction", |e, n| {
        e.add_function(n, people::phone);
    }),
    entry("street", "street(locale='ja')", "a street with a number", |e, n| e.add_function(n, people::street)),
    entry("city", "city(locale='it')", "a city that is not on the map", |e, n| e.add_function(n, people::city)),
    entry("postcode", "postcode(locale='de')", "a postal code by its shape", |e, n| {
        e.add_function(n, people::postcode);
    }),
    entry("country", "country(locale='de')", "the name of a country", |e, n| e.add_function(n, people::country)),
    entry("company", "company(locale='fr')", "the name of a company", |e, n| e.add_function(n, people::company)),
    entry("card", "card()", "a card number of the ranges for tests, with its check digit", |e, n| {
        e.add_function(n, things::card);
    }),
    entry(
        "iban",
        "iban(locale='de')",
        "an account number with right check digits at a bank that does not exist",
        |e, n| e.add_function(n, people::iban),
    ),
    entry("ipv4", "ipv4()", "an address of the ranges for documentation (RFC 5737)", |e, n| {
        e.add_function(n, things::ipv4);
    }),
    entry("user_agent", "user_agent()", "what a browser says of itself", |e, n| e.add_function(n, things::user_agent)),
    entry("word", "word()", "a word", |e, n| e.add_function(n, things::word)),
    entry("sentence", "sentence()", "a sentence of 6 to 12 words", |e, n| e.add_function(n, things::sentence)),
    entry("paragraph", "paragraph()", "3 to 6 sentences", |e, n| e.add_function(n, things::paragraph)),
    entry("color", "color()", "a colour", |e, n| e.add_function(n, things::color)),
    entry("product", "product()", "something that a shop sells", |e, n| e.add_function(n, things::product)),
];

/// Every filter.
const FILTERS: &[Entry] = &[
    entry("base64", "text|base64", "in Base64", |e, n| e.add_filter(n, coding::base64)),
    entry("base64_decode", "text|base64_decode", "out of Base64", |e, n| e.add_filter(n, coding::base64_decode)),
    entry("urlencode", "text|urlencode", "percent-encoded", |e, n| e.add_filter(n, coding::urlencode)),
    entry("sha256", "text|sha256", "its SHA-256 in hexadecimal digits", |e, n| e.add_filter(n, coding::sha256)),
    entry("hmac_sha256", "text|hmac_sha256(key)", "its HMAC-SHA-256 in hexadecimal digits", |e, n| {
        e.add_filter(n, coding::hmac_sha256);
    }),
    entry("json", "value|json", "as JSON", |e, n| e.add_filter(n, coding::json)),
];

const fn entry(name: &'static str, usage: &'static str, about: &'static str, register: Register) -> Entry {
    (FunctionSpec { name, usage, about }, register)
}

/// Every function that expressions may call, with its documentation.
pub const FUNCTION_SPECS: &[FunctionSpec] = &specs::<{ TABLE.len() }>(TABLE);

/// Every filter that expressions may use beside the template language's own, with its documentation.
pub const FILTER_SPECS: &[FunctionSpec] = &specs::<{ FILTERS.len() }>(FILTERS);

/// The names of all functions that expressions may call, beside the template language's own.
pub const FUNCTIONS: &[&str] = &{
    let mut names = [""; TABLE.len()];
    let mut place = 0;
    while place < TABLE.len() {
        names[place] = TABLE[place].0.name;
        place += 1;
    }
    names
};

const fn specs<const COUNT: usize>(table: &[Entry]) -> [FunctionSpec; COUNT] {
    let mut specs = [table[0].0; COUNT];
    let mut place = 0;
    while place < COUNT {
        specs[place] = table[place].0;
        place += 1;
    }
    specs
}

/// Makes all of them known.
pub(crate) fn register(environment: &mut Environment<'static>) {
    for (spec, register) in TABLE.iter().chain(FILTERS) {
        register(environment, spec.name);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use onrush_plan::Expr;

    use super::*;
    use crate::Random;
    use crate::formula::Lease;
    use crate::mind::Mind;

    fn mind(seed: u64) -> Mind {
        Mind { random: Random::new(seed), now: Duration::from_millis(1_700_000_000_250), ..Mind::default() }
    }

    fn value(source: &str, seed: u64) -> Result<String, String> {
        let expr = Expr { source: source.to_owned(), place: String::new() };
        let formula = Lease::new().compile(&expr).map_err(|trouble| trouble.to_string())?;
        formula.value(&mut mind(seed)).map(|value| value.to_string()).map_err(|trouble| trouble.to_string())
    }

    #[test]
    fn what_is_drawn_never_changes() {
        let mut all = String::new();
        for spec in FUNCTION_SPECS {
            let source = spec.usage;
            all.extend([source, ": ", &value(source, 7).unwrap(), "\n"]);
        }
        for locale in locales::LOCALES {
            let of = |name: &str| value(&format!("{name}(locale='{}')", locale.code), 7).unwrap();
            let parts = ["name", "email", "phone", "street", "postcode", "city", "country", "company", "iban"];
            all.extend([locale.code, ": ", &parts.map(of).join(" | "), "\n"]);
        }
        insta::assert_snapshot!(all);
    }

    #[test]
    fn draws_differ_between_users() {
        for source in ["uuid()", "email()", "card()", "iban()", "paragraph()", "alnum(10)"] {
            let drawn: BTreeSet<String> = (0..200).map(|seed| value(source, seed).unwrap()).collect();
            assert!(drawn.len() > 195, "{source}: {}", drawn.len());
        }
    }

    #[test]
    fn nothing_drawn_can_belong_to_anybody() {
        for seed in 0..200 {
            let email = value("email(locale=pick(['en', 'de', 'fr', 'es', 'it', 'ja']))", seed).unwrap();
            let (user, host) = email.split_once('@').unwrap();
            assert!(["example.com", "example.org", "example.net"].contains(&host), "{email}");
            assert!(user.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.'), "{email}");
            let card = value("card()", seed).unwrap();
            let sum: u32 = card
                .bytes()
                .rev()
                .enumerate()
                .map(|(place, digit)| {
                    let digit = u32::from(digit - b'0') * if place % 2 == 1 { 2 } else { 1 };
                    digit / 10 + digit % 10
                })
                .sum();
            assert!(sum.is_multiple_of(10) && card.len() == 16, "{card}");
            for locale in locales::LOCALES {
                let iban = value(&format!("iban(locale='{}')", locale.code), seed).unwrap();
                let digits = format!("{}{}", &iban[4..], &iban[..4]).bytes().fold(0_u64, |rest, byte| match byte {
                    b'0'..=b'9' => (rest * 10 + u64::from(byte - b'0')) % 97,
                    _ => (rest * 100 + u64::from(byte - b'A') + 10) % 97,
                });
                assert_eq!(digits, 1, "{iban}");
            }
        }
    }

    #[test]
    fn filters_and_dates_say_what_others_say() {
        for (source, expected) in [
            ("'a?b'|base64", "YT9i"),
            ("'YT9i'|base64_decode", "a?b"),
            ("'a b/ü'|urlencode", "a%20b%2F%C3%BC"),
            ("'abc'|sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "'what do ya want for nothing?'|hmac_sha256('Jefe')",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            ("{'a': [1, none, 'x']}|json", "{\"a\":[1,null,\"x\"]}"),
            ("now()", "2023-11-14T22:13:20.250Z"),
            ("now('%d.%m.%Y')", "14.11.2023"),
            ("date()", "2023-11-14"),
            ("date(days=-14, hours=2, format='%F %T')", "2023-11-01 00:13:20"),
            ("date(days=1)", "2023-11-15"),
            ("timestamp()", "1700000000"),
            ("pick(range(3)|list) < 3", "True"),
        ] {
            assert_eq!(value(source, 1).as_deref(), Ok(expected), "{source}");
        }
    }

    #[test]
    fn wrong_uses_are_refused() {
        for (source, expected) in [
            ("pick([])", "`pick([])` pick() was given an empty list"),
            ("pick('abc')", "`pick('abc')` pick() needs a list and was given string"),
            ("name(locale='xx')", "`name(locale='xx')` there is no locale `xx`: use de, en, es, fr, it or ja"),
            ("hex(100000000)", "`hex(100000000)` at most 65,536 characters are drawn at a time"),
            ("'?'|base64_decode", "`'?'|base64_decode` that is not Base64"),
            ("date(dys=1)", "`date(dys=1)` unknown keyword argument 'dys'"),
            ("date(days=10**15)", "`date(days=10**15)` that is too far from now"),
        ] {
            assert_eq!(value(source, 1).unwrap_err(), expected, "{source}");
        }
    }
}
