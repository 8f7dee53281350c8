//! Writes the tables under `crates/fhir/data/` from the official R4 definitions, so that nobody
//! edits them by hand: `cargo run -p baton-fhir --example generate_tables -- DEFINITIONS_DIR`.
//! <https://hl7.org/fhir/R4/downloads.html>
mod tables;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(definitions) = std::env::args().nth(1) else {
        eprintln!("usage: generate_tables DEFINITIONS_DIR");
        return ExitCode::from(2);
    };
    let out = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    match run(Path::new(&definitions), &out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(definitions: &Path, out: &Path) -> Result<(), tables::Error> {
    for (name, text) in tables::generate(definitions)? {
        std::fs::write(out.join(name), &text)?;
        println!("{name}: {} lines, {} bytes", text.lines().count(), text.len());
    }
    Ok(())
}
