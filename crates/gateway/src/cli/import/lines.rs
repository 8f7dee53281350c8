//! NDJSON: lines are loaded many at a time, and those that are refused do not keep out the others.
//! <https://hl7.org/fhir/R4/nd-json.html>
use super::files::Input;
use super::load::Refused;
use super::mark::Mark;
use super::progress::Progress;
use super::submit::{Head, Refusal, together, wrap};
use crate::state::AppState;
use std::fs::File;
use std::io::{BufRead, BufReader};

const LINES: usize = 1_000;
const CHUNK_BYTES: usize = 4 << 20;

pub async fn load(state: &AppState, input: &Input, progress: &Progress) -> Result<(), Refused> {
    let mark = Mark::of(input)?;
    let done = mark.done(state).await?;
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
                complete &= chunk.take(number, line, &mark, input, progress);
            }
        }
        if chunk.bytes == 0 {
            return Ok(());
        }
        // What was refused, and all after it, is tried again by the next run.
        complete = chunk
            .load(state, input, &mark, complete.then_some(number), progress)
            .await;
    }
}

/// Consecutive lines that are loaded together.
#[derive(Default)]
struct Chunk {
    /// Number of the line in the file, its head and its text.
    lines: Vec<(u64, Head, String)>,
    bytes: usize,
}

impl Chunk {
    fn take(&mut self, number: u64, line: String, mark: &Mark, input: &Input, progress: &Progress) -> bool {
        match Head::read(line.as_bytes()) {
            Ok(head) => {
                let (head, line) = head.named(line, &[&mark.path, &number.to_string()]);
                self.lines.push((number, head, line));
            }
            Err(reason) => progress.failed(&input.path, &format!(":{number}"), &reason),
        }
        self.lines.last().is_some_and(|(last, ..)| *last == number)
    }

    /// All that are good, in one transaction, which remembers that the file is done up to `mark`.
    /// Whether all were.
    async fn load(
        mut self,
        state: &AppState,
        input: &Input,
        mark: &Mark,
        mut done: Option<u64>,
        progress: &Progress,
    ) -> bool {
        while !self.lines.is_empty() {
            let lines: Vec<(&Head, &str)> = self.lines.iter().map(|(_, h, text)| (h, &**text)).collect();
            let bundle = wrap(&lines);
            let also = done.map_or_else(super::submit::nothing, |number| mark.at(number));
            match together(state, &mark.request_id(), bundle.into(), also).await {
                Ok(_) => break,
                Err(refusals) => {
                    done = None;
                    self.leave_out(&refusals, input, progress);
                }
            }
        }
        progress.advance(self.bytes as u64, self.lines.len() as u64);
        done.is_some()
    }

    /// A refusal that names no line is one of all.
    fn leave_out(&mut self, refusals: &[Refusal], input: &Input, progress: &Progress) {
        for Refusal { entry, reason } in refusals {
            let line = entry
                .and_then(|entry| self.lines.get(entry))
                .or(self.lines.first());
            let number = line.map_or(0, |(number, ..)| *number);
            progress.failed(&input.path, &format!(":{number}"), reason);
        }
        let mut at = 0;
        let all = refusals.iter().any(|refusal| refusal.entry.is_none()) || refusals.is_empty();
        self.lines.retain(|_| {
            let bad = all || refusals.iter().any(|refusal| refusal.entry == Some(at));
            at += 1;
            !bad
        });
    }
}
