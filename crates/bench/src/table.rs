//! The one table at the end.
use std::fmt;

/// What counts as good for a row.
pub enum Target {
    /// At most this value.
    AtMost(f64),
    /// At least this value.
    AtLeast(f64),
    /// At least this share of the limit.
    Share(f64),
    None,
}

pub struct Row {
    pub engine: &'static str,
    pub what: String,
    pub value: f64,
    pub unit: &'static str,
    pub limit: Option<f64>,
    pub target: Target,
}

#[derive(Default)]
pub struct Table(Vec<Row>);

impl Table {
    pub fn add(&mut self, row: Row) {
        eprintln!("{row}");
        self.0.push(row);
    }
}

impl Row {
    fn ratio(&self) -> Option<f64> {
        self.limit.map(|limit| self.value / limit)
    }

    fn verdict(&self) -> String {
        let (words, met) = match self.target {
            Target::AtMost(most) => (format!("≤ {most}"), self.value <= most),
            Target::AtLeast(least) => (format!("≥ {least}"), self.value >= least),
            Target::Share(share) => (
                format!("ratio ≥ {share}"),
                self.ratio().is_some_and(|r| r >= share),
            ),
            Target::None => return String::new(),
        };
        format!("{words} {}", if met { "met" } else { "missed" })
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = self
            .limit
            .map_or(String::from("-"), |limit| format!("{limit:.1}"));
        let ratio = self
            .ratio()
            .map_or(String::from("-"), |ratio| format!("{ratio:.2}"));
        write!(
            f,
            "| {:<10} | {:<44} | {:>10.1} {:<6} | {:>10} | {:>5} | {} |",
            self.engine,
            self.what,
            self.value,
            self.unit,
            limit,
            ratio,
            self.verdict()
        )
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| engine | what | value | limit | ratio | target |")?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        self.0.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}
