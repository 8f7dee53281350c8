//! `/oauth/authorize`, where apps send people: the request is checked and kept, and the browser
//! goes on to a page of its own, which alone knows cookies (a POST from another site brings none).
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#obtain-authorization-code>
use super::asked::{Asked, Back, Refusal};
use super::flow::{self, Flow};
use super::handles::{self, Once, hash};
use super::launching::Launch;
use super::pages::Page;
use crate::auth::error::OAuthError;
use crate::auth::form::{Body, Parameters};
use crate::edge;
use crate::routes::query::encode;
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use store::Tx;

pub async fn by_get(request: HttpRequest, state: web::Data<AppState>) -> Result<HttpResponse, Page> {
    begin(Parameters::read(request.query_string().as_bytes()), &state).await
}

pub async fn by_post(
    request: HttpRequest,
    body: Body,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Page> {
    begin(Parameters::posted(&request, body), &state).await
}

async fn begin(form: Result<Parameters, OAuthError>, state: &AppState) -> Result<HttpResponse, Page> {
    let unreadable = "The app that sent you here did not say clearly what it wants.";
    let form = form.map_err(|_| Page::problem(StatusCode::BAD_REQUEST, unreadable))?;
    let now = edge::now();
    let id = form.get("client_id").unwrap_or_default().to_owned();
    let client = state.store.read(move |tx| tx.client(&id)).await?;
    let asked = match Asked::read(&form, client.as_ref(), &state.config.fhir_base(), now) {
        Ok(asked) => asked,
        Err(Refusal::Shown(text)) => return Err(Page::problem(StatusCode::BAD_REQUEST, text)),
        Err(Refusal::Sent(back)) => return Ok(send_back(state, &back)),
    };
    let launch = match launch_of(&asked, state, now).await? {
        Ok(launch) => launch,
        Err(back) => return Ok(send_back(state, &back)),
    };
    let secret = edge::secret();
    let (key, flow) = (hash(&secret), Flow::new(asked, launch, now));
    let kept = move |tx: &mut Tx| handles::keep(tx, &key, &flow, now + flow::LIFETIME);
    state.store.write(kept).await?;
    Ok(see_other(&format!("authorize/{secret}")))
}

/// The EHR's launch, which works once and for the app it was made for.
async fn launch_of(asked: &Asked, state: &AppState, now: i64) -> Result<Result<Option<Launch>, Back>, Page> {
    let Some(secret) = &asked.launch else {
        return Ok(Ok(None));
    };
    let key = hash(secret);
    let used = state
        .store
        .write(move |tx| handles::once::<Launch>(tx, &key, now))
        .await?;
    Ok(match used {
        Once::First(launch) if launch.client_id == asked.client => Ok(Some(launch)),
        _ => Err(asked.back(
            "invalid_request",
            "`launch` is unknown, was used before, or is over",
        )),
    })
}

/// The issuer goes along, so that an app that uses several servers knows whose answer it is.
/// <https://www.rfc-editor.org/rfc/rfc9207>
pub fn answer(state: &AppState, redirect_uri: &str, parameters: &[(&str, &str)]) -> HttpResponse {
    let mut pairs: Vec<(String, String)> = parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    pairs.push(("iss".to_owned(), state.config.public_url.clone()));
    let query = encode(&pairs);
    let joined = match redirect_uri.contains('?') {
        true => format!("{redirect_uri}&{}", &query[1..]),
        false => format!("{redirect_uri}{query}"),
    };
    see_other(&joined)
}

pub fn send_back(state: &AppState, back: &Back) -> HttpResponse {
    let mut parameters = vec![
        ("error", back.error),
        ("error_description", back.description.as_str()),
    ];
    parameters.extend(back.state.as_deref().map(|state| ("state", state)));
    answer(state, &back.redirect_uri, &parameters)
}

/// Always a GET next, whatever this was.
pub fn see_other(to: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, to))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .finish()
}
