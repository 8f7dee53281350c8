//! A code becomes tokens, and a refresh token becomes the next ones.
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#obtain-access-token>
//! <https://www.rfc-editor.org/rfc/rfc9700#section-4.14>
use super::grant::{self, Code, Grant, Refresh, SECOND, Standing};
use super::handles::{self, Once, hash};
use super::identity;
use super::session;
use crate::auth::Authority;
use crate::auth::error::OAuthError;
use crate::auth::form::Form;
use crate::auth::scope::{Scopes, Session};
use crate::edge;
use actix_web::http::StatusCode;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use serde_json::{Value, json};
use store::admin::Client;
use store::{StoreError, Tx};

/// An app that is used once in three months stays connected.
const OFFLINE_LIFETIME: i64 = 100 * 86_400 * SECOND;

/// What a transaction of tokens came to.
enum Exchanged {
    Granted(Box<Standing>),
    /// Somebody has a copy, so all that came of it was ended.
    Replayed,
    Refused(&'static str),
}

/// The same words for every reason that would tell of somebody else's code.
const UNKNOWN_CODE: &str = "the code is unknown, was used before, or is over";
const UNKNOWN_TOKEN: &str = "the refresh token is unknown, was used before, or is over";

pub async fn by_code(
    form: &Form,
    client: &Client,
    authority: &Authority,
    now: i64,
) -> Result<Value, OAuthError> {
    let offer = Offer {
        key: hash(form.need("code")?),
        client: client.id.clone(),
        redirect_uri: form.need("redirect_uri")?.to_owned(),
        // PKCE: the hash of the verifier is the challenge.
        challenge: hash(form.need("code_verifier")?),
    };
    let refresh = edge::secret();
    let key = hash(&refresh);
    let renewable = client.may_use("refresh_token");
    let exchange = move |tx: &mut Tx| {
        let exchanged = offer.redeem(tx, now)?;
        if let Exchanged::Granted(standing) = &exchanged
            && renewable
        {
            issue_refresh(tx, standing, &offer.client, &key, now)?;
        }
        Ok(exchanged)
    };
    let standing = settled(
        authority.store.write(exchange).await?,
        authority,
        UNKNOWN_CODE,
        now,
    )
    .await?;
    let scopes = standing.grant.scopes();
    let refresh = (renewable && is_renewable(&scopes)).then_some(refresh);
    let mut answer = tokens(authority, client, &standing, &scopes, refresh, now)?;
    if scopes.has(Session::OpenId) {
        answer["id_token"] = identity::token(authority, &client.id, &standing, now)?.into();
    }
    Ok(answer)
}

pub async fn by_refresh(
    form: &Form,
    client: &Client,
    authority: &Authority,
    now: i64,
) -> Result<Value, OAuthError> {
    let given = hash(form.need("refresh_token")?);
    let narrower = form
        .get("scope")
        .map(Scopes::parse)
        .transpose()
        .map_err(OAuthError::scope)?;
    let fresh = edge::secret();
    let (key, id, wanted) = (hash(&fresh), client.id.clone(), narrower.clone());
    let exchange = move |tx: &mut Tx| {
        // Before the old one is used up: who asks for too much may ask again.
        if let Some(refused) = too_wide(tx, &given, wanted.as_ref(), now)? {
            return Ok(refused);
        }
        let exchanged = renew(tx, &given, &id, now)?;
        if let Exchanged::Granted(standing) = &exchanged {
            issue_refresh(tx, standing, &id, &key, now)?;
        }
        Ok(exchanged)
    };
    let standing = settled(
        authority.store.write(exchange).await?,
        authority,
        UNKNOWN_TOKEN,
        now,
    )
    .await?;
    let scopes = narrower.unwrap_or_else(|| standing.grant.scopes());
    tokens(authority, client, &standing, &scopes, Some(fresh), now)
}

/// Whose it is, used or not.
pub async fn client_of_refresh(authority: &Authority, token: &str, now: i64) -> Result<String, OAuthError> {
    let key = hash(token);
    let held = authority
        .store
        .read(move |tx| handles::held::<Refresh>(tx, &key, now))
        .await?;
    held.map(|refresh| refresh.client)
        .ok_or_else(|| OAuthError::grant(UNKNOWN_TOKEN))
}

/// What must fit the code that is redeemed.
struct Offer {
    key: String,
    client: String,
    redirect_uri: String,
    challenge: String,
}

impl Offer {
    fn redeem(&self, tx: &mut Tx, now: i64) -> Result<Exchanged, StoreError> {
        let code = match handles::once::<Code>(tx, &self.key, now)? {
            Once::First(code) => code,
            Once::Again(code) => {
                grant::end(tx, &code.grant, now)?;
                return Ok(Exchanged::Replayed);
            }
            Once::Unknown => return Ok(Exchanged::Refused(UNKNOWN_CODE)),
        };
        if code.client != self.client || code.until <= now {
            return Ok(Exchanged::Refused(UNKNOWN_CODE));
        }
        if code.redirect_uri != self.redirect_uri {
            return Ok(Exchanged::Refused(
                "redirect_uri is not the one of the authorization request",
            ));
        }
        if verify_slices_are_equal(code.challenge.as_bytes(), self.challenge.as_bytes()).is_err() {
            return Ok(Exchanged::Refused(
                "code_verifier is not the one of the authorization request",
            ));
        }
        let standing = grant::standing(tx, &code.grant, now)?;
        Ok(standing.map_or(Exchanged::Refused(UNKNOWN_CODE), |standing| {
            Exchanged::Granted(Box::new(standing))
        }))
    }
}

fn renew(tx: &mut Tx, given: &str, client: &str, now: i64) -> Result<Exchanged, StoreError> {
    let refresh = match is_of(tx, given, client, now)? {
        false => return Ok(Exchanged::Refused(UNKNOWN_TOKEN)),
        true => handles::once::<Refresh>(tx, given, now)?,
    };
    let refresh = match refresh {
        Once::First(refresh) => refresh,
        Once::Again(refresh) => {
            grant::end(tx, &refresh.grant, now)?;
            return Ok(Exchanged::Replayed);
        }
        Once::Unknown => return Ok(Exchanged::Refused(UNKNOWN_TOKEN)),
    };
    let standing = grant::standing(tx, &refresh.grant, now)?;
    match standing {
        Some(standing) if session_lives(tx, &standing, now)? => Ok(Exchanged::Granted(Box::new(standing))),
        _ => Ok(Exchanged::Refused(UNKNOWN_TOKEN)),
    }
}

/// Another client's attempt uses nothing up.
fn is_of(tx: &mut Tx, given: &str, client: &str, now: i64) -> Result<bool, StoreError> {
    let held = handles::held::<Refresh>(tx, given, now)?;
    Ok(held.is_some_and(|refresh| refresh.client == client))
}

fn too_wide(
    tx: &mut Tx,
    given: &str,
    wanted: Option<&Scopes>,
    now: i64,
) -> Result<Option<Exchanged>, StoreError> {
    let (Some(wanted), Some(refresh)) = (wanted, handles::find::<Refresh>(tx, given, now)?) else {
        return Ok(None);
    };
    let standing = grant::standing(tx, &refresh.grant, now)?;
    let beyond = standing.is_some_and(|standing| wanted.within(&standing.grant.scopes()).is_err());
    Ok(beyond.then_some(Exchanged::Refused(TOO_WIDE)))
}

const TOO_WIDE: &str = "the scope goes beyond what was granted; it may only be narrowed";

/// Online access ends with the session it was given in.
fn session_lives(tx: &mut Tx, standing: &Standing, now: i64) -> Result<bool, StoreError> {
    match &standing.grant.session {
        None => Ok(true),
        Some(key) => Ok(session::who(tx, key, now)?.is_some_and(|who| who.account.id == standing.account)),
    }
}

fn is_renewable(scopes: &Scopes) -> bool {
    scopes.has(Session::OfflineAccess) || scopes.has(Session::OnlineAccess)
}

fn issue_refresh(
    tx: &mut Tx,
    standing: &Standing,
    client: &str,
    key: &str,
    now: i64,
) -> Result<(), StoreError> {
    if !is_renewable(&standing.grant.scopes()) {
        return Ok(());
    }
    let lifetime = match standing.grant.session {
        Some(_) => session::LIFETIME,
        None => OFFLINE_LIFETIME,
    };
    let refresh = Refresh {
        grant: standing.id.clone(),
        client: client.to_owned(),
    };
    tx.extend_granted(&standing.id, now + lifetime)?;
    handles::keep(tx, key, &refresh, now + lifetime)
}

async fn settled(
    exchanged: Exchanged,
    authority: &Authority,
    replayed: &str,
    now: i64,
) -> Result<Standing, OAuthError> {
    match exchanged {
        Exchanged::Granted(standing) => Ok(*standing),
        Exchanged::Replayed => {
            tracing::warn!("a code or refresh token was used twice; all that came of it was ended");
            authority.refresh(now).await?;
            Err(OAuthError::grant(replayed))
        }
        Exchanged::Refused(TOO_WIDE) => Err(OAuthError::scope(TOO_WIDE)),
        Exchanged::Refused(why) => Err(OAuthError::grant(why)),
    }
}

fn tokens(
    authority: &Authority,
    client: &Client,
    standing: &Standing,
    scopes: &Scopes,
    refresh: Option<String>,
    now: i64,
) -> Result<Value, OAuthError> {
    let grant = &standing.grant;
    let token = authority.issue_to(
        &client.id,
        &standing.account,
        scopes,
        grant.holder(&standing.id),
        now,
    );
    let token = token.ok_or_else(|| {
        let text = "the server has no key to sign with";
        OAuthError::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", text)
    })?;
    tracing::info!(
        client = client.id,
        scope = scopes.without_queries(),
        "access token issued to a person"
    );
    let mut answer = json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": authority.lifetime,
        "scope": scopes.to_string(),
    });
    for (name, value) in context(grant)
        .into_iter()
        .chain([("refresh_token", refresh.map(Value::from))])
    {
        if let Some(value) = value {
            answer[name] = value;
        }
    }
    Ok(answer)
}

/// <https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#launch-context-arrives-with-your-access_token>
fn context(grant: &Grant) -> [(&'static str, Option<Value>); 4] {
    let text = |value: &Option<String>| value.clone().map(Value::from);
    let banner = grant
        .patient
        .is_some()
        .then(|| Value::from(grant.need_patient_banner));
    [
        ("patient", text(&grant.patient)),
        ("encounter", text(&grant.encounter)),
        ("intent", text(&grant.intent)),
        ("need_patient_banner", banner),
    ]
}
