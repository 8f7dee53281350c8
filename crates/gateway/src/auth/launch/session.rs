//! The browser of a person: a cookie, and behind it who signed in with it.
//! <https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html>
use super::handles::{self, Kept, hash};
use crate::auth::Authority;
use crate::edge;
use actix_web::http::header::{COOKIE, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use serde::{Deserialize, Serialize};
use store::admin::Account;
use store::{Store, StoreError, Tx};

/// From sign-in to the next one, in microseconds: a working day.
pub const LIFETIME: i64 = 8 * 3_600 * 1_000_000;

#[derive(Serialize, Deserialize)]
pub struct Session {
    pub account: String,
    /// When it began, in microseconds.
    pub since: i64,
    /// When the person proved who they are, where that was earlier, at a provider.
    #[serde(default)]
    pub proven: Option<i64>,
}

impl Kept for Session {
    const KIND: &'static str = "session";
}

/// Somebody who signed in.
#[derive(Clone)]
pub struct Who {
    pub account: Account,
    /// When they proved who they are, in microseconds.
    pub since: i64,
}

pub struct Visitor {
    secret: String,
    /// The browser does not know its cookie yet.
    pub is_new: bool,
    pub who: Option<Who>,
}

impl Visitor {
    /// Who the cookie stands for; a browser without one is given one.
    pub async fn of(request: &HttpRequest, authority: &Authority, now: i64) -> Result<Visitor, StoreError> {
        let Some(secret) = cookie_of(request, &cookie_name(&authority.issuer)) else {
            return Ok(Visitor {
                secret: edge::secret(),
                is_new: true,
                who: None,
            });
        };
        let key = hash(&secret);
        let who = authority.store.read(move |tx| who(tx, &key, now)).await?;
        Ok(Visitor {
            secret,
            is_new: false,
            who,
        })
    }

    /// The same person with a cookie that nobody could have planted.
    pub fn renewed(who: Who) -> Visitor {
        Visitor {
            secret: edge::secret(),
            is_new: true,
            who: Some(who),
        }
    }

    pub fn hash(&self) -> String {
        hash(&self.secret)
    }

    /// A session of somebody who proved at `proven` who they are, in place of `old`.
    pub async fn enter(
        store: &Store,
        account: Account,
        proven: i64,
        old: String,
        now: i64,
    ) -> Result<Visitor, StoreError> {
        let session = Session {
            account: account.id.clone(),
            since: now,
            proven: Some(proven),
        };
        let visitor = Visitor::renewed(Who {
            account,
            since: proven,
        });
        let key = visitor.hash();
        let kept = move |tx: &mut Tx| {
            tx.remove_handle(&old)?;
            handles::keep(tx, &key, &session, now + LIFETIME)
        };
        store.write(kept).await?;
        Ok(visitor)
    }

    /// What forms must bring back: another site cannot read it, nor the cookie that it follows from.
    pub fn csrf(&self) -> String {
        self.derived("csrf")
    }

    /// What only this browser, or we, can know.
    pub fn derived(&self, what: &str) -> String {
        hash(&format!("{what} {}", self.secret))
    }

    pub fn sent(&self, csrf: Option<&str>) -> bool {
        let given = csrf.unwrap_or_default();
        verify_slices_are_equal(self.csrf().as_bytes(), given.as_bytes()).is_ok()
    }

    /// Where the browser does not know it yet.
    pub fn new_cookie(&self, issuer: &str) -> Option<String> {
        self.is_new.then(|| self.cookie(issuer))
    }

    pub fn with_cookie(&self, mut response: HttpResponse, issuer: &str) -> HttpResponse {
        if let Some(Ok(value)) = self.new_cookie(issuer).map(|cookie| cookie.parse()) {
            response.headers_mut().insert(SET_COOKIE, value);
        }
        response
    }

    /// Lax, so that it comes along when an app sends the person here, and with no form of another site.
    pub fn cookie(&self, issuer: &str) -> String {
        let secure = if issuer.starts_with("https://") {
            "; Secure"
        } else {
            ""
        };
        let name = cookie_name(issuer);
        format!("{name}={}; Path=/; HttpOnly; SameSite=Lax{secure}", self.secret)
    }
}

/// Whom a session stands for, as long as the account is as it was at sign-in.
pub fn who(tx: &mut Tx, key: &str, now: i64) -> Result<Option<Who>, StoreError> {
    let Some(session) = handles::find::<Session>(tx, key, now)? else {
        return Ok(None);
    };
    let account = tx.account(&session.account)?;
    let valid = account.filter(|account| account.disabled.is_none() && account.password_set <= session.since);
    Ok(valid.map(|account| Who {
        account,
        since: session.proven.unwrap_or(session.since),
    }))
}

/// One for each organisation. The prefix makes browsers insist on a secure cookie of this very host.
fn cookie_name(issuer: &str) -> String {
    let (scheme, rest) = issuer.split_once("://").unwrap_or_default();
    let prefix = if scheme == "https" { "__Host-" } else { "" };
    let path = rest
        .split_once('/')
        .map_or(String::new(), |(_, path)| format!("-{}", path.replace('/', "-")));
    format!("{prefix}baton-session{path}")
}

fn cookie_of(request: &HttpRequest, name: &str) -> Option<String> {
    let headers = request
        .headers()
        .get_all(COOKIE)
        .filter_map(|value| value.to_str().ok());
    let mut pairs = headers
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(key, _)| *key == name)?;
    (value.len() <= 64 && !value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_organisation_has_a_cookie_of_its_own() {
        assert_eq!(cookie_name("https://baton.example"), "__Host-baton-session");
        assert_eq!(
            cookie_name("https://baton.example/t/north"),
            "__Host-baton-session-t-north"
        );
        assert_eq!(cookie_name("http://127.0.0.1:8080"), "baton-session");
    }
}
