//! `baton openapi`: the documents that describe the HTTP surface, for drift checks and generators.
use super::Failure;
use std::path::PathBuf;

#[derive(clap::Args)]
#[group(skip)]
pub struct Args {
    /// Folder to write all documents into; without it the main one goes to standard output
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// File to write the error catalogue into (Markdown)
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    if let Some(file) = &args.errors {
        let named = |e: std::io::Error| Failure::of(format!("{}: {e}", file.display()));
        std::fs::write(file, crate::docs::errors::markdown()).map_err(named)?;
    }
    let Some(folder) = &args.out else {
        println!("{}", crate::docs::main_document());
        return Ok(());
    };
    let named = |e: std::io::Error| Failure::of(format!("{}: {e}", folder.display()));
    std::fs::create_dir_all(folder).map_err(named)?;
    crate::docs::write(folder).map_err(named)
}
