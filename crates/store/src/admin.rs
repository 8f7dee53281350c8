//! The tables of administration: clients, accounts and what was granted, senders, signing keys, used
//! assertion ids, import progress.
//!
//! Gateways keep what they need of these in memory. Whoever changes a table bumps its epoch in
//! the same transaction, so one small row tells every gateway whether to read again.
mod account;
mod allowed;
mod attempt;
mod client;
mod granted;
mod handle;
mod import;
mod jti;
mod key;
mod sender;

pub use account::Account;
pub use allowed::Allowed;
pub use attempt::Attempts;
pub use client::Client;
pub use granted::Granted;
pub use handle::{Handle, Use};
pub use import::ImportFile;
pub use key::SigningKey;
pub use sender::SenderRow;

use crate::conn::on_each;
use crate::schema::setting;
use crate::{StoreError, Tx};
use diesel::prelude::*;
use diesel::sql_types::Text;

/// Clients, revocations and signing keys.
pub const EPOCH_AUTH: &str = "epoch-auth";
/// HL7 v2 senders.
pub const EPOCH_SENDER: &str = "epoch-sender";

impl Tx<'_> {
    /// A number that differs after every change; 0 before the first.
    pub fn epoch(&mut self, name: &str) -> Result<i64, StoreError> {
        let value: Option<String> = setting::table
            .find(name)
            .select(setting::value)
            .get_result(&mut *self.conn)
            .optional()?;
        match value {
            None => Ok(0),
            Some(text) => text
                .parse()
                .map_err(|_| StoreError::Database(format!("setting {name} is not a number"))),
        }
    }

    /// One statement, so that two who bump at once make two steps.
    fn bump(&mut self, name: &str) -> Result<(), StoreError> {
        on_each!(&mut *self.conn, |c| {
            let first =
                diesel::insert_into(setting::table).values((setting::name.eq(name), setting::value.eq("1")));
            let next = diesel::dsl::sql::<Text>("CAST(CAST(setting.value AS BIGINT) + 1 AS TEXT)");
            first
                .on_conflict(setting::name)
                .do_update()
                .set(setting::value.eq(next))
                .execute(c)?;
        });
        Ok(())
    }
}
