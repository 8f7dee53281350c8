//! `baton client`: partners that may call over HTTP.
use super::{Failure, data};
use crate::auth::client::{self, Credential, register};
use crate::auth::scope::Scopes;
use crate::auth::{jwks, reach};
use crate::edge;
use serde_json::{Value, json};
use std::path::PathBuf;
use store::admin::Client;
use store::{StoreError, Tx};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Register a client; prints its client_id, and its secret this once
    Add {
        /// What people call the partner
        #[arg(long)]
        name: String,
        /// SMART scopes it may ask for, separated by spaces
        #[arg(long, default_value = "system/*.rs")]
        scope: String,
        #[command(flatten)]
        credential: CredentialArgs,
        #[command(flatten)]
        data: data::Args,
    },
    /// Show all clients as JSON, without secrets
    List(data::Args),
    /// Refuse a client and its tokens from now on (gateways follow within seconds)
    Disable {
        /// The client_id
        id: String,
        #[command(flatten)]
        data: data::Args,
    },
    /// Replace a client's secret or keys; the old ones stop working at once
    Rotate {
        /// The client_id
        id: String,
        #[command(flatten)]
        credential: CredentialArgs,
        #[command(flatten)]
        data: data::Args,
    },
}

// How the client will prove who it is. (A doc comment here would become the help text of the commands.)
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub struct CredentialArgs {
    /// JSON Web Key Set with its public keys (RS384 or ES384)
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
    /// https URL of its JSON Web Key Set
    #[arg(long, value_name = "URL")]
    jwks_url: Option<String>,
    /// Let Baton make a secret
    #[arg(long)]
    secret: bool,
}

pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Add {
            name,
            scope,
            credential,
            data,
        } => add(&name, &scope, &credential, &data),
        Command::List(data) => {
            let clients = data.read(|tx| tx.clients())?;
            data::print(&Value::Array(clients.iter().map(describe).collect()));
            Ok(())
        }
        Command::Disable { id, data } => {
            let now = edge::now();
            let client = change(id, &data, move |client| {
                client.disabled = client.disabled.or(Some(now))
            })?;
            data::print(&describe(&client));
            Ok(())
        }
        Command::Rotate { id, credential, data } => rotate(id, &credential, &data),
    }
}

fn add(name: &str, scope: &str, credential: &CredentialArgs, data: &data::Args) -> Result<(), Failure> {
    Scopes::parse(scope).map_err(Failure::usage)?;
    let credential = credential.read(data)?;
    let (client, secret) = data.run(async |store| client::add(store, name, scope, credential).await)?;
    data::print(&with_secret(&client, secret));
    Ok(())
}

fn rotate(id: String, credential: &CredentialArgs, data: &data::Args) -> Result<(), Failure> {
    // Made outside the transaction, which may run twice: the secret shown must be the one kept.
    let (fresh, secret) = register("", "", credential.read(data)?, edge::now());
    let client = change(id, data, move |client| {
        client.secret_hash = fresh.secret_hash.clone();
        client.jwks = fresh.jwks.clone();
        client.jwks_url = fresh.jwks_url.clone();
    })?;
    data::print(&with_secret(&client, secret));
    Ok(())
}

/// Reads, edits and writes one client in one transaction.
fn change<F>(id: String, data: &data::Args, mut edit: F) -> Result<Client, Failure>
where
    F: FnMut(&mut Client) + Send + 'static,
{
    let unknown = format!("there is no client {id}; see `baton client list`");
    let edited = data.write(move |tx: &mut Tx| -> Result<Option<Client>, StoreError> {
        let Some(mut client) = tx.client(&id)? else {
            return Ok(None);
        };
        edit(&mut client);
        tx.update_client(&client)?;
        Ok(Some(client))
    })?;
    edited.ok_or_else(|| Failure::of(unknown))
}

impl CredentialArgs {
    fn read(&self, data: &data::Args) -> Result<Credential, Failure> {
        if let Some(path) = &self.jwks {
            let named = |e: String| Failure::usage(format!("{}: {e}", path.display()));
            let text = std::fs::read_to_string(path).map_err(|e| named(e.to_string()))?;
            jwks::check(&text).map_err(named)?;
            return Ok(Credential::Jwks(text));
        }
        if let Some(url) = &self.jwks_url {
            let allow_private = data.settings()?.tokens.allow_private_jwks;
            reach::check_url(url, allow_private).map_err(Failure::usage)?;
            return Ok(Credential::JwksUrl(url.clone()));
        }
        Ok(Credential::Secret)
    }
}

fn describe(client: &Client) -> Value {
    let method = match client.secret_hash {
        Some(_) => "client_secret",
        None => "private_key_jwt",
    };
    json!({
        "client_id": client.id, "name": client.name, "scope": client.scope, "authentication": method,
        "jwks_url": client.jwks_url, "created": data::instant(Some(client.created)),
        "disabled": data::instant(client.disabled),
    })
}

fn with_secret(client: &Client, secret: Option<String>) -> Value {
    let mut described = describe(client);
    if let Some(secret) = secret {
        described["client_secret"] = secret.into();
    }
    described
}
