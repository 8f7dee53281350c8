//! Where people see which apps they allowed what, and take it back: SMART's `management_endpoint`.
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html#metadata>
use super::authorize::see_other;
use super::entry::{self, offer};
use super::grant;
use super::pages::{self, Kept, Page};
use super::session::Visitor;
use super::signin::Outcome;
use super::steps::refused;
use super::turn::note;
use crate::audit;
use crate::auth::form::{Body, Parameters};
use crate::edge;
use crate::rates::address_of;
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use store::audit::Event;
use store::{StoreError, Tx};

/// Below the public URL.
pub const PATH: &str = "/oauth/account/apps";
/// The page as it calls itself.
const HERE: &str = "apps";

/// One request of a browser about what its person allowed.
struct Own<'a> {
    state: &'a AppState,
    visitor: Visitor,
    now: i64,
    event: Event,
}

pub async fn show(request: HttpRequest, state: web::Data<AppState>) -> Result<HttpResponse, Page> {
    Own::of(&request, &state).await?.show().await
}

pub async fn act(request: HttpRequest, body: Body, state: web::Data<AppState>) -> Result<HttpResponse, Page> {
    let own = Own::of(&request, &state).await?;
    let form = Parameters::posted(&request, body).map_err(|_| refused())?;
    if !own.visitor.sent(form.get("csrf")) {
        return Err(refused());
    }
    match form.get("action").unwrap_or_default() {
        "sign-in" if offer(&state).local => own.sign_in(&form, &request).await,
        "sign-out" => own.sign_out().await,
        "withdraw" => own.withdraw(form.get("client_id").unwrap_or_default()).await,
        _ => Ok(see_other(HERE)),
    }
}

impl<'a> Own<'a> {
    async fn of(request: &HttpRequest, state: &'a AppState) -> Result<Own<'a>, Page> {
        let now = edge::now();
        Ok(Own {
            state,
            visitor: Visitor::of(request, &state.auth, now).await?,
            now,
            event: Event {
                at: now,
                actor: "baton".into(),
                origin: audit::origin(request),
                request: audit::request_id(request),
                ..Event::default()
            },
        })
    }

    async fn show(&self) -> Result<HttpResponse, Page> {
        let csrf = self.visitor.csrf();
        let Some(who) = &self.visitor.who else {
            let page = pages::own_sign_in(&csrf, &offer(self.state), false);
            return Ok(self.dressed(page));
        };
        let account = who.account.id.clone();
        let kept = self.state.store.read(move |tx| kept(tx, &account)).await?;
        Ok(self.dressed(pages::own_apps(&csrf, &who.account.name, &kept)))
    }

    async fn sign_in(mut self, form: &Parameters, request: &HttpRequest) -> Result<HttpResponse, Page> {
        let old = self.visitor.hash();
        match entry::attempt(self.state, form, address_of(request), old, self.now).await? {
            Outcome::Entered(visitor) => {
                self.visitor = visitor;
                self.noted("login", StatusCode::OK).await?;
                Ok(self
                    .visitor
                    .with_cookie(see_other(HERE), &self.state.config.public_url))
            }
            Outcome::Refused { account, waits } => {
                let status = entry::refusal(waits);
                note(self.state, &self.event, ("login", status), account.as_ref(), None).await?;
                let csrf = self.visitor.csrf();
                Ok(self.dressed(pages::own_sign_in(&csrf, &offer(self.state), true)))
            }
        }
    }

    async fn sign_out(self) -> Result<HttpResponse, Page> {
        self.noted("logout", StatusCode::OK).await?;
        let old = self.visitor.hash();
        self.state.store.write(move |tx| tx.remove_handle(&old)).await?;
        Ok(see_other(HERE))
    }

    /// With every token that came of it, in one transaction with its event, which names the app. What
    /// was never allowed is withdrawn just as well, and is no event.
    async fn withdraw(self, client: &str) -> Result<HttpResponse, Page> {
        let Some(who) = &self.visitor.who else {
            return Ok(see_other(HERE));
        };
        let mut event = Event {
            action: "withdraw".into(),
            status: StatusCode::OK.as_u16(),
            id: Some(client.to_owned()),
            ..self.event.clone()
        };
        event.origin.person.clone_from(&who.account.fhir_user);
        let (account, client, now) = (who.account.id.clone(), client.to_owned(), self.now);
        let withdrawn = move |tx: &mut Tx| {
            if grant::withdraw(tx, &account, &client, now)? {
                tx.record(std::slice::from_ref(&event))?;
            }
            Ok(())
        };
        self.state.store.write(withdrawn).await?;
        self.state.auth.refresh(now).await?;
        Ok(see_other(HERE))
    }

    async fn noted(&self, action: &'static str, status: StatusCode) -> Result<(), Page> {
        let account = self.visitor.who.as_ref().map(|who| &who.account);
        note(self.state, &self.event, (action, status), account, None).await
    }

    fn dressed(&self, page: Page) -> HttpResponse {
        let cookie = self.visitor.new_cookie(&self.state.config.public_url);
        page.with_cookie(cookie).into()
    }
}

/// What is remembered, and what people call the apps.
fn kept(tx: &mut Tx, account: &str) -> Result<Vec<Kept>, StoreError> {
    let rows = tx.allowed_by(account)?.into_iter().map(|row| {
        let client = tx.client(&row.client)?;
        Ok(Kept {
            name: client.map_or_else(|| row.client.clone(), |client| client.name),
            client: row.client,
            scope: row.scope,
            at: row.at,
        })
    });
    rows.collect()
}
