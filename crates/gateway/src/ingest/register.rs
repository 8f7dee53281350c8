//! How a sender of HL7 v2 messages is registered, by whichever way it comes, and told of.
use crate::edge;
use fhir::datetime::instant;
use hl7v2::sender::Sender;
use serde_json::{Value, json};
use store::admin::SenderRow;
use store::{Store, StoreError, Tx};

/// Registers the sender, or replaces it under its name. The inner error says why it may not be.
pub async fn put(store: &Store, sender: &Sender) -> Result<Result<SenderRow, String>, StoreError> {
    match row(sender, edge::now()) {
        Ok(row) => store.write(move |tx| put_row(tx, &row)).await,
        Err(why) => Ok(Err(why)),
    }
}

pub fn row(sender: &Sender, now: i64) -> Result<SenderRow, String> {
    let config = serde_json::to_string(sender).map_err(|e| format!("the maps cannot be stored: {e}"))?;
    Ok(SenderRow {
        name: sender.name.clone(),
        application: sender.application.clone(),
        facility: sender.facility.clone(),
        config,
        created: now,
        disabled: None,
    })
}

/// MSH-3 and MSH-4 name one sender only, whatever it is called.
pub fn put_row(tx: &mut Tx, row: &SenderRow) -> Result<Result<SenderRow, String>, StoreError> {
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

/// What is told of one.
pub fn told(row: &SenderRow) -> Value {
    // What is stored was written by `add`; should it be damaged, its text is still worth showing.
    let config: Value = serde_json::from_str(&row.config).unwrap_or_else(|_| row.config.clone().into());
    json!({
        "name": row.name, "application": row.application, "facility": row.facility,
        "timezone": config["timezone"], "maps": config["maps"],
        "created": instant(row.created), "disabled": row.disabled.map(instant),
    })
}
