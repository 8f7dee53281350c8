//! `prompt=none`: an app asks whether it may go on without anybody being asked. It may where the person is
//! signed in, allowed as much before, and nothing is left to choose.
//! <https://openid.net/specs/openid-connect-core-1_0.html#AuthError>
use super::finish;
use super::flow::Step;
use super::grant::is_droppable;
use super::pages::Page;
use super::turn::Turn;
use crate::auth::scope::Scopes;
use actix_web::HttpResponse;
use store::Tx;

impl Turn<'_> {
    /// To the app at once, with a code or with what stands in the way.
    pub async fn unseen(self) -> Result<HttpResponse, Page> {
        let wanted = self.flow.asked.scopes();
        let error = match self.step() {
            Step::SignIn => Some("login_required"),
            Step::Patient | Step::Encounter => Some("interaction_required"),
            Step::Consent if self.was_allowed(&wanted).await? => None,
            Step::Consent => Some("consent_required"),
        };
        let Some(error) = error else {
            return finish::give(self, wanted).await;
        };
        let text = "the person has to be asked; send them without `prompt=none`";
        let back = self.flow.asked.back(error, text);
        self.give_up(&back).await
    }

    /// Whoever can take the address of an app, such as a scheme of a phone, could take its code unseen.
    /// <https://www.rfc-editor.org/rfc/rfc8252#section-8.6>
    async fn was_allowed(&self, wanted: &Scopes) -> Result<bool, Page> {
        let asked = &self.flow.asked;
        let Some(who) = &self.visitor.who else {
            return Ok(false);
        };
        let (account, client) = (who.account.id.clone(), asked.client.clone());
        let allowed = self
            .state
            .store
            .read(move |tx: &mut Tx| tx.allowed(&account, &client));
        let Some(allowed) = allowed.await? else {
            return Ok(false);
        };
        let before = Scopes::parse(&allowed.scope).unwrap_or_default();
        let shown = wanted.only(is_droppable);
        Ok(asked.redirect_uri.starts_with("https://") && shown.within(&before).is_ok())
    }
}
