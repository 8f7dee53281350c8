//! Sign-in at an OpenID provider in place of an account's password: the person goes there and comes back
//! with a code, and what the provider says of them is looked up here.
//! <https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth>
//!
//! `errand.rs` binds the way there and back to the browser, `callback.rs` is where people come back to,
//! `identity.rs` judges what the provider says, `link.rs` finds the account.
mod callback;
mod errand;
mod identity;
mod link;

pub use callback::callback;
pub use errand::Errand;
pub use link::LINKED;

use crate::auth::outbound::Answer;
use crate::auth::source::Source;
use crate::config;
use crate::routes::query::encode;
use identity::Identity;
use serde::Deserialize;

/// Below the public URL.
pub const CALLBACK: &str = "/oauth/provider/callback";

/// The one of an organisation.
pub struct Provider {
    pub settings: config::Provider,
    source: Source,
    /// Where people come back to.
    callback: String,
    /// Of the FHIR service.
    base: String,
}

/// What is asked of the provider beside who it is.
#[derive(Clone, Copy)]
pub struct Anew {
    /// The person must prove again who they are.
    pub prompt: bool,
    /// For how many seconds an earlier proof counts.
    pub max_age: Option<i64>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

impl Provider {
    pub fn of(settings: &config::Provider, public_url: &str) -> Provider {
        Provider {
            source: Source::new(&settings.issuer, None, settings.allow_private),
            callback: format!("{public_url}{CALLBACK}"),
            base: format!("{public_url}/fhir"),
            settings: settings.clone(),
        }
    }

    /// Where the person goes to.
    pub async fn address(&self, errand: &Errand, anew: Anew) -> Result<String, String> {
        let discovered = self.source.discovered().await?;
        let endpoint = discovered.authorization_endpoint.as_deref();
        let endpoint = endpoint.ok_or("its discovery document names no authorization_endpoint")?;
        self.source
            .outbound
            .check("its authorization_endpoint", endpoint)?;
        let age = anew.max_age.map(|seconds| seconds.to_string());
        let asked = [
            ("response_type", Some("code")),
            ("client_id", Some(self.settings.client_id.as_str())),
            ("redirect_uri", Some(self.callback.as_str())),
            ("scope", Some(self.settings.scope.as_str())),
            ("state", Some(errand.state.as_str())),
            ("nonce", Some(errand.nonce.as_str())),
            ("code_challenge", Some(errand.challenge.as_str())),
            ("code_challenge_method", Some("S256")),
            ("prompt", anew.prompt.then_some("login")),
            ("max_age", age.as_deref()),
        ];
        let query = form(&asked);
        let joint = if endpoint.contains('?') { '&' } else { '?' };
        Ok(format!("{endpoint}{joint}{query}"))
    }

    /// Who the code stands for. `now` in seconds. Errors are for the log: they name nobody.
    async fn redeem(&self, code: &str, errand: &Errand, now: i64) -> Result<Identity, String> {
        let answer = self.exchange(code, errand).await?;
        if !answer.status.is_success() {
            return Err(format!("its token endpoint answered {}", answer.status.as_u16()));
        }
        let tokens: Tokens =
            serde_json::from_str(&answer.text).map_err(|_| "its token endpoint gave no id_token")?;
        self.judged(&tokens.id_token, errand, now).await
    }

    async fn exchange(&self, code: &str, errand: &Errand) -> Result<Answer, String> {
        let discovered = self.source.discovered().await?;
        let endpoint = discovered.token_endpoint.as_deref();
        let endpoint = endpoint.ok_or("its discovery document names no token_endpoint")?;
        let (id, secret) = (self.settings.client_id.as_str(), self.settings.secret.as_ref());
        let basic = secret.filter(|_| discovered.takes_basic());
        let posted = secret.filter(|_| basic.is_none());
        let body = form(&[
            ("grant_type", Some("authorization_code")),
            ("code", Some(code)),
            ("redirect_uri", Some(self.callback.as_str())),
            ("code_verifier", Some(errand.verifier.as_str())),
            ("client_id", basic.is_none().then_some(id)),
            ("client_secret", posted.map(|secret| secret.reveal())),
        ]);
        let dress = |request: reqwest::RequestBuilder| {
            let request = match basic {
                // Both halves are form-encoded inside (RFC 6749 §2.3.1).
                Some(secret) => request.basic_auth(encoded(id), Some(encoded(secret.reveal()))),
                None => request,
            };
            request
                .header("Content-Type", "application/x-www-form-urlencoded")
                .header("Accept", "application/json")
                .body(body)
        };
        self.source
            .outbound
            .post("its token_endpoint", endpoint, dress)
            .await
    }
}

fn form(fields: &[(&str, Option<&str>)]) -> String {
    let given = fields
        .iter()
        .filter_map(|(name, value)| Some(((*name).to_owned(), (*value)?.to_owned())));
    let text = encode(&given.collect::<Vec<_>>());
    text.trim_start_matches('?').to_owned()
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
