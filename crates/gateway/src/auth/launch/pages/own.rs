//! Which apps a person allowed what, with a button to take it back.
use super::sign_in::{FAILED, fields};
use super::{Offer, Page, form, words};
use crate::auth::launch::grant::is_droppable;
use crate::auth::scope::Scopes;
use actix_web::http::StatusCode;
use maud::{Markup, html};

/// What one app was allowed last.
pub struct Kept {
    pub client: String,
    pub name: String,
    /// Space-separated.
    pub scope: String,
    /// Microseconds.
    pub at: i64,
}

pub fn own_apps(csrf: &str, name: &str, kept: &[Kept]) -> Page {
    let body = html! {
        p { "These apps may use health records in your name. What you take back ends at once; the app has to ask you again." }
        @if kept.is_empty() { p role="status" { "You have allowed no app anything." } }
        @for (nth, app) in kept.iter().enumerate() {
            section aria-labelledby={ "app-" (nth) } {
                h2 id={ "app-" (nth) } { (app.name) }
                p { "Allowed on " (day(app.at)) ":" }
                (allowed(&app.scope))
                (form(csrf, "withdraw", html! {
                    button name="client_id" value=(app.client) aria-describedby={ "app-" (nth) } { "Take back" }
                }))
            }
        }
        footer {
            p { "Signed in as " strong { (name) } "." }
            (form(csrf, "sign-out", html! { button.plain { "Sign out" } }))
        }
    };
    Page::new("Your apps", body)
}

/// What an earlier release understood and this one does not is shown as it was written.
fn allowed(scope: &str) -> Markup {
    html! {
        ul {
            @match Scopes::parse(scope) {
                Ok(scopes) => {
                    @for scope in scopes.iter().filter(|scope| is_droppable(scope)) {
                        li { (words::of(scope)) small { code { (scope) } } }
                    }
                }
                Err(_) => { li { code { (scope) } } }
            }
        }
    }
}

/// Of the server's clock, in UTC.
fn day(at: i64) -> String {
    fhir::datetime::instant(at).chars().take(10).collect()
}

/// `failed`: the last try did not succeed; the page does not say why.
pub fn own_sign_in(csrf: &str, offer: &Offer, failed: bool) -> Page {
    let body = html! {
        p { "Sign in to see which apps may use health records in your name, and to take that back." }
        @if failed { p.problem role="alert" { (FAILED) } }
        @if let Some(provider) = offer.provider {
            p {
                "If you sign in with " strong { (provider) } ": open one of your apps, sign in there, and come back to this "
                "page in the same browser."
            }
        }
        @if offer.local { (form(csrf, "sign-in", fields())) }
    };
    let page = Page::new("Your apps", body);
    match failed {
        true => page.status(StatusCode::UNPROCESSABLE_ENTITY),
        false => page,
    }
}
