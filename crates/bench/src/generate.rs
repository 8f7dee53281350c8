//! `baton-bench generate FOLDER RESOURCES [ndjson|bundles] [SEED]`: the synthetic population as files.
use baton_bench::synthetic::{Form, Population, write};
use std::path::Path;

const USAGE: &str = "usage: baton-bench generate FOLDER RESOURCES [ndjson|bundles] [SEED]";
pub const SEED: u64 = 20_250_701;

pub fn run(args: &[String]) {
    let (Some(folder), Some(count)) = (args.first(), args.get(1).and_then(|n| n.parse().ok())) else {
        eprintln!("{USAGE}");
        std::process::exit(2);
    };
    let form = match args.get(2).map(String::as_str) {
        None | Some("ndjson") => Form::Ndjson,
        Some("bundles") => Form::Bundles,
        Some(_) => {
            eprintln!("{USAGE}");
            std::process::exit(2);
        }
    };
    let seed = args.get(3).and_then(|n| n.parse().ok()).unwrap_or(SEED);
    let population = Population::of(seed, count);
    let written = write(&population, Path::new(folder), form).expect("the folder can be written");
    println!(
        "{written} resources of {} patients in {folder}",
        population.patients
    );
}
