//! Patients and stays a person can choose from: found by the same search, under the same rules, as
//! that person's apps would find them.
use crate::auth::Caller;
use crate::auth::holder::Holder;
use crate::auth::launch::flow::Chosen;
use crate::auth::launch::pages::Page;
use crate::auth::privacy;
use crate::auth::scope::Scopes;
use crate::edge;
use crate::error::ApiError;
use crate::routes::path::is_id;
use crate::routes::search::{Asked, Of};
use crate::state::AppState;
use fhir::TypeId;
use serde_json::Value;
use store::admin::Account;
use store::{StoreError, Stored};

/// So many are shown; more can be found by narrowing the search.
const SHOWN: usize = 20;

/// What was typed; empty where nothing was.
#[derive(Default)]
pub struct Search {
    pub name: String,
    pub birthdate: String,
    pub identifier: String,
}

/// Id, how people call it, and what tells it from others.
#[derive(Default)]
pub struct Found {
    pub listed: Vec<(String, String, String)>,
    pub more: bool,
}

impl Found {
    pub fn first(&self) -> Option<Chosen> {
        let (id, title, _) = self.listed.first()?;
        Some(Chosen {
            id: id.clone(),
            label: Some(title.clone()),
        })
    }
}

/// None: nothing was typed.
pub async fn patients(state: &AppState, account: &Account, search: &Search) -> Result<Option<Found>, Page> {
    let typed = [
        ("name", &search.name),
        ("birthdate", &search.birthdate),
        ("identifier", &search.identifier),
    ];
    let mut pairs: Vec<(&str, &str)> = typed
        .iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    if pairs.is_empty() {
        return Ok(None);
    }
    // Records that were merged into others are not to be worked with.
    pairs.push(("active:not", "false"));
    seen_by(state, account, "Patient", &pairs).await.map(Some)
}

pub async fn patient(state: &AppState, account: &Account, id: &str) -> Result<Option<Chosen>, Page> {
    // A list of ids would find any of them.
    if !is_id(id) {
        return Ok(None);
    }
    Ok(seen_by(state, account, "Patient", &[("_id", id)]).await?.first())
}

/// The newest first.
pub async fn encounters(state: &AppState, account: &Account, patient: &str) -> Result<Found, Page> {
    let subject = format!("Patient/{patient}");
    seen_by(
        state,
        account,
        "Encounter",
        &[("subject", &subject), ("_sort", "-date")],
    )
    .await
}

pub async fn encounter(
    state: &AppState,
    account: &Account,
    patient: &str,
    id: &str,
) -> Result<Option<Chosen>, Page> {
    if !is_id(id) {
        return Ok(None);
    }
    let subject = format!("Patient/{patient}");
    Ok(
        seen_by(state, account, "Encounter", &[("subject", &subject), ("_id", id)])
            .await?
            .first(),
    )
}

/// Whose record somebody works with, as far as who they are settles it.
pub enum Own {
    Patient(Chosen),
    /// A relative of nobody here.
    Nobody,
    /// They have to say.
    Any,
}

pub async fn own_patient(state: &AppState, account: &Account) -> Result<Own, Page> {
    match account.fhir_user.split_once('/') {
        Some(("Patient", id)) => {
            let own = resource(state, "Patient", id).await?;
            let label = own.as_ref().map(name_of);
            Ok(Own::Patient(Chosen {
                id: id.to_owned(),
                label,
            }))
        }
        Some(("RelatedPerson", id)) => {
            let relative = resource(state, "RelatedPerson", id).await?;
            let of = relative.filter(|relative| relative["active"] != Value::Bool(false));
            let of = of.and_then(|relative| relative["patient"]["reference"].as_str().map(str::to_owned));
            let patient = of
                .as_deref()
                .and_then(|reference| reference.strip_prefix("Patient/"));
            Ok(patient.map_or(Own::Nobody, |id| {
                Own::Patient(Chosen {
                    id: id.to_owned(),
                    label: None,
                })
            }))
        }
        _ => Ok(Own::Any),
    }
}

