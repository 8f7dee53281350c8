//! The pages between an app's request and its code: `GET` shows what is asked next, `POST` answers
//! it. <https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1>
use super::asked::Back;
use super::authorize::see_other;
use super::finish;
use super::flow::{Chosen, Encounter, Step};
use super::pages::{self, Page};
use super::people::{self, Own, Search};
use super::turn::Turn;
use crate::auth::form::{Body, Parameters};
use crate::rates::address_of;
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use std::net::IpAddr;
use store::admin::Account;

pub async fn show(
    request: HttpRequest,
    name: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Page> {
    let turn = Turn::of(&request, name.into_inner(), &state).await?;
    let goes = request.query_string() == pages::GO;
    turn.show(goes).await
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

pub(super) fn refused() -> Page {
    let text = "This form did not come from the page you were shown, or your browser does not keep cookies.";
    Page::problem(StatusCode::FORBIDDEN, text)
}

impl Turn<'_> {
    /// `goes`: the person chose to sign in at the provider.
    async fn show(mut self, goes: bool) -> Result<HttpResponse, Page> {
        if let Some(back) = self.settle().await? {
            return self.give_up(&back).await;
        }
        if self.flow.asked.silent {
            return self.unseen().await;
        }
        if self.step() == Step::SignIn
            && let Some(provider) = &self.state.auth.provider
            && (goes || (!provider.settings.local_accounts && !self.flow.again))
        {
            return self.away(provider).await;
        }
        let csrf = self.visitor.csrf();
        let frame = self.frame(&csrf);
        let page = match self.step() {
            Step::SignIn => pages::sign_in(&frame, &self.offer(), false),
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
            ("sign-in", Step::SignIn) if self.offer().local => self.sign_in(form, from).await,
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

    fn subject(&self) -> Option<&str> {
        let chosen = self.flow.patient.iter().chain(self.flow.encounter.chosen());
        chosen.filter_map(|chosen| chosen.label.as_deref()).next()
    }

    /// What needs no answer: a launch for somebody else ends here, a patient has one record.
    async fn settle(&mut self) -> Result<Option<Back>, Page> {
        let asked = &self.flow.asked;
        let who = self.visitor.who.as_ref();
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
            Own::Any => match self.given_patient() {
                Some(id) if people::patient(self.state, &who.account, id).await?.is_none() => {
                    Ok(Some(no_patient))
                }
                _ => Ok(None),
            },
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

    /// Whom the EHR shows, which the person did not choose.
    fn given_patient(&self) -> Option<&str> {
        self.flow.launch.as_ref()?.patient.as_deref()
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

    /// Who chooses, and of which patient.
    fn of_whom(&self) -> Result<(&Account, &Chosen), Page> {
        let who = self.visitor.who.as_ref().map(|who| &who.account);
        who.zip(self.flow.patient.as_ref()).ok_or_else(Page::over)
    }

    async fn encounters(&self) -> Result<people::Found, Page> {
        let (account, patient) = self.of_whom()?;
        people::encounters(self.state, account, &patient.id).await
    }

    async fn encounter(&self, choice: Option<&str>) -> Result<Encounter, Page> {
        let (account, patient) = self.of_whom()?;
        let Some(id) = choice else {
            return Ok(Encounter::Without);
        };
        let chosen = people::encounter(self.state, account, &patient.id, id).await?;
        chosen.map(Encounter::Chosen).ok_or_else(refused)
    }
}
