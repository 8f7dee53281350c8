//! An authorization request, checked before anybody is asked anything.
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#obtain-authorization-code>
//!
//! Pure. What is wrong with the client or its redirect URI is only shown: sending the browser on
//! would make us a way to anywhere. All else goes back to the app.
use crate::auth::form::Parameters;
use crate::auth::scope::{Scope, Scopes, Session};
use serde::{Deserialize, Serialize};
use store::admin::Client;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Asked {
    pub client: String,
    pub redirect_uri: String,
    pub state: String,
    pub scope: String,
    /// PKCE, S256.
    pub challenge: String,
    pub nonce: Option<String>,
    /// The EHR's launch, not yet looked up.
    pub launch: Option<String>,
    /// Nothing may be shown.
    pub silent: bool,
    /// The person must have signed in at this instant or later, in microseconds.
    pub since: i64,
}

#[derive(Debug)]
pub enum Refusal {
    /// For the person in front of the browser.
    Shown(&'static str),
    Sent(Back),
}

/// An error on its way to the app.
#[derive(Debug)]
pub struct Back {
    pub redirect_uri: String,
    pub state: Option<String>,
    pub error: &'static str,
    pub description: String,
}

impl Asked {
    pub fn scopes(&self) -> Scopes {
        // It was parsed when it was asked for.
        Scopes::parse(&self.scope).unwrap_or_default()
    }

    pub fn back(&self, error: &'static str, description: &str) -> Back {
        Back {
            redirect_uri: self.redirect_uri.clone(),
            state: Some(self.state.clone()),
            error,
            description: description.to_owned(),
        }
    }

    pub fn read(
        form: &Parameters,
        client: Option<&Client>,
        audience: &str,
        now: i64,
    ) -> Result<Asked, Refusal> {
        let client = client
            .filter(|client| client.disabled.is_none())
            .ok_or(Refusal::Shown(
                "The app that sent you here is not registered with this server.",
            ))?;
        let redirect_uri = form
            .get("redirect_uri")
            .filter(|uri| client.redirects_to(uri))
            .ok_or(Refusal::Shown(
                "The app that sent you here wants you to go on at an address that is not registered for it.",
            ))?;
        let request = Request {
            form,
            client,
            audience,
        };
        request.read(redirect_uri, now).map_err(|(error, description)| {
            Refusal::Sent(Back {
                redirect_uri: redirect_uri.to_owned(),
                state: form.get("state").map(str::to_owned),
                error,
                description,
            })
        })
    }
}

type Wrong = (&'static str, String);

fn wrong<T>(error: &'static str, description: impl Into<String>) -> Result<T, Wrong> {
    Err((error, description.into()))
}

/// One from a client that is known.
struct Request<'a> {
    form: &'a Parameters,
    client: &'a Client,
    audience: &'a str,
}

impl Request<'_> {
    fn read(&self, redirect_uri: &str, now: i64) -> Result<Asked, Wrong> {
        self.check_form()?;
        let scopes = self.scopes()?;
        let prompts: Vec<&str> = self.form.get("prompt").unwrap_or_default().split(' ').collect();
        let silent = prompts.contains(&"none");
        if silent && prompts.len() > 1 {
            return wrong("invalid_request", "`prompt` cannot be `none` and something else");
        }
        let since = if prompts.contains(&"login") {
            now
        } else {
            self.oldest(now)?
        };
        Ok(Asked {
            client: self.client.id.clone(),
            redirect_uri: redirect_uri.to_owned(),
            state: self.state()?.to_owned(),
            launch: self.launch(&scopes)?,
            scope: scopes.to_string(),
            challenge: self.challenge()?.to_owned(),
            nonce: self.form.get("nonce").map(str::to_owned),
            silent,
            since,
        })
    }

    fn check_form(&self) -> Result<(), Wrong> {
        match self.form.get("response_type") {
            Some("code") => {}
            Some(_) => return wrong("unsupported_response_type", "`response_type` must be `code`"),
            None => return wrong("invalid_request", "`response_type` is missing"),
        }
        if !self.client.may_use("authorization_code") {
            return wrong(
                "unauthorized_client",
                "the client is not registered for the authorization code",
            );
        }
        if self.form.get("request").is_some() {
            return wrong(
                "request_not_supported",
                "send the parameters themselves, not as a JWT",
            );
        }
        if self.form.get("request_uri").is_some() {
            return wrong(
                "request_uri_not_supported",
                "send the parameters themselves, not their address",
            );
        }
        if self.form.get("response_mode").is_some_and(|mode| mode != "query") {
            return wrong("invalid_request", "`response_mode` can only be `query`");
        }
        match self.form.get("aud").map(|aud| aud.trim_end_matches('/')) {
            Some(aud) if aud == self.audience => Ok(()),
            Some(_) => wrong("invalid_request", format!("`aud` must be {}", self.audience)),
            None => wrong(
                "invalid_request",
                format!("`aud` is missing; it must be {}", self.audience),
            ),
        }
    }

    fn state(&self) -> Result<&str, Wrong> {
        match self.form.get("state") {
            Some(state) => Ok(state),
            None => wrong("invalid_request", "`state` is missing; send an unguessable one"),
        }
    }

    /// `plain` would give the verifier to whoever reads the request.
    fn challenge(&self) -> Result<&str, Wrong> {
        if self.form.get("code_challenge_method") != Some("S256") {
            return wrong(
                "invalid_request",
                "PKCE is needed: `code_challenge_method` must be `S256`",
            );
        }
        let challenge = self.form.get("code_challenge").unwrap_or_default();
        let sound = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        match challenge.len() == 43 && challenge.bytes().all(sound) {
            true => Ok(challenge),
            false => wrong(
                "invalid_request",
                "`code_challenge` must be a SHA-256 in base64url, 43 characters",
            ),
        }
    }

    fn scopes(&self) -> Result<Scopes, Wrong> {
        let text = self.form.get("scope").unwrap_or_default();
        let asked = Scopes::parse(text).map_err(|why| ("invalid_scope", why))?;
        if asked.iter().any(Scope::is_of_system) {
            return wrong(
                "invalid_scope",
                "system/ and admin/ scopes are for clients without a user; use client_credentials",
            );
        }
        let registered = Scopes::parse(&self.client.scope).map_err(|why| ("invalid_scope", why))?;
        match asked.within(&registered) {
            Ok(()) => Ok(asked),
            Err(scope) => wrong(
                "invalid_scope",
                format!("scope `{scope}` goes beyond what the client is registered for"),
            ),
        }
    }

    fn launch(&self, scopes: &Scopes) -> Result<Option<String>, Wrong> {
        match (self.form.get("launch"), scopes.has(Session::Launch)) {
            (Some(launch), true) => Ok(Some(launch.to_owned())),
            (None, false) => Ok(None),
            (Some(_), false) => wrong("invalid_scope", "a `launch` needs the scope `launch`"),
            (None, true) => wrong(
                "invalid_request",
                "the scope `launch` needs the `launch` that the EHR gave",
            ),
        }
    }

    fn oldest(&self, now: i64) -> Result<i64, Wrong> {
        let Some(text) = self.form.get("max_age") else {
            return Ok(0);
        };
        match text.parse::<u32>() {
            Ok(seconds) => Ok(now - i64::from(seconds) * 1_000_000),
            Err(_) => wrong("invalid_request", "`max_age` must be a number of seconds"),
        }
    }
}