async fn resource(state: &AppState, type_name: &str, id: &str) -> Result<Option<Value>, Page> {
    let Some(type_id) = TypeId::of(type_name) else {
        return Ok(None);
    };
    let stored = state.store.fetch(type_id, id.to_owned()).await?;
    Ok(stored
        .filter(|stored| !stored.deleted)
        .and_then(|stored| content(&stored)))
}

async fn seen_by(
    state: &AppState,
    account: &Account,
    type_name: &str,
    pairs: &[(&str, &str)],
) -> Result<Found, Page> {
    let Some(on) = TypeId::of(type_name) else {
        return Ok(Found::default());
    };
    let caller = as_person(state, account, type_name);
    let mut pairs: Vec<(String, String)> = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    pairs.push(("_count".to_owned(), SHOWN.to_string()));
    match search(state, &caller, on, &pairs).await {
        Ok(found) => Ok(found),
        // Nothing may be seen, or what was typed is no date: there is nothing to choose.
        Err(error) if error.status.is_client_error() => Ok(Found::default()),
        Err(error) => Err(StoreError::from(error).into()),
    }
}

/// In the place of a client.
const SIGN_IN: &str = "sign-in";

/// What an app with the widest scope for the person's own eyes would be.
fn as_person(state: &AppState, account: &Account, type_name: &str) -> Caller {
    let scopes = Scopes::parse(&format!("user/{type_name}.rs")).unwrap_or_default();
    let holder = Holder {
        fhir_user: Some(account.fhir_user.clone()),
        ..Holder::default()
    };
    let outsider = privacy::of(&state.auth, (SIGN_IN, &holder), None, edge::now());
    Caller::for_person(SIGN_IN, scopes, holder, outsider, &state.auth.policy)
}

async fn search(
    state: &AppState,
    caller: &Caller,
    on: TypeId,
    pairs: &[(String, String)],
) -> Result<Found, ApiError> {
    let asked = Asked::read(state, caller, &Of::all(on), pairs, false)?;
    let page = state.store.search(asked.query).await?;
    let listed = page.matches.iter().filter_map(|stored| {
        let content = content(stored)?;
        let (title, details) = describe(&content);
        Some((stored.id.clone(), title, details))
    });
    Ok(Found {
        listed: listed.collect(),
        more: page.next.is_some(),
    })
}

fn content(stored: &Stored) -> Option<Value> {
    serde_json::from_str(&stored.body).ok()
}

fn describe(content: &Value) -> (String, String) {
    if content.get("period").is_some() || content.get("class").is_some() {
        return describe_encounter(content);
    }
    let born = content["birthDate"].as_str().map(|date| format!("born {date}"));
    let identifiers = content["identifier"].as_array().into_iter().flatten();
    let numbers = identifiers
        .filter_map(|identifier| identifier["value"].as_str())
        .take(2)
        .map(|value| format!("no. {value}"));
    let details: Vec<String> = born.into_iter().chain(numbers).collect();
    (name_of(content), details.join(", "))
}

fn describe_encounter(content: &Value) -> (String, String) {
    let day = |end: &str| {
        content["period"][end]
            .as_str()
            .map(|time| time.get(..10).unwrap_or(time).to_owned())
    };
    let kinds = [
        &content["type"][0]["text"],
        &content["type"][0]["coding"][0]["display"],
        &content["class"]["display"],
        &content["class"]["code"],
    ];
    let kind = kinds.into_iter().find_map(Value::as_str).unwrap_or("Visit");
    let days = match (day("start"), day("end")) {
        (Some(start), Some(end)) if start != end => format!("{start} to {end}"),
        (Some(start), _) => start,
        (None, _) => "date unknown".to_owned(),
    };
    let status = content["status"].as_str().unwrap_or_default();
    (format!("{kind}, {days}"), status.to_owned())
}

/// The official name, or the first.
fn name_of(content: &Value) -> String {
    let names: Vec<&Value> = content["name"].as_array().into_iter().flatten().collect();
    let official = names
        .iter()
        .find(|name| name["use"] == "official")
        .or(names.first());
    let Some(name) = official else {
        return "Name unknown".to_owned();
    };
    if let Some(text) = name["text"].as_str() {
        return text.to_owned();
    }
    let given = name["given"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let parts: Vec<&str> = given.chain(name["family"].as_str()).collect();
    parts.join(" ")
}
