//! `POST /oauth/register`: apps register themselves, where the operator lets them.
//! <https://www.rfc-editor.org/rfc/rfc7591>
use super::admin::answers;
use super::client::{APP_SCOPE, BACKEND, Credential, Registration, register as make};
use super::error::OAuthError;
use super::launch::{InitialToken, is_unused, use_up};
use super::scope::{Context, Scope, Scopes};
use super::{Authority, jwks, reach};
use crate::config::Registering;
use crate::edge;
use crate::rates::address_of;
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, PRAGMA};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::Value;
use store::admin::Client;
use store::{StoreError, Tx};

/// What is understood; other members are ignored, as the RFC asks.
#[derive(Deserialize)]
pub struct Metadata {
    client_name: Option<String>,
    #[serde(default)]
    redirect_uris: Vec<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    token_endpoint_auth_method: Option<String>,
    scope: Option<String>,
    jwks: Option<Value>,
    jwks_uri: Option<String>,
    /// Where an EHR opens the app; the name is ours.
    launch_url: Option<String>,
}

const LONGEST_NAME: usize = 100;
const MOST_URIS: usize = 20;

pub async fn register(
    request: HttpRequest,
    body: Bytes,
    state: web::Data<AppState>,
) -> Result<HttpResponse, OAuthError> {
    let (mode, now) = (state.config.tokens.registration, edge::now());
    let token = allowed(&request, mode, &state.auth, now).await?;
    let metadata = Metadata::of(serde_json::from_slice(&body).unwrap_or_default())?;
    let method = metadata.method()?;
    let credential = metadata.credential(method, state.config.tokens.allow_private_jwks)?;
    let registration = metadata.registration()?;
    unasked(&registration, mode)?;
    registration.check(method == "none").map_err(of_check)?;
    let (client, secret) = make(registration, credential, now);
    let row = client.clone();
    let insert = move |tx: &mut Tx| insert(tx, &row, token.as_deref(), now);
    if !state.store.write(insert).await? {
        return Err(not_allowed());
    }
    tracing::info!(
        client = client.id,
        scope = client.scope,
        "client registered itself"
    );
    Ok(HttpResponse::Created()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((PRAGMA, "no-cache"))
        .json(answer(&client, method, secret)))
}

/// The hash of the initial token that lets this client in, where one is needed.
async fn allowed(
    request: &HttpRequest,
    mode: Registering,
    authority: &Authority,
    now: i64,
) -> Result<Option<String>, OAuthError> {
    match mode {
        Registering::Off => {
            let text = "clients are registered by the operator of this server, with `baton client add`";
            Err(OAuthError::new(StatusCode::FORBIDDEN, "access_denied", text))
        }
        Registering::Open => Ok(None),
        Registering::InitialToken => {
            let (rates, from) = (&authority.rates, address_of(request));
            rates.may_try(from, now).map_err(OAuthError::throttled)?;
            let header = request
                .headers()
                .get(AUTHORIZATION)
                .and_then(|value| value.to_str().ok());
            let token = header
                .and_then(|text| text.strip_prefix("Bearer "))
                .map(InitialToken::hash);
            let Some(token) = token else {
                return Err(not_allowed());
            };
            let wanted = token.clone();
            match authority
                .store
                .read(move |tx| is_unused(tx, &wanted, now))
                .await?
            {
                true => Ok(Some(token)),
                false => {
                    rates.failed(from, now);
                    Err(not_allowed())
                }
            }
        }
    }
}

/// False when the token was used in the meantime.
fn insert(tx: &mut Tx, client: &Client, token: Option<&str>, now: i64) -> Result<bool, StoreError> {
    if let Some(token) = token
        && !use_up(tx, token, now)?
    {
        return Ok(false);
    }
    tx.insert_client(client)?;
    Ok(true)
}

/// Whoever registers without being asked for gets nothing that needs no person, and nobody by themselves
/// what only the operator gives.
fn unasked(registration: &Registration, mode: Registering) -> Result<(), OAuthError> {
    let scopes = Scopes::parse(&registration.scope).map_err(invalid)?;
    if scopes.iter().any(|scope| matches!(scope, Scope::Admin(..))) {
        return Err(invalid("admin/ scopes are given by the operator only"));
    }
    let alone = scopes.has_context(Context::System)
        || registration.grant_types.split(' ').any(|grant| grant == BACKEND);
    match mode == Registering::Open && alone {
        true => Err(invalid(
            "system/ scopes and client_credentials are given by the operator only",
        )),
        false => Ok(()),
    }
}

