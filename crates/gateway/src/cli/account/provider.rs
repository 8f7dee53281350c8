//! Accounts that an OpenID provider opens. <https://openid.net/specs/openid-connect-core-1_0.html>
use super::change;
use crate::auth::launch::provider::LINKED;
use crate::auth::{account, launch};
use crate::cli::{Failure, data};
use crate::edge;
use store::admin::Account;
use store::{StoreError, Tx};

/// Somebody, as a provider knows them.
#[derive(Clone)]
pub struct Known {
    pub issuer: String,
    pub subject: String,
}

pub fn known_by(issuer: Option<String>, data: &data::Args) -> Result<String, Failure> {
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

pub fn link(name: &str, known: &Known, fhir_user: Option<String>, data: &data::Args) -> Result<(), Failure> {
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

pub fn unlink(name: &str, data: &data::Args) -> Result<(), Failure> {
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
