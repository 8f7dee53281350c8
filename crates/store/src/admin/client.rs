//! OAuth clients.
use super::EPOCH_AUTH;
use crate::schema::client;
use crate::{StoreError, Tx};
use diesel::prelude::*;

/// A registered client; exactly one of `secret_hash`, `jwks` and `jwks_url` is its credential, none
/// when it is public.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = client, treat_none_as_null = true)]
pub struct Client {
    pub id: String,
    pub name: String,
    /// Space-separated scopes it may ask for.
    pub scope: String,
    pub secret_hash: Option<String>,
    /// A JSON Web Key Set.
    pub jwks: Option<String>,
    pub jwks_url: Option<String>,
    /// Microseconds.
    pub created: i64,
    pub disabled: Option<i64>,
    /// It runs where nothing can be kept secret, such as in a browser.
    pub public: bool,
    /// Space-separated.
    pub grant_types: String,
    /// Space-separated; compared as they are.
    pub redirect_uris: String,
    /// Where an EHR opens it.
    pub launch_url: Option<String>,
    /// The organisation it is of, such as `Organization/x`.
    pub organization: Option<String>,
}

impl Client {
    pub fn may_use(&self, grant_type: &str) -> bool {
        self.grant_types.split(' ').any(|allowed| allowed == grant_type)
    }

    pub fn redirects_to(&self, uri: &str) -> bool {
        !uri.is_empty() && self.redirect_uris.split(' ').any(|registered| registered == uri)
    }
}

impl Tx<'_> {
    /// Oldest first.
    pub fn clients(&mut self) -> Result<Vec<Client>, StoreError> {
        Ok(client::table
            .order((client::created, client::id))
            .load(&mut *self.conn)?)
    }

    pub fn client(&mut self, id: &str) -> Result<Option<Client>, StoreError> {
        Ok(client::table.find(id).get_result(&mut *self.conn).optional()?)
    }

    pub fn insert_client(&mut self, new: &Client) -> Result<(), StoreError> {
        diesel::insert_into(client::table)
            .values(new)
            .execute(&mut *self.conn)?;
        self.bump(EPOCH_AUTH)
    }

    /// False when there is no such client.
    pub fn update_client(&mut self, changed: &Client) -> Result<bool, StoreError> {
        let rows = diesel::update(client::table.find(&changed.id))
            .set(changed)
            .execute(&mut *self.conn)?;
        self.bump(EPOCH_AUTH)?;
        Ok(rows == 1)
    }

    pub fn delete_client(&mut self, id: &str) -> Result<(), StoreError> {
        diesel::delete(client::table.find(id)).execute(&mut *self.conn)?;
        self.bump(EPOCH_AUTH)
    }

    /// All clients with their organisations.
    pub fn organizations_of_clients(&mut self) -> Result<Vec<(String, Option<String>)>, StoreError> {
        Ok(client::table
            .select((client::id, client::organization))
            .load(&mut *self.conn)?)
    }

    pub fn disabled_clients(&mut self) -> Result<Vec<String>, StoreError> {
        Ok(client::table
            .filter(client::disabled.is_not_null())
            .select(client::id)
            .load(&mut *self.conn)?)
    }
}
