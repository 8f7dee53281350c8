//! A change of one client with its event, in one transaction.
use super::answers::{self, beyond, unknown};
use super::door::Hand;
use crate::auth::client::{Credential, register};
use crate::auth::error::OAuthError;
use crate::auth::launch::end_all_to;
use crate::auth::register::Metadata;
use crate::auth::scope::{Scope, Scopes};
use crate::state::AppState;
use serde_json::{Map, Value};
use store::admin::Client;
use store::{StoreError, Tx};

/// In a transaction: what became of the client, or why nothing did.
pub type Changed = Result<Client, OAuthError>;

/// Reads a client, edits it and writes it back.
pub async fn change(
    hand: &Hand<'_>,
    id: String,
    edit: impl Fn(&mut Tx, Client) -> Result<Changed, StoreError> + Send + 'static,
) -> Result<Client, OAuthError> {
    let at_most = hand.state.config.admin.scopes_at_most.clone();
    let work = move |tx: &mut Tx| {
        let Some(client) = tx.client(&id)? else {
            return Ok(Err(unknown()));
        };
        match may_have(&client.scope, &at_most) {
            false => Ok(Err(beyond("this client may more than is given out here"))),
            true => edit(tx, client),
        }
    };
    hand.write(work, |client| &client.id).await
}

/// What a patch makes of a client, and the credential that it asks for.
pub fn patched(
    client: &Client,
    changes: Map<String, Value>,
    state: &AppState,
    now: i64,
) -> Result<(Client, Option<String>), OAuthError> {
    let merged = answers::merged(answers::metadata(client), changes);
    let metadata = Metadata::of(merged)?;
    let method = metadata.method()?;
    if method == "none" && !client.public {
        let text = "a client becomes public by being registered anew: its tokens would be worth less";
        return Err(super::super::register::invalid(text));
    }
    let credential = metadata.credential(method, state.config.tokens.allow_private_jwks)?;
    let keeps_secret = matches!(credential, Credential::Secret) && client.secret_hash.is_some();
    let registration = metadata.checked(method)?;
    given(&registration.scope, state)?;
    let (fresh, secret) = register(registration, credential, now);
    let kept = Client {
        id: client.id.clone(),
        created: client.created,
        disabled: client.disabled,
        organization: client.organization.clone(),
        ..fresh
    };
    Ok(match keeps_secret {
        true => (
            Client {
                secret_hash: client.secret_hash.clone(),
                ..kept
            },
            None,
        ),
        false => (kept, secret),
    })
}

/// Whether these scopes may be given here.
pub fn given(scope: &str, state: &AppState) -> Result<(), OAuthError> {
    match may_have(scope, &state.config.admin.scopes_at_most) {
        true => Ok(()),
        false => Err(beyond(
            "`scope` goes beyond what may be given here (admin.scopes_at_most)",
        )),
    }
}

/// Data within the bound, and whatever is about a launch.
fn may_have(scope: &str, at_most: &Scopes) -> bool {
    let Ok(scopes) = Scopes::parse(scope) else {
        return false;
    };
    let bounded = scopes.only(|scope| !matches!(scope, Scope::Session(_)));
    bounded.within(at_most).is_ok()
}

/// With every token that it has.
pub fn remove(tx: &mut Tx, client: Client, now: i64) -> Result<Changed, StoreError> {
    end_all_to(tx, &client.id, now)?;
    tx.delete_client(&client.id)?;
    Ok(Ok(client))
}
