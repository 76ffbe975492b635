//! Files and an environment in memory.

use std::collections::BTreeMap;

use onrush_lang::{Document, Faults, Files, Overrides, parse_scenario};

#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) environment: BTreeMap<String, String>,
}

impl Memory {
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
        Self { files, environment: BTreeMap::new() }
    }
}

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let path = path.strip_prefix("./").unwrap_or(path);
        self.files.get(path).cloned().ok_or_else(|| "there is no such file".to_owned())
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.environment.get(name).cloned()
    }
}

/// What is there for every test.
pub(crate) fn memory() -> Memory {
    let mut memory = Memory::with(&[
        ("shoppers.csv", "email,password,city\nann@example.com,secret,Bonn\nben@example.com,secret,Graz\n"),
        ("orders.ndjson", "{\"product\": 1, \"qty\": 2}\n{\"product\": 2, \"qty\": 1}\n"),
        ("words.json", "[{\"word\": \"lamp\"}, {\"word\": \"mug\"}]"),
        ("empty.csv", "email,password\n"),
        ("ragged.csv", "email,password\nann@example.com,hunter2\nben@example.com\n"),
        ("picture.png", "not really"),
        ("body.xml", "<a/>"),
        ("client.pem", "certificate"),
        ("client.key", "key"),
        ("ca.pem", "authority"),
        ("real.pem", "-----BEGIN CERTIFICATE-----\n"),
        ("real.key", "-----BEGIN PRIVATE KEY-----\n"),
        ("common.yaml", "fragments:\n  login:\n    - post: /login\n      save: { token: $.token }\n"),
    ]);
    memory.environment.insert("TOKEN".to_owned(), "hunter2".to_owned());
    memory.environment.insert("HOST".to_owned(), "http://127.0.0.1:7070".to_owned());
    memory.environment.insert("STAGE".to_owned(), "test".to_owned());
    memory
}

pub(crate) fn parse(text: &str) -> Result<Document, Faults> {
    parse_scenario("shop.yaml", text, &memory(), &Overrides::default())
}

/// A document that is known to be fine.
pub(crate) fn fine(text: &str) -> Document {
    parse(text).unwrap_or_else(|faults| panic!("{faults}\n{text}"))
}
