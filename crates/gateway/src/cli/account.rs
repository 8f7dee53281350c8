//! `baton account`: people who may sign in to apps.
use super::{Failure, data};
use crate::auth::launch::provider::LINKED;
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
        } => add(&name, fhir_user, totp, &data),
        Command::List(data) => list(&data),
        Command::Disable { name, data } => disable(&name, &data),
        Command::Link {
            name,
            subject,
            issuer,
            fhir_user,
            data,
        } => link(
            &name,
            &Known {
                issuer: known_by(issuer, &data)?,
                subject,
            },
            fhir_user,
            &data,
        ),
        Command::Totp { name, off, data } => set_totp(&name, off, &data),
        Command::Unlink { name, data } => unlink(&name, &data),
        Command::Allowed { name, data } => allowed(&name, &data),
        Command::Withdraw { name, client, data } => withdraw(&name, client, &data),
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
        issuer: None,
        subject: None,
    };
    let row = new.clone();
    let id = new.id.clone();
    let made = move |made: &bool| made.then(|| id.clone());
    if !data.change("account", made, move |tx| tx.insert_account(&row))? {
        return Err(Failure::of(format!("there is an account `{}` already", new.name)));
    }
    let mut shown = account::told(&new);
    password.show_in(&mut shown);
    if let Some(secret) = &new.totp {
        show_totp(&mut shown, &new.name, secret);
    }
    data::print(&shown);
    Ok(())
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

fn set_totp(name: &str, off: bool, data: &data::Args) -> Result<(), Failure> {
    let name = account::name_of(name).map_err(Failure::usage)?;
    let secret = (!off).then(|| totp::encode(edge::random()));
    let (now, wanted, kept) = (edge::now(), name.clone(), secret.clone());
    let changed = |done: &Option<Account>| Some(done.as_ref()?.id.clone());
    let account = data.change("account", changed, move |tx| {
        match tx.replace_totp(&wanted, kept.as_deref(), now)? {
            true => tx.account_named(&wanted),
            false => Ok(None),
        }
    })?;
    let account = account.ok_or_else(|| Failure::of(unknown(&name)))?;
    let mut shown = account::told(&account);
    if let Some(secret) = &secret {
        show_totp(&mut shown, &account.name, secret);
    }
    data::print(&shown);
    Ok(())
}

fn show_totp(shown: &mut Value, name: &str, secret: &str) {
    shown["totp_secret"] = secret.into();
    shown["totp_address"] = totp::address(name, secret).into();
}

fn unknown(name: &str) -> String {
    format!("there is no account `{name}`; see `baton account list`")
}

/// Somebody, as a provider knows them.
#[derive(Clone)]
struct Known {
    issuer: String,
    subject: String,
}

fn known_by(issuer: Option<String>, data: &data::Args) -> Result<String, Failure> {
    match issuer {
        Some(issuer) => Ok(issuer),
        None => match data.settings()?.provider {
            Some(provider) => Ok(provider.issuer),
            None => Err(Failure::usage(
                "issuer: the settings have no [provider]; give --issuer",
            )),
        },
    }
}

fn link(name: &str, known: &Known, fhir_user: Option<String>, data: &data::Args) -> Result<(), Failure> {
    let name = account::name_of(name).map_err(Failure::usage)?;
    if let Some(person) = &fhir_user {
        account::check_person(person).map_err(Failure::usage)?;
    }
    let (now, id, known) = (edge::now(), edge::new_id(), known.clone());
    let changed = |done: &Linked| done.as_ref().ok().map(|account| account.id.clone());
    let done = data.change("account", changed, move |tx| {
        let wanted = linked(tx, &name, &known, fhir_user.as_ref(), (&id, now))?;
        Ok(wanted)
    })?;
    data::print(&account::told(&done.map_err(Failure::of)?));
    Ok(())
}

type Linked = Result<Account, String>;

fn linked(
    tx: &mut Tx,
    name: &str,
    known: &Known,
    fhir_user: Option<&String>,
    (id, now): (&str, i64),
) -> Result<Linked, StoreError> {
    tx.lock("account")?;
    let (issuer, subject) = (Some(known.issuer.clone()), Some(known.subject.clone()));
    if let Some(other) = tx.account_linked(&known.issuer, &known.subject)? {
        return Ok(Err(format!(
            "this subject is linked with the account `{}` already",
            other.name
        )));
    }
    match (tx.account_named(name)?, fhir_user) {
        (Some(_), Some(_)) => Ok(Err(format!(
            "there is an account `{name}` already; leave out --fhir-user"
        ))),
        (None, None) => Ok(Err(format!(
            "there is no account `{name}`; give --fhir-user to make it"
        ))),
        (Some(account), None) => {
            let account = Account {
                issuer,
                subject,
                ..account
            };
            tx.update_account(&account)?;
            Ok(Ok(account))
        }
        (None, Some(person)) => {
            let account = Account {
                id: id.to_owned(),
                name: name.to_owned(),
                password: LINKED.into(),
                password_set: now,
                fhir_user: person.clone(),
                totp: None,
                totp_step: 0,
                created: now,
                disabled: None,
                issuer,
                subject,
            };
            tx.insert_account(&account)?;
            Ok(Ok(account))
        }
    }
}

fn unlink(name: &str, data: &data::Args) -> Result<(), Failure> {
    let now = edge::now();
    let account = change(name, data, move |tx, account| {
        account.issuer = None;
        account.subject = None;
        account.password_set = now;
        launch::end_all_of(tx, &account.id, now)
    })?;
    data::print(&account::told(&account));
    Ok(())
}

fn allowed(name: &str, data: &data::Args) -> Result<(), Failure> {
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

fn withdraw(name: &str, client: String, data: &data::Args) -> Result<(), Failure> {
    let now = edge::now();
    let account = change(name, data, move |tx, account| {
        launch::withdraw(tx, &account.id, &client, now).map(|_| ())
    })?;
    data::print(&account::told(&account));
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
    let mut shown = account::told(&account);
    password.show_in(&mut shown);
    data::print(&shown);
    Ok(())
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
