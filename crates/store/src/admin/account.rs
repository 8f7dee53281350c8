//! People who may sign in.
use super::EPOCH_AUTH;
use crate::schema::account;
use crate::{StoreError, Tx};
use diesel::prelude::*;

#[derive(Clone, Debug, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = account, treat_none_as_null = true)]
pub struct Account {
    pub id: String,
    pub name: String,
    /// A PHC string, or a word that is none: then nobody signs in by it.
    pub password: String,
    /// Microseconds: sessions from before are over.
    pub password_set: i64,
    /// Reference to the person, such as `Practitioner/123`.
    pub fhir_user: String,
    /// The shared secret in base32; sealed in the table.
    pub totp: Option<String>,
    /// The last step whose one-time password was used.
    pub totp_step: i64,
    /// Microseconds.
    pub created: i64,
    pub disabled: Option<i64>,
    /// Who knows the person too, and as whom: both or neither.
    pub issuer: Option<String>,
    pub subject: Option<String>,
}

fn place(id: &str) -> String {
    format!("the one-time password secret of account {id}")
}

impl Tx<'_> {
    /// Oldest first, with secrets as they lie in the table: some may not open any more.
    pub fn accounts(&mut self) -> Result<Vec<Account>, StoreError> {
        Ok(account::table
            .order((account::created, account::id))
            .load(&mut *self.conn)?)
    }

    /// Puts a secret, or none, in the place of one that need not open any more, and ends sessions. False when
    /// there is no such account.
    pub fn replace_totp(&mut self, name: &str, secret: Option<&str>, now: i64) -> Result<bool, StoreError> {
        let named = account::table.filter(account::name.eq(name));
        let id: Option<String> = named.select(account::id).get_result(&mut *self.conn).optional()?;
        let Some(id) = id else {
            return Ok(false);
        };
        let sealed = secret
            .map(|secret| self.sealed(&place(&id), secret))
            .transpose()?;
        diesel::update(account::table.find(&id))
            .set((
                account::totp.eq(sealed),
                account::totp_step.eq(0),
                account::password_set.eq(now),
            ))
            .execute(&mut *self.conn)?;
        self.bump(EPOCH_AUTH)?;
        Ok(true)
    }

    pub fn account(&mut self, id: &str) -> Result<Option<Account>, StoreError> {
        let row: Option<Account> = account::table.find(id).get_result(&mut *self.conn).optional()?;
        row.map(|row| self.open_account(row)).transpose()
    }

    pub fn account_named(&mut self, name: &str) -> Result<Option<Account>, StoreError> {
        let named = account::table.filter(account::name.eq(name));
        let row: Option<Account> = named.get_result(&mut *self.conn).optional()?;
        row.map(|row| self.open_account(row)).transpose()
    }

    /// The one of that subject of that issuer.
    pub fn account_linked(&mut self, issuer: &str, subject: &str) -> Result<Option<Account>, StoreError> {
        let linked = account::table
            .filter(account::issuer.eq(issuer))
            .filter(account::subject.eq(subject));
        let row: Option<Account> = linked.get_result(&mut *self.conn).optional()?;
        row.map(|row| self.open_account(row)).transpose()
    }

    fn open_account(&self, row: Account) -> Result<Account, StoreError> {
        let totp = row
            .totp
            .map(|totp| self.opened(&place(&row.id), totp))
            .transpose()?;
        Ok(Account { totp, ..row })
    }

    fn seal_account(&self, account: &Account) -> Result<Account, StoreError> {
        let totp = account.totp.as_ref();
        let totp = totp
            .map(|totp| self.sealed(&place(&account.id), totp))
            .transpose()?;
        Ok(Account {
            totp,
            ..account.clone()
        })
    }

    /// False when the name is taken.
    pub fn insert_account(&mut self, new: &Account) -> Result<bool, StoreError> {
        self.lock("account")?;
        if self.account_named(&new.name)?.is_some() {
            return Ok(false);
        }
        diesel::insert_into(account::table)
            .values(self.seal_account(new)?)
            .execute(&mut *self.conn)?;
        Ok(true)
    }

    pub fn update_account(&mut self, changed: &Account) -> Result<(), StoreError> {
        diesel::update(account::table.find(&changed.id))
            .set(self.seal_account(changed)?)
            .execute(&mut *self.conn)?;
        self.bump(EPOCH_AUTH)
    }

    /// False when that step, or a later one, was used before.
    pub fn use_totp_step(&mut self, id: &str, step: i64) -> Result<bool, StoreError> {
        let unused = account::table.find(id).filter(account::totp_step.lt(step));
        let rows = diesel::update(unused)
            .set(account::totp_step.eq(step))
            .execute(&mut *self.conn)?;
        Ok(rows == 1)
    }
}
