//! What people see when signing in at the provider came to nothing.
use super::{Frame, GO, Page};
use maud::{Markup, html};

/// `name` is that of the sign-in; the page is not at its address.
pub fn astray(frame: &Frame, name: &str, provider: &str, text: &str) -> Page {
    let body = html! {
        p.problem role="alert" { "Signing in with " strong { (provider) } " did not work. " (text) }
        (ways_on(frame, name, provider))
    };
    Page::new("Sign in", body)
}

/// With what those who run the server need to know to change that.
pub fn nobody(frame: &Frame, name: &str, provider: &str, subject: &str) -> Page {
    let body = html! {
        p.problem role="alert" {
            strong { (provider) } " knows you, and you have no access here yet. Ask those who run this server to link you. "
            "They need to know this name of yours: " code { (subject) }
        }
        (ways_on(frame, name, provider))
    };
    Page::new("Nobody here by that name", body)
}

fn ways_on(frame: &Frame, name: &str, provider: &str) -> Markup {
    html! {
        p { a.button href={ "../authorize/" (name) "?" (GO) } { "Try " (provider) " again" } }
        footer { p { a href={ "../authorize/" (name) } { "Other ways on, or back to " (frame.app) } } }
    }
}
