//! `baton account`: people who may sign in to apps.
mod granted;
mod provider;
mod secrets;

use super::{Failure, data};
use crate::auth::{account, launch};
use crate::edge;
use provider::Known;
use serde_json::Value;
use store::admin::Account;
use store::{StoreError, Tx};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Make an account. A password piped in is used; else one is made and shown this once
    Add {
        /// What the person types to sign in
        #[arg(long)]
        name: String,
        /// Whom the account stands for: Practitioner/ID, Patient/ID or RelatedPerson/ID
        #[arg(long, value_name = "REFERENCE")]
        fhir_user: String,
        /// Also ask for one-time passwords of an authenticator app; its secret is shown this once
        #[arg(long)]
        totp: bool,
        #[command(flatten)]
        data: data::Args,
    },
    /// Show all accounts as JSON, without secrets
    List(data::Args),
    /// Refuse an account from now on, and end all that it granted to apps
    Disable {
        /// The account's name
        name: String,
        #[command(flatten)]
        data: data::Args,
    },
    /// Make a new secret for one-time passwords, shown this once, or --off none; also where the old one does not open
    /// any more because the sealing key was lost. Ends sessions
    Totp {
        /// The account's name
        name: String,
        /// Ask for no one-time passwords any more
        #[arg(long)]
        off: bool,
        #[command(flatten)]
        data: data::Args,
    },
    /// Let the person sign in at the OpenID provider too; with --fhir-user an account without a password is made
    Link {
        /// The account's name
        name: String,
        /// What the provider calls the person (`sub`); the page that refuses them shows it
        #[arg(long)]
        subject: String,
        /// The provider [default: `provider.issuer` of the settings file]
        #[arg(long, value_name = "URL")]
        issuer: Option<String>,
        /// Whom a new account stands for
        #[arg(long, value_name = "REFERENCE")]
        fhir_user: Option<String>,
        #[command(flatten)]
        data: data::Args,
    },
    /// Take the provider's sign-in away from an account, and end its sessions and what it granted
    Unlink {
        /// The account's name
        name: String,
        #[command(flatten)]
        data: data::Args,
    },
    /// Show what the person allowed to which apps
    Allowed {
        /// The account's name
        name: String,
        #[command(flatten)]
        data: data::Args,
    },
    /// End what the person allowed an app, and its tokens; it has to ask again
    Withdraw {
        /// The account's name
        name: String,
        /// The app's client_id
        client: String,
        #[command(flatten)]
        data: data::Args,
    },
    /// Set a new password (piped in, or made and shown); ends sessions and opens a locked account
    Password {
        /// The account's name
        name: String,
        #[command(flatten)]
        data: data::Args,
    },
}

pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Add {
            name,
            fhir_user,
            totp,
            data,
        } => secrets::add(&name, fhir_user, totp, &data),
        Command::List(data) => list(&data),
        Command::Disable { name, data } => disable(&name, &data),
        Command::Link {
            name,
            subject,
            issuer,
            fhir_user,
            data,
        } => provider::link(
            &name,
            &Known {
                issuer: provider::known_by(issuer, &data)?,
                subject,
            },
            fhir_user,
            &data,
        ),
        Command::Totp { name, off, data } => secrets::set_totp(&name, off, &data),
        Command::Unlink { name, data } => provider::unlink(&name, &data),
        Command::Allowed { name, data } => granted::allowed(&name, &data),
        Command::Withdraw { name, client, data } => granted::withdraw(&name, client, &data),
        Command::Password { name, data } => secrets::set_password(&name, &data),
    }
}

fn list(data: &data::Args) -> Result<(), Failure> {
    let shown = data.read(|tx| {
        let accounts = tx.accounts()?;
        let each = accounts.iter().map(|account| {
            let mut shown = account::told(account);
            let attempts = tx.attempts(&launch::name_hash(&account.name))?;
            let locked = attempts
                .as_ref()
                .map(|attempts| attempts.locked_until)
                .filter(|until| *until > 0);
            shown["failed_attempts"] = attempts.map_or(0, |attempts| attempts.failed).into();
            shown["locked_until"] = data::instant(locked).into();
            Ok(shown)
        });
        each.collect::<Result<Vec<Value>, StoreError>>()
    })?;
    data::print(&Value::Array(shown));
    Ok(())
}

fn disable(name: &str, data: &data::Args) -> Result<(), Failure> {
    let now = edge::now();
    let account = change(name, data, move |tx, account| {
        account.disabled = account.disabled.or(Some(now));
        launch::end_all_of(tx, &account.id, now)
    })?;
    data::print(&account::told(&account));
    Ok(())
}

fn unknown(name: &str) -> String {
    format!("there is no account `{name}`; see `baton account list`")
}

/// Reads, edits and writes one account in one transaction.
fn change<F>(name: &str, data: &data::Args, mut edit: F) -> Result<Account, Failure>
where
    F: FnMut(&mut Tx, &mut Account) -> Result<(), StoreError> + Send + 'static,
{
    let unknown = unknown(name);
    let name = account::name_of(name).map_err(Failure::usage)?;
    let edited = data.change(
        "account",
        |done: &Option<Account>| Some(done.as_ref()?.id.clone()),
        move |tx: &mut Tx| -> Result<Option<Account>, StoreError> {
            let Some(mut account) = tx.account_named(&name)? else {
                return Ok(None);
            };
            edit(tx, &mut account)?;
            tx.update_account(&account)?;
            Ok(Some(account))
        },
    )?;
    edited.ok_or_else(|| Failure::of(unknown))
}
