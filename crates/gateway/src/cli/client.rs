//! `baton client`: partners that may call over HTTP.
use super::{Failure, data};
use crate::auth::client::{self, Credential, Registration, register};
use crate::auth::{jwks, launch, reach};
use crate::config::is_organization;
use crate::edge;
use serde_json::{Value, json};
use std::path::PathBuf;
use store::admin::Client;
use store::{StoreError, Tx};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Register a client; prints its client_id, and its secret this once
    Add(AddArgs),
    /// Show all clients as JSON, without secrets
    List(data::Args),
    /// Refuse a client and its tokens from now on (gateways follow within seconds)
    Disable {
        /// The client_id
        id: String,
        #[command(flatten)]
        data: data::Args,
    },
    /// Say of which organisation a client is (gateways follow within seconds)
    Organization {
        /// The client_id
        id: String,
        /// Such as Organization/123; of none if it is left out
        organization: Option<String>,
        #[command(flatten)]
        data: data::Args,
    },
    /// Make a token with which one app may register itself (setting tokens.registration)
    InitialToken {
        /// Days it may be used
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=365))]
        days: u16,
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

#[derive(clap::Args)]
#[group(skip)]
pub struct AddArgs {
    /// What people call the partner
    #[arg(long)]
    name: String,
    /// SMART scopes it may ask for, separated by spaces [default: system/*.rs, for an app
    /// "openid fhirUser launch/patient patient/*.rs"]
    #[arg(long)]
    scope: Option<String>,
    /// Where an app gets people back from signing in; given once for each address, compared exactly
    #[arg(long = "redirect-uri", value_name = "URL")]
    redirect_uris: Vec<String>,
    /// Where an EHR opens the app
    #[arg(long, value_name = "URL")]
    launch_url: Option<String>,
    /// The organisation it is of, such as Organization/123 (setting privacy.own says which are our own)
    #[arg(long, value_name = "REFERENCE")]
    organization: Option<String>,
    /// How it may get tokens, once for each [default: client_credentials, for an app
    /// authorization_code and refresh_token]
    #[arg(long = "grant-type", value_name = "GRANT", value_parser = client::GRANT_TYPES)]
    grant_types: Vec<String>,
    #[command(flatten)]
    credential: CredentialArgs,
    #[command(flatten)]
    data: data::Args,
}

impl AddArgs {
    fn registration(&self) -> Registration {
        let app = !self.redirect_uris.is_empty();
        let (scope, grants) = match app {
            true => (client::APP_SCOPE, client::APP),
            false => (BACKEND_SCOPE, client::BACKEND),
        };
        Registration {
            name: self.name.clone(),
            scope: self.scope.clone().unwrap_or_else(|| scope.to_owned()),
            grant_types: match self.grant_types.is_empty() {
                true => grants.to_owned(),
                false => self.grant_types.join(" "),
            },
            redirect_uris: self.redirect_uris.join(" "),
            launch_url: self.launch_url.clone(),
            organization: self.organization.clone(),
        }
    }
}

const BACKEND_SCOPE: &str = "system/*.rs";

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
    /// An app that can keep no secret, such as one in a browser or on a phone
    #[arg(long)]
    public: bool,
}

pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Add(args) => add(&args),
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
        Command::Organization {
            id,
            organization,
            data,
        } => affiliate(id, organization, &data),
        Command::InitialToken { days, data } => initial_token(days, &data),
        Command::Rotate { id, credential, data } => rotate(id, &credential, &data),
    }
}

fn add(args: &AddArgs) -> Result<(), Failure> {
    let registration = args.registration();
    registration
        .check(args.credential.public)
        .map_err(Failure::usage)?;
    let credential = args.credential.read(&args.data)?;
    let (client, secret) = register(registration, credential, edge::now());
    let (row, id) = (client.clone(), client.id.clone());
    args.data.change(
        "client",
        move |()| Some(id.clone()),
        move |tx| tx.insert_client(&row),
    )?;
    data::print(&with_secret(&client, secret));
    Ok(())
}

fn affiliate(id: String, organization: Option<String>, data: &data::Args) -> Result<(), Failure> {
    if let Some(text) = organization.as_ref().filter(|text| !is_organization(text)) {
        let text = format!("`{text}` is not a reference such as Organization/123");
        return Err(Failure::usage(text));
    }
    let client = change(id, data, move |client| {
        client.organization.clone_from(&organization)
    })?;
    data::print(&describe(&client));
    Ok(())
}

fn initial_token(days: u16, data: &data::Args) -> Result<(), Failure> {
    let (token, now) = (edge::secret(), edge::now());
    let (kept, expires) = (token.clone(), now + i64::from(days) * 86_400_000_000);
    data.change(
        "client",
        |()| Some("initial-token".to_owned()),
        move |tx| launch::make_initial(tx, &kept, expires),
    )?;
    data::print(&json!({ "initial_token": token, "expires": data::instant(Some(expires)) }));
    Ok(())
}

fn rotate(id: String, credential: &CredentialArgs, data: &data::Args) -> Result<(), Failure> {
    if credential.public {
        let text = "a client becomes public by being registered anew: its tokens would be worth less";
        return Err(Failure::usage(text));
    }
    // Made outside the transaction, which may run twice: the secret shown must be the one kept.
    let (fresh, secret) = register(Registration::default(), credential.read(data)?, edge::now());
    let edit = move |client: &mut Client| {
        client.secret_hash = fresh.secret_hash.clone();
        client.jwks = fresh.jwks.clone();
        client.jwks_url = fresh.jwks_url.clone();
        client.public = false;
    };
    let client = change(id, data, edit)?;
    data::print(&with_secret(&client, secret));
    Ok(())
}

/// Reads, edits and writes one client in one transaction.
fn change<F>(id: String, data: &data::Args, mut edit: F) -> Result<Client, Failure>
where
    F: FnMut(&mut Client) + Send + 'static,
{
    let unknown = format!("there is no client {id}; see `baton client list`");
    let edited = data.change(
        "client",
        |done: &Option<Client>| Some(done.as_ref()?.id.clone()),
        move |tx: &mut Tx| -> Result<Option<Client>, StoreError> {
            let Some(mut client) = tx.client(&id)? else {
                return Ok(None);
            };
            edit(&mut client);
            tx.update_client(&client)?;
            Ok(Some(client))
        },
    )?;
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
        Ok(if self.public {
            Credential::Public
        } else {
            Credential::Secret
        })
    }
}

fn describe(client: &Client) -> Value {
    let method = match client.secret_hash {
        _ if client.public => "none",
        Some(_) => "client_secret",
        None => "private_key_jwt",
    };
    let listed = |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
    json!({
        "client_id": client.id, "name": client.name, "scope": client.scope, "authentication": method,
        "grant_types": listed(&client.grant_types), "redirect_uris": listed(&client.redirect_uris),
        "launch_url": client.launch_url, "organization": client.organization, "jwks_url": client.jwks_url,
        "created": data::instant(Some(client.created)), "disabled": data::instant(client.disabled),
    })
}

fn with_secret(client: &Client, secret: Option<String>) -> Value {
    let mut described = describe(client);
    if let Some(secret) = secret {
        described["client_secret"] = secret.into();
    }
    described
}
