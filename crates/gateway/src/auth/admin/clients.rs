//! What each address and method does.
use super::answers::{self, unknown};
use super::change::{Changed, change, given, patched, remove as removed};
use super::door::{Calling, Hand, allowed, answer, changed, created, gone};
use crate::auth::client::{Credential, register};
use crate::auth::error::OAuthError;
use crate::auth::register::{Metadata, invalid};
use crate::auth::scope::Office;
use crate::auth::{Access, Caller};
use crate::edge;
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};
use store::admin::Client;
use store::{StoreError, Tx};

pub async fn list(caller: Calling, state: Data<AppState>) -> HttpResponse {
    let work = async |_: Caller| {
        let clients = state.store.read(|tx: &mut Tx| tx.clients()).await?;
        let told: Vec<Value> = clients
            .iter()
            .map(|client| answers::client(client, None))
            .collect();
        Ok(answer(StatusCode::OK, &json!({ "clients": told })))
    };
    allowed(caller, (Office::Client, Access::Search), work).await
}

pub async fn show(caller: Calling, id: Path<String>, state: Data<AppState>) -> HttpResponse {
    let work = async |_: Caller| {
        let client = find(&state, id.into_inner()).await?;
        Ok(answer(StatusCode::OK, &answers::client(&client, None)))
    };
    allowed(caller, (Office::Client, Access::Read), work).await
}

pub async fn create(
    request: HttpRequest,
    caller: Calling,
    body: Bytes,
    state: Data<AppState>,
) -> HttpResponse {
    let work = async |caller: Caller| {
        let metadata = Metadata::of(Value::Object(members(&body)?))?;
        let method = metadata.method()?;
        let credential = metadata.credential(method, state.config.tokens.allow_private_jwks)?;
        let registration = metadata.checked(method)?;
        given(&registration.scope, &state)?;
        let hand = Hand::of(&request, &caller, &state, ("client", 201));
        let (client, secret) = register(registration, credential, hand.now);
        let add = move |tx: &mut Tx| {
            tx.insert_client(&client)?;
            Ok(Ok(client.clone()))
        };
        let client = hand.write(add, |client| &client.id).await?;
        tracing::info!(by = caller.client_id, client = client.id, "client registered");
        let place = format!("{}/admin/clients/{}", state.config.public_url, client.id);
        Ok(created(&place, &answers::client(&client, secret)))
    };
    allowed(caller, (Office::Client, Access::Create), work).await
}

pub async fn update(
    request: HttpRequest,
    caller: Calling,
    id: Path<String>,
    body: Bytes,
    state: Data<AppState>,
) -> HttpResponse {
    let work = async |caller: Caller| {
        let (changes, hand) = (
            members(&body)?,
            Hand::of(&request, &caller, &state, ("client", 200)),
        );
        let id = id.into_inner();
        // The secret that is shown must be the one that is kept, however often a transaction runs.
        let before = find(&state, id.clone()).await?;
        let (after, secret) = patched(&before, changes, &state, hand.now)?;
        let edit = move |tx: &mut Tx, client: Client| replaced(tx, &client, &before, &after);
        let client = change(&hand, id, edit).await?;
        Ok(changed(StatusCode::OK, &answers::client(&client, secret)))
    };
    allowed(caller, (Office::Client, Access::Update), work).await
}

/// Only what was looked at is replaced.
fn replaced(tx: &mut Tx, client: &Client, before: &Client, after: &Client) -> Result<Changed, StoreError> {
    if client != before {
        let text = "the client was changed by somebody else meanwhile; look at it again";
        return Ok(Err(OAuthError::new(StatusCode::CONFLICT, "conflict", text)));
    }
    tx.update_client(after)?;
    Ok(Ok(after.clone()))
}

pub async fn rotate(
    request: HttpRequest,
    caller: Calling,
    id: Path<String>,
    state: Data<AppState>,
) -> HttpResponse {
    let (fresh, secret) = register(Default::default(), Credential::Secret, edge::now());
    let edit = move |client: Client| match client.secret_hash {
        None => Err(invalid(
            "the client proves itself without a secret; give it new keys instead",
        )),
        Some(_) => Ok(Client {
            secret_hash: fresh.secret_hash.clone(),
            ..client
        }),
    };
    alter((request, caller, id, state), secret, edit).await
}

pub async fn disable(
    request: HttpRequest,
    caller: Calling,
    id: Path<String>,
    state: Data<AppState>,
) -> HttpResponse {
    switch((request, caller, id, state), Some(edge::now())).await
}

pub async fn enable(
    request: HttpRequest,
    caller: Calling,
    id: Path<String>,
    state: Data<AppState>,
) -> HttpResponse {
    switch((request, caller, id, state), None).await
}

type Asked = (HttpRequest, Calling, Path<String>, Data<AppState>);

async fn switch(asked: Asked, disabled: Option<i64>) -> HttpResponse {
    let edit = move |client: Client| {
        let since = disabled.map(|now| client.disabled.unwrap_or(now));
        Ok(Client {
            disabled: since,
            ..client
        })
    };
    alter(asked, None, edit).await
}

/// Changes one client in one way, and tells it, with the secret that was made for it.
async fn alter(
    (request, caller, id, state): Asked,
    secret: Option<String>,
    edit: impl Fn(Client) -> Changed + Send + 'static,
) -> HttpResponse {
    let work = async |caller: Caller| {
        let hand = Hand::of(&request, &caller, &state, ("client", 200));
        let edit = move |tx: &mut Tx, client: Client| {
            let client = edit(client);
            if let Ok(client) = &client {
                tx.update_client(client)?;
            }
            Ok(client)
        };
        let client = change(&hand, id.into_inner(), edit).await?;
        Ok(changed(StatusCode::OK, &answers::client(&client, secret)))
    };
    allowed(caller, (Office::Client, Access::Update), work).await
}

pub async fn remove(
    request: HttpRequest,
    caller: Calling,
    id: Path<String>,
    state: Data<AppState>,
) -> HttpResponse {
    let work = async |caller: Caller| {
        let hand = Hand::of(&request, &caller, &state, ("client", 204));
        let now = hand.now;
        change(&hand, id.into_inner(), move |tx, client| removed(tx, client, now)).await?;
        Ok(gone())
    };
    allowed(caller, (Office::Client, Access::Delete), work).await
}

async fn find(state: &AppState, id: String) -> Result<Client, OAuthError> {
    let found = state.store.read(move |tx: &mut Tx| tx.client(&id)).await?;
    found.ok_or_else(unknown)
}

fn members(body: &[u8]) -> Result<Map<String, Value>, OAuthError> {
    serde_json::from_slice(body)
        .map_err(|_| invalid("the body must be a JSON object of client metadata (RFC 7591)"))
}
