//! A population in a database: imported once, and kept where `BATON_BENCH_KEEP` says so.
use crate::engine::Engine;
use crate::generate::SEED;
use crate::server::run;
use baton_bench::synthetic::{Form, Population, write};
use std::path::{Path, PathBuf};
use std::time::Instant;

pub struct Dataset {
    pub database: String,
    pub population: Population,
    /// Resources per second, where it was loaded just now.
    pub imported: Option<f64>,
}

pub fn of(engine: &Engine, size: usize) -> Dataset {
    let population = Population::of(SEED, size);
    let name = format!("population_{size}");
    let (database, fresh) = engine.kept(&name);
    let imported = fresh.then(|| {
        let files = files(&population, &name);
        let start = Instant::now();
        run(&["import", &files.folder.display().to_string()], &database);
        let rate = files.resources as f64 / start.elapsed().as_secs_f64();
        engine.settle(&database);
        rate
    });
    Dataset {
        database,
        population,
        imported,
    }
}

struct Files {
    folder: PathBuf,
    resources: usize,
}

fn files(population: &Population, name: &str) -> Files {
    let folder = std::env::temp_dir().join(format!("baton-{name}-{}", std::process::id()));
    let resources = write(population, &folder, Form::Ndjson).expect("the files are written");
    Files { folder, resources }
}

impl Drop for Files {
    fn drop(&mut self) {
        // What is left lies in the folder for temporary files.
        let _ = std::fs::remove_dir_all(Path::new(&self.folder));
    }
}
