//! The table that everything ends in.

/// A budget: a ratio or a value that must not be exceeded.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) tool: &'static str,
    pub(crate) value: String,
    pub(crate) beside: Vec<String>,
    /// What is held against its budget, and the budget.
    pub(crate) budgets: Vec<(String, f64, f64)>,
}

/// Prints rows as Markdown.
pub(crate) fn print(rows: &[Row]) {
    println!("| what | tool | figure | beside | budget |\n|---|---|---|---|---|");
    for row in rows {
        let budgets: Vec<_> = row
            .budgets
            .iter()
            .map(|(name, value, limit)| {
                let met = if value <= limit { "met" } else { "MISSED" };
                format!("{name} ≤ {limit}: {value:.2} {met}")
            })
            .collect();
        println!(
            "| {} | {} | {} | {} | {} |",
            row.what,
            row.tool,
            row.value,
            row.beside.join(", "),
            budgets.join("; ")
        );
    }
}
