//! HL7 v2 senders.
use super::EPOCH_SENDER;
use crate::schema::sender;
use crate::{StoreError, Tx};
use diesel::prelude::*;

/// A registered sender; `config` is the JSON that the HL7 v2 mapping reads.
#[derive(Clone, Debug, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = sender, treat_none_as_null = true)]
pub struct SenderRow {
    pub name: String,
    /// MSH-3
    pub application: String,
    /// MSH-4
    pub facility: String,
    pub config: String,
    /// Microseconds.
    pub created: i64,
    pub disabled: Option<i64>,
}

impl Tx<'_> {
    /// By name, the disabled ones too.
    pub fn senders(&mut self) -> Result<Vec<SenderRow>, StoreError> {
        Ok(sender::table.order(sender::name).load(&mut *self.conn)?)
    }

    pub fn insert_sender(&mut self, new: &SenderRow) -> Result<(), StoreError> {
        diesel::insert_into(sender::table)
            .values(new)
            .execute(&mut *self.conn)?;
        self.bump(EPOCH_SENDER)
    }

    /// False when there is no sender of that name.
    pub fn update_sender(&mut self, changed: &SenderRow) -> Result<bool, StoreError> {
        let rows = diesel::update(sender::table.find(&changed.name))
            .set(changed)
            .execute(&mut *self.conn)?;
        self.bump(EPOCH_SENDER)?;
        Ok(rows == 1)
    }
}
