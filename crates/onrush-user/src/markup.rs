//! Reads values out of HTML and XML.
//!
//! CSS selectors are `scraper`'s. XPath is `sxd-xpath`: XPath 1.0 is finished and so is this, in four small crates; what
//! is younger brings 80 (`xrust`) to 200 (`xee-xpath`) crates into the house, or speaks HTML alone (`skyscraper`).

use std::fmt;

use minijinja::value::Value;
use scraper::{ElementRef, Html, Node, Selector};
use sxd_document::dom::{ChildOfElement, ChildOfRoot, Document, Element};
use sxd_document::{Package, parser};
use sxd_xpath::{Context, Factory, XPath};

use crate::show::beginning;
use crate::trouble::{Trouble, TroubleKind};

/// Brackets that a selector or an XPath may have.
const MOST_BRACKETS: usize = 64;
/// How deep elements may nest: what is found is walked by functions that call themselves.
const DEEPEST: usize = 256;

/// Why a text is no CSS selector, in a few words. What lacks an end is taken by CSS as if it had one; nobody means that.
pub fn check_css(selector: &str) -> Result<(), String> {
    parse_css(selector)?;
    if is_ended(selector) { Ok(()) } else { Err("something in it has no end".to_owned()) }
}

/// Whether quotes and brackets come in pairs.
fn is_ended(text: &str) -> bool {
    let (mut open, mut quote) = (0_usize, None);
    for letter in text.chars() {
        match letter {
            _ if quote.is_some() => quote = quote.filter(|open| *open != letter),
            '"' | '\'' => quote = Some(letter),
            '(' | '[' => open += 1,
            ')' | ']' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    open == 0 && quote.is_none()
}

fn parse_css(selector: &str) -> Result<Selector, String> {
    nests_shallowly(selector)?;
    Selector::parse(selector).map_err(|error| said(&error))
}

/// Why a text is no XPath, in a few words; also if it calls a function that there is not.
pub fn check_xpath(source: &str) -> Result<(), String> {
    let (path, nothing) = (parse_xpath(source)?, Package::new());
    let evaluated = path.evaluate(&Context::new(), nothing.as_document().root());
    evaluated.map(drop).map_err(|error| said(&error))
}

fn parse_xpath(source: &str) -> Result<XPath, String> {
    nests_shallowly(source)?;
    match Factory::new().build(source) {
        Ok(Some(path)) => Ok(path),
        Ok(None) => Err("it is empty".to_owned()),
        Err(error) => Err(said(&error)),
    }
}

/// Both are read by functions that call themselves.
fn nests_shallowly(text: &str) -> Result<(), String> {
    let brackets = text.matches(['(', '[']).count();
    if brackets > MOST_BRACKETS { Err(format!("it has more than {MOST_BRACKETS} brackets")) } else { Ok(()) }
}

/// An error in words. Those of the two libraries are partly the names of their variants.
fn said(error: &dyn fmt::Display) -> String {
    let text = error.to_string();
    if text.contains("report this") {
        return "it cannot be read".to_owned();
    }
    if let Some((what, rest)) = text.split_once("OwnedPrefixedName") {
        let name = rest.split("local_part: \"").nth(1).and_then(|rest| rest.split('"').next());
        return format!("{}`{}`", in_words(what), name.unwrap_or_default());
    }
    in_words(text.lines().next().unwrap_or_default().trim_end_matches('.'))
}

/// `TrailingSlash` as `trailing slash`.
fn in_words(text: &str) -> String {
    let mut words = String::new();
    let mut before = ' ';
    for letter in text.chars() {
        if before.is_lowercase() && letter.is_uppercase() {
            words.push(' ');
        }
        let is_word = words.is_empty() || before.is_lowercase() && letter.is_uppercase();
        if is_word {
            words.extend(letter.to_lowercase());
        } else {
            words.push(letter);
        }
        before = letter;
    }
    words
}

/// A selector, and what of the elements is wanted.
#[derive(Debug)]
pub(crate) struct Css {
    selector: Selector,
    attribute: Option<String>,
}

/// A compiled XPath.
pub(crate) struct Path(XPath);

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Path")
    }
}

impl Css {
    pub(crate) fn new(selector: &str, attribute: Option<&String>) -> Result<Self, Trouble> {
        let parsed = parse_css(selector).map_err(|why| {
            Trouble::new(TroubleKind::Expression, "", format!("`{selector}` is not a CSS selector: {why}"))
        })?;
        Ok(Self { selector: parsed, attribute: attribute.cloned() })
    }

    /// The texts of the elements, or their attributes, in order.
    pub(crate) fn read<'a>(&'a self, html: &'a Html) -> impl Iterator<Item = Value> + 'a {
        html.select(&self.selector).filter_map(|element| match &self.attribute {
            Some(name) => element.attr(name).map(Value::from),
            None => Some(Value::from(text(element).trim())),
        })
    }
}

fn text(element: ElementRef<'_>) -> String {
    element.text().collect()
}

/// HTML as browsers read it: there is none that is not well-formed.
pub(crate) fn html(body: &[u8]) -> Html {
    Html::parse_document(&String::from_utf8_lossy(body))
}

impl Path {
    pub(crate) fn new(source: &str) -> Result<Self, Trouble> {
        parse_xpath(source)
            .map(Self)
            .map_err(|why| Trouble::new(TroubleKind::Expression, "", format!("`{source}` is not an XPath: {why}")))
    }

