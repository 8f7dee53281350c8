//! Name and password, or the way to a provider that knows people.
use super::{Frame, GO, Page};
use actix_web::http::StatusCode;
use maud::{Markup, html};

/// How one may sign in.
pub struct Offer<'a> {
    /// What people call the provider.
    pub provider: Option<&'a str>,
    pub local: bool,
}

pub(super) const FAILED: &str = "That did not work. Check the name, the password and the one-time password. After several \
     failures an account has to wait before it can be tried again.";

/// `failed`: the last try did not succeed; the page does not say why.
pub fn sign_in(frame: &Frame, offer: &Offer, failed: bool) -> Page {
    let body = html! {
        p { strong { (frame.app) } " asks for access to health records on this server." }
        @if failed {
            p.problem role="alert" { (FAILED) }
        }
        // A link, because a form may not lead to where the provider sends people on.
        @if let Some(provider) = offer.provider { p { a.button href={ "?" (GO) } { "Sign in with " (provider) } } }
        @if offer.local { (frame.form("sign-in", fields())) }
        (frame.ways_out())
    };
    let page = Page::new("Sign in", body);
    match failed {
        true => page.status(StatusCode::UNPROCESSABLE_ENTITY),
        false => page,
    }
}

pub(super) fn fields() -> Markup {
    html! {
        label for="name" { "Name" }
        input #name type="text" name="name" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus;
        label for="password" { "Password" }
        input #password type="password" name="password" autocomplete="current-password" required;
        label for="code" { "One-time password" }
        input #code type="text" name="code" autocomplete="one-time-code" inputmode="numeric" aria-describedby="code-help";
        small #code-help { "Six digits from your authenticator app. Leave it empty if your account has none." }
        button { "Sign in" }
    }
}
