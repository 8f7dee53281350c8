//! `baton import`: loads files through the same door as everything else, and goes on where it
//! was stopped.
mod files;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use fhir::TypeId;
    use store::HistoryScope;
    use store::admin::ImportFile;

    const BUNDLE: &str = r#"{"resourceType":"Bundle","type":"transaction","entry":[{
        "resource":{"resourceType":"Patient","active":true},"request":{"method":"POST","url":"Patient"}}]}"#;

    async fn patients(state: &crate::state::AppState) -> usize {
        let scope = HistoryScope::Type(TypeId::of("Patient").unwrap());
        state
            .store
            .read(move |tx| tx.history(&scope, None, 10, None))
            .await
            .unwrap()
            .versions
            .len()
    }

    #[actix_web::test]
    async fn a_bundle_committed_just_before_a_crash_is_not_loaded_again() {
        let folder = std::env::temp_dir().join(format!("baton-import-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("zoe.json");
        std::fs::write(&path, BUNDLE).unwrap();
        let database = format!("sqlite://{}/baton.db", folder.display());
        let state = serve::open(Config {
            database,
            ..Config::default()
        })
        .await
        .unwrap();
        let input = files::find(std::slice::from_ref(&path)).unwrap().remove(0);
        let progress = Progress::new(input.bytes);
        load::file(&state, &input, &progress).await;
        assert_eq!(patients(&state).await, 1);

        // As the database is when the process died between the commit and the mark.
        let name = std::fs::canonicalize(&path).unwrap().display().to_string();
        let mark = state
            .store
            .read(move |tx| tx.import_file(&name))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(mark.done, 1);
        let begun = ImportFile { done: 0, ..mark };
        state
            .store
            .write(move |tx| tx.put_import_file(&begun))
            .await
            .unwrap();
        load::file(&state, &input, &progress).await;
        assert_eq!(patients(&state).await, 1);
        progress.end().unwrap();
        state.store.close();
        std::fs::remove_dir_all(folder).unwrap();
    }
}
