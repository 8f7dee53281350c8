//! One file through the door, remembered as far as it is done.
//!
//! What is loaded and how far the file is are one transaction, so that whenever an import is
//! stopped nothing is lost and nothing comes twice.
use super::files::{Form, Input};
use super::lines;
use super::mark::Mark;
use super::progress::Progress;
use super::submit::{Head, Refusal, batch, together, wrap};
use crate::routes::bundle::Also;
use crate::state::AppState;
use bytes::Bytes;
use store::StoreError;

pub async fn file(state: &AppState, input: &Input, progress: &Progress) {
    let loaded = match input.form {
        Form::Json => json(state, input, progress).await,
        Form::Ndjson => lines::load(state, input, progress).await,
    };
    if let Err(Refused(reason)) = loaded {
        progress.failed(&input.path, "", &reason);
    }
}

/// Why a file could not be loaded, in words.
pub struct Refused(String);

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
    let text = Bytes::from(std::fs::read(&input.path)?);
    let mark = Mark::of_text(input, &text)?;
    if mark.done(state).await? > 0 {
        progress.advance(input.bytes, 0);
        return Ok(());
    }
    let head = Head::read(&text)?;
    let bundle = match head.is_bundle() {
        true => text,
        false => wrap(&[(&head, &String::from_utf8_lossy(&text))]).into(),
    };
    let also: Also = mark.at(1);
    let loaded = match together(state, &mark.request_id(), bundle.clone(), also).await {
        Ok(count) => count,
        // Each entry of a batch stands for itself.
        Err(_) if head.is_batch() => batched(state, input, &mark, bundle, progress).await?,
        Err(refusals) => refused(input, &refusals, progress),
    };
    progress.advance(input.bytes, loaded);
    Ok(())
}

fn refused(input: &Input, refusals: &[Refusal], progress: &Progress) -> u64 {
    for Refusal { entry, reason } in refusals {
        let place = entry.map(|entry| format!(" Bundle.entry[{entry}]"));
        progress.failed(&input.path, &place.unwrap_or_default(), reason);
    }
    0
}

async fn batched(
    state: &AppState,
    input: &Input,
    mark: &Mark,
    bundle: Bytes,
    progress: &Progress,
) -> Result<u64, Refused> {
    let done = batch(state, &mark.request_id(), bundle).await?;
    refused(input, &done.refusals, progress);
    if done.refusals.is_empty() {
        mark.save(state, 1).await?;
    }
    Ok(done.loaded)
}
