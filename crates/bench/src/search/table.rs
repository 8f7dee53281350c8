//! A line per shape and engine: both sizes side by side.
use super::ask::Answer;
use super::shapes::{Promise, Shape};
use std::fmt;

const P50: f64 = 3.0;
const P99: f64 = 15.0;
const GROWTH: f64 = 1.5;
/// Below this a ratio is noise of the scheduler.
const NOISE: f64 = 0.3;

struct Line {
    engine: &'static str,
    name: &'static str,
    promise: Promise,
    answers: Vec<Answer>,
}

#[derive(Default)]
pub struct Shapes(Vec<Line>);

impl Shapes {
    /// Sizes come one after the other, smallest first.
    pub fn add(&mut self, engine: &'static str, shape: &Shape, column: usize, answer: Answer) {
        let own = |line: &&mut Line| line.engine == engine && line.name == shape.name;
        match self.0.iter_mut().find(own).filter(|_| column > 0) {
            Some(line) => line.answers.push(answer),
            None => self.0.push(Line {
                engine,
                name: shape.name,
                promise: shape.promise,
                answers: vec![answer],
            }),
        }
        if let Some(line) = self.0.iter().find(|l| l.engine == engine && l.name == shape.name) {
            eprintln!("{line}");
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Line {
    fn verdict(&self) -> String {
        let (Promise::Selective, Some(last)) = (self.promise, self.answers.last()) else {
            return String::new();
        };
        let first = self.answers[0].p50;
        let mut missed = Vec::new();
        if last.p50 > P50 {
            missed.push("p50");
        }
        if last.p99 > P99 {
            missed.push("p99");
        }
        if last.p50 > GROWTH * first && last.p50 - first > NOISE {
            missed.push("growth");
        }
        match missed.is_empty() {
            true => "met".to_string(),
            false => format!("missed: {}", missed.join(", ")),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| {:<10} | {:<42} |", self.engine, self.name)?;
        for answer in &self.answers {
            write!(
                f,
                " {:>8.2} | {:>8.2} | {:>5.1} |",
                answer.p50, answer.p99, answer.matches
            )?;
        }
        if let [first, .., last] = &self.answers[..] {
            write!(f, " {:>5.2} |", last.p50 / first.p50)?;
        }
        write!(f, " {} |", self.verdict())
    }
}

impl fmt::Display for Shapes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes = self.0.iter().map(|line| line.answers.len()).max().unwrap_or(0);
        let columns = "p50 ms | p99 ms | matches | ".repeat(sizes);
        let growth = if sizes > 1 { "growth | " } else { "" };
        writeln!(
            f,
            "| engine | search | {columns}{growth}{P50}/{P99} ms, growth ≤ {GROWTH} |"
        )?;
        let rules = "---|".repeat(3 + 3 * sizes + usize::from(sizes > 1));
        writeln!(f, "|{rules}")?;
        self.0.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
