//! How far the import is, on standard error: a bar for people, a line per tenth for logs.
use crate::cli::Failure;
use crate::edge;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

const WIDTH: u64 = 30;

pub struct Progress {
    total: u64,
    begun: i64,
    bytes: AtomicU64,
    resources: AtomicU64,
    failures: AtomicU64,
    shown: AtomicU64,
    terminal: bool,
}

impl Progress {
    pub fn new(total: u64) -> Progress {
        let zero = || AtomicU64::new(0);
        let terminal = std::io::stderr().is_terminal();
        Progress {
            total: total.max(1),
            begun: edge::now(),
            bytes: zero(),
            resources: zero(),
            failures: zero(),
            shown: zero(),
            terminal,
        }
    }

    pub fn advance(&self, bytes: u64, resources: u64) {
        let bytes = self.bytes.fetch_add(bytes, Relaxed) + bytes;
        let resources = self.resources.fetch_add(resources, Relaxed) + resources;
        let percent = (bytes * 100 / self.total).min(100);
        let step = if self.terminal { percent } else { percent / 10 * 10 };
        if self.shown.swap(step, Relaxed) == step && !(self.terminal && percent < 100) {
            return;
        }
        let line = format!(
            "{percent:3} % {resources} resources, {:.0}/s",
            self.rate(resources)
        );
        // A closed standard error must not stop the import.
        let _ = match self.terminal {
            true => write!(std::io::stderr(), "\r{} {line}\x1b[K", bar(percent)),
            false => writeln!(std::io::stderr(), "{line}"),
        };
    }

    fn rate(&self, resources: u64) -> f64 {
        let micros = (edge::now() - self.begun).max(1);
        resources as f64 * 1_000_000.0 / micros as f64
    }

    /// `place` is a line or an entry; the reason comes from an OperationOutcome and holds no content.
    pub fn failed(&self, path: &Path, place: &str, reason: &str) {
        self.failures.fetch_add(1, Relaxed);
        eprintln!("{}{}{place}: {reason}", self.lead(), path.display());
    }

    /// Over the bar.
    fn lead(&self) -> &'static str {
        if self.terminal { "\r\x1b[K" } else { "" }
    }

    pub fn end(&self) -> Result<(), Failure> {
        let (resources, failures) = (self.resources.load(Relaxed), self.failures.load(Relaxed));
        let (lead, rate) = (self.lead(), self.rate(resources));
        eprintln!("{lead}baton: {resources} resources loaded, {failures} refused, {rate:.0} resources/s");
        match failures {
            0 => Ok(()),
            _ => Err(Failure::of(
                "some content was refused; correct it and run the same command again",
            )),
        }
    }
}

fn bar(percent: u64) -> String {
    let done = percent * WIDTH / 100;
    (0..WIDTH).map(|at| if at < done { '█' } else { '░' }).collect()
}
