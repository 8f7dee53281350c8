//! The account of a person whom a provider knows: linked by the operator, or made from what the provider
//! says, if its word is taken for that.
use super::identity::Identity;
use crate::auth::account::name_of;
use crate::auth::launch::end_all_of;
use crate::edge;
use store::admin::Account;
use store::{StoreError, Tx};

/// In place of a password hash: none opens these accounts here. By the operator, and by a claim.
pub const LINKED: &str = "linked";
const BY_CLAIM: &str = "by-claim";

/// Whether the provider's word made the account, and goes on to say whose it is.
fn is_by_claim(account: &Account) -> bool {
    account.password == BY_CLAIM
}

/// None: the person is nobody here.
pub fn account(
    tx: &mut Tx,
    issuer: &str,
    identity: &Identity,
    now: i64,
) -> Result<Option<Account>, StoreError> {
    tx.lock("account")?;
    match tx.account_linked(issuer, &identity.subject)? {
        Some(account) if account.disabled.is_some() => Ok(None),
        Some(account) if is_by_claim(&account) => follow(tx, account, identity, now),
        Some(account) => Ok(Some(account)),
        None => make(tx, issuer, identity, now),
    }
}

/// The provider may come to say that it is somebody else, or nobody any more: what was granted before was
/// granted by the other.
fn follow(
    tx: &mut Tx,
    mut account: Account,
    identity: &Identity,
    now: i64,
) -> Result<Option<Account>, StoreError> {
    let Some(person) = identity.person.as_ref() else {
        end_all_of(tx, &account.id, now)?;
        return Ok(None);
    };
    if *person != account.fhir_user {
        end_all_of(tx, &account.id, now)?;
        account.fhir_user.clone_from(person);
        account.password_set = now;
        tx.update_account(&account)?;
    }
    Ok(Some(account))
}

fn make(tx: &mut Tx, issuer: &str, identity: &Identity, now: i64) -> Result<Option<Account>, StoreError> {
    let Some(person) = identity.person.clone() else {
        return Ok(None);
    };
    let id = edge::new_id();
    let account = Account {
        name: name(tx, issuer, identity)?.unwrap_or_else(|| id.clone()),
        id,
        password: BY_CLAIM.into(),
        password_set: now,
        fhir_user: person,
        totp: None,
        totp_step: 0,
        created: now,
        disabled: None,
        issuer: Some(issuer.to_owned()),
        subject: Some(identity.subject.clone()),
    };
    Ok(tx.insert_account(&account)?.then_some(account))
}

/// One that nobody has, if there is one that people would know.
fn name(tx: &mut Tx, issuer: &str, identity: &Identity) -> Result<Option<String>, StoreError> {
    let url = reqwest::Url::parse(issuer).ok();
    let host = url.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
    let at_home = |name: &str| name_of(&format!("{name}@{host}")).ok();
    let wanted = [
        identity.name.as_deref().and_then(at_home),
        at_home(&identity.subject),
    ];
    for name in wanted.into_iter().flatten() {
        if tx.account_named(&name)?.is_none() {
            return Ok(Some(name));
        }
    }
    Ok(None)
}
