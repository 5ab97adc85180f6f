//! The figures beside their targets.

/// A line of the table.
pub struct Row {
    what: &'static str,
    figure: String,
    target: String,
    verdict: &'static str,
}

impl Row {
    /// A figure that should reach `target`.
    pub fn at_least(what: &'static str, figure: f64, target: f64) -> Self {
        Self::new(what, figure, format!(">= {target}"), figure >= target)
    }

    /// A figure that should stay within `target`.
    pub fn at_most(what: &'static str, figure: f64, target: f64) -> Self {
        Self::new(what, figure, format!("<= {target}"), figure <= target)
    }

    /// Two figures without a target.
    pub fn figure(what: &'static str, one: f64, two: f64) -> Self {
        let figure = format!("{} / {}", short(one), short(two));
        Self { what, figure, target: String::new(), verdict: "" }
    }

    fn new(what: &'static str, figure: f64, target: String, reached: bool) -> Self {
        let verdict = if reached { "reached" } else { "missed" };
        Self { what, figure: short(figure), target, verdict }
    }
}

fn short(figure: f64) -> String {
    if figure.abs() >= 100.0 { format!("{figure:.0}") } else { format!("{figure:.3}") }
}

/// Prints the table.
pub fn print(rows: &[Row]) {
    println!("\n{:<34} {:>18} {:>10}", "", "measured", "target");
    for row in rows {
        println!("{:<34} {:>18} {:>10}  {}", row.what, row.figure, row.target, row.verdict);
    }
}
