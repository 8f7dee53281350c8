//! How every request to `/admin` comes in and goes out, and how a change is written with its event.
use crate::audit::{self, Told};
use crate::auth::error::OAuthError;
use crate::auth::launch::bearer_error;
use crate::auth::scope::Office;
use crate::auth::{Access, Caller};
use crate::edge;
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde_json::Value;
use store::audit::Event;
use store::{StoreError, Tx};

pub type Calling = Result<Caller, ApiError>;

/// Who changes something.
pub struct Hand<'a> {
    pub state: &'a AppState,
    pub event: Event,
    pub now: i64,
}

impl<'a> Hand<'a> {
    /// `action` and status of the event.
    pub fn of(
        request: &HttpRequest,
        caller: &Caller,
        state: &'a AppState,
        (action, status): (&'static str, u16),
    ) -> Hand<'a> {
        let now = edge::now();
        let event = Event {
            at: now,
            actor: caller.client_id.clone(),
            origin: audit::origin(request),
            request: audit::request_id(request),
            action: action.into(),
            status,
            ..Event::default()
        };
        Hand { state, event, now }
    }

    /// In one transaction with its event, which names what was changed. The inner error says why nothing was.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx) -> Result<Result<T, OAuthError>, StoreError> + Send + 'static,
        id: impl Fn(&T) -> &str + Send + 'static,
    ) -> Result<T, OAuthError> {
        let event = self.event.clone();
        let written = self.state.store.write(move |tx| {
            let changed = work(tx)?;
            if let Ok(thing) = &changed {
                let id = Some(id(thing).to_owned());
                tx.record(&[Event { id, ..event.clone() }])?;
            }
            Ok(changed)
        });
        let changed = written.await??;
        // Here at once, in other gateways when they look next.
        self.state.auth.refresh(self.now).await?;
        Ok(changed)
    }
}

/// Nothing is looked at for who may not.
pub async fn allowed(
    caller: Calling,
    (office, access): (Office, Access),
    work: impl AsyncFnOnce(Caller) -> Result<HttpResponse, OAuthError>,
) -> HttpResponse {
    let caller = match caller {
        Ok(caller) => caller,
        Err(refused) => return bearer_error(&refused),
    };
    if !caller.administers(office, access) {
        let text = format!(
            "the access token needs the scope admin/{}.{}",
            office.name(),
            access.letter()
        );
        return OAuthError::new(StatusCode::FORBIDDEN, "insufficient_scope", text).error_response();
    }
    work(caller)
        .await
        .unwrap_or_else(|refused| refused.error_response())
}

pub fn answer(status: StatusCode, body: &Value) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(body)
}

/// One whose event was written with it.
pub fn changed(status: StatusCode, body: &Value) -> HttpResponse {
    let mut response = answer(status, body);
    response.extensions_mut().insert(recorded());
    response
}

fn recorded() -> Told {
    Told {
        wrote: true,
        ..Told::default()
    }
}

pub fn created(place: &str, body: &Value) -> HttpResponse {
    let mut response = changed(StatusCode::CREATED, body);
    if let Ok(place) = place.parse() {
        response.headers_mut().insert(LOCATION, place);
    }
    response
}

pub fn gone() -> HttpResponse {
    let mut response = HttpResponse::NoContent().finish();
    response.extensions_mut().insert(recorded());
    response
}
