//! How far the import is, on standard error: a moving line for people, a line per tenth for logs.
use crate::cli::Failure;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

pub struct Progress {
    total: u64,
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
        let percent = bytes * 100 / self.total;
        let step = if self.terminal { percent } else { percent / 10 * 10 };
        if self.shown.swap(step, Relaxed) == step && !(self.terminal && percent < 100) {
            return;
        }
        let line = format!("{percent:3} % {resources} resources");
        // A closed standard error must not stop the import.
        let _ = match self.terminal {
            true => write!(std::io::stderr(), "\r{line}"),
            false => writeln!(std::io::stderr(), "{line}"),
        };
    }

    /// `place` is a line or an entry; the reason comes from an OperationOutcome and holds no content.
    pub fn failed(&self, path: &Path, place: &str, reason: &str) {
        self.failures.fetch_add(1, Relaxed);
        let lead = if self.terminal { "\r" } else { "" };
        eprintln!("{lead}{}{place}: {reason}", path.display());
    }

    pub fn end(&self) -> Result<(), Failure> {
        let (resources, failures) = (self.resources.load(Relaxed), self.failures.load(Relaxed));
        let lead = if self.terminal { "\r" } else { "" };
        eprintln!("{lead}baton: {resources} resources loaded, {failures} refused");
        match failures {
            0 => Ok(()),
            _ => Err(Failure::of(
                "some content was refused; correct it and run the same command again",
            )),
        }
    }
}
