//! `/admin/accounts`: people who sign in, kept by a program. It keeps those of `admin.people` alone.
use super::door::{Calling, Hand, allowed, answer, changed, created};
use crate::auth::account::{self, check_password, check_person, hash_password, name_of};
use crate::auth::error::OAuthError;
use crate::auth::launch::{end_all_of, name_hash};
use crate::auth::register::invalid;
use crate::auth::scope::Office;
use crate::auth::{Access, Caller};
use crate::edge;
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};
use store::admin::Account;
use store::{StoreError, Tx};

const ACTION: &str = "account";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    name: String,
    fhir_user: String,
    password: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Word {
    password: Option<String>,
}

pub async fn list(caller: Calling, state: Data<AppState>) -> HttpResponse {
    let work = async |_: Caller| {
        let accounts = state.store.read(|tx: &mut Tx| tx.accounts()).await?;
        let told: Vec<Value> = accounts.iter().map(account::told).collect();
        Ok(answer(StatusCode::OK, &json!({ "accounts": told })))
    };
    allowed(caller, (Office::Account, Access::Search), work).await
}

pub async fn show(caller: Calling, id: Path<String>, state: Data<AppState>) -> HttpResponse {
    let work = async |_: Caller| {
        let id = id.into_inner();
        let found = state.store.read(move |tx: &mut Tx| tx.account(&id)).await?;
        Ok(answer(
            StatusCode::OK,
            &account::told(&found.ok_or_else(unknown)?),
        ))
    };
    allowed(caller, (Office::Account, Access::Read), work).await
}

pub async fn create(
    request: HttpRequest,
    caller: Calling,
    body: Bytes,
    state: Data<AppState>,
) -> HttpResponse {
    let work = async |caller: Caller| {
        let new: New = serde_json::from_slice(&body).map_err(|_| {
            invalid("the body must be a JSON object with `name`, `fhir_user` and perhaps `password`")
        })?;
        let name = name_of(&new.name).map_err(|why| invalid(&why))?;
        check_person(&new.fhir_user).map_err(|why| invalid(&why))?;
        kept_here(&state, &new.fhir_user)?;
        let password = Word::of(new.password)?;
        let hand = Hand::of(&request, &caller, &state, (ACTION, 201));
        let account = Account {
            id: edge::new_id(),
            name,
            password: password.hashed().await?,
            password_set: hand.now,
            fhir_user: new.fhir_user,
            totp: None,
            totp_step: 0,
            created: hand.now,
            disabled: None,
            issuer: None,
            subject: None,
        };
        let add = move |tx: &mut Tx| {
            Ok(match tx.insert_account(&account)? {
                true => Ok(account.clone()),
                false => Err(conflict("there is an account of that name already")),
            })
        };
        let account = hand.write(add, |account| &account.id).await?;
        let place = format!("{}/admin/accounts/{}", state.config.public_url, account.id);
        Ok(created(&place, &password.beside(account::told(&account))))
    };
    allowed(caller, (Office::Account, Access::Create), work).await
}

/// A new one, given or made, which ends sessions and opens a locked account.
pub async fn password(
    request: HttpRequest,
    caller: Calling,
    id: Path<String>,
    body: Bytes,
    state: Data<AppState>,
) -> HttpResponse {
    let work = async |caller: Caller| {
        let given: Word = match body.is_empty() {
            true => Word::default(),
            false => serde_json::from_slice(&body)
                .map_err(|_| invalid("the body may be a JSON object with `password`"))?,
        };
        let password = Word::of(given.password)?;
        let hand = Hand::of(&request, &caller, &state, (ACTION, 200));
        let (hash, now) = (password.hashed().await?, hand.now);
        let account = change(&hand, id.into_inner(), move |tx, account| {
            account.password.clone_from(&hash);
            account.password_set = now;
            tx.remove_attempts(&name_hash(&account.name))
        });
        let told = account::told(&account.await?);
        Ok(changed(StatusCode::OK, &password.beside(told)))
    };
    allowed(caller, (Office::Account, Access::Update), work).await
}

