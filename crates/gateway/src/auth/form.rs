//! The form of an OAuth request and who sends it. <https://www.rfc-editor.org/rfc/rfc6749#section-2.3>
use super::assertion::Assertion;
use super::authority::Authority;
use super::client::knows_secret;
use super::error::OAuthError;
use super::jwks;
use super::launch;
use crate::audit::Acting;
use crate::rates::address_of;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE};
use actix_web::web::{Bytes, Query};
use actix_web::{HttpMessage, HttpRequest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::JwkSet;
use percent_encoding::percent_decode_str;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use store::admin::Client;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Each at most once; empty ones count as absent.
#[derive(Debug, Default)]
pub struct Parameters(HashMap<String, String>);

impl Parameters {
    /// From a query or the body of a form.
    pub fn read(encoded: &[u8]) -> Result<Parameters, OAuthError> {
        let malformed = || OAuthError::request("the parameters are not a well-formed form");
        let text = std::str::from_utf8(encoded).map_err(|_| malformed())?;
        let pairs = Query::<Vec<(String, String)>>::from_query(text)
            .map_err(|_| malformed())?
            .into_inner();
        let mut parameters = HashMap::new();
        for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            if parameters.insert(name, value).is_some() {
                return Err(OAuthError::request("a parameter is given more than once"));
            }
        }
        Ok(Parameters(parameters))
    }

    /// The body of a POST, as far as actix could read it.
    pub fn posted(request: &HttpRequest, body: Body) -> Result<Parameters, OAuthError> {
        let media = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim();
        if !media.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(OAuthError::request(
                "the body must be application/x-www-form-urlencoded",
            ));
        }
        let body = body.map_err(|e| {
            let status = e.as_response_error().status_code();
            let text = "the body is larger than 64 KiB or broke off";
            OAuthError::new(status, "invalid_request", text)
        })?;
        Parameters::read(&body)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// The parameters of a request to the token endpoint and its neighbours, and who sends it.
pub struct Form {
    parameters: Parameters,
    basic: Option<(String, String)>,
    from: IpAddr,
    request: HttpRequest,
}

const NO_CREDENTIAL: &str = "authenticate with a client_assertion or a client secret";

/// What actix could read of the body, within the limit of the route.
pub type Body = Result<Bytes, actix_web::Error>;

impl Form {
    pub fn read(request: &HttpRequest, body: Body) -> Result<Form, OAuthError> {
        if !request.query_string().is_empty() {
            return Err(OAuthError::request(
                "send the parameters in the body; URLs end up in logs",
            ));
        }
        Ok(Form {
            parameters: Parameters::posted(request, body)?,
            basic: basic(request)?,
            from: address_of(request),
            request: request.clone(),
        })
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name)
    }

    pub fn need(&self, name: &str) -> Result<&str, OAuthError> {
        self.get(name)
            .ok_or_else(|| OAuthError::request(format!("the parameter {name} is missing")))
    }

    /// The client that made the request, which must prove it.
    pub async fn client(&self, authority: &Authority, now: i64) -> Result<Client, OAuthError> {
        self.paced(authority, false, now).await
    }

    /// The same for endpoints that public clients may use: they only say who they are.
    pub async fn any_client(&self, authority: &Authority, now: i64) -> Result<Client, OAuthError> {
        self.paced(authority, true, now).await
    }

    /// Who fails too often waits before the next attempt is looked at.
    async fn paced(&self, authority: &Authority, public: bool, now: i64) -> Result<Client, OAuthError> {
        let rates = &authority.rates;
        rates.may_try(self.from, now).map_err(OAuthError::throttled)?;
        let proven = self.proven(authority, public, now).await;
        match &proven {
            Ok(client) => drop(self.request.extensions_mut().insert(Acting(client.id.clone()))),
            Err(error) if error.error == "invalid_client" => rates.failed(self.from, now),
            Err(_) => {}
        }
        proven
    }

    /// By exactly one method.
    async fn proven(&self, authority: &Authority, public: bool, now: i64) -> Result<Client, OAuthError> {
        let assertion = self.get("client_assertion");
        let post = self.get("client_secret");
        let ways = usize::from(assertion.is_some())
            + usize::from(post.is_some())
            + usize::from(self.basic.is_some());
        if ways > 1 {
            return Err(OAuthError::request("authenticate by one method, not by several"));
        }
        match (assertion, post, &self.basic) {
            (Some(assertion), ..) => self.by_assertion(authority, assertion, now).await,
            (_, Some(secret), _) => by_secret(authority, self.need("client_id")?, secret).await,
            (.., Some((id, secret))) => by_secret(authority, id, secret)
                .await
                .map_err(|e| OAuthError { basic: true, ..e }),
            _ => match self.get("client_id") {
                Some(id) if public => by_name(authority, id).await,
                None if public => self.by_refresh(authority, now).await,
                _ => Err(OAuthError::client(NO_CREDENTIAL)),
            },
        }
    }

    /// SMART's refresh request of a public client holds nothing but the token, which knows whose it is.
    /// <https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#refresh-access-token>
    async fn by_refresh(&self, authority: &Authority, now: i64) -> Result<Client, OAuthError> {
        let refreshing = self.get("grant_type") == Some("refresh_token");
        match self.get("refresh_token").filter(|_| refreshing) {
            None => Err(OAuthError::client(NO_CREDENTIAL)),
            Some(token) => {
                by_name(
                    authority,
                    &launch::client_of_refresh(authority, token, now).await?,
                )
                .await
            }
        }
    }

    async fn by_assertion(&self, authority: &Authority, text: &str, now: i64) -> Result<Client, OAuthError> {
        if self.need("client_assertion_type")? != JWT_BEARER {
            return Err(OAuthError::request(format!(
                "client_assertion_type must be {JWT_BEARER}"
            )));
        }
        let assertion = Assertion::parse(text)?;
        if self
            .get("client_id")
            .is_some_and(|id| id != assertion.client_id())
        {
            return Err(OAuthError::client(
                "client_id is not the `iss` of the client_assertion",
            ));
        }
        let client = enabled(authority, assertion.client_id()).await?;
        assertion.check_jku(client.jwks_url.as_deref())?;
        let keys = keys_of(authority, &client, assertion.kid()?).await?;
        let once = assertion.verify(&keys, &[authority.token_url.as_str()], now / 1_000_000)?;
        let issuer = client.id.clone();
        let first = authority
            .store
            .write(move |tx| tx.use_jti(&issuer, &once.jti, once.expires))
            .await?;
        match first {
            true => Ok(client),
            false => Err(OAuthError::client(
                "the client_assertion was used before; sign a new one with a new `jti`",
            )),
        }
    }
}

