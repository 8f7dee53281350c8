//! `baton account`: people who may sign in to apps.
use super::{Failure, data};
use crate::auth::{account, launch, totp};
use crate::edge;
use serde_json::{Value, json};
use std::io::{BufRead, IsTerminal};
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
        } => add(&name, fhir_user, totp, &data),
        Command::List(data) => list(&data),
        Command::Disable { name, data } => disable(&name, &data),
        Command::Password { name, data } => set_password(&name, &data),
    }
}

fn add(name: &str, fhir_user: String, totp: bool, data: &data::Args) -> Result<(), Failure> {
    let name = account::name_of(name).map_err(Failure::usage)?;
    account::check_person(&fhir_user).map_err(Failure::usage)?;
    let password = Password::read()?;
    let now = edge::now();
    let new = Account {
        id: edge::new_id(),
        name,
        password: password.hash()?,
        password_set: now,
        fhir_user,
        totp: totp.then(|| totp::encode(edge::random())),
        totp_step: 0,
        created: now,
        disabled: None,
    };
    let row = new.clone();
    if !data.change("account", |made| *made, move |tx| tx.insert_account(&row))? {
        return Err(Failure::of(format!("there is an account `{}` already", new.name)));
    }
    let mut shown = describe(&new);
    password.show_in(&mut shown);
    if let Some(secret) = &new.totp {
        shown["totp_secret"] = secret.as_str().into();
        shown["totp_address"] = totp::address(&new.name, secret).into();
    }
    data::print(&shown);
    Ok(())
}

fn list(data: &data::Args) -> Result<(), Failure> {
    let shown = data.read(|tx| {
        let accounts = tx.accounts()?;
        let each = accounts.iter().map(|account| {
            let mut shown = describe(account);
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
    data::print(&describe(&account));
    Ok(())
}

fn set_password(name: &str, data: &data::Args) -> Result<(), Failure> {
    let password = Password::read()?;
    let (hash, now) = (password.hash()?, edge::now());
    let account = change(name, data, move |tx, account| {
        account.password.clone_from(&hash);
        account.password_set = now;
        tx.remove_attempts(&launch::name_hash(&account.name))
    })?;
    let mut shown = describe(&account);
    password.show_in(&mut shown);
    data::print(&shown);
    Ok(())
}

/// Reads, edits and writes one account in one transaction.
fn change<F>(name: &str, data: &data::Args, mut edit: F) -> Result<Account, Failure>
where
    F: FnMut(&mut Tx, &mut Account) -> Result<(), StoreError> + Send + 'static,
{
    let unknown = format!("there is no account `{name}`; see `baton account list`");
    let name = account::name_of(name).map_err(Failure::usage)?;
    let edited = data.change(
        "account",
        Option::is_some,
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

enum Password {
    Given(String),
    /// Made here, so it must be shown.
    Made(String),
}

impl Password {
    /// The first line of a pipe or file; never an argument, which every user of the machine can see.
    fn read() -> Result<Password, Failure> {
        let mut line = String::new();
        if !std::io::stdin().is_terminal() {
            std::io::stdin().lock().read_line(&mut line)?;
        }
        match line.trim_end_matches(['\r', '\n']) {
            "" => Ok(Password::Made(edge::secret())),
            given => {
                account::check_password(given).map_err(Failure::usage)?;
                Ok(Password::Given(given.to_owned()))
            }
        }
    }

    fn hash(&self) -> Result<String, Failure> {
        let (Password::Given(text) | Password::Made(text)) = self;
        account::hash_password(text, edge::random()).map_err(Failure::of)
    }

    fn show_in(&self, shown: &mut Value) {
        if let Password::Made(text) = self {
            shown["password"] = text.as_str().into();
        }
    }
}

fn describe(account: &Account) -> Value {
    json!({
        "id": account.id, "name": account.name, "fhir_user": account.fhir_user, "totp": account.totp.is_some(),
        "created": data::instant(Some(account.created)), "disabled": data::instant(account.disabled),
    })
}
