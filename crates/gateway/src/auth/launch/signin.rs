//! Name, password, one-time password: checked so that neither the answer nor the time it takes says
//! which of them was wrong, whether there is such an account, or whether it is locked.
//! <https://cheatsheetseries.owasp.org/cheatsheets/Authentication_Cheat_Sheet.html>
use super::handles::{self, hash};
use super::session::{LIFETIME, Session, Visitor, Who};
use crate::auth::{Authority, account, totp};
use store::admin::{Account, Attempts};
use store::{StoreError, Tx};
use tokio::sync::Semaphore;

const SECOND: i64 = 1_000_000;
/// Failures before the account waits, and for how long after each further one.
const FREE: i64 = 5;
const FIRST_WAIT: i64 = 30 * SECOND;
const LONGEST_WAIT: i64 = 3_600 * SECOND;
/// Failures are forgotten after a day.
const MEMORY: i64 = 86_400 * SECOND;

/// Hashing takes 19 MiB and a core for a moment: so many at a time.
static HASHING: Semaphore = Semaphore::const_new(2);

/// What a person typed.
pub struct Typed {
    pub name: String,
    pub password: String,
    pub one_time: String,
}

/// Under which failures are counted.
pub fn name_hash(name: &str) -> String {
    hash(&format!("name {name}"))
}

/// What came of it. The person is told nothing of why it failed; the audit is.
pub enum Outcome {
    Entered(Visitor),
    Refused {
        /// Whose name was typed.
        account: Option<Account>,
        /// It was not looked at, because too many failed before.
        waits: bool,
    },
}

/// Who it is, with a new session in place of `old`.
pub async fn sign_in(
    authority: &Authority,
    typed: Typed,
    old: String,
    now: i64,
) -> Result<Outcome, StoreError> {
    // A name that cannot be one is looked up all the same.
    let name = account::name_of(&typed.name).unwrap_or_default();
    let (key, wanted) = (name_hash(&name), name);
    let begun = authority.store.write({
        let key = key.clone();
        move |tx| begin(tx, &key, &wanted, now)
    });
    let (open, found) = begun.await?;
    let known = verified(found.clone(), typed.password).await;
    let step = |account: &Account| one_time_step(account, &typed.one_time, now);
    let refused = |account| Outcome::Refused {
        account,
        waits: !open,
    };
    let named = found.clone();
    let accepted = found.filter(|account| known && open && account.disabled.is_none());
    let Some((account, Some(step))) = accepted.map(|account| (account.clone(), step(&account))) else {
        return Ok(refused(named));
    };
    let visitor = Visitor::renewed(Who {
        account: account.clone(),
        since: now,
    });
    let session = visitor.hash();
    let done = move |tx: &mut Tx| {
        if account.totp.is_some() && !tx.use_totp_step(&account.id, step)? {
            return Ok(false);
        }
        tx.remove_attempts(&key)?;
        tx.remove_handle(&old)?;
        let new = Session {
            account: account.id.clone(),
            since: now,
            proven: None,
        };
        handles::keep(tx, &session, &new, now + LIFETIME)?;
        Ok(true)
    };
    Ok(match authority.store.write(done).await? {
        true => Outcome::Entered(visitor),
        false => refused(named),
    })
}

/// Counts the attempt as failed until it has succeeded, so that many at once are no way around.
fn begin(tx: &mut Tx, key: &str, name: &str, now: i64) -> Result<(bool, Option<Account>), StoreError> {
    tx.lock(key)?;
    let held = tx.attempts(key)?.filter(|held| held.expires > now);
    let (open, counted) = attempt(held, key, now);
    tx.put_attempts(&counted)?;
    Ok((open, tx.account_named(name)?))
}

/// Whether this attempt counts at all, and what is known of failures should it fail.
fn attempt(held: Option<Attempts>, key: &str, now: i64) -> (bool, Attempts) {
    let held = held.unwrap_or_else(|| Attempts {
        name: key.to_owned(),
        failed: 0,
        locked_until: 0,
        expires: 0,
    });
    if held.locked_until > now {
        return (false, held);
    }
    let failed = held.failed + 1;
    let doublings = (failed - FREE).clamp(0, 16);
    let wait = (FIRST_WAIT << doublings).min(LONGEST_WAIT);
    let locked_until = if failed < FREE { 0 } else { now + wait };
    (
        true,
        Attempts {
            failed,
            locked_until,
            expires: now + MEMORY,
            ..held
        },
    )
}

async fn verified(account: Option<Account>, password: String) -> bool {
    let Ok(_permit) = HASHING.acquire().await else {
        return false;
    };
    let work = move || account::knows_password(account.as_ref(), &password);
    actix_web::web::block(work).await.unwrap_or(false)
}

/// The step used up by it; 0 for an account that needs none.
fn one_time_step(account: &Account, typed: &str, now: i64) -> Option<i64> {
    match &account.totp {
        None => Some(0),
        Some(secret) => totp::step_of(secret, typed.trim(), now / SECOND),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_from_the_fifth_failure_to_an_hour() {
        let (mut held, mut now) = (None, SECOND);
        let mut waits = Vec::new();
        for _ in 0..14 {
            let (open, counted) = attempt(held, "x", now);
            assert!(open);
            let wait = (counted.locked_until - now).max(0) / SECOND;
            waits.push(wait);
            if wait > 0 {
                let (open, same) = attempt(Some(counted.clone()), "x", now + SECOND);
                assert!(!open, "attempts while it waits are none");
                assert_eq!(same.failed, counted.failed);
            }
            now = counted.locked_until.max(now) + SECOND;
            held = Some(counted);
        }
        assert_eq!(
            waits,
            [0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
        );
    }
}