    /// The texts of the nodes in order, or the one value that it is.
    pub(crate) fn read(&self, package: &Package) -> Result<Vec<Value>, Trouble> {
        let document = package.as_document();
        let value = self
            .0
            .evaluate(&Context::new(), document.root())
            .map_err(|error| Trouble::new(TroubleKind::Expression, "", format!("the XPath has no value: {error}")))?;
        Ok(match value {
            sxd_xpath::Value::Boolean(is) => vec![Value::from(is)],
            sxd_xpath::Value::Number(number) => vec![Value::from(number)],
            sxd_xpath::Value::String(text) => vec![Value::from(text)],
            sxd_xpath::Value::Nodeset(nodes) => {
                nodes.document_order().iter().map(|node| Value::from(node.string_value())).collect()
            }
        })
    }
}

/// A body as the tree that XPaths walk: HTML if it begins as that, else XML.
pub(crate) fn tree(body: &[u8]) -> Result<Package, Trouble> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}').trim();
    let package = if begins(text, "<!doctype html") || begins(text, "<html") {
        of_html(&Html::parse_document(text))
    } else {
        parser::parse(text).map_err(|error| unreadable(&format!("is not XML ({error})"), body))?
    };
    if depth(package.as_document()) > DEEPEST {
        return Err(unreadable(&format!("nests deeper than {DEEPEST} elements"), body));
    }
    Ok(package)
}

fn unreadable(what: &str, body: &[u8]) -> Trouble {
    Trouble::new(TroubleKind::Unreadable, "", format!("the body {what}; it is {}", beginning(body)))
}

fn begins(text: &str, with: &str) -> bool {
    text.get(..with.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(with))
}

/// The same tree with names in small letters, without namespaces: `//a` finds links.
fn of_html(html: &Html) -> Package {
    let package = Package::new();
    let document = package.as_document();
    // Elements above the one at hand, by a walk that does not call itself.
    let mut above: Vec<Element<'_>> = Vec::new();
    for edge in html.tree.root().traverse() {
        match edge {
            ego_tree::iter::Edge::Open(node) => match node.value() {
                Node::Element(element) => {
                    let made = document.create_element(element.name());
                    for (name, value) in element.attrs() {
                        made.set_attribute_value(name, value);
                    }
                    match above.last() {
                        Some(parent) => parent.append_child(made),
                        None => document.root().append_child(made),
                    }
                    above.push(made);
                }
                Node::Text(text) => {
                    if let Some(parent) = above.last() {
                        parent.append_child(document.create_text(text));
                    }
                }
                _ => {}
            },
            ego_tree::iter::Edge::Close(node) => {
                if node.value().is_element() {
                    above.pop();
                }
            }
        }
    }
    package
}

fn depth(document: Document<'_>) -> usize {
    fn below(element: Element<'_>) -> impl Iterator<Item = Element<'_>> {
        element.children().into_iter().filter_map(ChildOfElement::element)
    }
    let mut level: Vec<_> = document.root().children().into_iter().filter_map(ChildOfRoot::element).collect();
    let mut depth = 0;
    while !level.is_empty() {
        depth += 1;
        level = level.into_iter().flat_map(below).collect();
    }
    depth
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<!DOCTYPE html><title>Shop</title><ul><li class=item data-id=7><a href='/p/7'>Lamp &amp; co</a>
        <li class=item data-id=8><a href=/p/8> Desk </a></ul><p>1 < 2<br>x";
    const ORDER: &str = "<?xml version='1.0'?><order id='9'><item n='2'>Lamp</item><item n='1'>Desk</item></order>";

    fn css(selector: &str, attribute: Option<&str>) -> Vec<String> {
        let css = Css::new(selector, attribute.map(str::to_owned).as_ref()).unwrap();
        css.read(&html(PAGE.as_bytes())).map(|value| value.to_string()).collect()
    }

    fn xpath(path: &str, body: &str) -> Result<Vec<String>, String> {
        let package = tree(body.as_bytes()).map_err(|trouble| trouble.to_string())?;
        let values = Path::new(path).unwrap().read(&package).map_err(|trouble| trouble.to_string())?;
        Ok(values.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn selectors_find_texts_and_attributes() {
        assert_eq!(css("li.item a", None), ["Lamp & co", "Desk"]);
        assert_eq!(css("li.item", Some("data-id")), ["7", "8"]);
        assert_eq!(css("li:nth-child(2) > a", Some("href")), ["/p/8"]);
        assert!(css("table", None).is_empty() && css("a", Some("id")).is_empty());
        assert!(Css::new("li..x", None).is_err());
    }

    #[test]
    fn paths_find_their_way_through_html_and_xml() {
        for (path, body, expected) in [
            ("//li/@data-id", PAGE, &["7", "8"][..]),
            ("//a[contains(@href, '8')]", PAGE, &[" Desk "]),
            ("normalize-space(//title)", PAGE, &["Shop"]),
            ("//item[@n = '2']/text()", ORDER, &["Lamp"]),
            ("/order/@id", ORDER, &["9"]),
            ("count(//item)", ORDER, &["2.0"]),
            ("sum(//@n) > 2", ORDER, &["True"]),
            ("//nothing", ORDER, &[]),
        ] {
            assert_eq!(xpath(path, body).unwrap(), expected, "{path}");
        }
        assert!(Path::new("//[").is_err() && Path::new("").is_err());
    }

    #[test]
    fn what_is_no_xml_is_told() {
        for (body, expected) in [
            ("{\"a\": 1}", "the body is not XML ("),
            ("<a><b></a>", "the body is not XML ("),
            ("", "the body is not XML ("),
            (&("<a>".repeat(10_000) + &"</a>".repeat(10_000)), "the body nests deeper than 256 elements; it is `<a>"),
            (&("<html>".to_owned() + &"<b>".repeat(10_000)), "the body nests deeper than 256 elements; it is `<html>"),
        ] {
            let told = xpath("//a", body).unwrap_err();
            assert!(told.starts_with(expected) && told.len() < 600, "{told}");
        }
    }
}
