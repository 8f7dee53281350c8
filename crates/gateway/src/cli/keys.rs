//! `baton keys`: the keys that sign access tokens.
use super::{Failure, data};
use crate::auth::keys;
use crate::edge;
use serde_json::{Value, json};
use store::admin::SigningKey;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Show the keys, newest first, as JSON
    List(data::Args),
    /// Make a new key; tokens signed with the old ones stay good until they expire
    Rotate(data::Args),
    /// Drop all keys and make a new one: every token issued so far is refused. For keys that were
    /// stolen, or whose seal is lost
    Replace(data::Args),
}

pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::List(data) => {
            let keys = data.read(|tx| tx.signing_keys())?;
            data::print(&Value::Array(keys.iter().map(describe).collect()));
        }
        Command::Rotate(data) => {
            let now = edge::now();
            let kid = data.change(
                "keys",
                |kid: &String| Some(kid.clone()),
                move |tx| keys::rotate(tx, now),
            )?;
            data::print(&json!({ "kid": kid, "signs_from": data::instant(Some(now + keys::LEAD)) }));
        }
        Command::Replace(data) => {
            let now = edge::now();
            let (dropped, kid) = data.change(
                "keys",
                |(_, kid): &(usize, String)| Some(kid.clone()),
                move |tx| {
                    tx.lock("signing-key")?;
                    Ok((tx.drop_signing_keys()?, keys::rotate(tx, now)?))
                },
            )?;
            data::print(&json!({ "kid": kid, "dropped": dropped }));
        }
    }
    Ok(())
}

fn describe(key: &SigningKey) -> Value {
    json!({
        "kid": key.kid, "algorithm": key.algorithm,
        "created": data::instant(Some(key.created)), "retired": data::instant(key.retired),
    })
}
