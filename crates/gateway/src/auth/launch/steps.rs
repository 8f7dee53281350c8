//! The pages between an app's request and its code: `GET` shows what is asked next, `POST` answers
//! it. <https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1>
use super::asked::Back;
use super::authorize::{see_other, send_back};
use super::finish;
use super::flow::{Encounter, Flow, Step};
use super::handles::{self, hash};
use super::pages::{self, Frame, Page};
use super::people::{self, Own, Search};
use super::session::Visitor;
use super::signin::{self, Typed};
use crate::auth::form::{Body, Parameters};
use crate::auth::keys;
use crate::edge;
use crate::rates::address_of;
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use std::net::IpAddr;
use store::Tx;

/// One request of a browser about one sign-in.
pub struct Turn<'a> {
    pub state: &'a AppState,
    /// The name of the sign-in, as it is in the address.
    pub name: String,
    pub flow: Flow,
    pub visitor: Visitor,
    pub app: String,
    pub now: i64,
}

pub async fn show(
    request: HttpRequest,
    name: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Page> {
    let turn = Turn::of(&request, name.into_inner(), &state).await?;
    turn.show().await
}

pub async fn act(
    request: HttpRequest,
    name: web::Path<String>,
    body: Body,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Page> {
    let turn = Turn::of(&request, name.into_inner(), &state).await?;
    let form = Parameters::posted(&request, body).map_err(|_| refused())?;
    if !turn.visitor.sent(form.get("csrf")) {
        return Err(refused());
    }
    turn.act(&form, address_of(&request)).await
}

fn refused() -> Page {
    let text = "This form did not come from the page you were shown, or your browser does not keep cookies.";
    Page::problem(StatusCode::FORBIDDEN, text)
}

impl<'a> Turn<'a> {
    /// The sign-in belongs to the browser that showed it first.
    async fn of(request: &HttpRequest, name: String, state: &'a AppState) -> Result<Turn<'a>, Page> {
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

    async fn save(&self) -> Result<(), Page> {
        let (key, flow) = (hash(&self.name), self.flow.clone());
        let saved = move |tx: &mut Tx| handles::change(tx, &key, &flow, flow.expires);
        match self.state.store.write(saved).await? {
            true => Ok(()),
            false => Err(Page::over()),
        }
    }

    async fn show(mut self) -> Result<HttpResponse, Page> {
        if let Some(back) = self.settle().await? {
            return self.give_up(&back).await;
        }
        let csrf = self.visitor.csrf();
        let frame = self.frame(&csrf);
        let page = match self.step() {
            Step::SignIn => pages::sign_in(&frame, false),
            Step::Patient => pages::choose_patient(&frame, &Search::default(), None),
            Step::Encounter => pages::choose_encounter(&frame, &self.encounters().await?),
            Step::Consent => pages::consent(
                &frame,
                &self.flow.asked.scopes(),
                self.subject(),
                &self.flow.asked.redirect_uri,
            ),
        };
        Ok(self.dressed(page).into())
    }

    async fn act(mut self, form: &Parameters, from: IpAddr) -> Result<HttpResponse, Page> {
        let choice = form.get("choice");
        match (form.get("action").unwrap_or_default(), self.step()) {
            ("cancel", _) => self.deny().await,
            ("sign-out", _) => self.sign_out().await,
            ("sign-in", Step::SignIn) => self.sign_in(form, from).await,
            ("find", Step::Patient) => self.find(form).await,
            ("patient", Step::Patient) => {
                let who = self.visitor.who.clone().ok_or_else(Page::over)?;
                let chosen = people::patient(self.state, &who.account, choice.unwrap_or_default()).await?;
                self.flow.patient = Some(chosen.ok_or_else(refused)?);
                self.on().await
            }
            ("encounter", Step::Encounter) => {
                self.flow.encounter = self.encounter(choice).await?;
                self.on().await
            }
            ("consent", Step::Consent) if choice == Some("allow") => finish::allow(self, form).await,
            ("consent", Step::Consent) => self.deny().await,
            // An old page of the same sign-in: show where it stands.
            _ => Ok(see_other(&self.name)),
        }
    }

    fn step(&self) -> Step {
        self.flow.step(self.visitor.who.as_ref())
    }

    fn frame<'f>(&'f self, csrf: &'f str) -> Frame<'f> {
        let who = self.visitor.who.as_ref();
        let name = who.map(|who| who.account.name.as_str());
        Frame {
            app: &self.app,
            csrf,
            name,
        }
    }

    fn dressed(&self, page: Page) -> Page {
        let cookie = self
            .visitor
            .is_new
            .then(|| self.visitor.cookie(&self.state.config.public_url));
        page.leading_to(&self.flow.asked.redirect_uri).with_cookie(cookie)
    }

    fn subject(&self) -> Option<&str> {
        let chosen = self.flow.patient.iter().chain(self.flow.encounter.chosen());
        chosen.filter_map(|chosen| chosen.label.as_deref()).next()
    }

    /// What needs no answer: a launch for somebody else ends here, a patient has one record.
    async fn settle(&mut self) -> Result<Option<Back>, Page> {
        let asked = &self.flow.asked;
        let who = self.visitor.who.as_ref();
        if asked.silent {
            let error = if who.is_some() {
                "consent_required"
            } else {
                "login_required"
            };
            return Ok(Some(asked.back(
                error,
                "the person has to be asked; send them without `prompt=none`",
            )));
        }
        let Some(who) = who.filter(|who| who.since >= asked.since) else {
            return Ok(None);
        };
        let expected = self
            .flow
            .launch
            .as_ref()
            .and_then(|launch| launch.fhir_user.as_ref());
        if expected.is_some_and(|person| *person != who.account.fhir_user) {
            return Ok(Some(
                asked.back("access_denied", "the EHR opened the app for somebody else"),
            ));
        }
        let no_patient = asked.back("access_denied", "the person may not see this patient");
        match people::own_patient(self.state, &who.account).await? {
            Own::Any => Ok(None),
            Own::Nobody => Ok(Some(no_patient)),
            Own::Patient(own) if self.flow.patient.as_ref().is_some_and(|given| given.id != own.id) => {
                Ok(Some(no_patient))
            }
            Own::Patient(own) => {
                self.flow.patient = Some(own);
                self.save().await?;
                Ok(None)
            }
        }
    }

    /// Who fails too often waits, whichever names they try.
    async fn sign_in(mut self, form: &Parameters, from: IpAddr) -> Result<HttpResponse, Page> {
        let rates = &self.state.auth.rates;
        if rates.may_try(from, self.now).is_err() {
            let text = "There were too many attempts from your network. Wait a minute.";
            return Err(Page::problem(StatusCode::TOO_MANY_REQUESTS, text));
        }
        let typed = |name: &str| form.get(name).unwrap_or_default().to_owned();
        let typed = Typed {
            name: typed("name"),
            password: typed("password"),
            one_time: typed("code"),
        };
        let old = self.visitor.hash();
        // Its public half is to be known to all by the time the app asks for it.
        keys::ensure_identity(&self.state.auth, self.now).await?;
        match signin::sign_in(&self.state.auth, typed, old, self.now).await? {
            Some(visitor) => {
                self.visitor = visitor;
                self.on().await
            }
            None => {
                rates.failed(from, self.now);
                let csrf = self.visitor.csrf();
                Ok(self.dressed(pages::sign_in(&self.frame(&csrf), true)).into())
            }
        }
    }

    async fn sign_out(mut self) -> Result<HttpResponse, Page> {
        let old = self.visitor.hash();
        self.state.store.write(move |tx| tx.remove_handle(&old)).await?;
        self.visitor.who = None;
        self.flow.begin_again();
        self.on().await
    }

    /// Searches are posted, so that names of patients are in no address.
    async fn find(self, form: &Parameters) -> Result<HttpResponse, Page> {
        let typed = |name: &str| form.get(name).unwrap_or_default().trim().to_owned();
        let search = Search {
            name: typed("name"),
            birthdate: typed("birthdate"),
            identifier: typed("identifier"),
        };
        let who = self.visitor.who.as_ref().ok_or_else(Page::over)?;
        let found = people::patients(self.state, &who.account, &search).await?;
        let csrf = self.visitor.csrf();
        Ok(self
            .dressed(pages::choose_patient(&self.frame(&csrf), &search, found.as_ref()))
            .into())
    }

    async fn encounters(&self) -> Result<people::Found, Page> {
        let (who, patient) = self
            .visitor
            .who
            .as_ref()
            .zip(self.flow.patient.as_ref())
            .ok_or_else(Page::over)?;
        people::encounters(self.state, &who.account, &patient.id).await
    }

    async fn encounter(&self, choice: Option<&str>) -> Result<Encounter, Page> {
        let (who, patient) = self
            .visitor
            .who
            .as_ref()
            .zip(self.flow.patient.as_ref())
            .ok_or_else(Page::over)?;
        let Some(id) = choice else {
            return Ok(Encounter::Without);
        };
        let chosen = people::encounter(self.state, &who.account, &patient.id, id).await?;
        chosen.map(Encounter::Chosen).ok_or_else(refused)
    }

    /// To the next page, under the cookie that holds from now on.
    async fn on(mut self) -> Result<HttpResponse, Page> {
        self.flow.browser = Some(self.visitor.hash());
        self.save().await?;
        let mut response = see_other(&self.name);
        if self.visitor.is_new {
            let cookie = self.visitor.cookie(&self.state.config.public_url);
            if let Ok(value) = cookie.parse() {
                response
                    .headers_mut()
                    .insert(actix_web::http::header::SET_COOKIE, value);
            }
        }
        Ok(response)
    }

    pub async fn deny(self) -> Result<HttpResponse, Page> {
        let back = self
            .flow
            .asked
            .back("access_denied", "the person did not allow it");
        self.give_up(&back).await
    }

    async fn give_up(self, back: &Back) -> Result<HttpResponse, Page> {
        let key = hash(&self.name);
        self.state.store.write(move |tx| tx.remove_handle(&key)).await?;
        Ok(send_back(self.state, back))
    }
}
