//! What a person allowed an app, and what the app holds of it: a code, then tokens. All end with it.
//! <https://www.rfc-editor.org/rfc/rfc9700#section-4.14>
use super::handles::{self, Kept};
use crate::auth::authority::REVOKED;
use crate::auth::holder::Holder;
use crate::auth::scope::{Scope, Scopes, Session};
use serde::{Deserialize, Serialize};
use store::admin::Granted;
use store::{StoreError, Tx};

pub const SECOND: i64 = 1_000_000;
/// No access token lives longer, in seconds.
const LONGEST_TOKEN: i64 = 3_600;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Grant {
    pub scope: String,
    /// Relative reference to the person.
    pub fhir_user: String,
    /// When the person signed in, in seconds.
    pub auth_time: i64,
    pub nonce: Option<String>,
    pub patient: Option<String>,
    pub encounter: Option<String>,
    pub intent: Option<String>,
    pub need_patient_banner: bool,
    /// The session with which access ends.
    pub session: Option<String>,
}

/// A grant that stands, and whose it is.
#[derive(Clone, Debug)]
pub struct Standing {
    pub id: String,
    pub account: String,
    pub grant: Grant,
}

/// For one exchange.
#[derive(Serialize, Deserialize)]
pub struct Code {
    pub grant: String,
    pub client: String,
    pub redirect_uri: String,
    /// PKCE, S256.
    pub challenge: String,
    /// Microseconds; it is remembered for longer, so that its second use is noticed.
    pub until: i64,
}

impl Kept for Code {
    const KIND: &'static str = "code";
}

#[derive(Serialize, Deserialize)]
pub struct Refresh {
    pub grant: String,
    pub client: String,
}

impl Kept for Refresh {
    const KIND: &'static str = "refresh";
}

impl Grant {
    pub fn scopes(&self) -> Scopes {
        // It was parsed when it was granted.
        Scopes::parse(&self.scope).unwrap_or_default()
    }

    pub fn holder(&self, id: &str) -> Holder {
        Holder {
            patient: self.patient.clone(),
            encounter: self.encounter.clone(),
            fhir_user: Some(self.fhir_user.clone()),
            sid: Some(id.to_owned()),
            ..Holder::default()
        }
    }
}

/// What a person may leave out. The context of a launch is chosen or given, not allowed.
pub fn is_droppable(scope: &Scope) -> bool {
    let context = [Session::Launch, Session::LaunchPatient, Session::LaunchEncounter];
    !context.iter().any(|session| *scope == Scope::Session(*session))
}

/// The grant of that id, if it is neither over nor revoked nor its person shut out.
pub fn standing(tx: &mut Tx, id: &str, now: i64) -> Result<Option<Standing>, StoreError> {
    let Some(row) = tx.granted(id, now)? else {
        return Ok(None);
    };
    let account = tx.account(&row.account)?;
    if account.is_none_or(|account| account.disabled.is_some()) {
        return Ok(None);
    }
    let grant = handles::parse(&row.body)?;
    Ok(Some(Standing {
        id: row.id,
        account: row.account,
        grant,
    }))
}

/// A new one. Until a refresh token prolongs it, it lives as long as its code and first token.
pub fn insert(tx: &mut Tx, client: &str, standing: &Standing, now: i64) -> Result<(), StoreError> {
    tx.insert_granted(&Granted {
        id: standing.id.clone(),
        client: client.to_owned(),
        account: standing.account.clone(),
        body: handles::text(&standing.grant)?,
        created: now,
        expires: now + 2 * LONGEST_TOKEN * SECOND,
        revoked: None,
    })
}

/// With every token that came of it, here and in all gateways.
pub fn end(tx: &mut Tx, id: &str, now: i64) -> Result<(), StoreError> {
    tx.revoke_granted(id, now)?;
    tx.revoke_jti(REVOKED, id, now / SECOND + LONGEST_TOKEN + 60)?;
    Ok(())
}

/// By a refresh token that its client no longer wants. False when it is none of this client's.
pub fn end_by_refresh(tx: &mut Tx, token: &str, client: &str, now: i64) -> Result<bool, StoreError> {
    let held = handles::held::<Refresh>(tx, &handles::hash(token), now)?;
    match held.filter(|refresh| refresh.client == client) {
        None => Ok(false),
        Some(refresh) => end(tx, &refresh.grant, now).map(|()| true),
    }
}

/// All that a client has, whoever gave it, for good.
pub fn end_all_to(tx: &mut Tx, client: &str, now: i64) -> Result<(), StoreError> {
    let ids = tx.granted_to(client, now)?;
    ids.iter().try_for_each(|id| end(tx, id, now))?;
    tx.forget_allowed_to(client)?;
    tx.revoke_jti(REVOKED, client, now / SECOND + LONGEST_TOKEN + 60)?;
    Ok(())
}

/// All that a person granted.
pub fn end_all_of(tx: &mut Tx, account: &str, now: i64) -> Result<(), StoreError> {
    let ids = tx.granted_by(account, now)?;
    ids.iter().try_for_each(|id| end(tx, id, now))?;
    tx.forget_allowed(account, None)?;
    Ok(())
}

/// All that a person granted to one app. Whether there was any.
pub fn withdraw(tx: &mut Tx, account: &str, client: &str, now: i64) -> Result<bool, StoreError> {
    let mut ended = false;
    for id in tx.granted_by(account, now)? {
        if tx.granted(&id, now)?.is_some_and(|row| row.client == client) {
            end(tx, &id, now)?;
            ended = true;
        }
    }
    Ok(tx.forget_allowed(account, Some(client))? || ended)
}
