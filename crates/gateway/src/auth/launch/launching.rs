//! `POST /oauth/launch`: an EHR says which patient and stay it shows, and gets the `launch` with
//! which it opens an app. <https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#launch-app-ehr-launch>
use super::handles::{self, Kept, hash};
use crate::auth::error::OAuthError;
use crate::auth::{Access, Caller};
use crate::error::ApiError;
use crate::state::AppState;
use crate::{auth::account, edge};
use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, ResponseError, web};
use fhir::TypeId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Tx;
use store::admin::Client;

/// Long enough for an app that loads slowly.
const LIFETIME_SECONDS: i64 = 600;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Launch {
    /// The app that is opened.
    pub client_id: String,
    #[serde(default)]
    pub patient: Option<String>,
    #[serde(default)]
    pub encounter: Option<String>,
    /// Who must sign in; anybody may when it is absent.
    #[serde(default)]
    pub fhir_user: Option<String>,
    /// What the app is opened for, in words that both sides agreed on.
    #[serde(default)]
    pub intent: Option<String>,
    /// Whether the app must show whose record it is; so it is when the EHR does not say.
    #[serde(default)]
    pub need_patient_banner: Option<bool>,
}

impl Kept for Launch {
    const KIND: &'static str = "launch";
}

pub async fn launch(
    caller: Result<Caller, ApiError>,
    body: Bytes,
    state: web::Data<AppState>,
) -> HttpResponse {
    let caller = match caller {
        Ok(caller) => caller,
        Err(refused) => return bearer_error(&refused),
    };
    match begin(&caller, &body, &state).await {
        Ok(response) => response,
        Err(refused) => refused.error_response(),
    }
}

/// The EHR names what it may read itself.
async fn begin(caller: &Caller, body: &[u8], state: &AppState) -> Result<HttpResponse, OAuthError> {
    let launch: Launch = serde_json::from_slice(body).map_err(|_| {
        OAuthError::request("the body must be JSON with client_id and any of patient, encounter, fhir_user, intent, need_patient_banner")
    })?;
    if launch.intent.as_ref().is_some_and(|intent| intent.len() > 200) {
        return Err(OAuthError::request("`intent` is too long"));
    }
    if let Some(person) = &launch.fhir_user {
        account::check_person(person).map_err(OAuthError::request)?;
    }
    context(caller, &launch, state).await?;
    let client = app(&launch.client_id, state).await?;
    let (secret, now) = (edge::secret(), edge::now());
    let key = hash(&secret);
    let kept = move |tx: &mut Tx| handles::keep(tx, &key, &launch, now + LIFETIME_SECONDS * 1_000_000);
    state.store.write(kept).await?;
    let mut answer =
        json!({ "launch": secret, "expires_in": LIFETIME_SECONDS, "iss": state.config.fhir_base() });
    if let Some(url) = client.launch_url.as_deref().and_then(|url| opened(url, &answer)) {
        answer["launch_url"] = url.into();
    }
    Ok(HttpResponse::Created()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(answer))
}

/// The patient and the stay exist, belong together, and are open to the EHR.
async fn context(caller: &Caller, launch: &Launch, state: &AppState) -> Result<(), OAuthError> {
    let patient = read(caller, "Patient", launch.patient.as_deref(), state).await?;
    let encounter = read(caller, "Encounter", launch.encounter.as_deref(), state).await?;
    if let Some(encounter) = encounter {
        let subject = launch.patient.as_ref().map(|id| format!("Patient/{id}"));
        if patient.is_none() || encounter["subject"]["reference"].as_str() != subject.as_deref() {
            return Err(OAuthError::request("`encounter` is not one of `patient`"));
        }
    }
    Ok(())
}

async fn read(
    caller: &Caller,
    name: &str,
    id: Option<&str>,
    state: &AppState,
) -> Result<Option<Value>, OAuthError> {
    let (Some(id), Some(type_id)) = (id, TypeId::of(name)) else {
        return Ok(None);
    };
    if caller.require(type_id, Access::Read).is_err() {
        let text = format!("the access token needs the scope system/{name}.r");
        return Err(OAuthError::new(StatusCode::FORBIDDEN, "insufficient_scope", text));
    }
    let stored = state.store.fetch(type_id, id.to_owned()).await?;
    let content = stored
        .filter(|stored| !stored.deleted)
        .and_then(|stored| serde_json::from_str(&stored.body).ok());
    content
        .map(Some)
        .ok_or_else(|| OAuthError::request(format!("there is no such {name} here; give its id")))
}

async fn app(id: &str, state: &AppState) -> Result<Client, OAuthError> {
    let id = id.to_owned();
    let client = state.store.read(move |tx| tx.client(&id)).await?;
    client
        .filter(|client| client.disabled.is_none() && client.may_use("authorization_code"))
        .ok_or_else(|| OAuthError::request("`client_id` is not one of a registered app"))
}

/// What the EHR opens.
fn opened(launch_url: &str, answer: &Value) -> Option<String> {
    let mut url = reqwest::Url::parse(launch_url).ok()?;
    let (iss, launch) = (answer["iss"].as_str()?, answer["launch"].as_str()?);
    url.query_pairs_mut()
        .append_pair("iss", iss)
        .append_pair("launch", launch);
    Some(url.into())
}

/// The refusal of RFC 6750 without a FHIR body.
pub fn bearer_error(refused: &ApiError) -> HttpResponse {
    let mut error = OAuthError::new(
        refused.status,
        "invalid_token",
        "a backend's access token is needed",
    )
    .error_response();
    let challenges = refused.error_response();
    for value in challenges.headers().get_all("WWW-Authenticate") {
        error
            .headers_mut()
            .append(actix_web::http::header::WWW_AUTHENTICATE, value.clone());
    }
    error
}
