//! `/admin/senders`: systems that may send HL7 v2 messages, kept by a program as `baton sender` keeps them.
use super::door::{Calling, Hand, allowed, answer, changed, created};
use crate::auth::error::OAuthError;
use crate::auth::register::invalid;
use crate::auth::scope::Office;
use crate::auth::{Access, Caller};
use crate::ingest::register::{put_row, row, told};
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use hl7v2::sender::{Maps, Sender, Zone};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};
use store::Tx;
use store::admin::SenderRow;

const ACTION: &str = "sender";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    /// Where the address does not say it.
    name: Option<String>,
    /// MSH-3
    application: String,
    /// MSH-4
    facility: String,
    timezone: Zone,
    #[serde(default)]
    maps: Maps,
}

pub async fn list(caller: Calling, state: Data<AppState>) -> HttpResponse {
    let work = async |_: Caller| {
        let senders = state.store.read(|tx: &mut Tx| tx.senders()).await?;
        let each: Vec<Value> = senders.iter().map(told).collect();
        Ok(answer(StatusCode::OK, &json!({ "senders": each })))
    };
    allowed(caller, (Office::Sender, Access::Search), work).await
}

pub async fn show(caller: Calling, name: Path<String>, state: Data<AppState>) -> HttpResponse {
    let work = async |_: Caller| {
        let senders = state.store.read(|tx: &mut Tx| tx.senders()).await?;
        let found = senders.into_iter().find(|row| row.name == *name);
        Ok(answer(StatusCode::OK, &told(&found.ok_or_else(unknown)?)))
    };
    allowed(caller, (Office::Sender, Access::Read), work).await
}

/// One that is new.
pub async fn create(
    request: HttpRequest,
    caller: Calling,
    body: Bytes,
    state: Data<AppState>,
) -> HttpResponse {
    let work = async |caller: Caller| {
        let given = read(&body)?;
        let name = given
            .name
            .clone()
            .ok_or_else(|| invalid("a new sender has a `name`"))?;
        let hand = Hand::of(&request, &caller, &state, (ACTION, 201));
        let row = given.row(&name, hand.now)?;
        let add = move |tx: &mut Tx| {
            Ok(match tx.senders()?.iter().any(|other| other.name == row.name) {
                true => Err(conflict("there is a sender of that name already".into())),
                false => put_row(tx, &row)?.map_err(conflict),
            })
        };
        let row = hand.write(add, |row: &SenderRow| &row.name).await?;
        let name = utf8_percent_encode(&row.name, NON_ALPHANUMERIC);
        let place = format!("{}/admin/senders/{name}", state.config.public_url);
        Ok(created(&place, &told(&row)))
    };
    allowed(caller, (Office::Sender, Access::Create), work).await
}

/// In the place of what was registered under the name; it may send again.
pub async fn replace(
    request: HttpRequest,
    caller: Calling,
    name: Path<String>,
    body: Bytes,
    state: Data<AppState>,
) -> HttpResponse {
    let work = async |caller: Caller| {
        let given = read(&body)?;
        if given.name.as_ref().is_some_and(|other| *other != *name) {
            return Err(invalid(
                "`name` differs from the address; a sender keeps its name",
            ));
        }
        let hand = Hand::of(&request, &caller, &state, (ACTION, 200));
        let row = given.row(&name, hand.now)?;
        let put = move |tx: &mut Tx| {
            Ok(match tx.senders()?.iter().any(|other| other.name == row.name) {
                true => put_row(tx, &row)?.map_err(conflict),
                false => Err(unknown()),
            })
        };
        let row = hand.write(put, |row: &SenderRow| &row.name).await?;
        Ok(changed(StatusCode::OK, &told(&row)))
    };
    allowed(caller, (Office::Sender, Access::Update), work).await
}

/// Its messages are refused from now on, and kept for review.
pub async fn disable(
    request: HttpRequest,
    caller: Calling,
    name: Path<String>,
    state: Data<AppState>,
) -> HttpResponse {
    switch(request, caller, name, state, true).await
}

pub async fn enable(
    request: HttpRequest,
    caller: Calling,
    name: Path<String>,
    state: Data<AppState>,
) -> HttpResponse {
    switch(request, caller, name, state, false).await
}

async fn switch(
    request: HttpRequest,
    caller: Calling,
    name: Path<String>,
    state: Data<AppState>,
    off: bool,
) -> HttpResponse {
    let work = async |caller: Caller| {
        let hand = Hand::of(&request, &caller, &state, (ACTION, 200));
        let (name, now) = (name.into_inner(), hand.now);
        let edit = move |tx: &mut Tx| {
            let Some(mut row) = tx.senders()?.into_iter().find(|row| row.name == name) else {
                return Ok(Err(unknown()));
            };
            row.disabled = off.then_some(row.disabled.unwrap_or(now));
            tx.update_sender(&row)?;
            Ok(Ok(row))
        };
        let row = hand.write(edit, |row: &SenderRow| &row.name).await?;
        Ok(changed(StatusCode::OK, &told(&row)))
    };
    allowed(caller, (Office::Sender, Access::Update), work).await
}

impl Given {
    fn row(self, name: &str, now: i64) -> Result<SenderRow, OAuthError> {
        let mut sender = Sender::new(name, &self.application, &self.facility, self.timezone);
        sender.maps = self.maps;
        let problems = sender.maps.problems();
        match problems.is_empty() {
            true => row(&sender, now).map_err(invalid),
            false => Err(invalid(problems.join("; "))),
        }
    }
}

fn read(body: &[u8]) -> Result<Given, OAuthError> {
    serde_json::from_slice(body).map_err(|error| {
        invalid(format!(
            "the body must be a JSON object with `application`, `facility`, `timezone` and perhaps `maps`: line {}, column {}",
            error.line(),
            error.column()
        ))
    })
}

fn unknown() -> OAuthError {
    OAuthError::new(StatusCode::NOT_FOUND, "not_found", "there is no such sender")
}

fn conflict(text: String) -> OAuthError {
    OAuthError::new(StatusCode::CONFLICT, "conflict", text)
}
