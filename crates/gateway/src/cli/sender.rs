//! `baton sender`: systems that may send HL7 v2 messages.
use super::{Failure, data};
use crate::edge;
use hl7v2::sender::{Maps, Sender, Zone};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use store::admin::SenderRow;
use store::{Store, StoreError, Tx};

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
            data::print(&Value::Array(senders.iter().map(describe).collect()));
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
    let row = row(&sender).map_err(Failure::of)?;
    let added = args
        .data
        .change("sender", Result::is_ok, move |tx| put_row(tx, &row))?;
    data::print(&describe(&added.map_err(Failure::of)?));
    Ok(())
}

/// Registers the sender, or replaces it under its name. The inner error says why it may not be.
pub async fn put(store: &Store, sender: &Sender) -> Result<Result<SenderRow, String>, StoreError> {
    match row(sender) {
        Ok(row) => store.write(move |tx| put_row(tx, &row)).await,
        Err(why) => Ok(Err(why)),
    }
}

fn row(sender: &Sender) -> Result<SenderRow, String> {
    let config = serde_json::to_string(sender).map_err(|e| format!("the maps cannot be stored: {e}"))?;
    Ok(SenderRow {
        name: sender.name.clone(),
        application: sender.application.clone(),
        facility: sender.facility.clone(),
        config,
        created: edge::now(),
        disabled: None,
    })
}

/// MSH-3 and MSH-4 name one sender only, whatever it is called.
fn put_row(tx: &mut Tx, row: &SenderRow) -> Result<Result<SenderRow, String>, StoreError> {
    tx.lock("sender")?;
    let held = tx.senders()?;
    let same_key =
        |other: &&SenderRow| (&other.application, &other.facility) == (&row.application, &row.facility);
    if let Some(other) = held.iter().filter(same_key).find(|other| other.name != row.name) {
        let text = format!(
            "application {} at facility {} is registered as `{}`; use that name to change it",
            row.application, row.facility, other.name
        );
        return Ok(Err(text));
    }
    let Some(known) = held.iter().find(|other| other.name == row.name) else {
        tx.insert_sender(row)?;
        return Ok(Ok(row.clone()));
    };
    let row = SenderRow {
        created: known.created,
        ..row.clone()
    };
    tx.update_sender(&row)?;
    Ok(Ok(row))
}

fn disable(name: String, data: &data::Args) -> Result<(), Failure> {
    let now = edge::now();
    let unknown = format!("there is no sender `{name}`; see `baton sender list`");
    let disabled = data.change("sender", Option::is_some, move |tx| {
        let Some(mut row) = tx.senders()?.into_iter().find(|row| row.name == name) else {
            return Ok(None);
        };
        row.disabled = row.disabled.or(Some(now));
        tx.update_sender(&row)?;
        Ok(Some(row))
    })?;
    data::print(&describe(&disabled.ok_or_else(|| Failure::of(unknown))?));
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

fn describe(row: &SenderRow) -> Value {
    // What is stored was written by `add`; should it be damaged, its text is still worth showing.
    let config: Value = serde_json::from_str(&row.config).unwrap_or_else(|_| row.config.clone().into());
    json!({
        "name": row.name, "application": row.application, "facility": row.facility,
        "timezone": config["timezone"], "maps": config["maps"],
        "created": data::instant(Some(row.created)), "disabled": data::instant(row.disabled),
    })
}
