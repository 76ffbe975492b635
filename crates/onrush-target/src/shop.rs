//! A small shop in memory, for scenarios that need something to do: products, search, login, cart, checkout, bulk loading.
//!
//! Its contents follow from the seed, and its memory is bounded: the oldest sessions, orders and added products make room for new
//! ones. This file owns the state and what can be done with it; `shop/api.rs` and `shop/bulk.rs` the HTTP around it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::dice::Dice;

mod api;
mod bounded;
mod bulk;
mod catalogue;
mod refusal;

pub(crate) use api::router;

use bounded::Bounded;
use catalogue::Catalogue;
use refusal::Refusal;

/// Sessions, with their carts, and orders that are remembered.
const MAX_SESSIONS: usize = 100_000;
const MAX_ORDERS: usize = 100_000;

/// Different products in one cart, and pieces of one.
const MAX_LINES: usize = 100;
const MAX_QUANTITY: u32 = 1000;

/// Everybody at this domain may log in with this password.
const DOMAIN: &str = "@example.com";
const PASSWORD: &str = "secret";

/// Streams of randomness below those of the threads, which count from 0.
const STREAM: u64 = u64::MAX / 2;

/// The shop, shared by all threads.
#[derive(Debug)]
pub(crate) struct Shop(Mutex<State>);

#[derive(Debug)]
struct State {
    catalogue: Catalogue,
    sessions: Bounded<String, Session>,
    orders: Bounded<u64, Order>,
    next_order: u64,
    dice: Dice,
}

#[derive(Debug)]
struct Session {
    email: String,
    cart: BTreeMap<u32, u32>,
}

/// What was ordered, at the prices of that moment.
#[derive(Clone, Debug, Serialize)]
struct Order {
    id: u64,
    /// Who may see it; everybody where nobody is named.
    email: Option<String>,
    #[serde(flatten)]
    contents: Contents,
}

/// Lines and their sum.
#[derive(Clone, Debug, Default, Serialize)]
struct Contents {
    items: Vec<Line>,
    total: f64,
}

#[derive(Clone, Debug, Serialize)]
struct Line {
    product: u32,
    name: String,
    qty: u32,
    price: f64,
}

impl Shop {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(State {
            catalogue: Catalogue::new(seed),
            sessions: Bounded::new(MAX_SESSIONS),
            orders: Bounded::new(MAX_ORDERS),
            next_order: 1,
            dice: Dice::new(seed, STREAM),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is made at once, after all checks: a panic leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A new session with an empty cart; its token.
    fn login(&mut self, email: &str, password: &str) -> Result<String, Refusal> {
        if !email.ends_with(DOMAIN) || email.len() == DOMAIN.len() || password != PASSWORD {
            return Err(Refusal::unauthorized("this email and password do not go together"));
        }
        let token = format!("{:016x}{:016x}", self.dice.bits(), self.dice.bits());
        self.sessions.insert(token.clone(), Session { email: email.to_owned(), cart: BTreeMap::new() });
        Ok(token)
    }

    fn session(&mut self, token: &str) -> Result<&mut Session, Refusal> {
        self.sessions.get_mut(token).ok_or_else(|| Refusal::unauthorized("this session is unknown: log in"))
    }

    fn cart(&mut self, token: &str) -> Result<Contents, Refusal> {
        let cart = self.session(token)?.cart.clone();
        Ok(self.contents(&cart))
    }

    fn add(&mut self, token: &str, product: u32, quantity: u32) -> Result<Contents, Refusal> {
        self.session(token)?;
        self.check_line(product, quantity)?;
        let cart = &mut self.session(token)?.cart;
        if cart.len() == MAX_LINES && !cart.contains_key(&product) {
            return Err(Refusal::conflict(format!("a cart holds {MAX_LINES} different products")));
        }
        let held = cart.entry(product).or_default();
        *held = (*held + quantity).min(MAX_QUANTITY);
        self.cart(token)
    }

    fn remove(&mut self, token: &str, product: u32) -> Result<Contents, Refusal> {
        match self.session(token)?.cart.remove(&product) {
            Some(_) => self.cart(token),
            None => Err(Refusal::not_found(format!("product {product} is not in the cart"))),
        }
    }

    /// Makes an order of the cart, and empties it.
    fn checkout(&mut self, token: &str) -> Result<Order, Refusal> {
        let session = self.session(token)?;
        if session.cart.is_empty() {
            return Err(Refusal::conflict("the cart is empty"));
        }
        let (cart, email) = (std::mem::take(&mut session.cart), session.email.clone());
        Ok(self.order(&cart, Some(email)))
    }

    fn order(&mut self, cart: &BTreeMap<u32, u32>, email: Option<String>) -> Order {
        let order = Order { id: self.next_order, email, contents: self.contents(cart) };
        self.next_order += 1;
        self.orders.insert(order.id, order.clone());
        order
    }

    /// An order that the bearer of the token may see. The orders of others are as good as not there.
    fn find_order(&mut self, token: Option<&str>, id: u64) -> Result<Order, Refusal> {
        let missing = || Refusal::not_found(format!("there is no order {id}"));
        let order = self.orders.get(&id).cloned().ok_or_else(missing)?;
        if let Some(owner) = &order.email {
            let token = token.ok_or_else(|| Refusal::unauthorized("log in to see your orders"))?;
            if self.session(token)?.email != *owner {
                return Err(missing());
            }
        }
        Ok(order)
    }

    fn check_line(&self, product: u32, quantity: u32) -> Result<(), Refusal> {
        if self.catalogue.get(product).is_none() {
            return Err(Refusal::not_found(format!("there is no product {product}")));
        }
        if quantity == 0 || quantity > MAX_QUANTITY {
            return Err(Refusal::unprocessable(format!("qty must be from 1 to {MAX_QUANTITY}")));
        }
        Ok(())
    }

    /// What a cart is worth. Products that were evicted meanwhile are left out.
    fn contents(&self, cart: &BTreeMap<u32, u32>) -> Contents {
        let products = cart.iter().filter_map(|(id, qty)| Some((self.catalogue.get(*id)?, *qty)));
        let mut cents = 0;
        let items = products
            .map(|(product, qty)| {
                cents += product.cents * u64::from(qty);
                Line { product: product.id, name: product.name.clone(), qty, price: product.price() }
            })
            .collect();
        Contents { items, total: cents as f64 / 100.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_the_same_shop() {
        let tokens = |seed| {
            let shop = Shop::new(seed);
            let mut state = shop.lock();
            [state.login("ann@example.com", "secret").unwrap(), state.login("ann@example.com", "secret").unwrap()]
        };
        assert_eq!(tokens(1), tokens(1));
        assert_ne!(tokens(1), tokens(2));
        let [first, second] = tokens(1);
        assert_ne!(first, second);
    }

    #[test]
    fn carts_are_bounded_and_add_up() {
        let shop = Shop::new(1);
        let mut state = shop.lock();
        let token = state.login("ann@example.com", "secret").unwrap();
        for product in 1..=100 {
            state.add(&token, product, 1000).unwrap();
        }
        assert!(state.add(&token, 101, 1).is_err(), "another product");
        let full = state.add(&token, 1, 1000).unwrap();
        assert_eq!((full.items.len(), full.items[0].qty), (100, 1000), "as many as fit");
        let sum: f64 = full.items.iter().map(|line| line.price * f64::from(line.qty)).sum();
        assert!((full.total - sum).abs() < 0.01, "{} {sum}", full.total);
    }
}
