//! Where the provider sends people back to. Whatever it says, the person sees a page of ours, or the next
//! step of the sign-in that they came from.
use super::super::pages::Page;
use super::super::session::Visitor;
use super::super::turn::Turn;
use super::identity::Identity;
use super::{Errand, Provider};
use super::{errand, link};
use crate::auth::form::Parameters;
use crate::auth::keys;
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

const SECOND: i64 = 1_000_000;

pub async fn callback(request: HttpRequest, state: web::Data<AppState>) -> Result<HttpResponse, Page> {
    let unreadable = || Page::problem(StatusCode::BAD_REQUEST, "This address is not whole.");
    let said = Parameters::read(request.query_string().as_bytes()).map_err(|_| unreadable())?;
    let given = said.get("state").unwrap_or_default();
    let name = errand::name_of(given).ok_or_else(unreadable)?;
    let provider = state.auth.provider.as_ref().ok_or_else(unreadable)?;
    let mut turn = Turn::of(&request, name.to_owned(), &state).await?;
    let errand = turn
        .back_from_errand()
        .await?
        .filter(|errand| errand.is_named(given));
    let errand = errand.ok_or_else(Page::over)?;
    match answered(provider, &said, &errand, turn.now).await {
        Ok(identity) => enter(turn, provider, identity).await,
        Err(told) => {
            turn.noted("login", told.status, None, None).await?;
            tracing::warn!(
                issuer = provider.settings.issuer,
                why = told.why,
                "a sign-in at the provider failed"
            );
            Err(turn.astray(&provider.settings.name, told.status, told.text))
        }
    }
}

/// Why it did not work: for the log, and for the person.
struct Told {
    why: String,
    status: StatusCode,
    text: &'static str,
}

async fn answered(
    provider: &Provider,
    said: &Parameters,
    errand: &Errand,
    now: i64,
) -> Result<Identity, Told> {
    let told = |why: String, status, text| Told { why, status, text };
    if said.get("iss").is_some_and(|iss| iss != provider.settings.issuer) {
        let text = "The answer is not from where you were sent to.";
        return Err(told(
            "the answer is of another issuer".into(),
            StatusCode::BAD_REQUEST,
            text,
        ));
    }
    if let Some(error) = said.get("error") {
        let plain = |c: &char| c.is_ascii_lowercase() || *c == '_';
        let why: String = error.chars().filter(plain).take(40).collect();
        let text = match why.as_str() {
            "access_denied" => "You did not sign in there, or you may not.",
            "temporarily_unavailable" | "server_error" => "It cannot sign anybody in at the moment.",
            _ => "It did not sign you in.",
        };
        return Err(told(format!("it said {why}"), StatusCode::FORBIDDEN, text));
    }
    let code = said.get("code").unwrap_or_default();
    if code.is_empty() {
        let text = "It did not say who you are.";
        return Err(told("it gave no code".into(), StatusCode::BAD_REQUEST, text));
    }
    provider.redeem(code, errand, now / SECOND).await.map_err(|why| {
        told(
            why,
            StatusCode::BAD_GATEWAY,
            "It could not be asked who you are, or its answer is not sound.",
        )
    })
}

/// A session of ours, for whom the provider's subject stands for here.
async fn enter(mut turn: Turn<'_>, provider: &Provider, identity: Identity) -> Result<HttpResponse, Page> {
    let now = turn.now;
    keys::ensure_identity(&turn.state.auth, now).await?;
    let (issuer, known) = (provider.settings.issuer.clone(), identity.clone());
    let found = turn
        .state
        .store
        .write(move |tx| link::account(tx, &issuer, &known, now))
        .await?;
    // Whoever an account was made for, or changed, may have tokens that ended just now.
    turn.state.auth.refresh(now).await?;
    let subject = format!("{}|{}", provider.settings.issuer, identity.subject);
    let Some(account) = found else {
        turn.noted("login", StatusCode::FORBIDDEN, None, Some(subject))
            .await?;
        return Err(turn.nobody(&provider.settings.name, &identity.subject));
    };
    // A second is the finest that is told.
    let proven = identity
        .auth_time
        .map_or(now, |at| now.min((at + 1).saturating_mul(SECOND)));
    if proven < turn.flow.asked.since {
        turn.noted("login", StatusCode::UNAUTHORIZED, Some(&account), Some(subject))
            .await?;
        let text = "The app asks that you sign in once more, and it did not ask you to.";
        return Err(turn.astray(&provider.settings.name, StatusCode::FORBIDDEN, text));
    }
    turn.noted("login", StatusCode::OK, Some(&account), Some(subject))
        .await?;
    let old = turn.visitor.hash();
    turn.visitor = Visitor::enter(&turn.state.auth.store, account, proven, old, now).await?;
    turn.on().await
}
