//! How people come in and go out: by the password of an account, or by way of the provider.
//! <https://cheatsheetseries.owasp.org/cheatsheets/Authentication_Cheat_Sheet.html>
use super::authorize::see_other;
use super::pages::{self, Offer, Page};
use super::provider::{Anew, Errand, Provider};
use super::signin::{self, Outcome, Typed};
use super::turn::Turn;
use crate::auth::form::Parameters;
use crate::auth::keys;
use crate::edge;
use crate::state::AppState;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use std::net::IpAddr;

impl<'a> Turn<'a> {
    pub(super) async fn sign_in(mut self, form: &Parameters, from: IpAddr) -> Result<HttpResponse, Page> {
        match attempt(self.state, form, from, self.visitor.hash(), self.now).await? {
            Outcome::Entered(visitor) => {
                self.visitor = visitor;
                let account = self.visitor.who.as_ref().map(|who| &who.account);
                self.noted("login", StatusCode::OK, account, None).await?;
                self.on().await
            }
            Outcome::Refused { account, waits } => {
                self.noted("login", refusal(waits), account.as_ref(), None)
                    .await?;
                let csrf = self.visitor.csrf();
                Ok(self
                    .dressed(pages::sign_in(&self.frame(&csrf), &self.offer(), true))
                    .into())
            }
        }
    }

    pub(super) async fn sign_out(mut self) -> Result<HttpResponse, Page> {
        let account = self.visitor.who.as_ref().map(|who| &who.account);
        self.noted("logout", StatusCode::OK, account, None).await?;
        let old = self.visitor.hash();
        self.state.store.write(move |tx| tx.remove_handle(&old)).await?;
        self.visitor.who = None;
        self.flow.begin_again();
        self.on().await
    }

    pub(super) fn offer(&self) -> Offer<'a> {
        offer(self.state)
    }

    /// To the provider, and back by `provider/callback.rs`.
    pub(super) async fn away(mut self, provider: &Provider) -> Result<HttpResponse, Page> {
        let salt = edge::secret();
        let errand = Errand::of(&self.visitor, &self.name, &salt);
        let since = self.flow.asked.since;
        let anew = Anew {
            prompt: self.flow.again || since > 0,
            max_age: (since > 0).then(|| (self.now - since).max(0) / 1_000_000),
        };
        let address = provider.address(&errand, anew).await.map_err(|why| {
            tracing::warn!(
                issuer = provider.settings.issuer,
                why,
                "people cannot be sent to the provider"
            );
            let text = "It cannot be reached at the moment.";
            self.astray(&provider.settings.name, StatusCode::BAD_GATEWAY, text)
        })?;
        self.flow.errand = Some(salt);
        self.save().await?;
        Ok(self.with_cookie(see_other(&address)))
    }

    /// The errand that the person was on, which ends with this.
    pub async fn back_from_errand(&mut self) -> Result<Option<Errand>, Page> {
        let Some(salt) = self.flow.errand.take() else {
            return Ok(None);
        };
        self.save().await?;
        Ok(Some(Errand::of(&self.visitor, &self.name, &salt)))
    }

    /// The provider did not help; the person may try again, or go back.
    pub fn astray(&self, provider: &str, status: StatusCode, text: &str) -> Page {
        let csrf = self.visitor.csrf();
        self.dressed(pages::astray(&self.frame(&csrf), &self.name, provider, text).status(status))
    }

    /// The provider knows them, and we do not.
    pub fn nobody(&self, provider: &str, subject: &str) -> Page {
        let csrf = self.visitor.csrf();
        let page = pages::nobody(&self.frame(&csrf), &self.name, provider, subject);
        self.dressed(page.status(StatusCode::FORBIDDEN))
    }
}

/// How one may sign in.
pub(super) fn offer(state: &AppState) -> Offer<'_> {
    let provider = state.auth.provider.as_ref().map(|provider| &provider.settings);
    Offer {
        provider: provider.map(|provider| provider.name.as_str()),
        local: provider.is_none_or(|provider| provider.local_accounts),
    }
}

/// By what was typed into the form, in place of the session `old`. Who fails too often waits, whichever names they
/// try.
pub(super) async fn attempt(
    state: &AppState,
    form: &Parameters,
    from: IpAddr,
    old: String,
    now: i64,
) -> Result<Outcome, Page> {
    let rates = &state.auth.rates;
    if rates.may_try(from, now).is_err() {
        let text = "There were too many attempts from your network. Wait a minute.";
        return Err(Page::problem(StatusCode::TOO_MANY_REQUESTS, text));
    }
    let typed = |name: &str| form.get(name).unwrap_or_default().to_owned();
    let typed = Typed {
        name: typed("name"),
        password: typed("password"),
        one_time: typed("code"),
    };
    // Its public half is to be known to all by the time the app asks for it.
    keys::ensure_identity(&state.auth, now).await?;
    let outcome = signin::sign_in(&state.auth, typed, old, now).await?;
    if matches!(outcome, Outcome::Refused { .. }) {
        rates.failed(from, now);
    }
    Ok(outcome)
}

/// As what it is recorded that somebody was not let in.
pub(super) fn refusal(waits: bool) -> StatusCode {
    match waits {
        true => StatusCode::TOO_MANY_REQUESTS,
        false => StatusCode::UNAUTHORIZED,
    }
}
