//! One file through the door, remembered as far as it is done.
//!
//! A transaction Bundle may create resources under new ids, so loading it twice would double
//! them: after a crash the audit tells whether its commit happened. Lines of NDJSON are updates
//! under their own ids and can be repeated.
use super::files::{Form, Input};
use super::mark::Mark;
use super::progress::Progress;
use super::submit::{Head, Mode, submit, wrap};
use crate::state::AppState;
use std::fs::File;
use std::io::{BufRead, BufReader};
use store::StoreError;

const LINES: usize = 500;
const CHUNK_BYTES: usize = 4 << 20;

pub async fn file(state: &AppState, input: &Input, progress: &Progress) {
    let loaded = match input.form {
        Form::Json => json(state, input, progress).await,
        Form::Ndjson => ndjson(state, input, progress).await,
    };
    if let Err(Refused(reason)) = loaded {
        progress.failed(&input.path, "", &reason);
    }
}

/// Why a file could not be loaded, in words.
struct Refused(String);

impl From<String> for Refused {
    fn from(reason: String) -> Self {
        Refused(reason)
    }
}

impl From<std::io::Error> for Refused {
    fn from(error: std::io::Error) -> Self {
        Refused(error.to_string())
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Refused(format!("database: {error}"))
    }
}

async fn json(state: &AppState, input: &Input, progress: &Progress) -> Result<(), Refused> {
    let mark = Mark::of(input)?;
    let begun = mark.done(state).await?;
    if begun.is_some_and(|done| done > 0) {
        progress.advance(input.bytes, 0);
        return Ok(());
    }
    let text = std::fs::read_to_string(&input.path)?;
    let head = Head::read(text.as_bytes())?;
    if begun.is_none() {
        mark.save(state, 0).await?;
    } else if head.is_transaction() && mark.was_committed(state).await? {
        mark.save(state, 1).await?;
        progress.advance(input.bytes, 0);
        return Ok(());
    }
    let bundle = match head.is_bundle() {
        true => text,
        false => wrap(Mode::Transaction, [(&head, text.as_str())].into_iter()),
    };
    let verdicts = submit(state, &mark.request_id(), bundle.into()).await?;
    let refused = verdicts
        .iter()
        .enumerate()
        .filter_map(|(at, verdict)| Some((at, verdict.as_ref().err()?)));
    for (at, reason) in refused.clone() {
        progress.failed(&input.path, &format!(" Bundle.entry[{at}]"), reason);
    }
    progress.advance(input.bytes, (verdicts.len() - refused.clone().count()) as u64);
    if refused.count() == 0 {
        mark.save(state, 1).await?;
    }
    Ok(())
}

/// Consecutive lines that are loaded together.
#[derive(Default)]
struct Chunk {
    /// Number of the line in the file, its head and its text.
    lines: Vec<(u64, Head, String)>,
    bytes: usize,
}

async fn ndjson(state: &AppState, input: &Input, progress: &Progress) -> Result<(), Refused> {
    let mark = Mark::of(input)?;
    let done = mark.done(state).await?.unwrap_or_default();
    let mut lines = BufReader::new(File::open(&input.path)?).lines();
    let (mut number, mut complete) = (0, true);
    loop {
        let mut chunk = Chunk::default();
        while chunk.lines.len() < LINES && chunk.bytes < CHUNK_BYTES {
            let Some(line) = lines.next().transpose()? else {
                break;
            };
            number += 1;
            chunk.bytes += line.len() + 1;
            if number > done && !line.trim().is_empty() {
                complete &= chunk.take(number, line, input, progress);
            }
        }
        if chunk.bytes == 0 {
            return Ok(());
        }
        complete &= chunk.load(state, input, progress).await;
        // What was refused, and all after it, is tried again by the next run.
        if complete && number > done {
            mark.save(state, number).await?;
        }
    }
}

impl Chunk {
    fn take(&mut self, number: u64, line: String, input: &Input, progress: &Progress) -> bool {
        match Head::read(line.as_bytes()) {
            Ok(head) => self.lines.push((number, head, line)),
            Err(reason) => {
                progress.failed(&input.path, &format!(":{number}"), &reason);
                return false;
            }
        }
        true
    }

    /// Together when all are good; one by one when not, so that the good ones get in.
    async fn load(&self, state: &AppState, input: &Input, progress: &Progress) -> bool {
        let mut refused = 0;
        if !self.lines.is_empty() && self.submit(state, Mode::Transaction).await.is_err() {
            let verdicts = self.submit(state, Mode::Batch).await;
            refused = match verdicts {
                Ok(verdicts) => self.report(&verdicts, input, progress),
                Err(reason) => {
                    progress.failed(&input.path, &format!(":{}", self.lines[0].0), &reason);
                    self.lines.len()
                }
            };
        }
        progress.advance(self.bytes as u64, (self.lines.len() - refused) as u64);
        refused == 0
    }

    async fn submit(&self, state: &AppState, mode: Mode) -> Result<Vec<Result<(), String>>, String> {
        let bundle = wrap(
            mode,
            self.lines.iter().map(|(_, head, text)| (head, text.as_str())),
        );
        submit(state, &crate::edge::new_id(), bundle.into()).await
    }

    fn report(&self, verdicts: &[Result<(), String>], input: &Input, progress: &Progress) -> usize {
        let refused = self
            .lines
            .iter()
            .zip(verdicts)
            .filter_map(|(line, verdict)| Some((line.0, verdict.as_ref().err()?)));
        refused
            .map(|(number, reason)| progress.failed(&input.path, &format!(":{number}"), reason))
            .count()
    }
}
