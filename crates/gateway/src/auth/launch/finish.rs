//! The end of a sign-in: what was allowed becomes a grant, and the app gets a code for it.
use super::asked::Asked;
use super::authorize::answer;
use super::flow::Flow;
use super::grant::{self, Code, Grant, SECOND, Standing, is_droppable};
use super::handles::{self, Once, hash};
use super::pages::Page;
use super::session::Who;
use super::turn::Turn;
use crate::auth::form::Parameters;
use crate::auth::scope::{Scopes, Session};
use crate::edge;
use actix_web::HttpResponse;
use store::admin::Allowed;
use store::{StoreError, Tx};

/// A code is for one exchange within a minute.
const CODE_LIFETIME: i64 = 60 * SECOND;
/// For so long a second use of it is noticed.
const CODE_MEMORY: i64 = 3_600 * SECOND;

pub async fn allow(turn: Turn<'_>, form: &Parameters) -> Result<HttpResponse, Page> {
    let scopes = kept(&turn.flow.asked.scopes(), form);
    let any = scopes.iter().any(is_droppable);
    match any {
        true => give(turn, scopes).await,
        false => turn.deny().await,
    }
}

/// What was allowed, just now or before.
pub async fn give(turn: Turn<'_>, scopes: Scopes) -> Result<HttpResponse, Page> {
    let who = turn.visitor.who.clone().ok_or_else(Page::over)?;
    let (asked, code) = (turn.flow.asked.clone(), edge::secret());
    let standing = Standing {
        id: edge::new_id(),
        account: who.account.id.clone(),
        grant: grant_of(&turn.flow, &scopes, &who, turn.visitor.hash()),
    };
    let until = turn.now + CODE_LIFETIME;
    let kept = Code {
        grant: standing.id.clone(),
        client: asked.client.clone(),
        redirect_uri: asked.redirect_uri.clone(),
        challenge: asked.challenge.clone(),
        until,
    };
    let (flow, key, now) = (hash(&turn.name), hash(&code), turn.now);
    let first = move |tx: &mut Tx| {
        let Once::First(Flow { asked, .. }) = handles::once(tx, &flow, now)? else {
            return Ok(false);
        };
        grant::insert(tx, &asked.client, &standing, now)?;
        remember(tx, &asked, &standing, now)?;
        handles::keep(tx, &key, &kept, now + CODE_MEMORY)?;
        Ok(true)
    };
    match turn.state.store.write(first).await? {
        true => Ok(answer(
            turn.state,
            &asked.redirect_uri,
            &[("code", &code), ("state", &asked.state)],
        )),
        false => Err(Page::over()),
    }
}

/// What was asked without being shown was allowed before, and that stays as it was.
fn remember(tx: &mut Tx, asked: &Asked, standing: &Standing, now: i64) -> Result<(), StoreError> {
    if asked.silent {
        return Ok(());
    }
    tx.put_allowed(&Allowed {
        account: standing.account.clone(),
        client: asked.client.clone(),
        scope: standing.grant.scope.clone(),
        at: now,
    })
}

/// The scopes whose mark stands, and those that only settle the context.
fn kept(asked: &Scopes, form: &Parameters) -> Scopes {
    let marked = asked
        .iter()
        .enumerate()
        .filter(|(nth, scope)| !is_droppable(scope) || form.get(&format!("scope-{nth}")).is_some());
    let marked: Vec<_> = marked.map(|(_, scope)| scope).collect();
    asked.only(|scope| marked.contains(&scope))
}

fn grant_of(flow: &Flow, scopes: &Scopes, who: &Who, session: String) -> Grant {
    let launch = flow.launch.as_ref();
    let online = scopes.has(Session::OnlineAccess) && !scopes.has(Session::OfflineAccess);
    Grant {
        scope: scopes.to_string(),
        fhir_user: who.account.fhir_user.clone(),
        auth_time: who.since / SECOND,
        nonce: flow.asked.nonce.clone(),
        patient: flow.patient.as_ref().map(|patient| patient.id.clone()),
        encounter: flow.encounter.chosen().map(|encounter| encounter.id.clone()),
        intent: launch.and_then(|launch| launch.intent.clone()),
        need_patient_banner: launch
            .and_then(|launch| launch.need_patient_banner)
            .unwrap_or(true),
        session: online.then_some(session),
    }
}
