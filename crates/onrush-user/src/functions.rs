//! Functions that expressions may call, beside the template language's own.

mod chance;

use minijinja::Environment;

/// A function that expressions may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionSpec {
    /// Its name.
    pub name: &'static str,
    /// How it is called.
    pub usage: &'static str,
    /// What it gives, in a line.
    pub about: &'static str,
}

/// How a function is made known to the template language.
type Register = fn(&mut Environment<'static>, &'static str);

/// Every function: what it is called, how it is called, what it gives, how it is registered.
const TABLE: &[(FunctionSpec, Register)] = &[
    entry("pick", "pick(list)", "an entry of a list, each as likely as the others", |e, n| {
        e.add_function(n, chance::pick)
    }),
    entry("int", "int(low, high)", "a whole number, both ends included", |e, n| e.add_function(n, chance::int)),
    entry("float", "float(low, high)", "a number, the upper end excluded", |e, n| e.add_function(n, chance::float)),
    entry("chance", "chance(0.4)", "true so often, from 0 to 1", |e, n| e.add_function(n, chance::chance)),
    entry("uuid", "uuid()", "a random UUID (version 4)", |e, n| e.add_function(n, chance::uuid)),
];

const fn entry(
    name: &'static str,
    usage: &'static str,
    about: &'static str,
    register: Register,
) -> (FunctionSpec, Register) {
    (FunctionSpec { name, usage, about }, register)
}

/// Every function that expressions may call, with its documentation.
pub const FUNCTION_SPECS: &[FunctionSpec] = &{
    let mut specs = [TABLE[0].0; TABLE.len()];
    let mut place = 0;
    while place < TABLE.len() {
        specs[place] = TABLE[place].0;
        place += 1;
    }
    specs
};

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

/// Makes all of them known.
pub(crate) fn register(environment: &mut Environment<'static>) {
    for (spec, register) in TABLE {
        register(environment, spec.name);
    }
}
