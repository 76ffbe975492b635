//! What people see when they mistype a load.

use onrush_lang::parse_load;

#[test]
fn wrong_loads() {
    let wrong = [
        "",
        "   ",
        "500",
        "500/x for 5m",
        "500/s",
        "500/s for",
        "500/s over 5m",
        "500/s for 5 m",
        "500/s for 5",
        "500/s for 5mins",
        "500/s for 5m please",
        "0/s -> 500 over 30s",
        "0 -> 50 over 30s",
        "0 -> 50 users for 30s",
        "10/s -> 20/s for 5m",
        "50 usres for 5m",
        "50 users",
        "50.5 users for 1m",
        "posson 5/s for 1m",
        "users 50 for 1m",
        "1000 iterations",
        "1000 iterations each 20 users",
        "1000 iterations by 0 users",
        "0 iterations by 5 users",
        "0/s for 5m",
        "50 users for 0s",
        "99999999999 users for 1m",
        "99999999999/s for 1m",
        "5 users for 1m,",
        ", 5 users for 1m",
        "5 users for 1m,\n, 5 users for 1m",
        "5 users for 1m, 7 usr for 1m",
        "5 users for 1m\n0/s → 5/s over ½m",
        "五 users for 1m",
    ];
    let rendered = wrong.map(|text| {
        let diagnostic = parse_load(text).expect_err(text);
        diagnostic.render("--load", text)
    });
    insta::assert_snapshot!(rendered.join("\n"));
}
