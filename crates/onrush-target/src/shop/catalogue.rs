//! What the shop sells: products and reviews made from the seed, and the products that were added since.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use super::STREAM;
use crate::dice::Dice;

/// Products of the seed, with the ids from 1.
const SEEDED: u32 = 500;

/// Products added later, with the ids from 1001; the oldest make room.
const FIRST_ADDED: u32 = 1001;
const MAX_ADDED: usize = 10_000;

const ADJECTIVES: [&str; 12] =
    ["Blue", "Bright", "Calm", "Classic", "Clever", "Cosy", "Green", "Light", "Quiet", "Red", "Small", "Sturdy"];
const MATERIALS: [&str; 8] = ["Bamboo", "Ceramic", "Cotton", "Glass", "Leather", "Oak", "Steel", "Wool"];
const THINGS: [(&str, &str); 12] = [
    ("Backpack", "travel"),
    ("Blanket", "home"),
    ("Bottle", "travel"),
    ("Bowl", "kitchen"),
    ("Chair", "home"),
    ("Clock", "home"),
    ("Kettle", "kitchen"),
    ("Lamp", "home"),
    ("Mug", "kitchen"),
    ("Notebook", "office"),
    ("Pen", "office"),
    ("Umbrella", "travel"),
];
const AUTHORS: [&str; 8] = ["Ada", "Ben", "Chidi", "Dara", "Eva", "Farid", "Grace", "Hana"];
const OPINIONS: [&str; 5] = ["Never again.", "Not what I hoped for.", "It does its job.", "Good value.", "I love it."];

/// Something to buy.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Product {
    pub(super) id: u32,
    pub(super) name: String,
    pub(super) category: String,
    pub(super) cents: u64,
}

/// What somebody says about a product.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Review {
    author: &'static str,
    stars: usize,
    text: &'static str,
}

impl Product {
    /// In units of the currency, with two decimals.
    pub(super) fn price(&self) -> f64 {
        self.cents as f64 / 100.0
    }
}

/// All products in the order of their ids.
#[derive(Debug)]
pub(super) struct Catalogue {
    seed: u64,
    products: BTreeMap<u32, Product>,
    added: VecDeque<u32>,
    next: u32,
}

impl Catalogue {
    pub(super) fn new(seed: u64) -> Self {
        let dice = Dice::new(seed, STREAM + 1);
        let products = (1..=SEEDED).map(|id| (id, seeded(id, &dice))).collect();
        Self { seed, products, added: VecDeque::new(), next: FIRST_ADDED }
    }

    pub(super) fn get(&self, id: u32) -> Option<&Product> {
        self.products.get(&id)
    }

    /// Those whose name or category has `query` in it, in any case; all for an empty query.
    pub(super) fn search<'a>(&'a self, query: &str) -> impl Iterator<Item = &'a Product> + use<'a> {
        let query = query.trim().to_lowercase();
        self.products.values().filter(move |product| {
            query.is_empty() || product.name.to_lowercase().contains(&query) || product.category.contains(&query)
        })
    }

    /// Adds a product, and returns its id.
    pub(super) fn add(&mut self, name: String, category: String, cents: u64) -> u32 {
        let id = self.next;
        self.next = id.checked_add(1).unwrap_or(FIRST_ADDED);
        self.products.insert(id, Product { id, name, category, cents });
        self.added.push_back(id);
        if self.added.len() > MAX_ADDED
            && let Some(oldest) = self.added.pop_front()
        {
            self.products.remove(&oldest);
        }
        id
    }

    /// The same for each seed and product.
    pub(super) fn reviews(&self, id: u32) -> Vec<Review> {
        let dice = Dice::new(self.seed, STREAM + 2 + u64::from(id));
        let review = |_| {
            let stars = 1 + dice.below(OPINIONS.len());
            Review { author: AUTHORS[dice.below(AUTHORS.len())], stars, text: OPINIONS[stars - 1] }
        };
        (0..dice.below(8)).map(review).collect()
    }
}

fn seeded(id: u32, dice: &Dice) -> Product {
    let (thing, category) = THINGS[dice.below(THINGS.len())];
    let adjective = ADJECTIVES[dice.below(ADJECTIVES.len())];
    let material = MATERIALS[dice.below(MATERIALS.len())];
    let cents = 199 + 100 * dice.below(150) as u64;
    Product { id, name: format!("{adjective} {material} {thing}"), category: category.to_owned(), cents }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_decides() {
        let names = |seed| Catalogue::new(seed).search("").map(|product| product.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(1).len(), SEEDED as usize);
        assert_eq!(names(1), names(1));
        assert_ne!(names(1), names(2));
        assert_eq!(Catalogue::new(1).reviews(7), Catalogue::new(1).reviews(7));
        assert!((1..100).any(|id| !Catalogue::new(1).reviews(id).is_empty()));
    }

    #[test]
    fn search_looks_at_names_and_categories() {
        let catalogue = Catalogue::new(1);
        let mugs = catalogue.search(" mUg ").count();
        let kitchen = catalogue.search("kitchen").count();
        assert!(0 < mugs && mugs < kitchen && kitchen < 500, "{mugs} {kitchen}");
        assert!(catalogue.search("mug").all(|product| product.name.ends_with("Mug")));
        assert_eq!(catalogue.search("submarine").count(), 0);
    }

    #[test]
    fn added_products_make_room_for_each_other() {
        let mut catalogue = Catalogue::new(1);
        let ids: Vec<u32> =
            (0..=MAX_ADDED).map(|i| catalogue.add(format!("Thing {i}"), "new".to_owned(), 100)).collect();
        assert_eq!(ids[0], FIRST_ADDED);
        assert_eq!((catalogue.get(ids[0]), catalogue.products.len()), (None, 500 + MAX_ADDED));
        assert!(catalogue.get(ids[1]).is_some() && catalogue.get(1).is_some());
    }
}
