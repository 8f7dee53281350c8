//! One request of a browser about one sign-in: where the sign-in stands, who is there, and how every
//! answer leaves. <https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1>
use super::asked::Back;
use super::authorize::{see_other, send_back};
use super::flow::{Flow, Step};
use super::handles::{self, hash};
use super::pages::{Frame, Page};
use super::session::Visitor;
use crate::audit;
use crate::edge;
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use store::Tx;
use store::admin::Account;
use store::audit::Event;

/// One request of a browser about one sign-in.
pub struct Turn<'a> {
    pub state: &'a AppState,
    /// The name of the sign-in, as it is in the address.
    pub name: String,
    pub flow: Flow,
    pub visitor: Visitor,
    pub app: String,
    pub now: i64,
    /// What is recorded of it, as far as the request says.
    event: Event,
}

impl<'a> Turn<'a> {
    /// The sign-in belongs to the browser that showed it first.
    pub async fn of(request: &HttpRequest, name: String, state: &'a AppState) -> Result<Turn<'a>, Page> {
        let now = edge::now();
        let visitor = Visitor::of(request, &state.auth, now).await?;
        let key = hash(&name);
        let found = state.store.read(move |tx| {
            let flow = handles::find::<Flow>(tx, &key, now)?;
            let client = flow
                .as_ref()
                .map(|flow| tx.client(&flow.asked.client))
                .transpose()?
                .flatten();
            Ok(flow.zip(client.filter(|client| client.disabled.is_none())))
        });
        let (flow, client) = found.await?.ok_or_else(Page::over)?;
        let mut turn = Turn {
            state,
            name,
            flow,
            visitor,
            app: client.name,
            now,
            event: Event {
                at: now,
                actor: client.id,
                origin: audit::origin(request),
                request: audit::request_id(request),
                ..Event::default()
            },
        };
        match turn.flow.browser.clone() {
            None => {
                turn.flow.browser = Some(turn.visitor.hash());
                turn.save().await?;
            }
            Some(browser) if browser == turn.visitor.hash() => {}
            Some(_) => return Err(Page::over()),
        }
        Ok(turn)
    }

    pub(super) async fn save(&self) -> Result<(), Page> {
        let (key, flow) = (hash(&self.name), self.flow.clone());
        let saved = move |tx: &mut Tx| handles::change(tx, &key, &flow, flow.expires);
        match self.state.store.write(saved).await? {
            true => Ok(()),
            false => Err(Page::over()),
        }
    }

    pub fn step(&self) -> Step {
        self.flow.step(self.visitor.who.as_ref())
    }

    pub(super) fn frame<'f>(&'f self, csrf: &'f str) -> Frame<'f> {
        let who = self.visitor.who.as_ref();
        let name = who.map(|who| who.account.name.as_str());
        Frame {
            app: &self.app,
            csrf,
            name,
        }
    }

    pub(super) fn dressed(&self, page: Page) -> Page {
        let cookie = self.visitor.new_cookie(&self.state.config.public_url);
        page.leading_to(&self.flow.asked.redirect_uri).with_cookie(cookie)
    }

    /// `subject` is as a provider calls them.
    pub async fn noted(
        &self,
        action: &'static str,
        status: StatusCode,
        account: Option<&Account>,
        subject: Option<String>,
    ) -> Result<(), Page> {
        note(self.state, &self.event, (action, status), account, subject).await
    }

    pub(super) fn with_cookie(&self, response: HttpResponse) -> HttpResponse {
        self.visitor.with_cookie(response, &self.state.config.public_url)
    }

    /// To the next page, under the cookie that holds from now on.
    pub async fn on(mut self) -> Result<HttpResponse, Page> {
        self.flow.browser = Some(self.visitor.hash());
        self.save().await?;
        Ok(self.with_cookie(see_other(&format!("../authorize/{}", self.name))))
    }

    pub async fn deny(self) -> Result<HttpResponse, Page> {
        let back = self
            .flow
            .asked
            .back("access_denied", "the person did not allow it");
        self.give_up(&back).await
    }

    pub async fn give_up(self, back: &Back) -> Result<HttpResponse, Page> {
        let key = hash(&self.name);
        self.state.store.write(move |tx| tx.remove_handle(&key)).await?;
        Ok(send_back(self.state, back))
    }
}

/// Records who came or went, or did not come in. Without a record nobody comes in. `event` is what the request says.
pub async fn note(
    state: &AppState,
    event: &Event,
    (action, status): (&'static str, StatusCode),
    account: Option<&Account>,
    subject: Option<String>,
) -> Result<(), Page> {
    let mut event = Event {
        action: action.into(),
        status: status.as_u16(),
        id: account.map(|account| account.id.clone()),
        ..event.clone()
    };
    event.origin.subject = subject.unwrap_or_default();
    if let Some(account) = account.filter(|_| status.is_success()) {
        event.origin.person.clone_from(&account.fhir_user);
    }
    state.audit.note(&event).await.map_err(|_| {
        let text = "The server cannot record who signs in at the moment.";
        Page::problem(StatusCode::SERVICE_UNAVAILABLE, text)
    })
}