pub async fn disable(
    request: HttpRequest,
    caller: Calling,
    id: Path<String>,
    state: Data<AppState>,
) -> HttpResponse {
    switch(request, caller, id, state, true).await
}

pub async fn enable(
    request: HttpRequest,
    caller: Calling,
    id: Path<String>,
    state: Data<AppState>,
) -> HttpResponse {
    switch(request, caller, id, state, false).await
}

/// Who is shut out loses all that they granted; who is let in again signs in anew.
async fn switch(
    request: HttpRequest,
    caller: Calling,
    id: Path<String>,
    state: Data<AppState>,
    off: bool,
) -> HttpResponse {
    let work = async |caller: Caller| {
        let hand = Hand::of(&request, &caller, &state, (ACTION, 200));
        let now = hand.now;
        let account = change(&hand, id.into_inner(), move |tx, account| {
            account.disabled = off.then_some(account.disabled.unwrap_or(now));
            account.password_set = now;
            end_all_of(tx, &account.id, now)
        });
        Ok(changed(StatusCode::OK, &account::told(&account.await?)))
    };
    allowed(caller, (Office::Account, Access::Update), work).await
}

/// Reads an account, edits it and writes it back.
async fn change(
    hand: &Hand<'_>,
    id: String,
    edit: impl Fn(&mut Tx, &mut Account) -> Result<(), StoreError> + Send + 'static,
) -> Result<Account, OAuthError> {
    let people = hand.state.config.admin.people.clone();
    let work = move |tx: &mut Tx| {
        let Some(mut account) = tx.account(&id)? else {
            return Ok(Err(unknown()));
        };
        if !is_among(&people, &account.fhir_user) {
            return Ok(Err(beyond()));
        }
        edit(tx, &mut account)?;
        tx.update_account(&account)?;
        Ok(Ok(account))
    };
    hand.write(work, |account| &account.id).await
}

fn kept_here(state: &AppState, person: &str) -> Result<(), OAuthError> {
    match is_among(&state.config.admin.people, person) {
        true => Ok(()),
        false => Err(beyond()),
    }
}

fn is_among(people: &[String], person: &str) -> bool {
    let kind = person.split('/').next().unwrap_or_default();
    people.iter().any(|one| one == kind)
}

impl Word {
    /// As it was given, or a new one.
    fn of(given: Option<String>) -> Result<Password, OAuthError> {
        Ok(match given {
            Some(text) => {
                check_password(&text).map_err(|why| invalid(&why))?;
                Password { text, is_made: false }
            }
            None => Password {
                text: edge::secret(),
                is_made: true,
            },
        })
    }
}

struct Password {
    text: String,
    is_made: bool,
}

impl Password {
    async fn hashed(&self) -> Result<String, OAuthError> {
        let (text, salt) = (self.text.clone(), edge::random());
        let hashed = web::block(move || hash_password(&text, salt)).await;
        let busy = || {
            OAuthError::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "try again",
            )
        };
        hashed.map_err(|_| busy())?.map_err(|_| busy())
    }

    /// One that was made is shown this once.
    fn beside(&self, mut told: Value) -> Value {
        if self.is_made {
            told["password"] = self.text.as_str().into();
        }
        told
    }
}

fn unknown() -> OAuthError {
    OAuthError::new(StatusCode::NOT_FOUND, "not_found", "there is no such account")
}

fn conflict(text: &str) -> OAuthError {
    OAuthError::new(StatusCode::CONFLICT, "conflict", text)
}

fn beyond() -> OAuthError {
    let text = "accounts of such people are not kept here (admin.people); the operator does that, with `baton account`";
    OAuthError::new(StatusCode::FORBIDDEN, "access_denied", text)
}
