//! What people allowed their apps.
use super::{change, unknown};
use crate::auth::{account, launch};
use crate::cli::{Failure, data};
use crate::edge;
use serde_json::{Value, json};

pub fn allowed(name: &str, data: &data::Args) -> Result<(), Failure> {
    let name = account::name_of(name).map_err(Failure::usage)?;
    let wanted = name.clone();
    let found = data.read(move |tx| {
        let account = tx.account_named(&wanted)?;
        account.map(|account| tx.allowed_by(&account.id)).transpose()
    })?;
    let found = found.ok_or_else(|| Failure::of(unknown(&name)))?;
    let each = found.iter().map(
        |row| json!({ "client_id": row.client, "scope": row.scope, "allowed": data::instant(Some(row.at)) }),
    );
    data::print(&Value::Array(each.collect()));
    Ok(())
}

pub fn withdraw(name: &str, client: String, data: &data::Args) -> Result<(), Failure> {
    let now = edge::now();
    let account = change(name, data, move |tx, account| {
        launch::withdraw(tx, &account.id, &client, now).map(|_| ())
    })?;
    data::print(&account::told(&account));
    Ok(())
}
