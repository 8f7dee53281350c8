//! Whose record, and which stay: one button each, so that no script is needed.
use super::{Frame, Page};
use crate::auth::launch::people::{Found, Search};
use maud::{Markup, html};

/// What was looked for stays in the fields; None before anything was.
pub fn choose_patient(frame: &Frame, search: &Search, found: Option<&Found>) -> Page {
    let fields = html! {
        label for="name" { "Name" }
        input #name type="text" name="name" value=(search.name) autocomplete="off" autofocus;
        label for="birthdate" { "Date of birth" }
        input #birthdate type="date" name="birthdate" value=(search.birthdate);
        label for="identifier" { "Record number" }
        input #identifier type="text" name="identifier" value=(search.identifier) autocomplete="off" spellcheck="false";
        button { "Search" }
    };
    let body = html! {
        p { strong { (frame.app) } " works with the record of one patient. Choose whose." }
        (frame.form("find", fields))
        @if let Some(found) = found {
            h2 { "Found" }
            @match (found.listed.is_empty(), found.more) {
                (true, _) => p role="status" { "No patient whom you may see is found by this." },
                (false, true) => p role="status" { "There are more than these; narrow the search." },
                (false, false) => {},
            }
            (choices(frame, "patient", found))
        }
        (frame.ways_out())
    };
    Page::new("Choose a patient", body)
}

pub fn choose_encounter(frame: &Frame, found: &Found) -> Page {
    let body = html! {
        p { strong { (frame.app) } " works with one visit or stay. Choose which." }
        (choices(frame, "encounter", found))
        @if found.listed.is_empty() { p role="status" { "There is none that you may see." } }
        (frame.form("encounter", html! { button.plain name="choice" value="" { "Go on without one" } }))
        (frame.ways_out())
    };
    Page::new("Choose a visit", body)
}

fn choices(frame: &Frame, action: &str, found: &Found) -> Markup {
    let list = html! {
        ul {
            @for (id, title, details) in &found.listed {
                li { button.choice name="choice" value=(id) { strong { (title) } small { (details) } } }
            }
        }
    };
    frame.form(action, list)
}
