//! What a person allowed apps, seen and taken back by that person alone.
use super::app::*;
use super::browser::{Browser, Shown};
use crate::audit::book::events;
use crate::auth::partner::text;
use crate::on_both;
use crate::support::Baton;
use serde_json::Value;

on_both!(
    a_person_sees_what_was_allowed_and_takes_it_back,
    only_the_page_itself_takes_back,
    each_sees_their_own
);

fn page(baton: &Baton) -> String {
    format!("{}/oauth/account/apps", baton.base)
}

fn names(shown: &Shown) -> usize {
    assert_eq!(shown.title(), "Your apps");
    shown.reply.text.matches("Heart App</h2>").count()
}

fn a_person_sees_what_was_allowed_and_takes_it_back(baton: &Baton) {
    patient(baton, "ada");
    let (app, other) = (App::public(baton, SCOPE), App::public(baton, SCOPE));
    let browser = Browser::new(baton);
    let tokens = app.tokens(&browser, SCOPE, "ada");
    let kept = other.tokens(&browser, SCOPE, "ada");
    // Where SMART says that it is, without signing in again.
    let smart = baton.anonymous().get(".well-known/smart-configuration").json();
    assert_eq!(text(&smart, "management_endpoint"), page(baton));
    let shown = browser.open(&page(baton));
    assert_eq!(
        (names(&shown), shown.apps().len()),
        (2, 2),
        "{}",
        shown.reply.text
    );
    assert!(shown.reply.text.contains("know that it is you who signed in"));
    assert!(
        shown
            .reply
            .header("content-security-policy")
            .contains("form-action 'self'")
    );
    let left = browser.submit(&shown, "withdraw", &[("client_id", &app.id)]);
    assert_eq!(
        (left.url.as_str(), left.apps()),
        (page(baton).as_str(), vec![other.id.clone()])
    );
    // Its tokens end, at the other gateway as well; the other app's do not.
    assert_eq!(app.userinfo(&text(&tokens, "access_token")).status, 401);
    assert_eq!(other.userinfo(&text(&kept, "access_token")).status, 200);
    let unseen = browser.open(&app.request(SCOPE, &[("prompt", "none")])).told();
    assert_eq!(unseen["error"], "consent_required");
    // What is not there is taken back just as well.
    let again = browser.submit(&shown, "withdraw", &[("client_id", "nobody")]);
    assert_eq!(again.apps(), [other.id.as_str()]);
    let out = browser.submit(&again, "sign-out", &[]);
    assert!(out.apps().is_empty() && !out.form("sign-in").is_empty());
    let recorded = events(&baton.database);
    let taken_back =
        |event: &&Value| event["subtype"][0]["code"] == "110137" && event.to_string().contains("Patient/ada");
    let taken_back: Vec<_> = recorded.iter().filter(taken_back).collect();
    assert_eq!(
        taken_back.len(),
        1,
        "what was not there is no event: {taken_back:#?}"
    );
    let entities = taken_back[0]["entity"].to_string();
    assert!(
        entities.contains("urn:baton:client") && entities.contains(&app.id),
        "{entities}"
    );
}

fn only_the_page_itself_takes_back(baton: &Baton) {
    patient(baton, "ada");
    let app = App::public(baton, SCOPE);
    let browser = Browser::new(baton);
    let tokens = app.tokens(&browser, SCOPE, "ada");
    let withdraw = [
        ("action".to_owned(), "withdraw".to_owned()),
        ("client_id".to_owned(), app.id.clone()),
    ];
    assert_eq!(
        browser.post(&page(baton), &withdraw).reply.status,
        403,
        "no token of the page"
    );
    // Another browser's token, and a form of another site, which brings no cookie.
    let stranger = Browser::new(baton);
    let theirs = stranger.open(&page(baton)).form("sign-in");
    let csrf = theirs
        .iter()
        .find(|(name, _)| name == "csrf")
        .cloned()
        .expect("a token");
    let forged = [&withdraw[..], &[csrf]].concat();
    assert_eq!(browser.post(&page(baton), &forged).reply.status, 403);
    assert_eq!(Browser::new(baton).post(&page(baton), &forged).reply.status, 403);
    // Who is not signed in has nothing to take back.
    let nobodys = stranger.post(&page(baton), &forged);
    assert!(nobodys.apps().is_empty(), "{}", nobodys.reply.text);
    assert_eq!(app.userinfo(&text(&tokens, "access_token")).status, 200);
}

fn each_sees_their_own(baton: &Baton) {
    patient(baton, "ada");
    account(baton, "doc", "Practitioner/doc", &[]);
    let app = App::public(baton, SCOPE);
    let tokens = app.tokens(&Browser::new(baton), SCOPE, "ada");
    let doctor = Browser::new(baton);
    let shown = doctor.open(&page(baton));
    let failed = doctor.sign_in(&shown, "doc", "not it");
    assert_eq!(failed.reply.status, 422);
    assert!(failed.reply.text.contains("role=\"alert\""));
    let shown = doctor.sign_in(&failed, "doc", PASSWORD);
    assert_eq!(
        (names(&shown), shown.apps().len()),
        (0, 0),
        "{}",
        shown.reply.text
    );
    assert!(shown.reply.text.contains("You have allowed no app anything."));
    let form = shown.form("sign-out");
    let csrf = form
        .iter()
        .find(|(name, _)| name == "csrf")
        .cloned()
        .expect("a token");
    let withdraw = [
        csrf,
        ("action".to_owned(), "withdraw".to_owned()),
        ("client_id".to_owned(), app.id.clone()),
    ];
    assert!(doctor.post(&page(baton), &withdraw).apps().is_empty());
    assert_eq!(app.userinfo(&text(&tokens, "access_token")).status, 200);
}