async fn by_secret(authority: &Authority, id: &str, secret: &str) -> Result<Client, OAuthError> {
    let client = enabled(authority, id).await?;
    match knows_secret(&client, secret) {
        true => Ok(client),
        false => Err(unknown()),
    }
}

async fn by_name(authority: &Authority, id: &str) -> Result<Client, OAuthError> {
    let client = enabled(authority, id).await?;
    match client.public {
        true => Ok(client),
        false => Err(OAuthError::client(NO_CREDENTIAL)),
    }
}

async fn enabled(authority: &Authority, id: &str) -> Result<Client, OAuthError> {
    let id = id.to_owned();
    match authority.store.read(move |tx| tx.client(&id)).await? {
        Some(client) if client.disabled.is_none() => Ok(client),
        _ => Err(unknown()),
    }
}

/// The same words for every reason, so that ids cannot be probed.
fn unknown() -> OAuthError {
    OAuthError::client("no enabled client is known by these credentials")
}

async fn keys_of(authority: &Authority, client: &Client, kid: &str) -> Result<Arc<JwkSet>, OAuthError> {
    match (&client.jwks, &client.jwks_url) {
        (Some(text), _) => jwks::parse(text)
            .map(Arc::new)
            .map_err(|_| OAuthError::client("the registered key set is damaged")),
        (None, Some(url)) => authority.remote.get(url, kid).await.map_err(|why| {
            OAuthError::client(format!(
                "the keys at the registered JWKS URL cannot be had: {why}"
            ))
        }),
        (None, None) => Err(unknown()),
    }
}

/// HTTP Basic, whose two halves are form-encoded inside.
fn basic(request: &HttpRequest) -> Result<Option<(String, String)>, OAuthError> {
    let Some(header) = request.headers().get(AUTHORIZATION) else {
        return Ok(None);
    };
    let refuse = || OAuthError {
        basic: true,
        ..OAuthError::client("the Authorization header is not HTTP Basic")
    };
    let (scheme, encoded) = header
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or_else(refuse)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(refuse());
    }
    let bytes = STANDARD.decode(encoded.trim()).map_err(|_| refuse())?;
    let text = String::from_utf8(bytes).map_err(|_| refuse())?;
    let (id, secret) = text.split_once(':').ok_or_else(refuse)?;
    let decoded = |half: &str| {
        percent_decode_str(half)
            .decode_utf8()
            .map(String::from)
            .map_err(|_| refuse())
    };
    Ok(Some((decoded(id)?, decoded(secret)?)))
}
