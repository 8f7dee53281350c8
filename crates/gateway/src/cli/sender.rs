//! `baton sender`: systems that may send HL7 v2 messages.
use super::{Failure, data};
use crate::edge;
use crate::ingest::register::{put_row, row, told};
use hl7v2::sender::{Maps, Sender, Zone};
use serde_json::Value;
use std::path::{Path, PathBuf};
use store::admin::SenderRow;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Register a sender; the same name again replaces what was registered
    Add(AddArgs),
    /// Show all senders with their maps as JSON
    List(data::Args),
    /// Refuse a sender's messages from now on; they are still kept for review
    Disable {
        /// The name it was registered under
        name: String,
        #[command(flatten)]
        data: data::Args,
    },
}

#[derive(clap::Args)]
#[group(skip)]
pub struct AddArgs {
    /// What people call the sender
    #[arg(long)]
    name: String,
    /// Sending application, MSH-3
    #[arg(long, value_name = "MSH-3")]
    application: String,
    /// Sending facility, MSH-4
    #[arg(long, value_name = "MSH-4")]
    facility: String,
    /// Time zone of times without an offset, such as America/New_York
    #[arg(long, value_name = "IANA")]
    timezone: Zone,
    /// Class, disposition and authority maps, as TOML or JSON (examples/sender.toml shows all there is)
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    #[command(flatten)]
    data: data::Args,
}

pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Add(args) => add(args),
        Command::List(data) => {
            let senders = data.read(|tx| tx.senders())?;
            data::print(&Value::Array(senders.iter().map(told).collect()));
            Ok(())
        }
        Command::Disable { name, data } => disable(name, &data),
    }
}

fn add(args: AddArgs) -> Result<(), Failure> {
    let mut sender = Sender::new(&args.name, &args.application, &args.facility, args.timezone);
    if let Some(path) = &args.map {
        sender.maps = read_maps(path)?;
    }
    let row = row(&sender, edge::now()).map_err(Failure::of)?;
    let added = args.data.change(
        "sender",
        |done: &Result<SenderRow, String>| Some(done.as_ref().ok()?.name.clone()),
        move |tx| put_row(tx, &row),
    )?;
    data::print(&told(&added.map_err(Failure::of)?));
    Ok(())
}

fn disable(name: String, data: &data::Args) -> Result<(), Failure> {
    let now = edge::now();
    let unknown = format!("there is no sender `{name}`; see `baton sender list`");
    let disabled = data.change(
        "sender",
        |done: &Option<SenderRow>| Some(done.as_ref()?.name.clone()),
        move |tx| {
            let Some(mut row) = tx.senders()?.into_iter().find(|row| row.name == name) else {
                return Ok(None);
            };
            row.disabled = row.disabled.or(Some(now));
            tx.update_sender(&row)?;
            Ok(Some(row))
        },
    )?;
    data::print(&told(&disabled.ok_or_else(|| Failure::of(unknown))?));
    Ok(())
}

fn read_maps(path: &Path) -> Result<Maps, Failure> {
    let named = |e: String| Failure::usage(format!("{}: {e}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|e| named(e.to_string()))?;
    let maps: Maps = match path.extension().is_some_and(|extension| extension == "json") {
        true => serde_json::from_str(&text).map_err(|e| named(e.to_string()))?,
        false => toml::from_str(&text).map_err(|e| named(e.to_string()))?,
    };
    match maps.problems() {
        problems if problems.is_empty() => Ok(maps),
        problems => Err(named(problems.join("; "))),
    }
}