impl Metadata {
    pub fn of(value: Value) -> Result<Metadata, OAuthError> {
        // A list would be read as the members in their order.
        let members = value.is_object().then_some(value);
        let read = members.and_then(|value| serde_json::from_value(value).ok());
        read.ok_or_else(|| invalid("the body must be a JSON object of client metadata (RFC 7591)"))
    }

    pub fn method(&self) -> Result<&'static str, OAuthError> {
        const METHODS: [&str; 4] = [
            "none",
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt",
        ];
        let given = self
            .token_endpoint_auth_method
            .as_deref()
            .unwrap_or("client_secret_basic");
        let known = METHODS.into_iter().find(|known| *known == given);
        known.ok_or_else(|| {
            invalid(format!(
                "token_endpoint_auth_method must be one of {}",
                METHODS.join(", ")
            ))
        })
    }

    pub fn credential(&self, method: &str, allow_private: bool) -> Result<Credential, OAuthError> {
        match (method, &self.jwks, &self.jwks_uri) {
            ("private_key_jwt", Some(keys), None) => {
                let text = keys.to_string();
                jwks::check(&text).map_err(invalid)?;
                Ok(Credential::Jwks(text))
            }
            ("private_key_jwt", None, Some(url)) => {
                reach::check_url(url, allow_private).map_err(invalid)?;
                Ok(Credential::JwksUrl(url.clone()))
            }
            ("private_key_jwt", ..) => Err(invalid("private_key_jwt needs either `jwks` or `jwks_uri`")),
            ("none", ..) => Ok(Credential::Public),
            _ => Ok(Credential::Secret),
        }
    }

    /// What it may do, which fits together.
    pub fn checked(self, method: &str) -> Result<Registration, OAuthError> {
        let registration = self.registration()?;
        registration.check(method == "none").map_err(of_check)?;
        Ok(registration)
    }

    fn registration(self) -> Result<Registration, OAuthError> {
        if self.response_types.iter().flatten().any(|kind| kind != "code") {
            return Err(invalid("response_types can only be `code`"));
        }
        let name = self
            .client_name
            .unwrap_or_else(|| "An app without a name".to_owned());
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains(char::is_control) {
            return Err(invalid(format!(
                "client_name must have 1 to {LONGEST_NAME} printable characters"
            )));
        }
        if self.redirect_uris.len() > MOST_URIS || self.redirect_uris.iter().any(|uri| uri.contains(' ')) {
            return Err(OAuthError::new(
                StatusCode::BAD_REQUEST,
                "invalid_redirect_uri",
                "too many, or with spaces",
            ));
        }
        Ok(Registration {
            name,
            scope: self.scope.unwrap_or_else(|| APP_SCOPE.to_owned()),
            grant_types: self
                .grant_types
                .map_or("authorization_code".to_owned(), |grants| grants.join(" ")),
            redirect_uris: self.redirect_uris.join(" "),
            launch_url: self.launch_url,
            organization: None,
        })
    }
}

pub fn invalid(text: impl Into<String>) -> OAuthError {
    OAuthError::new(StatusCode::BAD_REQUEST, "invalid_client_metadata", text)
}

fn of_check(why: String) -> OAuthError {
    match why.starts_with("redirect URI") {
        true => OAuthError::new(StatusCode::BAD_REQUEST, "invalid_redirect_uri", why),
        false => invalid(why),
    }
}

fn not_allowed() -> OAuthError {
    let text = "an initial token is needed, as `Authorization: Bearer …`; the operator makes one with `baton client initial-token`, and it works once";
    OAuthError::new(StatusCode::UNAUTHORIZED, "invalid_token", text)
}

/// <https://www.rfc-editor.org/rfc/rfc7591#section-3.2.1>
fn answer(client: &Client, method: &str, secret: Option<String>) -> Value {
    let mut told = answers::client(client, secret);
    told["token_endpoint_auth_method"] = method.into();
    told
}
