//! Accounts with what they are opened by: passwords and one-time passwords, shown once.
use super::{change, unknown};
use crate::auth::{account, launch, totp};
use crate::cli::{Failure, data};
use crate::edge;
use serde_json::Value;
use std::io::{BufRead, IsTerminal};
use store::admin::Account;

pub fn add(name: &str, fhir_user: String, totp: bool, data: &data::Args) -> Result<(), Failure> {
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

pub fn set_totp(name: &str, off: bool, data: &data::Args) -> Result<(), Failure> {
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

pub fn set_password(name: &str, data: &data::Args) -> Result<(), Failure> {
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
