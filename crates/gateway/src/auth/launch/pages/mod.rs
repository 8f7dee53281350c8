//! The pages people see: plain HTML that works on a phone, by keyboard, with a screen reader and
//! without scripts. Every value goes through maud, which escapes it.
//! <https://www.w3.org/WAI/tutorials/forms/>
mod choose;
mod consent;
mod own;
mod provider;
mod sign_in;
mod words;

pub use choose::{choose_encounter, choose_patient};
pub use consent::consent;
pub use own::{Kept, own_apps, own_sign_in};
pub use provider::{astray, nobody};
pub use sign_in::{Offer, sign_in};

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, ResponseError};
use maud::{DOCTYPE, Markup, html};
use store::StoreError;

/// The query by which a person says that they want to sign in at the provider.
pub const GO: &str = "go=there";

const STYLE: &str = include_str!("style.css");

/// A whole page and how it is sent.
#[derive(Debug)]
pub struct Page {
    status: StatusCode,
    html: String,
    /// Where a form of this page may lead besides here, as a CSP source.
    leads_to: Option<String>,
    cookie: Option<String>,
}

/// What every page of a sign-in shows and needs.
pub struct Frame<'a> {
    /// What people call the app.
    pub app: &'a str,
    pub csrf: &'a str,
    /// Who is signed in.
    pub name: Option<&'a str>,
}

impl Page {
    fn new(title: &str, body: Markup) -> Page {
        let html = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) " – Baton" }
                    link rel="stylesheet" href="../pages.css";
                }
                body { main { h1 { (title) } (body) } }
            }
        };
        Page {
            status: StatusCode::OK,
            html: html.into_string(),
            leads_to: None,
            cookie: None,
        }
    }

    pub fn status(self, status: StatusCode) -> Page {
        Page { status, ..self }
    }

    /// Browsers hold a form to the addresses its answer may redirect to.
    pub fn leading_to(self, uri: &str) -> Page {
        Page {
            leads_to: source_of(uri),
            ..self
        }
    }

    pub fn with_cookie(self, cookie: Option<String>) -> Page {
        Page { cookie, ..self }
    }

    /// Nothing to do here; the person goes back to the app by themselves.
    pub fn problem(status: StatusCode, text: &str) -> Page {
        let body = html! {
            p { (text) }
            p { "Go back to the app and start again. If it happens once more, tell those who run the app." }
        };
        Page::new("This cannot go on", body).status(status)
    }

    pub fn over() -> Page {
        let text =
            "This sign-in is over: it was finished, it took too long, or it was begun in another browser.";
        Page::problem(StatusCode::BAD_REQUEST, text)
    }

    fn policy(&self) -> String {
        let target = self.leads_to.as_deref().unwrap_or_default();
        format!(
            "default-src 'none'; style-src 'self'; form-action 'self' {target}; frame-ancestors 'none'; base-uri 'none'"
        )
    }
}

/// The origin of an address, or its scheme where it has none of its own.
fn source_of(uri: &str) -> Option<String> {
    let url = reqwest::Url::parse(uri).ok()?;
    Some(match url.scheme() {
        "http" | "https" => url.origin().ascii_serialization(),
        scheme => format!("{scheme}:"),
    })
}

impl Frame<'_> {
    /// A form that posts to this very page.
    fn form(&self, action: &str, inside: Markup) -> Markup {
        form(self.csrf, action, inside)
    }

    /// Who one is signed in as, and the two ways out.
    fn ways_out(&self) -> Markup {
        html! {
            footer {
                @if let Some(name) = self.name {
                    p { "Signed in as " strong { (name) } "." }
                    (self.form("sign-out", html! { button.plain { "Sign in as somebody else" } }))
                }
                (self.form("cancel", html! { button.plain { "Cancel and go back to " (self.app) } }))
            }
        }
    }
}

fn form(csrf: &str, action: &str, inside: Markup) -> Markup {
    html! {
        form method="post" {
            input type="hidden" name="csrf" value=(csrf);
            input type="hidden" name="action" value=(action);
            (inside)
        }
    }
}

impl std::fmt::Display for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.status)
    }
}

impl ResponseError for Page {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response
            .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header(("Content-Security-Policy", self.policy()))
            .insert_header(("X-Frame-Options", "DENY"))
            .insert_header(("X-Content-Type-Options", "nosniff"))
            .insert_header(("Referrer-Policy", "no-referrer"));
        if let Some(cookie) = &self.cookie {
            response.insert_header(("Set-Cookie", cookie.as_str()));
        }
        response.body(self.html.clone())
    }
}

impl From<Page> for HttpResponse {
    fn from(page: Page) -> HttpResponse {
        page.error_response()
    }
}

impl From<StoreError> for Page {
    fn from(error: StoreError) -> Page {
        tracing::error!(%error, "a sign-in could not use the store");
        let text = "The server cannot look this up at the moment.";
        Page::problem(StatusCode::SERVICE_UNAVAILABLE, text)
    }
}

pub async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/css; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .body(STYLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_may_lead_to_the_app_and_nowhere_else() {
        for (uri, source) in [
            ("https://app.example:8443/back?x=1", "https://app.example:8443"),
            ("http://[::1]:4000/", "http://[::1]:4000"),
            ("com.example.app:/back", "com.example.app:"),
        ] {
            let policy = Page::over().leading_to(uri).policy();
            assert!(
                policy.contains(&format!("form-action 'self' {source};")),
                "{policy}"
            );
        }
        assert!(Page::over().policy().contains("form-action 'self' ;"));
    }
}
