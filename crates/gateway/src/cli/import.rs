//! `baton import`: loads files through the same door as everything else, and goes on where it
//! was stopped.
mod files;
mod lines;
mod load;
mod mark;
mod progress;
mod submit;

use super::data::block_on;
use super::{Failure, data, log, serve};
use files::Input;
use futures_util::{StreamExt, stream};
use progress::Progress;
use std::path::PathBuf;

/// Files at a time: enough to share commits, few enough to keep memory small.
const PARALLEL: usize = 4;

#[derive(clap::Args)]
#[group(skip)]
pub struct Args {
    /// Files or folders: .json with one Bundle or resource, .ndjson with a resource per line
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    data: data::Args,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    let mut config = args.data.settings()?;
    config.log.filter = std::env::var("BATON_LOG").unwrap_or_else(|_| "warn".into());
    log::start(&config.log)?;
    let inputs = files::find(&args.paths)?;
    if inputs.is_empty() {
        return Err(Failure::usage("none of the paths holds a .json or .ndjson file"));
    }
    block_on(import(config, inputs))?
}

async fn import(config: crate::config::Config, inputs: Vec<Input>) -> Result<(), Failure> {
    let state = serve::open(config).await?;
    let progress = Progress::new(inputs.iter().map(|input| input.bytes).sum());
    // What others refer to is loaded completely before what refers to it.
    for group in inputs.chunk_by(|a, b| a.rank == b.rank) {
        stream::iter(group)
            .for_each_concurrent(PARALLEL, |input| load::file(&state, input, &progress))
            .await;
    }
    state.store.close();
    progress.end()
}
