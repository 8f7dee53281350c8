//! What the app asks for, in plain words; each part can be left out.
//! <https://www.healthit.gov/test-method/standardized-api-patient-and-population-services>
use super::{Frame, Page, source_of, words};
use crate::auth::launch::grant::is_droppable;
use crate::auth::scope::{Scope, Scopes};
use maud::html;

/// `subject`: the patient or stay that was chosen, as people call them.
///
/// Apps choose their names themselves; the address that people go on at is what they cannot choose.
pub fn consent(frame: &Frame, scopes: &Scopes, subject: Option<&str>, redirect_uri: &str) -> Page {
    let asked: Vec<(usize, &Scope)> = scopes
        .iter()
        .enumerate()
        .filter(|(_, scope)| is_droppable(scope))
        .collect();
    let fields = html! {
        fieldset {
            legend { "Allow " (frame.app) " to" }
            @for (nth, scope) in &asked {
                label.choice {
                    input type="checkbox" name={ "scope-" (nth) } checked;
                    span { (words::of(scope)) small { code { (scope) } } }
                }
            }
        }
        button name="choice" value="allow" { "Allow" }
        button.plain name="choice" value="deny" { "Do not allow" }
    };
    let body = html! {
        @if let Some(subject) = subject { p { "This is about " strong { (subject) } "." } }
        @if let Some(origin) = source_of(redirect_uri) { p { "You go on at " strong { (origin) } "." } }
        @if !asked.is_empty() { p { "Take away the mark from what you do not want to allow." } }
        (frame.form("consent", fields))
        p { "What you allow can be taken back on the page of " a href="../account/apps" { "your apps" } "." }
        (frame.ways_out())
    };
    Page::new(&format!("Allow {}?", frame.app), body)
}
